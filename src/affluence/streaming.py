"""A table of any length scored: part by part, each kept when it is done, then ranked and written as one.

Memory holds a few parts, 24 bytes a row for the ranking, and those of whom reasons are told. Work that was stopped goes
on after the parts that were done, and ends with the same bytes.
"""

import hashlib
import json
import logging
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import polars as pl
import pyarrow.parquet as pq

from affluence import progress
from affluence.data.breaches import breach_from
from affluence.data.intake_report import IntakeReport
from affluence.data.parts import Part, TableInParts
from affluence.data.reading import TableRefused
from affluence.data.writing import write_csv, write_csv_parts, write_parquet, write_parquet_parts, write_text
from affluence.decision.population import FramePopulation
from affluence.decision.reasons import Explanation, explain
from affluence.decision.scoring import (
    TIE_BREAK,
    UNSEEN,
    best_first,
    require_columns,
    score_table,
    unlabelled,
)
from affluence.evaluation.sketches import Sketch, sum_sketches
from affluence.pu.fold_models import TrainedModel, score_customers
from affluence.pu.side_by_side import as_they_come, side_by_side
from affluence.pu.storage import SKETCH
from affluence.pu.watching import sketch_of

_logger = logging.getLogger(__name__)

STAGE = "Scoring"
# The form of what is told of a part; parts that were told in another form are done anew.
MARKS = "2"
# So many customers, drawn by their digests, are those beside whom the listed are told.
BESIDE = 100_000
MOST_DIGEST = (1 << 64) - 1
# So many ranks are put in order at a time.
RANKS_AT_A_TIME = 500_000
RANKED = ("row", "customer_id", "score", "affluent_probability", "labelled_probability")


@dataclass(frozen=True)
class Streamed:
    """What came of it: the report of the reading, rows scored, candidates ranked, and why the first ones rank high.

    `sketch` is the scored table as counts, None where the model kept none of the table it learned from.
    """

    report: IntakeReport
    rows: int
    candidates: int
    explanation: Explanation | None
    sketch: Sketch | None


def score_in_parts(
    model: TrainedModel, table: TableInParts, out: Path, *, work: Path, listed: int = 0, seed: int = 0
) -> Streamed:
    """Everyone in `table` scored by models that never saw them; into `out` go scores, candidates, and who is listed.

    `scores.parquet` has everyone in the order of the table, `candidates.parquet` and `.csv` the unlabelled by rank;
    `list.parquet` and `.csv` the first `listed` of them with their reasons. The folder `work` holds the parts that are
    done and is gone at the end.

    Errors: TableRefused, and nothing is written; UserError when the table lacks a column that the model learned from.
    """
    own = work / _key(model, table, listed)
    own.mkdir(parents=True, exist_ok=True)
    _clear_others(work, own)
    marks = _do_parts(model, table, own, listed=listed)
    breaches = [[breach_from(told) for told in mark["breaches"]] for mark in marks]
    numbers = range(table.count)
    places = [_kept(own, number, "scores") for number in numbers]
    rows = sum(pq.read_metadata(place).num_rows for place in places)
    report = table.report(breaches, kept=rows)
    if report.refused:
        shutil.rmtree(work)
        raise TableRefused(report)
    ranked = _write_all(model, places, out, own, rows_of_part=table.rows_of_part)
    explanation = _explain(model, own, table.count, out, listed=listed, seed=seed) if listed else None
    shutil.rmtree(work)
    return Streamed(report, rows, ranked, explanation, _sketch(marks))


def _key(model: TrainedModel, table: TableInParts, listed: int) -> str:
    """A name for the work: another table, contract, model or size of parts is other work."""
    told = (
        str(joblib.hash(model)),
        table.raw.data_hash,
        table.contract.model_dump_json(),
        str(table.rows_of_part),
        str(listed),
        MARKS,
    )
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]


def _clear_others(work: Path, own: Path) -> None:
    for other in work.iterdir():
        if other != own:
            shutil.rmtree(other)


def _kept(own: Path, number: int, what: str) -> Path:
    return own / f"{number:06d}.{what}.parquet"


def _mark(own: Path, number: int) -> Path:
    return own / f"{number:06d}.json"


def _do_parts(model: TrainedModel, table: TableInParts, own: Path, *, listed: int) -> list[Mapping[str, Any]]:
    """What is told of every part; each part that was not done before is."""
    done = frozenset(number for number in range(table.count) if _mark(own, number).exists())
    progress.report(STAGE, done=len(done), total=table.count, note=_note(len(done), table))

    def do(part: Part) -> None:
        _do_part(model, part, own, listed=listed, rows=table.rows)

    # Part 0 has few rows or none: where there is one part beside it, all processors are for that one.
    parts = as_they_come(do, table.parts(without=done), at_most=table.count - 1)
    for already, _ in enumerate(parts, start=len(done) + 1):
        progress.report(STAGE, done=already, total=table.count, note=_note(already, table))
    marks = [json.loads(_mark(own, number).read_text(encoding="utf-8")) for number in range(table.count)]
    for column, cells in sum((Counter(mark["unseen"]) for mark in marks), Counter()).items():
        _logger.warning(UNSEEN, column, cells)
    return marks


def _sketch(marks: Sequence[Mapping[str, Any]]) -> Sketch | None:
    parts = [SKETCH.validate_python(mark["sketch"]) for mark in marks]
    return sum_sketches([part for part in parts if part]) if any(parts) else None


def _note(parts: int, table: TableInParts) -> str:
    return f"{min(table.rows, max(0, parts - 1) * table.rows_of_part):,} of {table.rows:,} rows"


def _do_part(model: TrainedModel, part: Part, own: Path, *, listed: int, rows: int) -> None:
    require_columns(model, part.customers)
    scored = score_customers(model, part.customers)
    scores = score_table(model, part.customers, scored).with_columns(pl.Series(TIE_BREAK, scored.digests))
    write_parquet(scores, _kept(own, part.number, "scores"))
    if listed:
        beside = _to_tell_of(part.customers, scores, listed=listed, rows=rows)
        write_parquet(beside, _kept(own, part.number, "people"))
    # Whoever finds this file finds the others whole.
    sketch = sketch_of(model, part.customers, scores) if model.sketch else None
    told = {
        "breaches": [asdict(breach) for breach in part.breaches],
        "unseen": scored.unseen,
        "sketch": SKETCH.dump_python(sketch, mode="json"),
    }
    write_text(json.dumps(told), _mark(own, part.number))


def _to_tell_of(customers: pl.DataFrame, scores: pl.DataFrame, *, listed: int, rows: int) -> pl.DataFrame:
    """The best of a part, and those beside whom they may be told, each with score and digest; more than are needed.

    Digests are spread evenly, so of `rows` twice as many as are wanted lie below twice their share of all digests.
    """
    known = customers.with_columns(scores["score"], scores[TIE_BREAK])
    best = best_first(unlabelled(known)).head(listed)
    below = min(MOST_DIGEST, int(MOST_DIGEST * 2 * BESIDE / max(1, rows)))
    return pl.concat([best, known.filter(pl.col(TIE_BREAK) <= below)]).unique("row").sort("row")


def _drawn(people: pl.DataFrame) -> pl.DataFrame:
    """Those with the smallest digests: the same whatever the parts."""
    return people.sort(TIE_BREAK, "row").head(BESIDE)


def _in_order(places: Sequence[Path], *, rows_of_part: int) -> Iterator[pl.DataFrame]:
    """The frames of all parts in the order of the table: rows of the first part go where they stand."""
    apart = pl.read_parquet(places[0])
    for number, place in enumerate(places[1:], start=1):
        frame = pl.read_parquet(place)
        if apart.height:
            last = number == len(places) - 1
            until = apart.height if last else int((apart["row"] < number * rows_of_part + 1).sum())
            frame = pl.concat([frame, apart.head(until)]).sort("row")
            apart = apart.slice(until)
        yield frame


def _write_all(model: TrainedModel, places: Sequence[Path], out: Path, own: Path, *, rows_of_part: int) -> int:
    """How many candidates are ranked; scores and candidates are written, a file beside the other."""
    ranks = _ranks(places)
    _stack_by_rank(places, ranks, own / "ranks")
    writings: Sequence[Callable[[], None]] = (
        lambda: write_parquet_parts(_candidates(model, own / "ranks"), out / "candidates.parquet"),
        lambda: write_csv_parts(_candidates(model, own / "ranks"), out / "candidates.csv"),
        lambda: _write_scores(places, out, rows_of_part=rows_of_part),
    )
    for _ in side_by_side(lambda write: write(), writings, stage=None):
        pass
    return sum(int((of_part > 0).sum()) for of_part in ranks)


def _write_scores(places: Sequence[Path], out: Path, *, rows_of_part: int) -> None:
    frames = (frame.drop(TIE_BREAK) for frame in _in_order(places, rows_of_part=rows_of_part))
    write_parquet_parts(frames, out / "scores.parquet")


def _ranks(places: Sequence[Path]) -> list["np.ndarray[Any, np.dtype[np.int64]]"]:
    """The rank of every row of every part, from 1; 0 of who is no candidate. Equal scores are in order of digest."""
    scores, digests, candidate, lengths = [], [], [], []
    for place in places:
        frame = pl.read_parquet(place, columns=["score", TIE_BREAK, *_tag_of(place)])
        scores.append(frame["score"].to_numpy())
        digests.append(frame[TIE_BREAK].to_numpy())
        candidate.append(np.ones(frame.height, bool) if "tag" not in frame.columns else frame["tag"].to_numpy() == 0)
        lengths.append(frame.height)
    who = np.flatnonzero(np.concatenate(candidate))
    order = np.lexsort((np.concatenate(digests)[who], -np.concatenate(scores)[who]))
    ranks = np.zeros(sum(lengths), np.int64)
    ranks[who[order]] = np.arange(1, len(who) + 1)
    return np.split(ranks, np.cumsum(lengths)[:-1])


def _tag_of(place: Path) -> list[str]:
    return [name for name in ("tag",) if name in pq.read_schema(place).names]


def _stack_by_rank(places: Sequence[Path], ranks: Sequence[Any], stacks: Path) -> None:
    """Candidates of so many ranks brought together on disk, to be put in order stack by stack."""
    shutil.rmtree(stacks, ignore_errors=True)
    stacks.mkdir()
    for number, (place, of_part) in enumerate(zip(places, ranks, strict=True)):
        frame = pl.read_parquet(place, columns=list(RANKED)).with_columns(pl.Series("rank", of_part))
        for (stack,), some in frame.filter(pl.col("rank") > 0).group_by((pl.col("rank") - 1) // RANKS_AT_A_TIME):
            some.write_ipc(stacks / f"{stack:06d}.{number:06d}.arrow", compression="lz4")


def _candidates(model: TrainedModel, stacks: Path) -> Iterator[pl.DataFrame]:
    """The candidates by rank, a frame for each stack."""
    for stack in sorted({file.name.split(".")[0] for file in stacks.iterdir()}):
        pieces = [pl.read_ipc(file) for file in sorted(stacks.glob(f"{stack}.*.arrow"))]
        ordered = pl.concat(pieces).sort("rank").select(pl.col("rank").cast(pl.UInt32), *RANKED)
        yield ordered.with_columns(simulated=pl.lit("SIMULATED")) if model.contract.simulated else ordered


def _explain(model: TrainedModel, own: Path, parts: int, out: Path, *, listed: int, seed: int) -> Explanation:
    first = pl.read_parquet(out / "candidates.parquet", n_rows=listed)
    best: list[pl.DataFrame] = []
    beside: pl.DataFrame | None = None
    for number in range(parts):
        people = pl.read_parquet(_kept(own, number, "people"))
        best.append(people.filter(pl.col("row").is_in(first["row"].implode())))
        beside = _drawn(people if beside is None else pl.concat([beside, people]))
    people = pl.concat([*best, *([] if beside is None else [beside])]).unique("row").sort("row")
    scores = people.select(name for name in ("row", "score", "tag") if name in people.columns)
    population = FramePopulation(people.drop("score", TIE_BREAK), scores, first)
    explanation = explain(model, population, first, seed=seed)
    told = first.join(explanation.wide, on="row", how="left", maintain_order="left")
    write_parquet(told, out / "list.parquet")
    write_csv(told, out / "list.csv")
    return explanation

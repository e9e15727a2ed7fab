"""What can be read of a ranking: its people, what a cut would give, its segments and what to offer them."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from affluence_service.api_errors import Conflict
from affluence_service.runs.models import Run
from affluence_service.runs.results import (
    CANDIDATES,
    COLUMNS,
    GAINS,
    LIST,
    REASONS,
    SEGMENTS,
    STRATEGY,
    file_of,
    read_json,
)

if TYPE_CHECKING:
    from affluence.decision.capacity import Cut, Economics, Gains
    from affluence_service.candidates.ranking import Ranking

# A process keeps the gains of so many runs; those of a million candidates take about 17 MB.
GAINS_KEPT = 4
SAID = ("reason_1", "reason_2", "reason_3")
TOLD_OF_LISTED = ("opening", "offer_reason", *SAID)
NOT_LISTED = "Reasons are made for those on the list. Start a run that describes more contacts to have them for others."
NOT_SAID = "No reasons are given: the explainer does not follow this ranking closely enough to speak for it."


def require_ranking(run: Run) -> Run:
    """The run, which has a ranking. Errors: Conflict when it scored no table, or is not done."""
    if run.kind != Run.Kind.SCORE or not run.folder:
        raise Conflict("Candidates come of a run that scored a table and is done. Choose such a run, or wait for it.")
    return run


def columns_of(run: Run) -> Sequence[Mapping[str, Any]]:
    """The columns whose values may be shown: name, words, unit, and what is typical with and without the tag."""
    found: Sequence[Mapping[str, Any]] = read_json(run, COLUMNS)
    return found


def ranking_of(run: Run, wanted: Mapping[str, Any]) -> "Ranking":
    """The candidates that are wanted, in the order that is wanted; see `candidates.ranking`."""
    from affluence_service.candidates.ranking import Ranking

    numeric = [column["name"] for column in columns_of(run) if column["number"]]
    return Ranking(file_of(run, CANDIDATES), numeric, int(run.candidates or 0), wanted)


def lines_of(run: Run, people: Sequence[Mapping[str, Any]], *, ids: bool) -> list[dict[str, Any]]:
    """The people of a ranking as a page shows them, with masked ids unless `ids`; reasons are those of the listed."""
    shown = [column["name"] for column in columns_of(run)]
    told = {line["rank"]: line for line in _listed(run, [line["rank"] for line in people])}
    return [
        {
            **line,
            "customer_id": line["customer_id"] if ids else mask(line["customer_id"]),
            "type": line["hidden_type"],
            "reasons": [text for name in SAID if (text := told.get(line["rank"], {}).get(name))],
            "values": {name: line[name] for name in shown},
        }
        for line in people
    ]


def person_at(run: Run, rank: int, *, ids: bool) -> Mapping[str, Any] | None:
    """Everything on the candidate of that rank; None where there is none."""
    import polars as pl

    # By the rank, not by the place: whoever was erased leaves a gap.
    people = pl.scan_parquet(file_of(run, CANDIDATES)).filter(pl.col("rank") == rank).collect().to_dicts()
    if not people:
        return None
    (line,), told = lines_of(run, people, ids=ids), _listed(run, [rank])
    parts = pl.scan_parquet(file_of(run, REASONS)).filter(pl.col("rank") == rank).collect()
    said = run.summary["reasons"]["said"]
    return {
        **line,
        **{name: told[0][name] if told else None for name in ("opening", "offer_reason")},
        "reasons_note": NOT_LISTED if not told else "" if said else NOT_SAID,
        "parts": parts.to_dicts(),
        "values": [{**column, "value": people[0][column["name"]]} for column in columns_of(run)],
    }


def cut_of(run: Run, asked: Mapping[str, Any]) -> "Cut":
    """What a cut would give; as many contacts as the run described where none is asked for. Nothing is written.

    Errors: UserError for a capacity that contradicts itself, or asks for what is not known.
    """
    from affluence.decision.capacity import Capacity, decide_cut

    money = {"cost_a_contact", "value_a_find"}
    capacity = {name: value for name, value in asked.items() if name not in money}
    # Managers and their calls say how long it takes; alone they are no way of asking.
    if not capacity.keys() - {"managers", "calls_a_week"}:
        capacity["contacts"] = run.summary["cut"]["contacts"]
    return decide_cut(Capacity(**capacity), gains_of(run), _economics(run, asked))


def curve_of(run: Run, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The gain curve: what about two hundred list lengths would give."""
    from affluence.decision.capacity import gain_curve

    return gain_curve(gains_of(run), _economics(run, asked)).to_dicts()


def segments_of(run: Run) -> Mapping[str, Any]:
    """The segments of the listed, without cells of fewer than ten people."""
    found: Mapping[str, Any] = read_json(run, SEGMENTS)
    return found


def strategy_of(run: Run, *, value_a_find: float | None) -> list[dict[str, Any]]:
    """What to do about each segment, and where a find's worth is given what may be expected of it in money."""
    told: list[dict[str, Any]] = read_json(run, STRATEGY)
    if value_a_find is None:
        return told
    worth = [None if one["expected_finds"] is None else one["expected_finds"] * value_a_find for one in told]
    return [{**one, "expected_value": value} for one, value in zip(told, worth, strict=True)]


def gains_of(run: Run) -> "Gains":
    """What any cut of the run is read from, kept by the process."""
    return _gains(file_of(run, GAINS))


def mask(customer_id: object) -> str:
    """The id with all but its ends hidden."""
    from affluence.reporting.result_views import masked

    return masked(customer_id)


@lru_cache(maxsize=GAINS_KEPT)
def _gains(file: Path) -> "Gains":
    from affluence.decision.gains_bytes import gains_from_bytes

    return gains_from_bytes(file.read_bytes())


def _economics(run: Run, asked: Mapping[str, Any]) -> "Economics":
    from affluence.decision.capacity import Economics

    return Economics(asked.get("cost_a_contact"), asked.get("value_a_find"), currency=run.summary["currency"])


def _listed(run: Run, ranks: Sequence[int]) -> list[dict[str, Any]]:
    """What is told of the listed alone, of those ranks: rank, opening, offer_reason, and what may be said."""
    import polars as pl

    table = pl.scan_parquet(file_of(run, LIST))
    return table.filter(pl.col("rank").is_in(list(ranks))).select("rank", *TOLD_OF_LISTED).collect().to_dicts()

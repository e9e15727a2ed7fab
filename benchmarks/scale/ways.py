"""One way over one table, in a process of its own, so that its memory is its own: prints seconds and MiB as JSON.

    python -m benchmarks.scale.ways (stream|pandas|limit|attempt) MODEL TABLE OUT LISTED

What all ways load first, libraries and model, is not counted in seconds; it is in the memory. Of the attempt's way the
contributions are those of `ATTEMPT_TOLD` people, and their seconds are scaled linearly to LISTED.
"""

import json
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import xgboost as xgb
from sklearn.preprocessing import OrdinalEncoder

from affluence.data.parts import open_in_parts
from affluence.pu.fold_models import TrainedModel, placed
from affluence.pu.learners.boosters import FittedBooster
from affluence.pu.storage import load_model
from affluence.streaming import score_in_parts

MIB = 1024
# The limit reads one matrix again and again: the rows of a table of so many, of which the matrix is ready.
READY_ROWS = 1_000_000
ATTEMPT = "attempt.ubj"
ATTEMPT_TOLD = 200
Way = Callable[[], float]


def by_stream(model: TrainedModel, table: Path, out: Path, listed: int) -> Way:
    """What `affluence score` does."""

    def work() -> float:
        with open_in_parts(table, contract=model.contract) as parts:
            score_in_parts(model, parts, out, work=out / ".parts", listed=listed)
        return 0.0

    return work


def by_pandas(model: TrainedModel, table: Path, out: Path, listed: int) -> Way:
    """What a user would write: all in memory, scikit-learn's encoder, XGBoost's wrapper and its contributions.

    The booster's own contributions are what the package shap asks it for.
    """
    types = types_of(model)
    return in_memory(model, [_wrapper(fitted, types) for fitted in boosters(model)], table, out, told=listed)


def by_attempt(model: TrainedModel, table: Path, out: Path, listed: int) -> Way:
    """The same with one model of the public attempt's settings, and what it adds told of few."""
    learner = xgb.XGBClassifier(feature_types=types_of(model), enable_categorical=True)
    learner.load_model(table.parent / ATTEMPT)
    return in_memory(model, [learner], table, out, told=min(listed, ATTEMPT_TOLD), scaled_to=listed)


def in_memory(
    model: TrainedModel,
    learners: Sequence[xgb.XGBClassifier],
    table: Path,
    out: Path,
    *,
    told: int,
    scaled_to: int | None = None,
) -> Way:
    """Read, encoded, scored and ranked by pandas, the contributions of the first `told`; in seconds what is missing.

    That is what those of `scaled_to` would have taken longer than those of `told`.
    """
    known = model.preprocessing.vocabularies
    sources = {column.source: column.name for column in model.contract.feature_columns}
    types = types_of(model)

    def work() -> float:
        frame = _blanked(pd.read_parquet(table).rename(columns=sources), model)
        encoder = OrdinalEncoder(
            categories=[list(known[name]) for name in known],
            handle_unknown="use_encoded_value",
            unknown_value=np.nan,
            encoded_missing_value=np.nan,
        )
        words = frame[list(known)].astype(object)
        encoded = pd.DataFrame(
            encoder.fit_transform(words.where(words.notna(), np.nan)), columns=list(known), index=frame.index
        )
        matrix = frame.drop(columns=list(known)).join(encoded)[list(model.preprocessing.features)].astype("float32")
        values = matrix.to_numpy()
        frame["score"] = np.mean([learner.predict(values, output_margin=True) for learner in learners], axis=0)
        candidates = frame[frame[model.contract.tag.source].isin(model.contract.tag.normal)]
        ranked = candidates.sort_values("score", ascending=False, kind="stable")
        begun = time.perf_counter()
        first = xgb.DMatrix(values[ranked.index[:told]], feature_types=types, enable_categorical=True)
        parts = np.mean([learner.get_booster().predict(first, pred_contribs=True) for learner in learners], axis=0)
        seconds = time.perf_counter() - begun
        # The index is the place in the table: ids are not unique.
        ranked[[model.contract.customer_id.source, "score"]].to_parquet(out / "ranked.parquet", index=True)
        pd.DataFrame(parts).to_parquet(out / "parts.parquet")
        return seconds * ((scaled_to or told) / told - 1)

    return work


def by_limit(model: TrainedModel, table: Path, out: Path, listed: int) -> Way:  # noqa: ARG001
    """What nobody can save: reading the file, the learners' bare prediction, their bare contributions."""
    renamed = {column.source: column.name for column in model.contract.feature_columns}
    head = pl.scan_parquet(table).head(READY_ROWS).collect().rename(renamed)
    ready = head.rename({str(model.contract.customer_id.source): "customer_id"})
    matrix = placed(model, ready)[0].matrix
    rows = pl.scan_parquet(table).select(pl.len()).collect().item()
    types = types_of(model)
    del head, ready

    def work() -> float:
        for _ in pl.scan_parquet(table).collect_batches(chunk_size=100_000):
            pass
        for fitted in boosters(model):
            for start in range(0, rows, len(matrix)):
                some = matrix[: rows - start]
                fitted.booster.inplace_predict(some, predict_type="margin", validate_features=False)
            first = xgb.DMatrix(
                matrix[:listed], feature_names=list(fitted.names), feature_types=types, enable_categorical=True
            )
            fitted.booster.predict(first, pred_contribs=True)
        return 0.0

    return work


WAYS = {"stream": by_stream, "pandas": by_pandas, "limit": by_limit, "attempt": by_attempt}


def types_of(model: TrainedModel) -> list[str]:
    """What XGBoost calls the types of the model's features."""
    return ["c" if name in model.preprocessing.vocabularies else "q" for name in model.preprocessing.features]


def boosters(model: TrainedModel) -> list[FittedBooster]:
    """The fold models, each one set of trees."""
    return [fitted for fitted in model.models if isinstance(fitted, FittedBooster)]


def _blanked(frame: pd.DataFrame, model: TrainedModel) -> pd.DataFrame:
    """Numbers that the contract holds to be impossible made missing, as whoever knows the table would write."""
    possible = {}
    for column in model.contract.feature_columns:
        low, high = column.range or (None, None)
        values = frame[column.name]
        if low is not None:
            values = values.where(values >= low)
        if high is not None:
            values = values.where(values <= high)
        possible[column.name] = values
    return frame.assign(**possible)


def _wrapper(fitted: FittedBooster, types: list[str]) -> xgb.XGBClassifier:
    fitted.booster.feature_names = None
    learner = xgb.XGBClassifier(feature_types=types, enable_categorical=True)
    learner.load_model(bytearray(fitted.to_bytes()))
    return learner


def most_mib() -> float:
    """The most memory this process held; the kernel's `ru_maxrss` would begin with that of whoever started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / MIB


def main() -> None:
    """Prepare, do, tell."""
    way, model, table, out, listed = sys.argv[1:]
    Path(out).mkdir(parents=True)
    work = WAYS[way](load_model(Path(model)), Path(table), Path(out), int(listed))
    begun = time.perf_counter()
    scaled = work()
    seconds = time.perf_counter() - begun + scaled
    print(json.dumps({"seconds": seconds, "mib": most_mib()}))


if __name__ == "__main__":
    main()

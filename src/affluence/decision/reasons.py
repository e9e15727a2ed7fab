"""Reason codes: why a candidate stands on the list, in plain words, each one tested through the whole model."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affluence.data.contract import Column, Missing, Use
from affluence.decision.deletion_test import falls_without
from affluence.decision.explainer import Account, account_for
from affluence.decision.population import Population
from affluence.decision.reason_words import (
    ANALYSTS_MARK,
    Typical,
    Value,
    code_of,
    sentence_of,
    speaks_for,
    value_text,
)
from affluence.errors import UserError
from affluence.pu.fold_models import TrainedModel

Floats = NDArray[np.float64]

# Under this rank agreement the explainer speaks of another ranking than the list's, and nothing is said.
LEAST_AGREEMENT = 0.95
# Contributions are 32-bit sums; what is beyond rounding is no exact account.
MOST_ADDITIVITY_ERROR = 1e-3
# Columns tested for each person: some fail, and three should be left.
MOST_TESTED = 6
# Falls below this are rounding.
LEAST_FALL = 1e-9

COLUMNS = (
    *("row", "place", "column", "code", "sentence", "contribution", "value"),
    *("typical_normal", "typical_affluent", "audience", "direction", "passes"),
)


@dataclass(frozen=True)
class Explanation:
    """Why the listed stand on the list, and how far that can be trusted.

    `reasons` is long: a person and a column in a line, the strongest first within a direction (`place` from 1).
    `wide` has row, reason_1 .. and code_1 ..; all are missing where `said` is false. `contributions` has row, base and
    each column's share of the explainer's output, in log-odds; `output` is their sum. `agreement` is Spearman's rank
    correlation of explainer and score among the listed (with the next best where they are few), `pass_rate` the share
    of the tested reasons after whose removal the score falls, `by_column` the same by column: column, tested, passed.
    """

    reasons: pl.DataFrame
    wide: pl.DataFrame
    contributions: pl.DataFrame
    explainer: str
    fitted_to: int
    agreement: float
    additivity_error: float
    pass_rate: float | None
    by_column: pl.DataFrame
    said: bool


def explain(
    model: TrainedModel,
    population: Population,
    listed: pl.DataFrame,
    *,
    seed: int,
    reasons: int = 3,
) -> Explanation:
    """Why each of `listed` (a frame with `row`) ranks high; rows in the order of `listed`.

    A column that adds nothing to a person's score has no line. `population` are those that were
    scored. The more are listed the longer it takes, about in proportion.

    Errors: UserError when someone listed was not scored.
    """
    scores = population.scores
    score, places = scores["score"].to_numpy().astype(np.float64), _places(scores, listed)
    unlabelled = np.flatnonzero(scores["tag"].to_numpy() == 0) if "tag" in scores.columns else np.arange(len(score))

    def people_at(some: NDArray[np.intp]) -> pl.DataFrame:
        return population.people(scores["row"].gather(some))

    account = account_for(model, people_at, score, places, unlabelled=unlabelled, seed=seed)
    columns = model.contract.feature_columns
    by_column = _by_column(model, account.features, columns)
    typical = population.typical(columns)
    people = people_at(places)
    passes, rates = _tested(model, people, score[places], by_column, columns, typical)
    said = bool(account.agreement >= LEAST_AGREEMENT and account.additivity_error <= MOST_ADDITIVITY_ERROR)
    long = _long(people, by_column, passes, columns, typical, currency=model.contract.currency)
    tested = int(rates["tested"].sum())
    return Explanation(
        reasons=long,
        wide=_wide(people, long, reasons=reasons, said=said),
        contributions=_contributions(people, account, by_column, columns),
        explainer=account.name,
        fitted_to=account.rows_fitted,
        agreement=account.agreement,
        additivity_error=account.additivity_error,
        pass_rate=int(rates["passed"].sum()) / tested if tested else None,
        by_column=rates,
        said=said,
    )


def _places(scores: pl.DataFrame, listed: pl.DataFrame) -> NDArray[np.intp]:
    where = scores.select("row").with_row_index("place")
    found = listed.select("row").join(where, on="row", how="left", maintain_order="left")
    if missing := found["place"].null_count():
        raise UserError(
            f"{missing:,} of {listed.height:,} listed customers are not in the table that was scored. "
            "Make the list again from this table (affluence score)."
        )
    return found["place"].to_numpy().astype(np.intp)


def _by_column(model: TrainedModel, features: Floats, columns: Sequence[Column]) -> Floats:
    """Contributions by the bank's columns: a derived feature's is shared equally among the columns it is made of."""
    position = {column.name: place for place, column in enumerate(columns)}
    shared = np.zeros((len(features), len(columns)))
    for place, feature in enumerate(model.features):
        for name in feature.inputs:
            shared[:, position[name]] += features[:, place] / len(feature.inputs)
    return shared


def _tested(
    model: TrainedModel,
    people: pl.DataFrame,
    score: Floats,
    by_column: Floats,
    columns: Sequence[Column],
    typical: Typical,
) -> tuple[dict[str, pl.Series], pl.DataFrame]:
    """By column whether each person's reason passes (missing where it was not tested), and the counts by column."""
    chosen = _strongest(by_column, np.column_stack([_may_be_said(people, column, typical) for column in columns]))
    tested = {column.name: np.flatnonzero(chosen[:, place]) for place, column in enumerate(columns)}
    falls = falls_without(model, people, score, tested, typical.normal.value)
    passes = {name: _filled(people.height, rows, falls[name] > LEAST_FALL) for name, rows in tested.items()}
    counts = [(name, len(tested[name]), int(passed.sum() or 0)) for name, passed in passes.items()]
    rates = pl.DataFrame(counts, schema={"column": pl.String, "tested": pl.Int64, "passed": pl.Int64}, orient="row")
    return passes, rates.filter(pl.col("tested") > 0)


def _strongest(by_column: Floats, allowed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which columns of each person are among the `MOST_TESTED` strongest that speak for them and may be said."""
    strength = np.where(allowed & (by_column > 0), by_column, -np.inf)
    place = np.argsort(np.argsort(-strength, axis=1, kind="stable"), axis=1)
    chosen: NDArray[np.bool_] = (place < MOST_TESTED) & np.isfinite(strength)
    return chosen


def _may_be_said(people: pl.DataFrame, column: Column, typical: Typical) -> NDArray[np.bool_]:
    """Whose value of the column may be told to them, and speaks for them in the words that would be said."""
    if column.use is not Use.SPEAKABLE:
        return np.zeros(people.height, dtype=bool)
    values = people[column.name]
    spoken = {value for value in values.unique().to_list() if speaks_for(column, _known(value), typical)}
    return np.fromiter((value in spoken for value in values.to_list()), dtype=bool, count=people.height)


def _known(value: object) -> Value:
    """A cell as a number or as text."""
    return value if value is None or isinstance(value, str) else float(value)  # type: ignore[arg-type]  # a number


def _filled(height: int, rows: NDArray[np.intp], passed: NDArray[np.bool_]) -> pl.Series:
    known = pl.DataFrame({"at": rows, "passed": passed}, schema={"at": pl.Int64, "passed": pl.Boolean})
    return pl.select(at=pl.int_range(height)).join(known, on="at", how="left", maintain_order="left")["passed"]


def _long(
    people: pl.DataFrame,
    by_column: Floats,
    passes: dict[str, pl.Series],
    columns: Sequence[Column],
    typical: Typical,
    *,
    currency: str,
) -> pl.DataFrame:
    parts = [
        _of_column(people, by_column[:, place], passes[column.name], column, typical, currency=currency)
        for place, column in enumerate(columns)
    ]
    strength = pl.col("contribution").abs()
    return (
        pl.concat(parts)
        .filter(pl.col("contribution") != 0)
        .with_columns(strength.rank("ordinal", descending=True).over("at", "direction").cast(pl.Int64).alias("place"))
        .sort("at", pl.col("direction") == "against", "place")
        .select(COLUMNS)
    )


def _of_column(
    people: pl.DataFrame, contribution: Floats, passes: pl.Series, column: Column, typical: Typical, *, currency: str
) -> pl.DataFrame:
    """The lines of one column: words are made once for each value that differs."""
    values = people[column.name]
    mark = "" if column.use is Use.SPEAKABLE else ANALYSTS_MARK
    different = values.unique().to_list()
    known = [_known(value) for value in different]
    normal = typical.normal.value[column.name]
    affluent = typical.affluent.value[column.name] if typical.affluent else None
    words = pl.DataFrame(
        {
            "key": pl.Series(different, dtype=values.dtype),
            "code": [code_of(column, value, normal) for value in known],
            "sentence": [mark + sentence_of(column, value, typical, currency=currency) for value in known],
            "value": pl.Series([value_text(value) for value in known], dtype=pl.String),
        }
    )
    lines = pl.DataFrame({"row": people["row"].cast(pl.Int64), "key": values, "contribution": contribution})
    recorded = values.is_not_null() | (column.missing is Missing.DOES_NOT_HOLD)
    speakable = recorded & (column.use is Use.SPEAKABLE)
    return (
        lines.with_row_index("at")
        .join(words, on="key", how="left", nulls_equal=True, maintain_order="left")
        .drop("key")
        .with_columns(
            passes.alias("passes"),
            column=pl.lit(column.name),
            typical_normal=pl.lit(value_text(normal), dtype=pl.String),
            typical_affluent=pl.lit(value_text(affluent), dtype=pl.String),
            audience=pl.Series(np.where(speakable.to_numpy(), "speakable", "internal"), dtype=pl.String),
            direction=pl.when(pl.col("contribution") > 0).then(pl.lit("for")).otherwise(pl.lit("against")),
        )
    )


def _wide(people: pl.DataFrame, long: pl.DataFrame, *, reasons: int, said: bool) -> pl.DataFrame:
    told = long.filter(pl.col("passes") & pl.lit(said)).with_columns(nth=pl.int_range(1, pl.len() + 1).over("row"))
    wide = people.select(pl.col("row").cast(pl.Int64))
    for name, source, nth in _wanted(reasons):
        one = told.filter(pl.col("nth") == nth).select("row", pl.col(source).alias(name))
        wide = wide.join(one, on="row", how="left", maintain_order="left")
    return wide


def _wanted(reasons: int) -> Iterator[tuple[str, str, int]]:
    for source, name in (("sentence", "reason"), ("code", "code")):
        for nth in range(1, reasons + 1):
            yield f"{name}_{nth}", source, nth


def _contributions(
    people: pl.DataFrame, account: Account, by_column: Floats, columns: Sequence[Column]
) -> pl.DataFrame:
    shares = {column.name: by_column[:, place] for place, column in enumerate(columns)}
    return pl.DataFrame({"row": people["row"].cast(pl.Int64), "base": account.base, **shares, "output": account.output})

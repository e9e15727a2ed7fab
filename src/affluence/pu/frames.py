"""Any table that a data scientist holds, as the features that our learners read: numbers and categories."""

from typing import Any

import numpy as np
import polars as pl

from affluence.features.definitions import Feature, FeatureKind
from affluence.features.preprocessing import Preprocessing

# NumPy's letters for what is no number: objects (pandas' categories and strings among them) and two kinds of text.
TEXT_KINDS = "OUS"


def features_of_frame(table: Any) -> pl.DataFrame:
    """The columns of a Polars or pandas frame, or of an array (x0, x1, ...): 64-bit floats and strings.

    Numbers, booleans and times become numbers; everything else a category. Missing and NaN are null.

    Errors: ValueError for an infinite number or a column twice.
    """
    frame = _as_polars(table)
    return frame.select(_feature(frame[name]) for name in frame.columns).rename(readable)


def readable(name: str) -> str:
    """A column's name in letters that XGBoost takes; other brackets stand for those it refuses."""
    return name.translate(str.maketrans("[]<", "()("))


def described(features: pl.DataFrame) -> tuple[Feature, ...]:
    """Each column as a feature that is what it is."""
    return tuple(
        Feature(
            name=name,
            kind=FeatureKind.CATEGORY if dtype == pl.String else FeatureKind.NUMBER,
            unit=None,
            inputs=(name,),
            reason="As given.",
        )
        for name, dtype in features.schema.items()
    )


def require_same_kinds(features: pl.DataFrame, fitted: Preprocessing) -> None:
    """Refuse text where numbers were learned from, and numbers where text was; all missing is either.

    Errors: ValueError that names the column.
    """
    for name in fitted.features:
        learned = "text" if name in fitted.vocabularies else "numbers"
        held = "text" if features[name].dtype == pl.String else "numbers"
        if learned != held and features[name].null_count() < features.height:
            raise ValueError(f"Column {name} held {learned} when the finder was fitted and holds {held} now.")


def is_frame(table: Any) -> bool:
    """Whether `table` has columns of its own types, as a Polars or pandas frame has."""
    return hasattr(table, "columns") and hasattr(table, "__getitem__")


def _as_polars(table: Any) -> pl.DataFrame:
    if isinstance(table, pl.DataFrame):
        return table
    if isinstance(table, pl.LazyFrame):
        return table.collect()
    if not is_frame(table):
        matrix = np.asarray(table)
        return pl.DataFrame({f"x{place}": matrix[:, place] for place in range(matrix.shape[1])})
    if not table.columns.is_unique:
        raise ValueError("A column name stands twice in the table. Give each column its own name.")
    return pl.DataFrame({str(name): _series(table[name]) for name in table.columns})


def _series(column: Any) -> pl.Series:
    """A pandas column; one of mixed types is read as text."""
    if column.dtype.kind in TEXT_KINDS:
        return pl.Series([None if _missing(cell) else str(cell) for cell in column], dtype=pl.String)
    numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
    # A missing time comes out of pandas as a number far below zero.
    return pl.Series(np.where(column.isna(), np.nan, numbers))


def _missing(cell: Any) -> bool:
    return cell is None or (isinstance(cell, float) and np.isnan(cell)) or str(cell) == "<NA>"


def _feature(column: pl.Series) -> pl.Series:
    if column.dtype.is_temporal():
        column = column.to_physical()
    if not (column.dtype.is_numeric() or column.dtype == pl.Boolean or column.dtype == pl.Null):
        return _text(column)
    numbers = column.cast(pl.Float64).fill_nan(None)
    if numbers.cast(pl.Float32).is_infinite().any():
        raise ValueError(
            f"Input X contains infinity or a value too large for dtype('float32') in column {column.name}."
        )
    return numbers


def _text(column: pl.Series) -> pl.Series:
    try:
        return column.cast(pl.String)
    except pl.exceptions.PolarsError as error:
        raise ValueError(f"Column {column.name} holds {column.dtype}; wanted numbers, times or text.") from error

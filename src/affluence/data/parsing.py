"""From raw cells to values: text and numbers, as a contract's locale and missing marks read them."""

import re
from collections.abc import Sequence

import polars as pl

from affluence.data.contract import ColumnType, Locale

_EXACT = 2**53
"""Below it every whole number is a float of its own."""

_ALSO_WRITTEN = {" ": "[ \u00a0\u202f]", "'": "['\u2019]"}


def parse_column(
    cells: pl.Series,
    *,
    kind: ColumnType,
    locale: Locale,
    missing_marks: Sequence[str],
    mixed: bool = False,
    whole: bool | None = None,
) -> tuple[pl.Series, pl.Series]:
    """The values of a column, null where missing or unreadable, and which of its cells are of the wrong type.

    Values are Float64, Int64 or String, by `kind`. `mixed` says that text cells may be numbers that a program
    wrote with a decimal point, whatever the locale (Excel): one that would be read in two ways is then of the
    wrong type. `whole` says whether the numbers of the whole column are whole, where `cells` are a part of it: texts
    are then written without a fraction.
    """
    present = _present(cells, missing_marks=missing_marks)
    if kind is ColumnType.CATEGORY:
        values = _texts(present, whole=whole)
    else:
        values = _numbers(present, locale=locale, mixed=mixed)
        if kind is ColumnType.INTEGER:
            values = _whole(present, numbers=values)
    return values, values.is_null() & present.is_not_null()


def _present(cells: pl.Series, *, missing_marks: Sequence[str]) -> pl.Series:
    """The cells, text without outer blanks, and null for every missing mark and for NaN."""
    if cells.dtype in (pl.Categorical, pl.Enum):
        cells = cells.cast(pl.String)
    if cells.dtype == pl.String:
        stripped = cells.str.strip_chars()
        return stripped.set(stripped.is_in(list({"", *missing_marks})), None)
    if cells.dtype.is_float():
        cells = cells.fill_nan(None)
    if cells.dtype.is_numeric() and (marks := [float(mark) for mark in missing_marks if _is_number(mark)]):
        return cells.set(cells.cast(pl.Float64).is_in(marks), None)
    return cells


def _is_number(mark: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?", mark) is not None


def _texts(present: pl.Series, *, whole: bool | None) -> pl.Series:
    if present.dtype.is_nested() or present.dtype in (pl.Binary, pl.Object):
        return pl.Series(present.name, [None] * len(present), dtype=pl.String)
    if present.dtype.is_float() and (all_whole(present) if whole is None else whole):
        return present.cast(pl.Int64).cast(pl.String)
    return present.cast(pl.String)


def all_whole(numbers: pl.Series) -> bool:
    """Whether all of some floats that are there are whole numbers, and small enough to be written as such."""
    return bool(((numbers == numbers.round()) & (numbers.abs() < _EXACT)).all())


def _numbers(present: pl.Series, *, locale: Locale, mixed: bool) -> pl.Series:
    if present.dtype == pl.String:
        return _numbers_from_text(present, locale=locale, mixed=mixed)
    if present.dtype.is_numeric():
        return _finite(present.cast(pl.Float64))
    return pl.Series(present.name, [None] * len(present), dtype=pl.Float64)


def _finite(numbers: pl.Series) -> pl.Series:
    return numbers.set(~numbers.is_finite(), None)


def _numbers_from_text(texts: pl.Series, *, locale: Locale, mixed: bool) -> pl.Series:
    plain = _finite(texts.cast(pl.Float64, strict=False))
    if locale.decimal == "." and plain.null_count() == texts.null_count():
        return plain
    local = _local_numbers(texts, locale=locale)
    if locale.decimal == "." or not mixed:
        return local
    return plain.fill_null(local).set((plain != local).fill_null(value=False), None)


def _local_numbers(texts: pl.Series, *, locale: Locale) -> pl.Series:
    """Numbers with the locale's marks; thousands must stand in threes, or 1,5 would be read as 15."""
    thousands = _ALSO_WRITTEN.get(locale.thousands, re.escape(locale.thousands))
    decimal = re.escape(locale.decimal)
    shape = rf"^[+-]?(?:\d+|[1-9]\d{{0,2}}(?:{thousands}\d{{3}})+)?(?:{decimal}\d*)?(?:[eE][+-]?\d+)?$"
    written = texts.set(~texts.str.contains(shape), None)
    bare = written.str.replace_all(thousands, "") if thousands else written
    return _finite(bare.str.replace(decimal, ".").cast(pl.Float64, strict=False))


def _whole(present: pl.Series, *, numbers: pl.Series) -> pl.Series:
    """Whole numbers, also those written 39.0; from 2^53 only those written without a fraction."""
    whole = numbers.set(((numbers != numbers.round()) | (numbers.abs() >= _EXACT)).fill_null(value=False), None).cast(
        pl.Int64
    )
    if present.dtype != pl.String and not present.dtype.is_integer():
        return whole
    return whole.fill_null(present.cast(pl.Int64, strict=False)).set(numbers.is_null(), None)

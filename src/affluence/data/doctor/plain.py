"""A table made ready to be examined: its values as numbers and words, which column is the id and which the tag."""

from collections.abc import Collection, Sequence
from functools import partial

import polars as pl

from affluence.data.contract import Contract
from affluence.data.doctor.countable import ROW, Countable
from affluence.data.headers import ID_WORDS, MISSING_MARKS, tag_likeness, tag_values, words
from affluence.data.labels import label_from_tag

TAG = "\0tag"
"""The column that says of each row whether it is tagged affluent; null where that is unknown, or there is no tag."""

ID = "\0id"
"""The column of a sample with the customers' ids as text."""

OUR_ROW = "row"
_OUR_ID, _OUR_TAG, _OUR_WEIGHT = "customer_id", "tag", "sampling_weight"
_ID_DISTINCT = 0.3
_PLAIN_ID_WORDS = frozenset({"id", "key", "cif"})
_EXACT = 2**53  # below it every whole number is a float of its own
_WIDE = (pl.Int64, pl.UInt64, pl.Int128)


def plain(table: Countable, *, contract: Contract | None) -> Countable:
    """The columns that can be examined: numbers are Float64, words String, what is missing null."""
    kept = [name for name in table.empty.columns if _is_examined(table.empty, name, contract=contract)]
    reading = partial(
        _plain_part,
        kept=kept,
        marks=contract.missing_marks if contract else MISSING_MARKS,
        codes=_long_codes(table, [name for name in kept if table.empty[name].dtype in _WIDE]),
    )
    return table.read_as(reading)


def with_tag(table: Countable, column: str | None, *, contract: Contract | None) -> Countable:
    """The plain table with `TAG`, read from its column of the tag."""
    values = two_values(table, column) if column and not contract else ()
    affluent = (tag_values(column, values) or ("1", "0"))[0] if column else None
    reading = partial(_tagged_part, column=column, affluent=affluent, contract=contract)
    return table.read_as(reading, always=[column] if column else [])


def is_dated(series: pl.Series) -> bool:
    """Whether a column holds dates or times."""
    return series.dtype in (pl.Date, pl.Datetime)


def has_own_rows(columns: Collection[str], *, contract: Contract | None) -> bool:
    """Whether a table of customers carries the numbers of its rows, as every one does that a contract accepted."""
    return contract is not None and {OUR_ROW, _OUR_ID} <= set(columns)


def find_tag(table: Countable, *, contract: Contract | None) -> str | None:
    """The header of the tag in a plain table; without a contract it is guessed from headers and values."""
    names = _headers(table)
    if contract:
        return next((name for name in (contract.tag.source, _OUR_TAG) if name in names), None)
    candidates = {name: two_values(table, name) for name in names}
    fitting = [name for name, values in candidates.items() if tag_values(name, values)]
    return max(fitting, key=lambda name: tag_likeness(name, candidates[name]), default=None)


def find_id(table: Countable, *, contract: Contract | None, besides: str | None) -> str | None:
    """The header of the id in a plain table; without a contract it is guessed from headers and values."""
    names = _headers(table)
    if contract:
        return next((name for name in (contract.customer_id.source, _OUR_ID) if name in names), None)
    return next((name for name in names if name != besides and _looks_like_id(table, name)), None)


def two_values(table: Countable, column: str) -> tuple[str, ...]:
    """The two values of a column that has two, as text."""
    if is_dated(table.empty[column]):
        return ()
    values = table.tally([column], partial(_lowest_values, column=column), by=["value"])["value"]
    return tuple(_texts(values.sort())) if len(values) == 2 else ()


def _headers(table: Countable) -> list[str]:
    return [name for name in table.empty.columns if name != ROW]


def _is_examined(empty: pl.DataFrame, name: str, *, contract: Contract | None) -> bool:
    kind = empty[name].dtype
    ours = contract and name in (OUR_ROW, _OUR_WEIGHT) and _OUR_ID in empty.columns
    return name != ROW and not ours and not kind.is_nested() and kind not in (pl.Binary, pl.Object)


def _long_codes(table: Countable, columns: Sequence[str]) -> frozenset[str]:
    """The columns whose whole numbers are too long to be numbers without loss, as account numbers are."""
    if not columns:
        return frozenset()
    told = table.tally(columns, partial(_count_long, columns=columns), by=["column"])
    return frozenset(told.filter(pl.col("rows") > 0)["column"])


def _count_long(part: pl.DataFrame, *, columns: Sequence[str]) -> pl.DataFrame:
    rows = [int((part[name].cast(pl.Float64).abs() >= _EXACT).sum()) for name in columns]
    return pl.DataFrame({"column": columns, "rows": rows}, schema={"column": pl.String, "rows": pl.Int64})


def _plain_part(
    part: pl.DataFrame, *, kept: Sequence[str], marks: tuple[str, ...], codes: Collection[str]
) -> pl.DataFrame:
    there = [name for name in kept if name in part.columns]
    return part.select(*(_plain(part[name], marks=marks, is_code=name in codes) for name in there), ROW)


def _plain(series: pl.Series, *, marks: tuple[str, ...], is_code: bool) -> pl.Series:
    if is_code:
        return series.cast(pl.String)
    if series.dtype.is_numeric() or series.dtype == pl.Boolean:
        numbers = series.cast(pl.Float64) + 0.0  # there is one 0: -0.0 + 0.0
        return numbers.set(~numbers.is_finite(), None)
    if is_dated(series):
        return series
    if series.dtype in (pl.Duration, pl.Time):
        return series.to_physical().cast(pl.Float64)
    texts = series.cast(pl.String)
    return texts.set(texts.str.strip_chars().is_in(["", *marks]), None)


def _tagged_part(
    part: pl.DataFrame, *, column: str | None, affluent: str | None, contract: Contract | None
) -> pl.DataFrame:
    if column is None:
        return part.with_columns(pl.lit(None, pl.Boolean).alias(TAG))
    return part.with_columns(_tag(part[column], affluent=affluent, contract=contract).cast(pl.Boolean).alias(TAG))


def _tag(series: pl.Series, *, affluent: str | None, contract: Contract | None) -> pl.Series:
    if series.dtype == pl.Float64 and series.name == _OUR_TAG:
        return series == 1
    texts = _texts(series)
    if contract and series.name == contract.tag.source:
        return label_from_tag(texts, tag=contract.tag)
    return texts == affluent


def _texts(series: pl.Series) -> pl.Series:
    """Values as text, without outer blanks; whole numbers without a point."""
    if series.dtype == pl.String:
        return series.str.strip_chars()
    whole = series.cast(pl.Int64, strict=False)
    return whole.cast(pl.String).zip_with((series == series.round()).fill_null(value=False), series.cast(pl.String))


def _lowest_values(part: pl.DataFrame, *, column: str) -> pl.DataFrame:
    """The three lowest values: enough to tell whether a column has two."""
    values = part[column].drop_nulls().unique().sort().head(3).alias("value")
    return values.to_frame().with_columns(pl.lit(1, pl.Int64).alias("rows"))


def _looks_like_id(table: Countable, name: str) -> bool:
    """Whole numbers or texts without gaps, most of them different, under a header that says so."""
    named = words(name)
    says_so = _PLAIN_ID_WORDS.intersection(named) or (named and ID_WORDS.issuperset(named))
    if not says_so or is_dated(table.empty[name]):
        return False
    told = table.spread([name], partial(_count_ids, column=name), by=["value"])
    rows, odd = (int((told[count] * told["keys"]).sum()) for count in ("rows", "odd"))
    return not odd and told["keys"].sum() > max(1, _ID_DISTINCT * rows)


def _count_ids(part: pl.DataFrame, *, column: str) -> pl.DataFrame:
    """The rows of each value, and as `odd` those of which it is missing or no whole number."""
    value = pl.col("value")
    is_odd = value.is_null() if part[column].dtype == pl.String else value.is_null() | (value != value.round())
    counted = part.group_by(pl.col(column).alias("value")).agg(pl.len().alias("rows"))
    return counted.with_columns(pl.when(is_odd).then("rows").otherwise(0).alias("odd"))

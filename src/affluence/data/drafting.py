"""A first contract for a new table: guesses from its cells, and comments that say what a person must check."""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from affluence.data.contract import RESERVED_NAMES, ColumnType, Locale
from affluence.data.headers import ID_WORDS, MISSING_MARKS, tag_likeness, tag_values, words
from affluence.data.parsing import parse_column
from affluence.data.raw_table import RawTable, open_raw_table

_LOCALES = (Locale(), Locale(name="de_DE", decimal=",", thousands="."))
_MOST_CATEGORIES = 50
_QUOTED_FROM_ROWS = 10
_PROTECTED_WORDS = {
    "sex", "gender", "race", "ethnicity", "ethnic", "religion", "nationality", "citizenship", "country", "birthplace",
    "disability", "language", "skin", "caste", "pregnant", "orientation",
}  # fmt: skip


@dataclass(frozen=True)
class _Guess:
    source: str
    name: str
    type: ColumnType
    values: pl.Series
    empty: bool

    @property
    def missing_share(self) -> float:
        return self.values.null_count() / max(1, len(self.values))

    @property
    def distinct(self) -> int:
        return self.values.drop_nulls().n_unique()


def draft_contract(path: Path) -> str:
    """The YAML text of a contract for the table in `path`, for a person to edit.

    Types, ranges, categories, id, tag and locale are guessed from all rows. `load_contract` takes the text as it is
    where every guess could be made; where not, a comment at the key says what is wanted. Raises `UserError` as
    `read_table` does.
    """
    with open_raw_table(path) as raw:
        locale = _likeliest_locale(raw)
        guesses = _guesses(raw, locale=locale)
    customer_id = next((guess for guess in guesses if _looks_like_id(guess)), None)
    others = [guess for guess in guesses if guess is not customer_id]
    tag = max((guess for guess in others if _tag_values(guess)), key=_tag_likeness, default=None)
    columns = [guess for guess in others if guess is not tag]
    table = _name_of(path.name.split(".")[0]) or "table"
    lines = [
        *_head(table, path=path, locale=locale),
        *_customer_id(customer_id),
        *_tag(tag),
        "columns:",
        *(line for guess in columns for line in _column(guess)),
    ]
    return "\n".join(lines) + "\n"


def _guesses(raw: RawTable, *, locale: Locale) -> list[_Guess]:
    taken = set(RESERVED_NAMES)
    guesses = []
    for number, header in enumerate(raw.headers):
        if not header or header in raw.headers[:number]:
            continue
        name = _name_of(header) or f"column_{number + 1}"
        name = name if name not in taken else f"{name}_{number + 1}"
        taken.add(name)
        guesses.append(_guess(header, name=name, cells=raw.cells[str(number)], locale=locale))
    return guesses


def _guess(source: str, *, name: str, cells: pl.Series, locale: Locale) -> _Guess:
    for kind in (ColumnType.INTEGER, ColumnType.NUMBER, ColumnType.CATEGORY):
        values, wrong = parse_column(cells, kind=kind, locale=locale, missing_marks=MISSING_MARKS)
        if not wrong.any():
            break
    empty = values.null_count() == len(values)
    return _Guess(source, name, ColumnType.CATEGORY if empty else kind, values, empty=empty)


def _likeliest_locale(raw: RawTable) -> Locale:
    """The locale under which the most columns are numbers; the first one when they tie."""

    def numbers(locale: Locale) -> int:
        wrong = (
            parse_column(raw.cells[name], kind=ColumnType.NUMBER, locale=locale, missing_marks=MISSING_MARKS)[1]
            for name in raw.cells.columns
        )
        return sum(not column.any() for column in wrong)

    return max(_LOCALES, key=numbers)


def _name_of(header: str) -> str:
    name = "_".join(words(header))
    return name if re.match(r"[a-z]", name) else f"column_{name}" if name else ""


def _looks_like_id(guess: _Guess) -> bool:
    whole = guess.type is not ColumnType.NUMBER and not guess.values.null_count() and len(guess.values) > 0
    return whole and bool(ID_WORDS.intersection(words(guess.source))) and guess.distinct == len(guess.values)


def _tag_values(guess: _Guess) -> tuple[str, str] | None:
    return tag_values(guess.source, _texts(guess))


def _tag_likeness(guess: _Guess) -> tuple[bool, int]:
    return tag_likeness(guess.source, _tag_values(guess) or ())


def _texts(guess: _Guess) -> list[str]:
    return guess.values.drop_nulls().unique().cast(pl.String).to_list()


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _head(table: str, *, path: Path, locale: Locale) -> Iterator[str]:
    yield "# A draft, guessed from the table. Check every line; the comments say what to look at first."
    yield f"table: {table}"
    yield f"title: {_quoted(table)}  # say what the table is"
    yield f"file: {_quoted(path.as_posix())}  # relative to the project's root"
    yield 'source_note: ""  # where the table comes from, and who may use it'
    yield "currency: USD  # check"
    marks = {"name": locale.name, "decimal": locale.decimal, "thousands": locale.thousands}
    yield f"locale: {json.dumps(marks)}"
    yield f"missing_marks: {json.dumps(MISSING_MARKS)}"
    yield ""


def _customer_id(guess: _Guess | None) -> Iterator[str]:
    if guess:
        yield f"customer_id: {{source: {_quoted(guess.source)}}}"
    else:
        yield "# No column looks like an id (each value once), so the row number is taken. If there is one, name it,"
        yield "# and if a customer may hold several rows, add policy: {repeated_customer_id: keep}."
        yield "customer_id: {source: null}"
    yield ""


def _tag(guess: _Guess | None) -> Iterator[str]:
    values = _tag_values(guess) if guess else None
    if guess and values:
        yield "# Check that these values mean affluent and normal."
        yield "tag:"
        yield f"  source: {_quoted(guess.source)}"
        yield f"  affluent: [{_quoted(values[0])}]"
        yield f"  normal: [{_quoted(values[1])}]"
    else:
        yield "# No tag was found: name its column here and take it out of the columns below,"
        yield '# and list its values, for example affluent: ["AFFLUENT"] and normal: ["NORMAL"].'
        yield "tag:"
        yield "  source: null"
        yield "  affluent: []"
        yield "  normal: []"
    yield ""


def _column(guess: _Guess) -> Iterator[str]:
    yield f"  - source: {_quoted(guess.source)}"
    yield f"    name: {guess.name}  # add its unit at the end"
    yield f"    type: {guess.type}" + ("  # check: no cell has a value" if guess.empty else "")
    yield from _limits(guess)
    yield f"    missing: not_recorded  # {guess.missing_share:.1%} of the rows; or does_not_hold, refused"
    yield f"    use: {_use(guess)}"
    yield "    tag_driver: false  # true where the bank's tagging looked at this column"
    yield f"    meaning: {_quoted(guess.source)}  # say it in words"
    yield ""


def _limits(guess: _Guess) -> Iterator[str]:
    if guess.type is not ColumnType.CATEGORY:
        yield "    unit: null  # say it"
        yield f"    range: [{_lower(guess.values.min())}, {_upper(guess.values.max())}]  # all values lie within; check"
        return
    counts = guess.values.drop_nulls().value_counts(sort=True, name="rows")
    if 0 < counts.height <= _MOST_CATEGORIES and (counts["rows"] >= _QUOTED_FROM_ROWS).all():
        yield f"    categories: {json.dumps(sorted(counts[guess.values.name]), ensure_ascii=False)}"
    else:
        yield "    # No categories are listed: there are too many, or some are too rare to be shown. Any is taken."


def _lower(least: object) -> str:
    """Zero, or a round number at or below the least value; that value itself is one customer's own."""
    number = float(str(least))
    return "0" if number >= 0 else _plain(-_rounded_up(-number))


def _upper(most: object) -> str:
    """A round number at or above the largest value."""
    number = float(str(most))
    return "0" if number <= 0 else _plain(_rounded_up(number))


def _rounded_up(number: float) -> float:
    power = 10.0 ** math.floor(math.log10(number))
    return math.ceil(number / power) * power


def _plain(number: float) -> str:
    return f"{number:.0f}" if abs(number) >= 1 else f"{number:.15f}".rstrip("0")


def _use(guess: _Guess) -> str:
    if _PROTECTED_WORDS.intersection(words(guess.source)):
        return "forbidden  # by its header a protected trait: nobody is ranked by it"
    if (
        guess.type is ColumnType.CATEGORY
        and guess.distinct > _MOST_CATEGORIES
        and guess.distinct * 2 > len(guess.values)
    ):
        return "forbidden  # nearly every row has its own value: a name or an id?"
    return "internal  # or speakable, where a reason may tell it to the customer; or forbidden"

"""Words: categories that are spelled twice, and numbers or dates that are stored as text."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import partial

import polars as pl

from affluence.data.doctor.findings import (
    QUOTED_FROM_ROWS,
    Fact,
    Finding,
    Form,
    Remedy,
    RemedyAction,
    Severity,
    count_of,
    share,
)
from affluence.data.doctor.subject import MOST_TEXTS, Subject, count_texts
from affluence.data.finding_kinds import FindingKind

_MONEY = r"[$€£¥]"
_DIGITS = r"(?:\d{1,3}(?:[,.' \u00a0\u202f]\d{3})+|\d+)(?:[.,]\d+)?"
NUMBER_TEXT = rf"^\s*[-+(]?\s*(?:{_MONEY}|[A-Z]{{1,3}}\$?)?\s*[-+]?{_DIGITS}\s*(?:%|{_MONEY}|[A-Z]{{3}})?\s*\)?\s*$"
"""How people write a number: a sign or brackets, a currency, thousands in threes, decimals, a per cent sign."""

_DAY = r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})|\d{1,2}[- ][A-Za-z]{3,9}[- ]\d{2,4}"
_TIME = r"[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z?"
DATE_TEXT = rf"^\s*(?:{_DAY})(?:{_TIME})?\s*$"
"""How people write a day, with or without the time."""

_MOSTLY = 0.9
_CODES = 20
_FEWEST_ROWS = 10
_KINDS = ("place", "length", "is_date", "is_number", "is_code")
_TOLD = 3


def spelling(subject: Subject) -> Iterator[Finding]:
    """Numbers and dates stored as text; in the other columns of words, spellings that mean the same category."""
    if not subject.words:
        return
    told = subject.tally(subject.words, partial(_count_kinds, columns=subject.words), by=_KINDS)
    for place, column in enumerate(subject.words):
        as_text = next(_stored_as_text(subject, column, told.filter(pl.col("place") == place)), None)
        if as_text:
            yield as_text
        elif subject.distinct(column) <= MOST_TEXTS:
            yield from _spelled_twice(subject, column, subject.word_counts[column])


def normal_spelling(text: str) -> str:
    """The text without accents, case, outer and double blanks; hyphens and underscores count as blanks."""
    bare = "".join(mark for mark in unicodedata.normalize("NFKD", text) if not unicodedata.combining(mark))
    return " ".join(re.sub(r"[-_\s]+", " ", bare).casefold().split())


def _count_kinds(part: pl.DataFrame, *, columns: Sequence[str]) -> pl.DataFrame:
    """The rows of the texts of each length, by whether they read as a day, a number, or a code that is no number."""
    text = pl.col("value")
    return (
        count_texts(part, columns=columns)
        .group_by(
            "place",
            text.str.strip_chars().str.len_chars().cast(pl.Int64).alias("length"),
            text.str.contains(DATE_TEXT).alias("is_date"),
            text.str.contains(NUMBER_TEXT).alias("is_number"),
            text.str.contains(r"^0\d|^\d{16}").alias("is_code"),
        )
        .agg(pl.col("rows").sum())
    )


def _stored_as_text(subject: Subject, column: str, kinds: pl.DataFrame) -> Iterator[Finding]:
    rows = subject.filled(column)
    if rows < _FEWEST_ROWS:
        return
    dates, numbers = (int(kinds.filter(kind)["rows"].sum()) for kind in ("is_date", "is_number"))
    if dates >= _MOSTLY * rows:
        yield _text_finding(FindingKind.DATES_AS_TEXT, column, dates, rows)
    elif numbers >= _MOSTLY * rows and subject.distinct(column) > _CODES and not _are_codes(kinds):
        yield _text_finding(FindingKind.NUMBERS_AS_TEXT, column, numbers, rows)


def _are_codes(kinds: pl.DataFrame) -> bool:
    """Whether all are of one length, and some begin with a 0 that no number needs or are too long for a number."""
    return kinds["length"].n_unique() == 1 and bool(kinds["is_code"].any())


def _text_finding(kind: FindingKind, column: str, like: int, rows: int) -> Finding:
    is_date = kind is FindingKind.DATES_AS_TEXT
    what, action = ("dates", RemedyAction.READ_DATES) if is_date else ("numbers", RemedyAction.READ_NUMBERS)
    odd = f", the other {rows - like:,} do not" if rows > like else ""
    harm = (
        "A learner would take each day for a category of its own."
        if is_date
        else "A program that does not read these marks takes each amount for a category of its own."
    )
    remedy = (
        "Turn it into a time span, in days or years up to a fixed day."
        if is_date
        else "Give the locale in the contract and read it as a number."
    )
    return Finding(
        kind=kind,
        severity=Severity.WARNS,
        columns=(column,),
        rows=like,
        sentence=f"{column} holds {what} stored as text: {count_of(like, rows)} read as such{odd}. {harm}",
        evidence=(Fact(f"cells that read as {what}", like), Fact("other cells", rows - like)),
        remedy=Remedy(remedy, action, (column,)),
    )


def _spelled_twice(subject: Subject, column: str, counts: pl.DataFrame) -> Iterator[Finding]:
    if counts.height > max(1, subject.filled(column) // 2):
        return
    normal = [normal_spelling(text) for text in counts["value"]]
    spelled = counts.with_columns(pl.Series("normal", normal))
    several = spelled.filter(pl.len().over("normal") > 1)
    if several.is_empty():
        return
    first = several.group_by("normal", maintain_order=True).agg(pl.col("value", "rows").first())
    groups, rows = first.height, int(several["rows"].sum()) - int(first["rows"].sum())
    yield Finding(
        kind=FindingKind.SPELLED_TWICE,
        severity=Severity.WARNS,
        columns=(column,),
        rows=rows,
        sentence=(
            f"{column} writes {groups:,} of its {spelled['normal'].n_unique():,} categories in several ways: "
            f"{count_of(rows, subject.filled(column))} hold another spelling than the commonest{_examples(several)}. "
            "They differ in case, blanks, hyphens or accents alone."
        ),
        evidence=(
            Fact("categories spelled in several ways", groups),
            Fact("spellings of them", several.height),
            share("rows in a rarer spelling", rows, of=subject.filled(column)),
            Fact("categories when merged", spelled["normal"].n_unique(), Form.COUNT),
        ),
        remedy=Remedy("Merge them into the commonest spelling.", RemedyAction.MERGE_SPELLINGS, (column,)),
    )


def _examples(several: pl.DataFrame) -> str:
    """The first category with two spellings that enough rows share, as an example; nothing without one."""
    common = several.filter(pl.col("rows") >= QUOTED_FROM_ROWS)
    pairs = common.group_by("normal", maintain_order=True).agg("value").filter(pl.col("value").list.len() > 1)
    if pairs.is_empty():
        return ""
    spellings = [f"'{value}'" for value in pairs["value"][0].to_list()[:_TOLD]]
    return f" ({' and '.join(spellings)})"

"""What is empty together, and what that means: a product not held, a form not filled, another column's flag."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
import numpy.typing as npt
import polars as pl

from affluence.data.contract import Missing
from affluence.data.doctor.findings import (
    Fact,
    Finding,
    Form,
    Remedy,
    Severity,
    count_of,
    listed,
    percent,
    share,
)
from affluence.data.doctor.lone_columns import is_flag
from affluence.data.doctor.subject import Flags, Subject
from affluence.data.finding_kinds import FindingKind

_FEWEST_ROWS = 30
_TOGETHER = 0.99
_FILLED_WITH = 0.99
_FILLS = 0.95
_RELATED = 0.25
_MOST_UNIONS = 24
_THINGS = {
    "home": {"property", "house", "housing", "home", "mortgage", "hl", "estate", "condominium"},
    "car": {"car", "auto", "vehicle", "motor", "al"},
    "card": {"card", "cards", "cc", "credit card"},
    "deposit": {"deposit", "deposits", "td", "fd"},
    "account": {"casa", "savings", "current", "checking"},
    "fund": {"fund", "funds", "ut", "trust", "trusts"},
}


@dataclass(frozen=True)
class Gaps:
    """Which columns are empty in which rows, as patterns with their rows. Counts of parts add up.

    `filled`: one row for each pattern, one column for each of `columns`.
    """

    columns: tuple[str, ...]
    filled: Flags
    rows: npt.NDArray[np.int64]

    @cached_property
    def total(self) -> int:
        """All rows."""
        return int(self.rows.sum())

    def of(self, column: str) -> Flags:
        """In which patterns the column has a value."""
        flags: Flags = self.filled[:, self.columns.index(column)]
        return flags

    def count(self, patterns: Flags) -> int:
        """The rows of the patterns."""
        return int(self.rows[patterns].sum())


def count_gaps(table: pl.DataFrame) -> Gaps:
    """The patterns of empty cells in the columns that have any, but not only, empty cells."""
    columns = [name for name in table.columns if 0 < table[name].null_count() < table.height]
    if not columns:
        return Gaps((), np.zeros((1, 0), dtype=bool), np.array([table.height]))
    patterns = table.select(pl.col(columns).is_not_null()).group_by(columns).agg(pl.len().alias("\0rows"))
    return Gaps(tuple(columns), patterns.select(columns).to_numpy(), patterns["\0rows"].cast(pl.Int64).to_numpy())


def gaps(subject: Subject) -> Iterator[Finding]:
    """Blocks that are empty together, unions of blocks, columns filled only beside a flag, and related gaps."""
    counted = count_gaps(subject.table.select(subject.columns))
    blocks = _blocks(counted)
    unions = list(_unions(counted, [block[0] for block in blocks]))
    flagged = list(_filled_with(subject, counted))
    for block in blocks:
        if len(block) > 1 and not any(set(block) == set(pair) for pair in flagged):
            yield _block(subject, counted, block)
    for whole, parts in unions:
        yield _union(counted, whole, parts)
    for column, flag in flagged:
        yield _only_with(subject, column, flag)
    told = {column for group in (*blocks, *flagged) if len(group) > 1 for column in group} | {
        column for whole, parts in unions for column in (whole, *parts)
    }
    yield from _related(counted, told=told)


def _blocks(gaps: Gaps) -> list[tuple[str, ...]]:
    """The columns in groups that are empty in (nearly) the same rows; many groups are of one."""
    blocks: list[list[str]] = []
    for column in gaps.columns:
        home = next((block for block in blocks if _overlap(gaps, block[0], column) >= _TOGETHER), None)
        if home is None:
            blocks.append([column])
        else:
            home.append(column)
    return [tuple(block) for block in blocks]


def _overlap(gaps: Gaps, first: str, second: str) -> float:
    """The rows where both are empty among those where either is, or the same for filled: the less sure of the two."""
    one, other = gaps.of(first), gaps.of(second)
    if gaps.count(~one & ~other) < _FEWEST_ROWS or gaps.count(one & other) < _FEWEST_ROWS:
        return 0.0
    empty = gaps.count(~one & ~other) / gaps.count(~one | ~other)
    filled = gaps.count(one & other) / gaps.count(one | other)
    return min(empty, filled)


def _block(subject: Subject, gaps: Gaps, block: tuple[str, ...]) -> Finding:
    first = gaps.of(block[0])
    empty, any_empty = gaps.count(~first), gaps.count(~np.logical_and.reduce([gaps.of(column) for column in block]))
    zeros = sum(int((subject.table[column] == 0).sum()) for column in block if column in subject.numbers)
    cells = sum(gaps.count(gaps.of(column)) for column in block)
    holds = all(column in subject.numbers for column in block) and zeros <= 0.05 * cells
    meanings = {column.missing for column in map(subject.column, block) if column}
    contradicted = len(meanings) > 1
    return Finding(
        kind=FindingKind.MISSING_TOGETHER,
        severity=Severity.WARNS if contradicted else Severity.NOTES,
        columns=block,
        rows=empty,
        sentence=(
            f"{listed(list(block))} are empty in the same rows, {count_of(empty, gaps.total)}: together they describe "
            f"one thing. {_what_it_means(holds=holds)}"
            + (" The contract gives them different meanings of an empty cell." if contradicted else "")
        ),
        evidence=(
            Fact("rows where the first is empty", empty),
            share("of the rows", empty, of=gaps.total),
            Fact("rows where only some are empty", any_empty - gaps.count(_all_empty(gaps, block))),
            share("0 among the filled cells", zeros, of=cells),
            *_tagged_rates(subject, block[0]),
        ),
        remedy=_remedy_of_block(holds=holds, meanings=meanings),
    )


def _all_empty(gaps: Gaps, block: tuple[str, ...]) -> Flags:
    empty: Flags = np.logical_and.reduce([~gaps.of(column) for column in block])
    return empty


def _what_it_means(*, holds: bool) -> str:
    if holds:
        return "As 0 hardly ever stands in them, empty seems to mean 'does not hold it', not 'unknown'."
    return "They were asked for together, or not at all."


def _remedy_of_block(*, holds: bool, meanings: set[Missing]) -> Remedy:
    if len(meanings) == 1:
        return Remedy(f"Nothing to do: the contract says {min(meanings)} for all of them.")
    if holds:
        return Remedy("Say does_not_hold in the contract for all of them; never fill these gaps with an average.")
    return Remedy("Say in the contract what empty means, the same for all of them.")


def _tagged_rates(subject: Subject, column: str) -> tuple[Fact, ...]:
    """The share tagged affluent where the column is filled and where it is empty."""
    if subject.tag is None:
        return ()
    filled = subject.table[column].is_not_null()
    parts = {"filled": subject.tag.filter(filled), "empty": subject.tag.filter(~filled)}
    return tuple(
        share(f"tagged affluent where {state}", int(tag.sum()), of=len(tag) - tag.null_count())
        for state, tag in parts.items()
    )


def _unions(gaps: Gaps, firsts: list[str]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Columns that are filled exactly where one of two others is, neither of which would do alone."""
    few = firsts[:_MOST_UNIONS]
    for one, other in combinations(few, 2):
        either = gaps.of(one) | gaps.of(other)
        gains = [gaps.count(gaps.of(a) & ~gaps.of(b)) for a, b in ((one, other), (other, one))]
        if min(gains) < _FEWEST_ROWS or gaps.count(~either) < _FEWEST_ROWS:
            continue
        for whole in few:
            if whole not in (one, other) and not gaps.count(gaps.of(whole) != either):
                yield whole, (one, other)


def _union(gaps: Gaps, whole: str, parts: tuple[str, str]) -> Finding:
    empty = gaps.count(~gaps.of(whole))
    return Finding(
        kind=FindingKind.MISSING_TOGETHER,
        severity=Severity.NOTES,
        columns=(whole, *parts),
        rows=empty,
        sentence=(
            f"{whole} is empty exactly where both {parts[0]} and {parts[1]} are, {count_of(empty, gaps.total)}: it "
            "counts or sums up what those two describe, and empty means none of either."
        ),
        evidence=(Fact("rows where all three are empty", empty), Fact("rows that contradict it", 0)),
        remedy=Remedy("Say does_not_hold in the contract for all three."),
    )


def _filled_with(subject: Subject, gaps: Gaps) -> Iterator[tuple[str, str]]:
    """Columns (no flags) filled nearly always and only where a flag is set, each with its flag."""
    flags = [column for column in subject.columns if is_flag(subject, column)]
    for column in gaps.columns:
        if column in flags or column not in subject.numbers:
            continue
        filled = subject.table[column].is_not_null()
        for flag in flags:
            is_set = _is_set(subject.table[flag])
            both, sets, fills = int((filled & is_set).sum()), int(is_set.sum()), int(filled.sum())
            rare = sets <= 0.9 * subject.rows
            if rare and both >= _FEWEST_ROWS and both >= _FILLED_WITH * fills and both >= _FILLS * sets:
                yield column, flag


def _is_set(flag: pl.Series) -> pl.Series:
    """Where a flag says yes: any value of one that is empty for no, the larger of two."""
    if flag.null_count() and flag.drop_nulls().n_unique() == 1:
        return flag.is_not_null()
    return (flag == flag.max()).fill_null(value=False)


def _only_with(subject: Subject, column: str, flag: str) -> Finding:
    filled, is_set = subject.table[column].is_not_null(), _is_set(subject.table[flag])
    both, fills = int((filled & is_set).sum()), int(filled.sum())
    said, meant = _things(subject, column), _things(subject, flag)
    contradicted = bool(said - meant) and bool(meant)
    judged = f"it describes what {flag} marks, whatever its name says."
    if contradicted:
        judged = f"its definition speaks of another thing ({listed(sorted(said - meant))}), but the data follow {flag}."
    return Finding(
        kind=FindingKind.FILLED_ONLY_WITH,
        severity=Severity.WARNS if contradicted else Severity.NOTES,
        columns=(column, flag),
        rows=fills,
        sentence=f"{column} has a value only where {flag} is set, in {count_of(both, fills)} that have one: {judged}",
        evidence=(
            Fact("rows with a value", fills),
            share("of them, flag set", both, of=fills),
            Fact("rows with the flag set", int(is_set.sum())),
            share("of them, with a value", both, of=int(is_set.sum())),
        ),
        remedy=Remedy(f"Ask what {column} is; until then name and use it as a figure of {flag}."),
    )


def _things(subject: Subject, column: str) -> set[str]:
    vocabulary = subject.vocabulary(column)
    return {thing for thing, names in _THINGS.items() if names & vocabulary}


def _related(gaps: Gaps, *, told: set[str]) -> Iterator[Finding]:
    """Columns, of those not told of yet, whose gaps go with the gaps of others far more than chance makes them."""
    others = [column for column in gaps.columns if column not in told]
    linked = {column: _closest(gaps, column) for column in others}
    linked = {column: link for column, link in linked.items() if link[1] >= _RELATED}
    if not linked:
        return
    strongest = max(linked, key=lambda column: linked[column][1])
    other = linked[strongest][0]
    where_empty, where_filled = (percent(*_rate(gaps, strongest, other, filled=state)) for state in (False, True))
    yield Finding(
        kind=FindingKind.MISSING_RELATED,
        severity=Severity.NOTES,
        columns=tuple(linked),
        rows=max(gaps.count(~gaps.of(column)) for column in linked),
        sentence=(
            f"The gaps in {listed(list(linked))} go with other gaps: {strongest} is empty in {where_empty} of the rows "
            f"where {other} is, and in {where_filled} of the rest. For a balance that says who holds what; for an "
            "answer on a form it says who was asked, that is, not recorded."
        ),
        evidence=tuple(
            fact
            for column, (_, strength) in linked.items()
            for fact in (
                share(f"{column}, empty", gaps.count(~gaps.of(column)), of=gaps.total),
                Fact(f"{column}, strongest link", round(strength, 2), Form.NUMBER),
            )
        ),
        remedy=Remedy(
            "Say not_recorded or does_not_hold for each in the contract; keep the gap as a value of its own, and do "
            "not fill it with an average."
        ),
    )


def _closest(gaps: Gaps, column: str) -> tuple[str, float]:
    """The column whose gaps are most strongly correlated with this one's, either way, and how strongly."""
    links = [(other, abs(_correlation(gaps, column, other))) for other in gaps.columns if other != column]
    return max(links, key=lambda link: link[1], default=("", 0.0))


def _correlation(gaps: Gaps, first: str, second: str) -> float:
    one, other, total = gaps.of(first), gaps.of(second), gaps.total
    p, q, both = gaps.count(one) / total, gaps.count(other) / total, gaps.count(one & other) / total
    spread = p * (1 - p) * q * (1 - q)
    enough = total * min(p, 1 - p, q, 1 - q) >= _FEWEST_ROWS
    return float((both - p * q) / np.sqrt(spread)) if enough else 0.0


def _rate(gaps: Gaps, column: str, other: str, *, filled: bool) -> tuple[int, int]:
    """The rows where the column is empty, of those where the other is filled or empty."""
    among = gaps.of(other) if filled else ~gaps.of(other)
    return gaps.count(~gaps.of(column) & among), gaps.count(among)

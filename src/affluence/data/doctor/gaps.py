"""What is empty together, and what that means: a product not held, a form not filled, another column's flag."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import combinations

import numpy as np
import polars as pl

from affluence.data.contract import Missing
from affluence.data.doctor.countable import ROW
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
from affluence.data.doctor.subject import Subject, count_values
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
    """How many rows have a value in both of two columns, and in each (`together[column, column]`). Parts add up.

    `columns` are those that have any, but not only, empty cells; `total` is all rows.
    """

    columns: tuple[str, ...]
    together: Mapping[tuple[str, str], int]
    total: int

    def filled(self, column: str) -> int:
        """The rows that have a value."""
        return self.together[column, column]

    def empty(self, column: str) -> int:
        """The rows that have none."""
        return self.total - self.filled(column)

    def both(self, one: str, other: str) -> int:
        """The rows that have both."""
        return self.together[one, other]

    def either(self, one: str, other: str) -> int:
        """The rows that have the one, the other or both."""
        return self.filled(one) + self.filled(other) - self.both(one, other)

    def neither(self, one: str, other: str) -> int:
        """The rows that have none of the two."""
        return self.total - self.either(one, other)


@dataclass(frozen=True)
class _Flag:
    """A column that says yes or no: yes is the value `yes`, or any where it is empty for no."""

    column: str
    yes: float | str | date | None


@dataclass(frozen=True)
class _Follower:
    """A column that is filled where a flag is set: the rows filled, those set, and those both."""

    column: str
    flag: str
    filled: int
    set: int
    both: int


def count_gaps(subject: Subject) -> Gaps:
    """What stands together in the columns that have any, but not only, empty cells."""
    columns = tuple(name for name in subject.columns if 0 < subject.filled(name) < subject.rows)
    if not columns:
        return Gaps((), {}, subject.rows)
    told = subject.tally(columns, partial(_count_together, columns=columns), by=["one", "other"])
    counts = {(columns[one], columns[other]): rows for one, other, rows in told.select("one", "other", "rows").rows()}
    return Gaps(columns, counts, subject.rows)


def _count_together(part: pl.DataFrame, *, columns: Sequence[str]) -> pl.DataFrame:
    filled = part.select(pl.col(columns).is_not_null())
    return _products(filled, filled, names=("one", "other"))


def _products(first: pl.DataFrame, second: pl.DataFrame, *, names: tuple[str, str]) -> pl.DataFrame:
    """In how many rows a column of the first and one of the second are both true, the columns by their places."""
    rows = first.cast(pl.Float64).to_numpy().T @ second.cast(pl.Float64).to_numpy()  # exact below 2**53
    places = np.indices(rows.shape).reshape(2, -1)
    return pl.DataFrame({names[0]: places[0], names[1]: places[1], "rows": rows.astype(np.int64).ravel()})


def gaps(subject: Subject) -> Iterator[Finding]:
    """Blocks that are empty together, unions of blocks, columns filled only beside a flag, and related gaps."""
    counted = count_gaps(subject)
    blocks = _blocks(counted)
    unions = list(_unions(counted, [block[0] for block in blocks]))
    followers = list(_followers(subject, counted))
    flagged = [(each.column, each.flag) for each in followers]
    told_by_flag = [set(pair) for pair in flagged]
    several = [block for block in blocks if len(block) > 1 and set(block) not in told_by_flag]
    for block, partly in zip(several, _partly_empty(subject, several), strict=True):
        yield _block(subject, counted, block, partly=partly)
    for whole, parts in unions:
        yield _union(counted, whole, parts)
    for follower in followers:
        yield _only_with(subject, follower)
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


def _overlap(gaps: Gaps, one: str, other: str) -> float:
    """The rows where both are empty among those where either is, or the same for filled: the less sure of the two."""
    if min(gaps.neither(one, other), gaps.both(one, other)) < _FEWEST_ROWS:
        return 0.0
    empty = gaps.neither(one, other) / (gaps.total - gaps.both(one, other))
    filled = gaps.both(one, other) / gaps.either(one, other)
    return min(empty, filled)


def _partly_empty(subject: Subject, blocks: Sequence[tuple[str, ...]]) -> list[int]:
    """The rows in which some columns of a block are empty and some are not, block by block."""
    if not blocks:
        return []
    columns = [column for block in blocks for column in block]
    told = subject.tally(columns, partial(_count_partly_empty, blocks=blocks), by=["place"])
    rows = dict(told.select("place", "rows").iter_rows())
    return [rows.get(place, 0) for place in range(len(blocks))]


def _count_partly_empty(part: pl.DataFrame, *, blocks: Sequence[tuple[str, ...]]) -> pl.DataFrame:
    empty = [[pl.col(column).is_null() for column in block] for block in blocks]
    some = [pl.any_horizontal(each) & ~pl.all_horizontal(each) for each in empty]
    rows = part.select(each.sum().alias(str(place)) for place, each in enumerate(some)).row(0)
    return pl.DataFrame({"place": range(len(blocks)), "rows": rows}, schema={"place": pl.Int64, "rows": pl.Int64})


def _block(subject: Subject, gaps: Gaps, block: tuple[str, ...], *, partly: int) -> Finding:
    empty = gaps.empty(block[0])
    zeros = sum(subject.facts(column).zeros for column in block if column in subject.numbers)
    cells = sum(gaps.filled(column) for column in block)
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
            Fact("rows where only some are empty", partly),
            share("0 among the filled cells", zeros, of=cells),
            *_tagged_rates(subject, block[0]),
        ),
        remedy=_remedy_of_block(holds=holds, meanings=meanings),
    )


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
    if subject.tag_column is None:
        return ()
    filled, everyone = subject.cells_of(column), subject.cells
    return (
        share("tagged affluent where filled", filled.tagged, of=filled.known),
        share("tagged affluent where empty", everyone.tagged - filled.tagged, of=everyone.known - filled.known),
    )


def _unions(gaps: Gaps, firsts: list[str]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Columns that are filled exactly where one of two others is, neither of which would do alone."""
    few = firsts[:_MOST_UNIONS]
    for one, other in combinations(few, 2):
        gains = [gaps.filled(each) - gaps.both(one, other) for each in (one, other)]
        if min(gains) < _FEWEST_ROWS or gaps.neither(one, other) < _FEWEST_ROWS:
            continue
        for whole in few:
            # One that is filled wherever either is, and as often as that, is filled nowhere else.
            covers = all(gaps.both(whole, each) == gaps.filled(each) for each in (one, other))
            if whole not in (one, other) and covers and gaps.filled(whole) == gaps.either(one, other):
                yield whole, (one, other)


def _union(gaps: Gaps, whole: str, parts: tuple[str, str]) -> Finding:
    empty = gaps.empty(whole)
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


def _followers(subject: Subject, gaps: Gaps) -> Iterator[_Follower]:
    """Columns (no flags) filled nearly always and only where a flag is set, each with its flag."""
    flags = [_flag(subject, column) for column in subject.columns if is_flag(subject, column)]
    said = {flag.column for flag in flags}
    columns = [column for column in gaps.columns if column not in said and column in subject.numbers]
    if not flags or not columns:
        return
    asked = [*columns, *(flag.column for flag in flags)]
    told = subject.tally(asked, partial(_count_set, columns=columns, flags=flags), by=["column", "flag"])
    # Beside the columns stands one that is filled everywhere: it counts where a flag is set.
    rows = {(column, flag): rows for column, flag, rows in told.select("column", "flag", "rows").iter_rows()}
    for place, column in enumerate(columns):
        for number, flag in enumerate(flags):
            follower = _Follower(
                column, flag.column, gaps.filled(column), rows[len(columns), number], rows[place, number]
            )
            if _follows(follower, rows=subject.rows):
                yield follower


def _follows(each: _Follower, *, rows: int) -> bool:
    rare = each.set <= 0.9 * rows
    return rare and each.both >= max(_FEWEST_ROWS, _FILLED_WITH * each.filled, _FILLS * each.set)


def _flag(subject: Subject, column: str) -> _Flag:
    """Yes is any value of a flag that has one, the larger of two."""
    if subject.distinct(column) < 2:
        return _Flag(column, None)
    told = subject.tally([column], partial(count_values, columns=[column]), by=["place", "value"])
    return _Flag(column, told["value"].sort()[-1])


def _count_set(part: pl.DataFrame, *, columns: Sequence[str], flags: Sequence[_Flag]) -> pl.DataFrame:
    filled = part.select(*(pl.col(name).is_not_null() for name in columns), pl.lit(value=True).alias(ROW))
    sets = [part[flag.column].is_not_null() if flag.yes is None else (part[flag.column] == flag.yes) for flag in flags]
    is_set = pl.DataFrame([each.fill_null(value=False) for each in sets])
    return _products(filled, is_set, names=("column", "flag"))


def _only_with(subject: Subject, follower: _Follower) -> Finding:
    column, flag, both, fills = follower.column, follower.flag, follower.both, follower.filled
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
            Fact("rows with the flag set", follower.set),
            share("of them, with a value", both, of=follower.set),
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
        rows=max(gaps.empty(column) for column in linked),
        sentence=(
            f"The gaps in {listed(list(linked))} go with other gaps: {strongest} is empty in {where_empty} of the rows "
            f"where {other} is, and in {where_filled} of the rest. For a balance that says who holds what; for an "
            "answer on a form it says who was asked, that is, not recorded."
        ),
        evidence=tuple(
            fact
            for column, (_, strength) in linked.items()
            for fact in (
                share(f"{column}, empty", gaps.empty(column), of=gaps.total),
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
    total = gaps.total
    p, q, both = gaps.filled(first) / total, gaps.filled(second) / total, gaps.both(first, second) / total
    spread = p * (1 - p) * q * (1 - q)
    enough = total * min(p, 1 - p, q, 1 - q) >= _FEWEST_ROWS
    return float((both - p * q) / np.sqrt(spread)) if enough else 0.0


def _rate(gaps: Gaps, column: str, other: str, *, filled: bool) -> tuple[int, int]:
    """The rows where the column is empty, of those where the other is filled or empty."""
    if filled:
        return gaps.filled(other) - gaps.both(column, other), gaps.filled(other)
    return gaps.neither(column, other), gaps.empty(other)

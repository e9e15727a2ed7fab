"""Smallest, average and largest of one thing, and whether they are in that order."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations, permutations

import polars as pl

from affluence.data.doctor.findings import Fact, Finding, Remedy, Severity, count_of, listed, share
from affluence.data.doctor.subject import Subject
from affluence.data.finding_kinds import FindingKind

_FEWEST_ROWS = 30
_NEVER_THE_NAMED = 0.99
_CONTINUOUS = 200
_SCREENED = 5_000
_ENOUGH_ROWS = 200
_OFTEN_EQUAL, _SELDOM_ABOVE = 0.05, 0.005
_RANKS = {
    0: ("min", "minimum", "smallest", "least", "lowest"),
    1: ("avg", "ave", "average", "mean"),
    2: ("max", "maximum", "largest", "highest", "peak", "most"),
}
_RANK_WORDS = {word: rank for rank, spellings in _RANKS.items() for word in spellings}
_PERIODS = ("mth", "month", "monthly", "mthly")
_WORDS = {0: "smallest", 1: "average", 2: "largest"}
_GLUED = re.compile(r"^(min|avg|ave|mean|max|mthly|mth)(?=[a-z]{2})|(?<=[a-z]{2})(min|avg|ave|max)$")


@dataclass(frozen=True)
class Named:
    """A column by its name: of which thing it is the smallest (0), average (1) or largest (2)."""

    column: str
    thing: str
    rank: int


@dataclass(frozen=True)
class OrderCounts:
    """Rows that have both: where the lower-named is below, equal and above. Counts of parts add up."""

    below: int
    equal: int
    above: int

    @property
    def rows(self) -> int:
        """All of them."""
        return self.below + self.equal + self.above


@dataclass(frozen=True)
class Pair:
    """Two columns of one thing, the lower by name first, and how they stand to each other."""

    lower: Named
    upper: Named
    counts: OrderCounts


def ordering(subject: Subject) -> Iterator[Finding]:
    """Columns of one thing with rows against the order that their names say; then pairs ordered but for a few rows."""
    families: dict[str, list[Named]] = {}
    for named in named_columns(subject.numbers):
        families.setdefault(named.thing, []).append(named)
    pairs = _pairs(subject, families.values())
    for thing in families:
        broken = [pair for pair in pairs if pair.lower.thing == thing and pair.counts.above]
        if broken:
            yield _finding(sorted(broken, key=lambda pair: -pair.counts.above))
    known = {each.column for family in families.values() if len(family) > 1 for each in family}
    yield from _nearly_ordered(subject, [column for column in subject.numbers if column not in known])


def _pairs(subject: Subject, families: Iterable[list[Named]]) -> list[Pair]:
    """The pairs of each family, of which enough rows have both."""
    asked = [
        (lower, upper)
        for family in families
        for lower, upper in combinations(sorted(family, key=lambda each: each.rank), 2)
        if lower.rank < upper.rank
    ]
    counted = _orders(subject, [(lower.column, upper.column) for lower, upper in asked])
    pairs = [Pair(lower, upper, counts) for (lower, upper), counts in zip(asked, counted, strict=True)]
    return [pair for pair in pairs if pair.counts.rows >= _FEWEST_ROWS]


def _orders(subject: Subject, pairs: Sequence[tuple[str, str]]) -> list[OrderCounts]:
    if not pairs:
        return []
    columns = list(dict.fromkeys(column for pair in pairs for column in pair))
    told = subject.tally(columns, partial(_count_orders, pairs=pairs), by=["place"])
    counts = {place: OrderCounts(*row) for place, *row in told.select("place", "below", "equal", "above").iter_rows()}
    return [counts.get(place, OrderCounts(0, 0, 0)) for place in range(len(pairs))]


def _count_orders(part: pl.DataFrame, *, pairs: Sequence[tuple[str, str]]) -> pl.DataFrame:
    counts = [order_counts(part, lower, upper) for lower, upper in pairs]
    told = [(place, each.below, each.equal, each.above, each.rows) for place, each in enumerate(counts)]
    return pl.DataFrame(
        told, schema=dict.fromkeys(("place", "below", "equal", "above", "rows"), pl.Int64), orient="row"
    )


def _nearly_ordered(subject: Subject, columns: list[str]) -> Iterator[Finding]:
    """Pairs of amounts, one at most the other and often equal, but for a few rows that are then suspect."""
    amounts = [column for column in columns if subject.distinct(column) >= _CONTINUOUS]
    screen = subject.sample.head(_SCREENED)
    pairs = [pair for pair in permutations(amounts, 2) if _is_below(order_counts(screen, *pair))]
    for pair, counts in zip(pairs, _orders(subject, pairs), strict=True):
        if _is_below(counts) and counts.above:
            yield _nearly(*pair, counts)


def _is_below(counts: OrderCounts) -> bool:
    enough = counts.rows >= _ENOUGH_ROWS and counts.equal >= _OFTEN_EQUAL * counts.rows
    return enough and counts.above <= _SELDOM_ABOVE * counts.rows and counts.below >= _OFTEN_EQUAL * counts.rows


def _nearly(lower: str, upper: str, counts: OrderCounts) -> Finding:
    return Finding(
        kind=FindingKind.WRONG_ORDER,
        severity=Severity.WARNS,
        columns=(lower, upper),
        rows=counts.above,
        sentence=(
            f"{lower} is at most {upper} wherever both stand, and often equal to it, but above it in "
            f"{count_of(counts.above, counts.rows)}: in these one of the two is likely wrong."
        ),
        evidence=_evidence(counts),
        remedy=Remedy("Ask whether the one is part of the other; if so, have these rows mended."),
    )


def named_columns(headers: tuple[str, ...]) -> Iterator[Named]:
    """The columns whose headers say smallest, average or largest; a monthly figure beside such counts as average."""
    read = {header: _read(header) for header in headers}
    things = {thing for thing, rank, _ in read.values() if rank is not None}
    for header, (thing, rank, monthly) in read.items():
        if rank is not None:
            yield Named(header, thing, rank)
        elif monthly and thing in things:
            yield Named(header, thing, 1)


def order_counts(table: pl.DataFrame, lower: str, upper: str) -> OrderCounts:
    """How the values of two columns stand to each other, in rows that have both."""
    first, second = pl.col(lower), pl.col(upper)
    below, equal, above = table.select(
        (first < second).sum().alias("below"),
        (first == second).sum().alias("equal"),
        (first > second).sum().alias("above"),
    ).row(0)
    return OrderCounts(below, equal, above)


def _read(header: str) -> tuple[str, int | None, bool]:
    """The thing a header speaks of, its rank among smallest, average and largest, and whether it is monthly."""
    rank, monthly, rest = None, False, []
    for word in _split(header):
        if word in _RANK_WORDS:
            rank = _RANK_WORDS[word]
        elif word in _PERIODS:
            monthly = True
        else:
            rest.append(word)
    return "".join(rest), rank, monthly


def _split(header: str) -> list[str]:
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header)
    whole = [word.lower() for word in re.split(r"[^A-Za-z0-9]+", apart) if word]
    return [part for word in whole for part in _unglued(word)]


def _unglued(word: str) -> list[str]:
    if word in _RANK_WORDS or word in _PERIODS:
        return [word]
    return [part for part in re.split(_GLUED, word) if part]


def _finding(broken: list[Pair]) -> Finding:
    worst = broken[0]
    lower, upper, counts = worst.lower, worst.upper, worst.counts
    others = [f"{p.lower.column} exceeds {p.upper.column} in {p.counts.above:,}" for p in broken[1:]]
    more = f" Also, {listed(others)}." if others else ""
    is_reversed = counts.above >= _NEVER_THE_NAMED * (counts.below + counts.above)
    return Finding(
        kind=FindingKind.WRONG_ORDER,
        severity=Severity.WARNS,
        columns=tuple(dict.fromkeys(each.column for pair in broken for each in (pair.lower, pair.upper))),
        rows=counts.above,
        sentence=(
            f"{lower.column} should not exceed {upper.column} (the {_WORDS[lower.rank]} and the {_WORDS[upper.rank]}), "
            f"but does in {count_of(counts.above, counts.rows)}; {_judged(upper.column, is_reversed=is_reversed)}{more}"
        ),
        evidence=_evidence(counts),
        remedy=Remedy(
            "Ask for the definitions and say in the contract what each column holds; do not swap them blindly."
            if is_reversed
            else "Ask how the figures are made (another period? months without any?); build no differences of them."
        ),
    )


def _judged(upper: str, *, is_reversed: bool) -> str:
    if not is_reversed:
        return "these rows contradict the names."
    return (
        "wherever the two differ it is the other way round, so the names do not say what the columns hold: one may be "
        f"a sum over accounts, {upper} the figure of one account."
    )


def _evidence(counts: OrderCounts) -> tuple[Fact, ...]:
    return (
        Fact("rows that have both", counts.rows),
        share("above", counts.above, of=counts.rows),
        share("equal", counts.equal, of=counts.rows),
        share("below", counts.below, of=counts.rows),
    )

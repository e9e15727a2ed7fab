"""The cut: how many of the ranked candidates are listed, and everything that is known of a list that long."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from affluence.decision.capacity_request import Capacity, Economics
from affluence.decision.expected_finds import Expected, FindsByRank, finds_by_rank
from affluence.errors import UserError
from affluence.evaluation.calibration import wilson
from affluence.evaluation.results import Estimate
from affluence.pu.discovery import Discovery

__all__ = ["Capacity", "Cut", "Economics", "Gains", "NextCalls", "decide_cut", "gain_curve", "gains_of"]

Floats = NDArray[np.float64]

NEXT_CALLS = 100
CURVE_POINTS = 200
# A budget is a sum of costs in floating point; so small a part of a contact is a rounding, not a missing cent.
ROUNDING = 1e-9
CHECK_BY_HAND = (
    "Nobody has counted how many are hidden, so the finds are a range between two assumptions. "
    "Check 50 people by hand to make a figure with an interval of it."
)
NO_ECONOMICS = Economics()


@dataclass(frozen=True)
class Gains:
    """A ranking made ready for any cut: scores best first, those of the tagged best first, finds by rank."""

    scores: Floats
    tagged: Floats
    finds: FindsByRank
    counted: bool

    @property
    def candidates(self) -> int:
        """How many there are to choose from."""
        return len(self.scores)


@dataclass(frozen=True)
class NextCalls:
    """What so many contacts beyond the cut would bring; fewer than a hundred where fewer candidates are left."""

    contacts: int
    finds: Expected
    cost: float | None
    value: Expected | None
    net: Expected | None


@dataclass(frozen=True)
class Cut:
    """A list of `contacts` candidates and all that is known of it.

    `share` is that of the candidates; `score` and `lowest_chance` are those of the last on the list. `finds` are the
    truly affluent among the listed, `precision` their share. `recall_of_tagged` is the share of the tagged who score
    as high as the last on the list, out of fold (None without tags). `weeks` are what the team needs; money is None
    where its part of `economics` is. `notes` say what was brought to the nearest possible, and what would help.
    """

    asked_for: str
    contacts: int
    candidates: int
    share: float
    score: float
    lowest_chance: float | None
    finds: Expected
    precision: Expected
    recall_of_tagged: Estimate | None
    managers: int | None
    calls_a_week: float | None
    weeks: float | None
    cost: float | None
    value: Expected | None
    net: Expected | None
    next_calls: NextCalls | None
    economics: Economics
    notes: tuple[str, ...]


def gains_of(*, ranked: pl.DataFrame, scores: pl.DataFrame, discovery: Discovery) -> Gains:
    """What any cut of `ranked` is read from; about a second for a million candidates, to be kept while cuts are tried.

    `ranked` are the candidates, best first, with `score`; `scores` those of everybody, with `tag` where there is one.

    Errors: UserError when there is no candidate, or a score is missing.
    """
    if ranked.is_empty():
        raise UserError(
            "There are no candidates to cut: the ranking has no rows. Score a table with untagged customers."
        )
    of_candidates = ranked["score"].cast(pl.Float64).to_numpy()
    if not np.isfinite(of_candidates).all():
        missing = int((~np.isfinite(of_candidates)).sum())
        raise UserError(f"{missing:,} of {len(of_candidates):,} candidates have no score. Score the table again.")
    if (np.diff(of_candidates) > 0).any():
        raise UserError("The candidates do not stand best first. Rank them again before they are cut.")
    tagged = scores.filter(pl.col("tag") == 1)["score"].to_numpy() if "tag" in scores.columns else np.array([])
    return Gains(
        of_candidates,
        -np.sort(-tagged),
        finds_by_rank(of_candidates, discovery),
        discovery.hidden_count.value is not None,
    )


def decide_cut(capacity: Capacity, gains: Gains, economics: Economics = NO_ECONOMICS) -> Cut:
    """The cut that `capacity` asks for, in milliseconds.

    More contacts than there are candidates make a list of all of them, and a note.

    Errors: UserError when nobody could be listed, or what was asked for needs what is not there: the cost of a
    contact for a budget, a review for a precision, tags for a recall.
    """
    wanted = _WANTED[capacity.way](capacity, gains, economics)
    contacts = min(wanted, gains.candidates)
    notes = _notes(wanted, gains)
    return _cut(contacts, gains, economics, capacity, notes)


def gain_curve(gains: Gains, economics: Economics = NO_ECONOMICS, *, points: int = CURVE_POINTS) -> pl.DataFrame:
    """One row a list length, about `points` of them: contacts, share, score, finds and net (_low, _high), recall, cost.

    `finds` and `net` are missing where only a range is known; `net` and `cost` where no amounts are.
    """
    steps = np.linspace(0, gains.candidates, min(points, gains.candidates) + 1).round().astype(int)[1:]
    return pl.DataFrame([_point(int(contacts), gains, economics) for contacts in steps], schema=_CURVE_SCHEMA)


_CURVE_SCHEMA = {
    "contacts": pl.Int64,
    **dict.fromkeys(
        (
            "share",
            "score",
            "finds",
            "finds_low",
            "finds_high",
            "recall_of_tagged",
            "cost",
            "net",
            "net_low",
            "net_high",
        ),
        pl.Float64,
    ),
}


def _by_contacts(capacity: Capacity, gains: Gains, economics: Economics) -> int:  # noqa: ARG001
    return int(capacity.contacts or 0)


def _by_team(capacity: Capacity, gains: Gains, economics: Economics) -> int:  # noqa: ARG001
    calls = (capacity.calls_of_team or 0) * (capacity.weeks or 0)
    if calls + ROUNDING < 1:
        raise UserError(f"{_asked_for(capacity, economics)} make {calls:g} calls, less than one. Give it more time.")
    return int(calls + ROUNDING)


def _by_budget(capacity: Capacity, gains: Gains, economics: Economics) -> int:
    cost, budget = economics.cost_per_contact, capacity.budget or 0.0
    if cost is None:
        raise UserError(f"A budget of {budget:,.2f} is given and no cost of a contact (--cost-a-contact). Give both.")
    if cost == 0:
        return gains.candidates
    contacts = min(budget / cost + ROUNDING, gains.candidates + 1)
    if contacts < 1:
        raise UserError(
            f"A budget of {budget:,.2f} {economics.currency} pays no contact at {cost:,.2f}. Give at least that much."
        )
    return int(contacts)


def _by_threshold(capacity: Capacity, gains: Gains, economics: Economics) -> int:  # noqa: ARG001
    threshold = float("-inf") if capacity.threshold is None else capacity.threshold
    contacts = _reaching(gains.scores, threshold)
    if not contacts:
        raise UserError(
            f"No candidate scores {threshold:g} or more; the highest score of {gains.candidates:,} candidates is "
            f"{gains.scores[0]:.3f}. Give a lower threshold."
        )
    return contacts


def _by_precision(capacity: Capacity, gains: Gains, economics: Economics) -> int:  # noqa: ARG001
    wanted = capacity.lowest_precision or 0.0
    if not gains.finds.reviewed:
        raise UserError(
            f"A lowest precision of {wanted:.0%} is asked for, and nobody has counted how many are hidden, so no score "
            "is a probability. Check 50 people by hand, or ask for contacts."
        )
    contacts = gains.finds.longest(wanted)
    if not contacts:
        best = gains.finds.between(0, 1)
        raise UserError(
            f"Not even the first of {gains.candidates:,} candidates is expected to be affluent with a chance of "
            f"{wanted:.0%}; the highest is {best.value or 0.0:.0%}. Ask for less."
        )
    return contacts


def _by_recall(capacity: Capacity, gains: Gains, economics: Economics) -> int:  # noqa: ARG001
    wanted, tagged = capacity.recall or 0.0, len(gains.tagged)
    if not tagged:
        raise UserError("A recall of the tagged is asked for, and no scored customer is tagged. Ask for contacts.")
    reached = float(gains.tagged[int(np.ceil(wanted * tagged - ROUNDING)) - 1])
    # Down to the first candidate who scores no higher than the last tagged customer to be reached.
    return min(gains.candidates, int(np.searchsorted(-gains.scores, -reached, side="left")) + 1)


_WANTED = {
    "contacts": _by_contacts,
    "weeks": _by_team,
    "budget": _by_budget,
    "threshold": _by_threshold,
    "lowest_precision": _by_precision,
    "recall": _by_recall,
}


def _reaching(best_first: Floats, score: float) -> int:
    """How many of `best_first` score that high or higher."""
    return int(np.searchsorted(-best_first, -score, side="right"))


def _cut(contacts: int, gains: Gains, economics: Economics, capacity: Capacity, notes: Sequence[str]) -> Cut:
    finds = gains.finds.between(0, contacts)
    score, calls = float(gains.scores[contacts - 1]), capacity.calls_of_team
    cost, value, net = _money(contacts, finds, economics)
    return Cut(
        asked_for=_asked_for(capacity, economics),
        contacts=contacts,
        candidates=gains.candidates,
        share=contacts / gains.candidates,
        score=score,
        lowest_chance=gains.finds.chance(score),
        finds=finds,
        precision=finds.times(1 / contacts),
        recall_of_tagged=_recall(score, gains.tagged),
        managers=capacity.managers,
        calls_a_week=capacity.calls_a_week,
        weeks=None if calls is None else contacts / calls,
        cost=cost,
        value=value,
        net=net,
        next_calls=_next_calls(contacts, gains, economics),
        economics=economics,
        notes=tuple(notes),
    )


def _money(
    contacts: int, finds: Expected, economics: Economics
) -> tuple[float | None, Expected | None, Expected | None]:
    """Cost, value and net, each where what it needs is known."""
    cost = None if economics.cost_per_contact is None else contacts * economics.cost_per_contact
    worth = economics.value_per_find
    value = None if worth is None else finds.times(worth)
    net = None if worth is None or cost is None else finds.times(worth, less=cost)
    return cost, value, net


def _next_calls(contacts: int, gains: Gains, economics: Economics) -> NextCalls | None:
    more = min(NEXT_CALLS, gains.candidates - contacts)
    if not more:
        return None
    finds = gains.finds.between(contacts, contacts + more)
    return NextCalls(more, finds, *_money(more, finds, economics))


def _recall(score: float, tagged: Floats) -> Estimate | None:
    if not len(tagged):
        return None
    estimate = wilson(_reaching(tagged, score), len(tagged))
    return replace(estimate, assumption="Wilson interval over the tagged, scored out of fold; models fixed")


def _notes(wanted: int, gains: Gains) -> list[str]:
    notes = []
    if wanted > gains.candidates:
        notes.append(f"There are {gains.candidates:,} candidates, fewer than were asked for: all of them are listed.")
    if not gains.finds.reviewed and not gains.counted:
        notes.append(CHECK_BY_HAND)
    return notes


def _asked_for(capacity: Capacity, economics: Economics) -> str:
    """How the cut was asked for, in words."""
    words = {
        "contacts": lambda: f"{capacity.contacts:,.0f} contacts",
        "weeks": lambda: (
            f"{capacity.managers:,.0f} managers with {capacity.calls_a_week:g} calls a week, {capacity.weeks:g} weeks"
        ),
        "budget": lambda: f"a budget of {capacity.budget:,.2f} {economics.currency}",
        "threshold": lambda: f"a score of {capacity.threshold:g} or more",
        "lowest_precision": lambda: f"an expected precision of {capacity.lowest_precision:.0%} or more",
        "recall": lambda: f"a recall of {capacity.recall:.0%} of the tagged affluent",
    }
    return words[capacity.way]()


def _point(contacts: int, gains: Gains, economics: Economics) -> dict[str, float | int | None]:
    finds, score = gains.finds.between(0, contacts), float(gains.scores[contacts - 1])
    cost, _, net = _money(contacts, finds, economics)
    return {
        "contacts": contacts,
        "share": contacts / gains.candidates,
        "score": score,
        "finds": finds.value,
        "finds_low": finds.low,
        "finds_high": finds.high,
        "recall_of_tagged": _reaching(gains.tagged, score) / len(gains.tagged) if len(gains.tagged) else None,
        "cost": cost,
        "net": net.value if net else None,
        "net_low": net.low if net else None,
        "net_high": net.high if net else None,
    }

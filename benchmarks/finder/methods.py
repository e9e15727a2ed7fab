"""The methods that are compared: ours, with more and more told, and the usual ways beside it.

A method sees columns, tags, customers and declared tag drivers. What it learns of the truth, reviewers tell it.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
import polars as pl
from benchmarks.finder.data import design_of
from benchmarks.finder.reviewers import CAREFUL, CARELESS, Care
from numpy.typing import NDArray

from affluence.pu.class_prior import HiddenCount
from affluence.pu.cross_fitting import cross_fit, customer_digests, deal_folds
from affluence.pu.finder import AffluentFinder
from affluence.pu.in_sample import in_sample_log_odds
from affluence.pu.learners.effort import Mode
from affluence.pu.learners.gradient_boosting import GRADIENT_BOOSTING
from affluence.pu.learners.protocol import Tags

Floats = NDArray[np.float64]
Groups = NDArray[np.int64]
Review = Callable[[pl.DataFrame], pl.DataFrame]
Declared = Literal["none", "all", "all but the first"]

FOLDS = 5


@dataclass(frozen=True)
class Answer:
    """What a method says: a score for each row, how many are hidden if it counts, and the seconds of each step."""

    scores: Floats
    count: HiddenCount | None
    seconds: Mapping[str, float]


class Way(Protocol):
    """Scores every row of a table from its columns, its tags and its customers."""

    def __call__(
        self,
        columns: pl.DataFrame,
        tags: Tags,
        groups: Groups,
        *,
        drivers: Sequence[str] | None,
        review: Review | None,
        seed: int,
    ) -> Answer:
        """The answer; equal arguments give equal answers."""
        ...


@dataclass(frozen=True)
class Method:
    """A way, its row's title, which tag drivers it is told, and who reviews for it (None: nobody)."""

    title: str
    way: Way
    drivers: Declared = "none"
    care: Care | None = None

    def told(self, drivers: tuple[str, ...]) -> tuple[str, ...] | None:
        """The tag drivers that this method is told of."""
        return {"none": None, "all": drivers, "all but the first": drivers[1:]}[self.drivers]


def in_sample(
    columns: pl.DataFrame,
    tags: Tags,
    groups: Groups,  # noqa: ARG001
    *,
    drivers: Sequence[str] | None,  # noqa: ARG001
    review: Review | None,  # noqa: ARG001
    seed: int,
) -> Answer:
    """The usual mistake: rows repeated, a booster of deep trees, asked about the rows that it learned from."""
    started = time.perf_counter()
    scores = in_sample_log_odds(design_of(columns), tags, seed=seed)
    return Answer(scores, count=None, seconds={"fit": time.perf_counter() - started})


def out_of_fold(
    columns: pl.DataFrame,
    tags: Tags,
    groups: Groups,
    *,
    drivers: Sequence[str] | None,  # noqa: ARG001
    review: Review | None,  # noqa: ARG001
    seed: int,
) -> Answer:
    """The regularised booster of the tag, out of fold by customer."""
    started = time.perf_counter()
    folds = deal_folds(customer_digests(groups, key=seed), tags, folds=FOLDS)
    fit = cross_fit(GRADIENT_BOOSTING, design_of(columns), tags, folds, seed=seed)
    return Answer(fit.out_of_fold, count=None, seconds={"fit": time.perf_counter() - started})


@dataclass
class Fits:
    """Fits finders and remembers the last one, for methods that begin with the same."""

    _last: tuple[pl.DataFrame, Tags, object, AffluentFinder, float] | None = field(default=None, repr=False)

    def fitted(
        self, mode: Mode, columns: pl.DataFrame, tags: Tags, groups: Groups, drivers: Sequence[str] | None, seed: int
    ) -> tuple[AffluentFinder, float]:
        """A finder fitted to these tags, the caller's own, and the seconds that the fit took."""
        asked = (mode, drivers, seed)
        if self._last is None or not self._same(columns, tags, asked):
            finder = AffluentFinder(mode=mode, tag_drivers=drivers, cv=FOLDS, random_state=seed)
            started = time.perf_counter()
            finder.fit(columns, tags, groups=groups)
            self._last = (columns, tags.copy(), asked, finder, time.perf_counter() - started)
        return deepcopy(self._last[3]), self._last[4]

    def _same(self, columns: pl.DataFrame, tags: Tags, asked: object) -> bool:
        """Whether the last fit was of this very table, which is then the same customers, and all else is equal."""
        last = self._last
        return last is not None and last[0] is columns and last[2] == asked and np.array_equal(last[1], tags)


@dataclass(frozen=True)
class Stack:
    """The finder's labelled probability: boosters and scorecard stacked, nothing known of the tagging."""

    mode: Mode
    fits: Fits

    def __call__(
        self,
        columns: pl.DataFrame,
        tags: Tags,
        groups: Groups,
        *,
        drivers: Sequence[str] | None,
        review: Review | None,  # noqa: ARG002
        seed: int,
    ) -> Answer:
        """The out-of-fold P(tagged | x)."""
        finder, seconds = self.fits.fitted(self.mode, columns, tags, groups, drivers, seed)
        return Answer(finder.labelled_probability_, count=None, seconds={"fit": seconds})


@dataclass(frozen=True)
class Finder:
    """The finder, fitted and, where there are reviewers, updated with verdicts on `reviewed` customers.

    `believes` is how careless it takes its reviewers to be.
    """

    mode: Mode
    fits: Fits
    reviewed: int = 0
    believes: Care = CAREFUL

    def __call__(
        self,
        columns: pl.DataFrame,
        tags: Tags,
        groups: Groups,
        *,
        drivers: Sequence[str] | None,
        review: Review | None,
        seed: int,
    ) -> Answer:
        """The out-of-fold log-odds of being affluent without a tag."""
        finder, seconds = self.fits.fitted(self.mode, columns, tags, groups, drivers, seed)
        taken = {"fit": seconds}
        if review is not None and self.reviewed:
            finder.set_params(**vars(self.believes))
            sheet = review(finder.suggest_review(self.reviewed, purpose="find"))
            started = time.perf_counter()
            finder.update(sheet)
            taken["update"] = time.perf_counter() - started
        return Answer(finder.out_of_fold_, finder.hidden_count_, taken)


def methods(
    *, modes: Sequence[Mode], reviews: Sequence[int], careless: bool = False, left_out: bool = False
) -> list[Method]:
    """All methods, those that begin with the same fit after one another.

    `careless` adds reviewers who err, `left_out` a bank that forgets to declare its first tag driver.
    """
    found = [Method("In-sample way", in_sample), Method("XGBoost, out of fold", out_of_fold)]
    for mode in modes:
        fits = Fits()
        found += [
            Method(f"Stack ({mode}), labelled probability", Stack(mode, fits)),
            Method(f"Finder ({mode}), nothing declared", Finder(mode, fits)),
            *_declared(mode, fits, reviews, drivers="all", careless=careless),
        ]
        if left_out:
            found += _declared(mode, fits, reviews, drivers="all but the first", careless=False)
    return found


def _declared(mode: Mode, fits: Fits, reviews: Sequence[int], *, drivers: Declared, careless: bool) -> list[Method]:
    """The finder with declared tag drivers, without and with reviewers."""
    name = f"Finder ({mode}), drivers" if drivers == "all" else f"Finder ({mode}), one driver left out"
    found = [Method(name, Finder(mode, fits), drivers)]
    found += [Method(f"{name}, {n} reviewed", Finder(mode, fits, n), drivers, CAREFUL) for n in reviews]
    for n in reviews if careless else ():
        believing = Finder(mode, fits, n)
        knowing = Finder(mode, fits, n, believes=CARELESS)
        found += [
            Method(f"{name}, {n} reviewed carelessly", believing, drivers, CARELESS),
            Method(f"{name}, {n} reviewed carelessly and told so", knowing, drivers, CARELESS),
        ]
    return found

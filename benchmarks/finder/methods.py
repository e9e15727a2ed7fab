"""The methods that are compared: the usual ways, and ours, with more and more told."""

import time
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from benchmarks.finder.baselines import BASELINES
from benchmarks.finder.pulearn_ways import pulearn_methods
from benchmarks.finder.reviewers import CAREFUL, CARELESS, Care
from benchmarks.finder.split_score import SPLIT_SCORE
from benchmarks.finder.ways import FOLDS, Answer, Declared, Groups, Method, Review

from affluence.pu.finder import AffluentFinder
from affluence.pu.learners.effort import Mode
from affluence.pu.learners.protocol import Tags


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
    found = [*BASELINES, *pulearn_methods(), SPLIT_SCORE]
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

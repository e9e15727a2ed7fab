"""The second layer of the finder: from first-layer scores, tags and verdicts to who is affluent without a tag.

Three steps for each fold: the members are blended by how they explain the tag; the label propensity is learned; and
learners of the true class are fitted under it. Without tag drivers the label propensity is one number, as if tags
were given to the affluent at random (SCAR).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import xgboost as xgb
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from affluence.features.preprocessing import Design
from affluence.pu.class_prior import top_purity
from affluence.pu.first_layer import FirstLayer, FirstScores
from affluence.pu.label_propensity import LabelPropensity, Verdicts, fit_label_propensity
from affluence.pu.learners.boosters import raw_output
from affluence.pu.learners.effort import Effort
from affluence.pu.learners.joined_trees import joined
from affluence.pu.learners.logistic import Scorecard
from affluence.pu.learners.protocol import LogOdds, Tags
from affluence.pu.learners.under_propensity import (
    AffluentBooster,
    Evidence,
    fit_booster,
    fit_scorecard,
    renew_booster,
)
from affluence.pu.row_wise import weighted_sum
from affluence.pu.trust import Trust, split_score, trust_after_verdicts, trust_from_tags
from affluence.pu.verdict_correction import VerdictCorrection, fit_verdict_correction

Floats = NDArray[np.float64]

# A label propensity outside of these is not believed: it would make one customer count for hundreds.
LEAST_PROPENSITY, MOST_PROPENSITY = 0.005, 0.995
# The share of the few-parameter families in the final log-odds; the learners of the true class have the rest.
FAMILIES_SHARE = 1 / 3
CERTAIN = 1e-9
TAGS_RIGHT = 0.9
# Elkan and Noto's ratio passes 1 where the tags are surer than their share at the top allows.
MOST_BY_ODDS = 0.95


@dataclass(frozen=True)
class Blend:
    """How the members make the log-odds of the tag: an intercept and a weight each, none below zero."""

    intercept: float
    weights: tuple[float, float]

    def log_odds(self, members: Floats) -> LogOdds:
        """The blended log-odds of the tag."""
        blended: LogOdds = self.intercept + weighted_sum(members, self.weights)
        return blended

    @property
    def shares(self) -> Floats:
        """The members' weights as shares of one, for members that speak of another thing than the tag."""
        total = sum(self.weights)
        return np.asarray(self.weights) / total if total > 0 else np.array([1.0, 0.0])


@dataclass(frozen=True)
class Plain:
    """What stands beside the corrected answer, which counts by `trust`.

    The split score counts by `split`, and the log-odds of the tag, moved by `shift`, by what is left.
    """

    shift: float
    trust: float
    split: float = 0.0


@dataclass(frozen=True)
class FoldFinder:
    """Everything that scores one fold, none of which saw a customer of it.

    `propensity` is a number where it is taken to be constant. `log_odds` and `gains` make it a learner of the tag like
    any other; `hidden_log_odds` is what candidates are ranked by.
    """

    first: FirstLayer
    blend: Blend
    propensity: LabelPropensity | float
    boosters: tuple[AffluentBooster, ...]
    scorecard: Scorecard
    names: tuple[str, ...]
    plain: Plain
    correction: VerdictCorrection | None = None

    def log_odds(self, design: Design) -> LogOdds:
        """The log-odds of the tag."""
        return self.blend.log_odds(self.first.members(design))

    def score(self, design: Design) -> tuple[LogOdds, LogOdds]:
        """The log-odds of the tag, and those of being affluent for a customer who has no tag."""
        labelled, corrected = self.views(design)
        return labelled, self.hidden(design, labelled, corrected)

    def views(self, design: Design) -> tuple[LogOdds, LogOdds]:
        """The log-odds of the tag, and those of being hidden if the correction were wholly right."""
        said = raw_output(self._trees, design.matrix).T
        of_tag = len(self.first.trees)
        members, rest = self.first.read(design, said[:of_tag])
        propensity, by_families = self._propensity(design, rest)
        affluent = self._affluent(design, said[of_tag:])
        return self.blend.log_odds(members), _hidden(affluent, propensity, by_families)

    def corrected(self, design: Design) -> LogOdds:
        """The log-odds of being hidden if the correction were wholly right."""
        return self.views(design)[1]

    def hidden(self, design: Design, labelled: LogOdds, corrected: LogOdds) -> LogOdds:
        """The log-odds of being hidden from the two views of the same customers."""
        trust, split = self.plain.trust, self.plain.split
        hidden: LogOdds = trust * corrected + (1 - trust - split) * (labelled + self.plain.shift)
        if split:
            hidden += split * split_score(*self.first.parts(design))
        return self.correction.apply(design, hidden) if self.correction else hidden

    def wholly_corrected(self) -> "FoldFinder":
        """The finder as if its correction for selective tagging were wholly right, and nothing beside it."""
        return replace(self, plain=replace(self.plain, trust=1.0, split=0.0), correction=None)

    def gains(self) -> dict[str, float]:
        """The split gain of the boosters of the true class, by feature, as shares of one."""
        totals = dict.fromkeys(self.names, 0.0)
        for fitted in self.boosters:
            for name, gain in fitted.booster.get_score(importance_type="total_gain").items():
                totals[name] += float(np.sum(gain))
        whole = sum(totals.values())
        return {name: total / whole if whole else 0.0 for name, total in totals.items()}

    def to_bytes(self) -> bytes:
        """The finder as a zip of XGBoost's own format and JSON; see `affluence.pu.finder_bytes`."""
        from affluence.pu.finder_bytes import finder_to_bytes

        return finder_to_bytes(self)

    @cached_property
    def _trees(self) -> xgb.Booster:
        """Those of the first layer and of the true class, asked at once."""
        return joined([*self.first.trees, *(fitted.booster for fitted in self.boosters)])

    def _affluent(self, design: Design, said: Floats) -> LogOdds:
        boosted, carded = self.blend.shares
        log_odds: LogOdds = boosted * np.mean(said + [[fitted.intercept] for fitted in self.boosters], axis=0)
        log_odds += carded * self.scorecard.log_odds(design)
        return log_odds

    def _propensity(self, design: Design, rest: LogOdds) -> tuple[Floats, Floats | None]:
        if isinstance(self.propensity, LabelPropensity):
            return self.propensity.posterior(design, rest)
        return np.full(len(design), self.propensity), None


def fit_second_layer(
    first: FirstLayer,
    scores: FirstScores,
    design: Design,
    tags: Tags,
    *,
    drivers: Sequence[int],
    verdicts: Verdicts | None,
    effort: Effort,
    seed: int,
    begun: FoldFinder | None = None,
) -> FoldFinder:
    """The finder of one fold; `scores` are of the customers outside of it, `design` and `tags` of everybody.

    `begun` is the fold's finder before new verdicts: its learners are then renewed, not learned from nothing.
    """
    inside, tagged = design.rows(scores.rows), tags[scores.rows]
    told = verdicts.among(scores.rows) if verdicts is not None and len(verdicts.rows) else None
    blend = begun.blend if begun else _fit_blend(scores.members, tagged)
    if not drivers:
        return _without_drivers(
            first, scores, inside, tagged, blend=blend, told=told, effort=effort, seed=seed, begun=begun
        )
    before = begun.propensity if begun and isinstance(begun.propensity, LabelPropensity) else None
    propensity = _fit_families(scores, inside, tagged, drivers=drivers, told=told, begun=before)
    of_customer, hidden = propensity.posterior(inside, scores.rest)
    evidence = Evidence(tagged, _believed(of_customer), _known(hidden, told, tagged))
    boosters, scorecard = _fit_affluent(inside, evidence, of_tag=first.scorecard, effort=effort, seed=seed, begun=begun)
    labelled = blend.log_odds(scores.members)
    constant = top_purity(expit(labelled), tagged)
    unlabelled = _of_unlabelled(told, tagged)
    untold = propensity
    if unlabelled is not None:
        untold = before or _fit_families(scores, inside, tagged, drivers=drivers, told=None)
    trust = trust_from_tags(scores.rest, tagged, labelled=labelled, by_families=untold.labelled(inside, scores.rest))
    if unlabelled is not None:
        trust = _trust_after(trust, labelled, hidden, untold, unlabelled, scores=scores, inside=inside)
    plain = Plain(shift=float(logit(1 - constant)), trust=trust.corrected, split=trust.split)
    return FoldFinder(first, blend, propensity, boosters, scorecard, design.names, plain)


def _without_drivers(
    first: FirstLayer,
    scores: FirstScores,
    inside: Design,
    tagged: Tags,
    *,
    blend: Blend,
    told: Verdicts | None,
    effort: Effort,
    seed: int,
    begun: FoldFinder | None,
) -> FoldFinder:
    """The finder of one fold as if tags were given at random among the affluent; verdicts may then correct it."""
    labelled = expit(blend.log_odds(scores.members))
    constant = top_purity(labelled, tagged)
    odds = labelled / np.maximum(1 - labelled, CERTAIN)
    hidden = np.clip(odds * (1 - constant) / constant, CERTAIN, MOST_BY_ODDS)
    if begun:
        fitted = begun
    else:
        evidence = Evidence(tagged, np.full(len(tagged), constant), np.full(len(tagged), np.nan))
        boosters, scorecard = _fit_affluent(
            inside, evidence, of_tag=first.scorecard, effort=effort, seed=seed, begun=None
        )
        fitted = FoldFinder(first, blend, constant, boosters, scorecard, inside.names, Plain(0.0, trust=1.0))
    unlabelled = _of_unlabelled(told, tagged)
    if unlabelled is None:
        return replace(fitted, correction=None)
    return replace(fitted, correction=fit_verdict_correction(inside, logit(hidden), tagged, unlabelled))


def _trust_after(
    before: Trust,
    labelled: LogOdds,
    hidden: Floats,
    untold: LabelPropensity,
    verdicts: Verdicts,
    *,
    scores: FirstScores,
    inside: Design,
) -> Trust:
    """The trust after verdicts; `untold` are the families as the tags alone told them."""
    reviewed = inside.rows(verdicts.rows)
    by_tags = untold.posterior(reviewed, scores.rest[verdicts.rows])[1]
    return trust_after_verdicts(
        before,
        plain=labelled[verdicts.rows],
        split=split_score(scores.by_drivers, scores.rest)[verdicts.rows],
        corrected=[_log_odds(hidden[verdicts.rows]), _log_odds(by_tags)],
        fitted_to_verdicts=[True, False],
        verdicts=verdicts,
    )


def _log_odds(probability: Floats) -> LogOdds:
    log_odds: LogOdds = logit(probability.clip(CERTAIN, 1 - CERTAIN))
    return log_odds


def _fit_affluent(
    inside: Design, evidence: Evidence, *, of_tag: Scorecard, effort: Effort, seed: int, begun: FoldFinder | None
) -> tuple[tuple[AffluentBooster, ...], Scorecard]:
    """The learners of the true class; a renewed one where the fold's finder had begun."""
    if begun:
        # One of them, for a new list is wanted in seconds; a training from nothing averages them again.
        return (renew_booster(begun.boosters[0], inside, evidence, effort=effort, seed=seed),), begun.scorecard
    boosters = [
        fit_booster(inside, evidence, effort=effort, seed=seed + 1_000 * repeat)
        for repeat in range(max(1, effort.repeats - 1))
    ]
    return tuple(boosters), fit_scorecard(inside, evidence, of_tag=of_tag, effort=effort)


def _fit_families(
    scores: FirstScores,
    inside: Design,
    tagged: Tags,
    *,
    drivers: Sequence[int],
    told: Verdicts | None,
    begun: LabelPropensity | None = None,
) -> LabelPropensity:
    """The families fitted to all but the tags that a verdict refuted: those say nothing of how affluence is tagged."""
    kept = np.ones(len(tagged), dtype=bool)
    if told is not None:
        kept[told.rows[(told.affluent == 0) & (tagged[told.rows] == 1)]] = False
    unlabelled = _of_unlabelled(told, tagged)
    return fit_label_propensity(
        inside.rows(kept),
        scores.rest[kept],
        tagged[kept],
        drivers=drivers,
        verdicts=unlabelled.among(np.flatnonzero(kept)) if unlabelled is not None else None,
        begun=begun,
    )


def _of_unlabelled(told: Verdicts | None, tagged: Tags) -> Verdicts | None:
    """The verdicts on customers without the tag, if there are any."""
    if told is None:
        return None
    without_tag = tagged[told.rows] == 0
    return told.those(without_tag) if without_tag.any() else None


def _fit_blend(members: Floats, tags: Tags) -> Blend:
    """A logistic regression of the tag on the members; a member that would count against itself counts nothing."""
    used = np.array([True, True])
    while used.any():
        model = LogisticRegression(C=100.0).fit(members[:, used], tags)
        if (model.coef_[0] >= 0).all():
            weights = np.zeros(2)
            weights[used] = model.coef_[0]
            return Blend(float(model.intercept_[0]), (float(weights[0]), float(weights[1])))
        used[np.flatnonzero(used)[model.coef_[0].argmin()]] = False
    return Blend(float(logit(tags.mean())), (0.0, 0.0))


def _known(before: Floats, told: Verdicts | None, tagged: Tags) -> Floats:
    """The true class of the reviewed as far as their verdicts tell it, NaN for all others."""
    known = np.full(len(tagged), np.nan)
    if told is not None:
        # A tag says more than a model, so a tagged customer is taken to be affluent nine times in ten beforehand.
        prior = np.where(tagged[told.rows] == 1, TAGS_RIGHT, before[told.rows])
        known[told.rows] = told.truth(prior)
    return known


def _believed(propensity: Floats) -> Floats:
    return np.clip(propensity, LEAST_PROPENSITY, MOST_PROPENSITY)


def _hidden(affluent: LogOdds, propensity: Floats, by_families: Floats | None) -> LogOdds:
    share = _believed(propensity)
    # p (1 - e) / (1 - p e) in log-odds is the log-odds of p plus log(1 - e).
    by_learners = affluent + np.log1p(-share)
    if by_families is None:
        return by_learners
    return FAMILIES_SHARE * _log_odds(by_families) + (1 - FAMILIES_SHARE) * by_learners

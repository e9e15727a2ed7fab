"""How likely the bank is to tag an affluent customer, learned from the tags and from verdicts.

P(tagged | x) = p(x) e(x): affluent, and tagged given that. Both factors are logistic with few parameters. The
first sees everything, the tag drivers through their ranks; the second sees the ranks of the tag drivers alone. Where
p comes close to 1 the share tagged shows e; the stiffness of p is what tells the two apart, which is an assumption
that no tag can test. Verdicts can: a customer without the tag is affluent with probability p (1 - e) / (1 - p e).

Nobody knows the form of the bank's rule, so several families of e are fitted and weighted by how well each explains
the tags and, much more, the verdicts (Bekker & Davis, 2020, Machine Learning 109, section 3, on what can be
identified).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from affluence.features.preprocessing import Design
from affluence.pu.driver_ranks import DriverRank, fit_driver_ranks, rank_matrix
from affluence.pu.learners.protocol import Tags
from affluence.pu.row_wise import weighted_sum

Floats = NDArray[np.float64]

CONSTANT = "constant"
# What each family of e looks at, from the matrix of ranks (customers x tag drivers).
FAMILIES: Mapping[str, Callable[[Floats], Floats]] = {
    "additive": lambda ranks: ranks,
    "one stands out": lambda ranks: ranks.max(axis=1, keepdims=True),
    "additive, and one stands out": lambda ranks: np.hstack(
        [ranks, np.maximum(ranks.max(axis=1, keepdims=True) - 0.6, 0)]
    ),
    "two stand out": lambda ranks: np.sort(ranks, axis=1)[:, -min(2, ranks.shape[1])][:, None],
    CONSTANT: lambda ranks: ranks[:, :0],
}

# The form of p and e is never quite right, and a wrong form gains false certainty with every customer. The tags
# therefore count as those of so many customers, however large the table.
EFFECTIVE_CUSTOMERS = 5_000.0
# More rows than this change nothing, for the tags count as those of fewer.
MOST_ROWS = 20_000
TAG_TEMPER, TAG_TEMPER_BESIDE_VERDICTS = 0.6, 0.15
MOST_ITERATIONS = 150


@dataclass(frozen=True)
class Verdicts:
    """Customers checked by hand: position, whether affluent (0 / 1), and how often reviewers err.

    `missed` is the share of affluent customers that reviewers call otherwise, `wrongly_named` that of others whom they
    call affluent.
    """

    rows: NDArray[np.intp]
    affluent: Floats
    missed: float = 0.0
    wrongly_named: float = 0.0

    def seen_probability(self, affluent: Floats) -> Floats:
        """The probability of the verdict "affluent", given that of being it."""
        return np.clip(self.wrongly_named + self._contrast * affluent, 1e-9, 1 - 1e-9)

    def truth(self, before: Floats) -> Floats:
        """The probability of being affluent after the verdicts, given that `before`."""
        named = self.seen_probability(before)
        if_named = before * (1 - self.missed) / named
        if_not = before * self.missed / (1 - named)
        return np.clip(np.where(self.affluent == 1, if_named, if_not), 0, 1)

    def those(self, mask: NDArray[np.bool_] | NDArray[np.intp]) -> "Verdicts":
        """Some of the verdicts, by mask or in an order."""
        return replace(self, rows=self.rows[mask], affluent=self.affluent[mask])

    def among(self, rows: NDArray[np.intp]) -> "Verdicts":
        """The verdicts on customers of ascending `rows`, by their position there."""
        place = np.searchsorted(rows, self.rows).clip(max=max(0, len(rows) - 1))
        inside = rows[place] == self.rows if len(rows) else np.zeros(len(self.rows), dtype=bool)
        return replace(self, rows=place[inside], affluent=self.affluent[inside])

    @property
    def _contrast(self) -> float:
        return 1 - self.missed - self.wrongly_named


@dataclass(frozen=True)
class Family:
    """One fitted family: its weight, the means and spreads of what e looks at, and the parameters of p and e."""

    name: str
    weight: float
    means: tuple[float, ...]
    spreads: tuple[float, ...]
    affluence: tuple[float, ...]
    propensity: tuple[float, ...]


@dataclass(frozen=True)
class LabelPropensity:
    """The fitted families, and the distributions by which a customer's columns are read."""

    ranks: tuple[DriverRank, ...]
    rank_means: tuple[float, ...]
    rank_spreads: tuple[float, ...]
    rest_mean: float
    rest_spread: float
    families: tuple[Family, ...]

    def posterior(self, design: Design, rest: Floats) -> tuple[Floats, Floats]:
        """The label propensity e of each customer, and P(affluent | x, not tagged); means over the families.

        `rest` is what the columns other than the tag drivers say, in log-odds.
        """
        ranks = rank_matrix(self.ranks, design)
        inputs = self._inputs(ranks, rest)
        propensity, hidden = np.zeros(len(design)), np.zeros(len(design))
        for family in self.families:
            affluent = expit(weighted_sum(inputs, family.affluence))
            tagged = expit(weighted_sum(_terms(family, ranks), family.propensity))
            propensity += family.weight * tagged
            hidden += family.weight * affluent * (1 - tagged) / (1 - affluent * tagged).clip(1e-9)
        return propensity, hidden

    def labelled(self, design: Design, rest: Floats) -> Floats:
        """P(tagged | x) as the families have it: the mean over them of p e."""
        ranks = rank_matrix(self.ranks, design)
        inputs = self._inputs(ranks, rest)
        labelled = np.zeros(len(design))
        for family in self.families:
            affluent = expit(weighted_sum(inputs, family.affluence))
            labelled += family.weight * affluent * expit(weighted_sum(_terms(family, ranks), family.propensity))
        return labelled

    def _inputs(self, ranks: Floats, rest: Floats) -> Floats:
        standard = (ranks - self.rank_means) / self.rank_spreads
        return _affluence_inputs(standard, (rest - self.rest_mean) / self.rest_spread)


def fit_label_propensity(
    design: Design,
    rest: Floats,
    tags: Tags,
    *,
    drivers: Sequence[int],
    verdicts: Verdicts | None = None,
    begun: LabelPropensity | None = None,
) -> LabelPropensity:
    """The families fitted to these customers' tags and, where there are any, to verdicts on some of them.

    `rest` must be out of fold: log-odds from models that did not see the customer. Without verdicts the family of a
    constant e is left out, for tags alone cannot speak for it. `begun` is where the search begins, if anywhere.
    """
    ranks_of = fit_driver_ranks(design, tags, drivers=drivers)
    ranks = rank_matrix(ranks_of, design)
    rank_means, rank_spreads = ranks.mean(axis=0), _spread(ranks)
    rest_mean, rest_spread = float(rest.mean()), float(_spread(rest[:, None])[0])
    inputs = _affluence_inputs((ranks - rank_means) / rank_spreads, (rest - rest_mean) / rest_spread)
    chosen = [name for name in FAMILIES if verdicts is not None or name != CONSTANT]
    problem = _Problem.of(inputs, ranks, tags, verdicts)
    known = {family.name: family for family in begun.families} if begun else {}
    fitted = [problem.fit(name, begun=known.get(name)) for name in chosen]
    temper = TAG_TEMPER if verdicts is None else TAG_TEMPER_BESIDE_VERDICTS
    evidence = np.array([temper * fit.tag_likelihood + fit.verdict_likelihood for fit in fitted])
    weights = np.exp(evidence - evidence.max())
    return LabelPropensity(
        ranks=ranks_of,
        rank_means=tuple(rank_means.tolist()),
        rank_spreads=tuple(rank_spreads.tolist()),
        rest_mean=rest_mean,
        rest_spread=rest_spread,
        families=tuple(fit.family(weight) for fit, weight in zip(fitted, weights / weights.sum(), strict=True)),
    )


@dataclass(frozen=True)
class _Fit:
    name: str
    means: Floats
    spreads: Floats
    affluence: Floats
    propensity: Floats
    tag_likelihood: float
    verdict_likelihood: float

    def family(self, weight: float) -> Family:
        return Family(
            name=self.name,
            weight=float(weight),
            means=tuple(self.means.tolist()),
            spreads=tuple(self.spreads.tolist()),
            affluence=tuple(self.affluence.tolist()),
            propensity=tuple(self.propensity.tolist()),
        )


@dataclass(frozen=True)
class _Problem:
    """The data of one fit: a thinned table for the tags, weighted so that it counts as all of it, and the reviewed."""

    inputs: Floats
    ranks: Floats
    tags: Tags
    weight: float
    reviewed_inputs: Floats
    reviewed_ranks: Floats
    verdicts: Verdicts | None

    @classmethod
    def of(cls, inputs: Floats, ranks: Floats, tags: Tags, verdicts: Verdicts | None) -> "_Problem":
        kept = np.unique(np.linspace(0, len(tags) - 1, min(len(tags), MOST_ROWS)).round().astype(np.intp))
        reviewed = verdicts.rows if verdicts is not None else np.empty(0, dtype=np.intp)
        return cls(
            inputs=inputs[kept],
            ranks=ranks[kept],
            tags=tags[kept],
            weight=min(1.0, EFFECTIVE_CUSTOMERS / len(kept)),
            reviewed_inputs=inputs[reviewed],
            reviewed_ranks=ranks[reviewed],
            verdicts=verdicts,
        )

    def fit(self, name: str, *, begun: Family | None = None) -> _Fit:
        terms = FAMILIES[name](self.ranks)
        means, spreads = terms.mean(axis=0), _spread(terms)
        looks_at = _with_one((terms - means) / spreads)
        reviewed = _with_one((FAMILIES[name](self.reviewed_ranks) - means) / spreads)
        prior = _Prior.of(drivers=self.ranks.shape[1], terms=terms.shape[1], inputs=self.inputs)
        width = self.inputs.shape[1]

        def objective(parameters: Floats) -> tuple[float, Floats]:
            tag_value, tag_slope = self._tags(parameters, looks_at)
            verdict_value, verdict_slope = self._verdicts(parameters, reviewed)
            prior_value, prior_slope = prior.value(parameters)
            value = self.weight * tag_value + verdict_value - prior_value
            return -value, -(self.weight * tag_slope + verdict_slope - prior_slope)

        found = minimize(
            objective,
            prior.start if begun is None else np.array([*begun.affluence, *begun.propensity]),
            jac=True,
            method="L-BFGS-B",
            bounds=prior.bounds,
            options={"maxiter": MOST_ITERATIONS},
        ).x
        tag_likelihood = self.weight * self._tags(found, looks_at)[0]
        verdict_likelihood = self._verdicts(found, reviewed)[0]
        return _Fit(name, means, spreads, found[:width], found[width:], tag_likelihood, verdict_likelihood)

    def _tags(self, parameters: Floats, looks_at: Floats) -> tuple[float, Floats]:
        """The log-likelihood of the tags and its gradient."""
        width = self.inputs.shape[1]
        affluent, propensity = expit(self.inputs @ parameters[:width]), expit(looks_at @ parameters[width:])
        tagged = np.clip(affluent * propensity, 1e-9, 1 - 1e-9)
        value = np.where(self.tags == 1, np.log(tagged), np.log1p(-tagged)).sum()
        pull = np.where(self.tags == 1, 1.0, -tagged / (1 - tagged))
        slope = [self.inputs.T @ (pull * (1 - affluent)), looks_at.T @ (pull * (1 - propensity))]
        return float(value), np.concatenate(slope)

    def _verdicts(self, parameters: Floats, looks_at: Floats) -> tuple[float, Floats]:
        """The log-likelihood of the verdicts and its gradient."""
        if self.verdicts is None or not len(self.verdicts.rows):
            return 0.0, np.zeros(len(parameters))
        width = self.inputs.shape[1]
        affluent = expit(self.reviewed_inputs @ parameters[:width])
        propensity = expit(looks_at @ parameters[width:])
        left = np.maximum(1 - affluent * propensity, 1e-9)
        named = self.verdicts.seen_probability(affluent * (1 - propensity) / left)
        said = self.verdicts.affluent
        value = (said * np.log(named) + (1 - said) * np.log1p(-named)).sum()
        contrast = 1 - self.verdicts.missed - self.verdicts.wrongly_named
        pull = (said / named - (1 - said) / (1 - named)) * contrast / left**2
        by_affluence = pull * (1 - propensity) * affluent * (1 - affluent)
        by_propensity = -pull * affluent * (1 - affluent) * propensity * (1 - propensity)
        return float(value), np.concatenate([self.reviewed_inputs.T @ by_affluence, looks_at.T @ by_propensity])


@dataclass(frozen=True)
class _Prior:
    """Independent normal beliefs about the parameters of p, then of e; `precision` 0 where there is none."""

    centre: Floats
    precision: Floats
    start: Floats
    bounds: list[tuple[float | None, float | None]]

    @classmethod
    def of(cls, *, drivers: int, terms: int, inputs: Floats) -> "_Prior":
        """More of a tag driver means more likely tagged, and a little more likely affluent.

        The beliefs are about the tag drivers together: among many that say the same, each is believed to do less.
        """
        together = float(inputs[:, 2 : 2 + drivers].sum(axis=1).std())
        share = min(1.0, 2.0 / together) if together > 0 else 1.0
        each = share if terms >= drivers else 1.0
        centre = [-1.0, 0.0, *[0.3 * share] * drivers, *[0.0] * drivers, 0.0, *[0.7 * each] * terms]
        spread = [3.0, np.inf, *[0.5 * share**0.5] * drivers, *[0.3] * drivers, 2.0, *[each**0.5] * terms]
        start = [-1.0, 1.0, *[0.3 * share] * drivers, *[0.0] * drivers, 0.0, *[each] * terms]
        bounds: list[tuple[float | None, float | None]] = [(None, None), (0, None)]
        bounds += [(-1.5, None)] * drivers + [(None, None)] * drivers + [(-6, 6)] + [(0, 8)] * terms
        return cls(np.array(centre), 1 / np.array(spread) ** 2, np.array(start), bounds)

    def value(self, parameters: Floats) -> tuple[float, Floats]:
        away = parameters - self.centre
        return float((self.precision * away**2).sum() / 2), self.precision * away


def _affluence_inputs(standard_ranks: Floats, standard_rest: Floats) -> Floats:
    return np.hstack([_with_one(standard_rest[:, None]), standard_ranks, standard_ranks**2 - 1])


def _terms(family: Family, ranks: Floats) -> Floats:
    return _with_one((FAMILIES[family.name](ranks) - family.means) / family.spreads)


def _with_one(columns: Floats) -> Floats:
    return np.hstack([np.ones((len(columns), 1)), columns])


def _spread(columns: Floats) -> Floats:
    spread: Floats = np.maximum(columns.std(axis=0), 1e-9)
    return spread

"""What each column adds to a customer's score: trees whose parts add up exactly, fitted to the ranking itself.

A finder's score is made by several models and rules, which no exact account in parts exists for. So regression trees
are fitted to the out-of-fold scores, and their exact contributions (Lundberg et al., 2020, Nature Machine Intelligence
2, TreeSHAP) are read; how far the trees rank as the finder does is measured each time. A model that is one set of
trees a fold needs none of that: its own contributions count.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
import xgboost as xgb
from numpy.typing import NDArray
from scipy.stats import spearmanr

from affluence import progress
from affluence.features.preprocessing import Design
from affluence.pu.cross_fitting import UNKNOWN_FOLD, Folds
from affluence.pu.fold_models import TrainedModel, placed
from affluence.pu.learners.boosters import THREADS, FittedBooster, booster_matrix
from affluence.pu.side_by_side import side_by_side

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
People = Callable[[Places], pl.DataFrame]

# Beyond so many customers more of them change the trees little, and the time much.
MOST_FITTED = 100_000
# Those on the list weigh three times as much as all others together: their order is what is explained. Without it the
# rank agreement on a list of 1 % of the candidates stays under 0.9, where no reason would be said.
LISTED_WEIGHT = 3.0
# Small trees: the cost of exact contributions grows with the leaves and the square of the depth.
ROUNDS = 400
SETTINGS = {
    "objective": "reg:squarederror",
    "tree_method": "hist",
    "grow_policy": "lossguide",
    "max_leaves": 15,
    "max_depth": 0,
    "eta": 0.25,
    "reg_lambda": 1,
    "nthread": THREADS,
}
# Rank agreement of a handful says nothing, so at least so many of the best are followed and measured.
LEAST_FOLLOWED = 100
CHUNK = 1_000

CONTRIBUTIONS = "Reading what each column adds"


@dataclass(frozen=True)
class Account:
    """Contributions of the customers asked for: customers x features, the base, and what they should add up to.

    `agreement` is by how much the output ranks as the score does (Spearman) among those whose ranking counts.
    """

    name: str
    rows_fitted: int
    features: Floats
    base: Floats
    output: Floats
    agreement: float

    @property
    def additivity_error(self) -> float:
        """The largest difference between base and contributions together and the output, in log-odds."""
        parts = self.base + self.features.sum(axis=1)
        return float(np.abs(parts - self.output).max()) if len(parts) else 0.0


def account_for(
    model: TrainedModel, people: People, score: Floats, listed: Places, *, unlabelled: Places, seed: int
) -> Account:
    """The account of those `listed` (positions in the table, as `score` is), by the model's own trees if it can be.

    `people` gives the customers at some positions, `unlabelled` are those of the candidates, which are ranked.
    """
    followed = _followed(score, listed, unlabelled)
    if all(isinstance(fitted, FittedBooster) for fitted in model.models):
        return _own(model, people, score, listed, followed)
    return _surrogate(model, people, score, listed, followed, seed=seed)


def contributions(booster: xgb.Booster, design: Design) -> tuple[Floats, Floats, Floats]:
    """The contributions (customers x features), the base and the raw output, in chunks side by side."""
    chunks = [np.arange(begin, min(begin + CHUNK, len(design))) for begin in range(0, max(1, len(design)), CHUNK)]

    def read(rows: Places) -> tuple[Floats, Floats]:
        matrix = booster_matrix(design.rows(rows))
        parts = booster.predict(matrix, pred_contribs=True).reshape(len(rows), len(design.names) + 1)
        return parts.astype(np.float64), booster.predict(matrix, output_margin=True).astype(np.float64)

    read_chunks = list(side_by_side(read, chunks, stage=CONTRIBUTIONS))
    parts = np.concatenate([part for part, _ in read_chunks])
    return parts[:, :-1], parts[:, -1], np.concatenate([output for _, output in read_chunks])


def fit_surrogate(design: Design, score: Floats, weight: Floats, *, seed: int) -> xgb.Booster:
    """Regression trees fitted to `score`, whose base is that of the customers as they are, not as they weigh."""
    matrix = booster_matrix(design)
    matrix.set_label(score)
    matrix.set_weight(weight)
    booster = xgb.train({**SETTINGS, "seed": seed, "verbosity": 0}, matrix, num_boost_round=ROUNDS)
    matrix.set_weight(np.ones(len(score)))
    # The cover of each node, by which contributions are shared out, is counted anew; the leaves stay.
    renewed = {"process_type": "update", "updater": "refresh", "refresh_leaf": False}
    kept = {name: value for name, value in SETTINGS.items() if name != "tree_method"}
    return xgb.train({**kept, **renewed, "verbosity": 0}, matrix, num_boost_round=ROUNDS, xgb_model=booster)


def _surrogate(
    model: TrainedModel, people: People, score: Floats, listed: Places, followed: Places, *, seed: int
) -> Account:
    fitted_to = _sample(len(score), followed, seed=seed)
    design, _ = placed(model, people(fitted_to))
    inside = np.isin(fitted_to, followed)
    others = max(1, len(fitted_to) - len(followed))
    weight = np.where(inside, 1 + LISTED_WEIGHT * others / max(1, len(followed)), 1.0)
    progress.report("Fitting the explainer", done=0, total=1)
    booster = fit_surrogate(design, score[fitted_to], weight, seed=seed)
    progress.report("Fitting the explainer", done=1, total=1)
    output = booster.predict(booster_matrix(design.rows(inside))).astype(np.float64)
    there, _ = placed(model, people(listed))
    features, base, out = contributions(booster, there)
    name = f"XGBoost regression trees fitted to the score: {ROUNDS} trees of {SETTINGS['max_leaves']} leaves"
    return Account(name, len(fitted_to), features, base, out, agreement(output, score[fitted_to[inside]]))


def _own(model: TrainedModel, people: People, score: Floats, listed: Places, followed: Places) -> Account:
    design, folds = placed(model, people(listed))
    features, base, output = (np.zeros(shape) for shape in (design.matrix.shape, len(design), len(design)))
    for fitted, rows, share in _by_fold(model, folds):
        assert isinstance(fitted, FittedBooster)  # noqa: S101  (account_for saw to it)
        parts, start, out = contributions(fitted.booster, design.rows(rows))
        weight = share[:, None]
        features[rows] += weight * parts
        base[rows] += share * start
        output[rows] += share * out
    measured = output if np.array_equal(followed, np.sort(listed)) else _own_output(model, people(followed))
    ranked = score[followed] if measured is not output else score[listed]
    name = f"{model.learner.title}'s own trees, of the fold that never saw the customer"
    return Account(name, 0, features, base, output, agreement(measured, ranked))


def _own_output(model: TrainedModel, customers: pl.DataFrame) -> Floats:
    design, folds = placed(model, customers)
    output = np.zeros(len(design))
    for fitted, rows, share in _by_fold(model, folds):
        assert isinstance(fitted, FittedBooster)  # noqa: S101  (account_for saw to it)
        output[rows] += share * fitted.booster.predict(booster_matrix(design.rows(rows)), output_margin=True)
    return output


def _by_fold(model: TrainedModel, folds: Folds) -> Iterator[tuple[object, Places, Floats]]:
    """Each fold model, the customers it may speak of, and the share it has in each."""
    for fold, fitted in enumerate(model.models):
        rows = np.flatnonzero((folds == fold) | (folds == UNKNOWN_FOLD))
        if len(rows):
            yield fitted, rows, np.where(folds[rows] == UNKNOWN_FOLD, 1 / len(model.models), 1.0)


def agreement(output: Floats, score: Floats) -> float:
    """Spearman's rank correlation; NaN where either is the same throughout, for then there is no order to follow."""
    if len(score) < 2 or np.ptp(score) == 0 or np.ptp(output) == 0:
        return float("nan")
    return float(spearmanr(output, score).statistic)


def _followed(score: Floats, listed: Places, unlabelled: Places) -> Places:
    """Those listed, ascending; with the next best candidates where they are too few to be an order."""
    lacking = LEAST_FOLLOWED - len(listed)
    if lacking <= 0:
        return np.sort(listed)
    others = np.setdiff1d(unlabelled, listed)
    best = others[np.argsort(-score[others], kind="stable")[:lacking]]
    return np.sort(np.concatenate([listed, best])).astype(np.intp)


def _sample(size: int, followed: Places, *, seed: int) -> Places:
    """Up to `MOST_FITTED` positions, ascending, that hold all of `followed`."""
    others = np.setdiff1d(np.arange(size), followed)
    room = max(0, MOST_FITTED - len(followed))
    if len(others) > room:
        others = np.random.default_rng(seed).choice(others, room, replace=False)
    return np.sort(np.concatenate([followed, others])).astype(np.intp)

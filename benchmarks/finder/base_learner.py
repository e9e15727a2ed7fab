"""Which engine boosts: XGBoost beside LightGBM under the same regularisation, as a share of the oracle's recall at k.

    pip install --no-deps lightgbm && python -m benchmarks.finder.base_learner

LightGBM is no dependency of the project; it would become the engine if it won by 0.005. Both are cross-fitted on the
same folds, two seeds averaged, one thread, half of the affluent hidden.
"""

import time
from collections.abc import Callable

import numpy as np
from benchmarks.finder import metrics, oracle
from benchmarks.finder.data import design_of, load
from benchmarks.finder.mechanisms import MECHANISMS
from numpy.typing import NDArray

from affluence.features.preprocessing import Design
from affluence.pu.cross_fitting import Folds, customer_digests, deal_folds
from affluence.pu.learners.gradient_boosting import GRADIENT_BOOSTING
from affluence.pu.learners.protocol import LogOdds, Tags

CASES = (("adult", ("SCAR", "SAR", "RULE"), range(3)), ("bank", ("SCAR", "SAR"), range(1)))
REPEATS = 2
Fit = Callable[[Design, Tags, Design, int], LogOdds]


def xgboost(design: Design, tags: Tags, scored: Design, seed: int) -> LogOdds:
    """XGBoost's log-odds, with the project's settings."""
    return GRADIENT_BOOSTING.fit(design, tags, seed=seed).log_odds(scored)


def lightgbm(design: Design, tags: Tags, scored: Design, seed: int) -> LogOdds:
    """LightGBM's log-odds under the same regularisation: leaves, rates, penalties and samples alike."""
    import lightgbm as engine  # type: ignore[import-not-found, unused-ignore]

    parameters = {
        "objective": "binary",
        "learning_rate": 0.05,
        "num_leaves": 15,
        "min_data_in_leaf": 40,
        "lambda_l2": 10,
        "feature_fraction": 0.5,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "num_threads": 1,
        "verbose": -1,
        "seed": seed,
    }
    categories = [place for place, count in enumerate(design.categories) if count]
    table = engine.Dataset(design.matrix, tags, categorical_feature=categories)
    scores: LogOdds = engine.train(parameters, table, 200).predict(scored.matrix, raw_score=True)
    return scores


def out_of_fold(fit: Fit, design: Design, tags: Tags, folds: Folds) -> NDArray[np.float64]:
    """The mean of the repeats' out-of-fold log-odds."""
    scores = np.zeros(len(tags))
    for fold in range(int(folds.max()) + 1):
        held_out = folds == fold
        for repeat in range(REPEATS):
            model_seed = 10 * repeat + fold
            scores[held_out] += fit(design.rows(~held_out), tags[~held_out], design.rows(held_out), model_seed)
    return scores / REPEATS


def main() -> None:
    """Print each case, and the mean difference with its standard error over the cases."""
    differences = []
    for name, mechanisms, seeds in CASES:
        for mechanism in mechanisms:
            differences += [_compare(name, mechanism, seed) for seed in seeds]
    error = np.std(differences, ddof=1) / np.sqrt(len(differences))
    print(f"LightGBM less XGBoost: {np.mean(differences):+.4f} (standard error {error:.4f}, {len(differences)} cases)")


def _compare(name: str, mechanism: str, seed: int) -> float:
    table = load(name, seed=seed)
    hiding = MECHANISMS[mechanism](table, hidden_share=0.5, seed=seed)
    known = oracle.hidden_probability(oracle.affluent_probability(table, seed=seed), hiding)
    pool = metrics.pool_of(hiding.tags, np.empty(0, dtype=np.intp))
    hidden = table.truth[pool] == 1
    of_oracle = metrics.figures(known[pool], hidden, seed=seed)
    design = design_of(table.columns)
    folds = deal_folds(customer_digests(map(str, table.groups), key=seed), hiding.tags, folds=5)
    shares = {}
    for engine in (xgboost, lightgbm):
        start = time.perf_counter()
        scores = out_of_fold(engine, design, hiding.tags, folds)
        seconds = time.perf_counter() - start
        share = metrics.ratios(metrics.figures(scores[pool], hidden, seed=seed), of_oracle)["recall_at_k"]
        shares[engine.__name__] = share
        print(f"{name} {mechanism} seed {seed}: {engine.__name__} {share:.3f}, {seconds:.1f} s", flush=True)
    return shares["lightgbm"] - shares["xgboost"]


if __name__ == "__main__":
    main()

"""What is compared when settings are tuned, on which customers, and who judges the best."""

import gc
import math
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
import pytest

from affluence import steps
from affluence.errors import UserError
from affluence.evaluation.ranking import recall_at
from affluence.evaluation.results import Estimate
from affluence.features.preprocessing import Design
from affluence.pu.cross_fitting import cross_fit
from affluence.pu.learners import LEARNERS, learner_of
from affluence.pu.learners.settings import BOUNDS
from affluence.pu.tuning import (
    Found,
    Ground,
    Judgement,
    Trial,
    best_of,
    default_settings,
    fresh_seed,
    judge,
    lay_ground,
    require_budget,
    try_settings,
    tunable,
)


def lay(customers, contract, **changes) -> Ground:
    options = {"folds": 3, "seed": 0, "capacity_share": 0.1, **changes}
    return lay_ground(customers, steps.build_features(customers, contract), contract, **options)


@pytest.fixture(scope="module")
def few(customers) -> pl.DataFrame:
    return customers.head(600)


@pytest.fixture(scope="module")
def ground(few, contract) -> Ground:
    return lay(few, contract)


def ignore(_) -> None:
    pass


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [
        ((), ("xgboost", "random_forest", "logistic")),
        (("finder",), ("xgboost", "logistic")),
        (("logistic", "finder", "logistic"), ("logistic", "xgboost")),
    ],
)
def test_the_finder_stands_for_its_parts_and_each_learner_is_tuned_once(keys, wanted):
    assert tunable(keys) == wanted


@pytest.mark.parametrize("key", ["svm", "", "XGBoost", "mode", "tag_drivers"])
def test_what_is_no_learner_cannot_be_tuned(key):
    with pytest.raises(UserError, match=f"no learner '{key}' to tune. Choose among xgboost, random_forest, logistic"):
        tunable(["xgboost", key])


@pytest.mark.parametrize("minutes", [0, -3, math.nan, math.inf])
def test_a_budget_of_no_time_is_refused(minutes):
    with pytest.raises(UserError, match="minutes; give a number above 0"):
        require_budget(minutes, None)


@pytest.mark.parametrize("trials", [0, -1])
def test_a_budget_of_no_trials_is_refused(trials):
    with pytest.raises(UserError, match=f"{trials} trials; give at least 1"):
        require_budget(1, trials)
    require_budget(0.1, 1)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"capacity_share": 0}, "give a share above 0"),
        ({"capacity_share": 1.5}, "give a share above 0"),
        ({"folds": 1}, "at least 2 folds"),
        ({"folds": 400}, "at least 400"),
    ],
)
def test_a_ground_that_cannot_be_laid_is_refused(few, contract, changes, words):
    with pytest.raises(UserError, match=words):
        lay(few, contract, **changes)


def test_a_table_without_the_tag_is_refused(few, contract):
    with pytest.raises(UserError, match="no tag column 'SEG'"):
        lay(few.drop("tag"), contract)


@pytest.mark.parametrize("key", list(LEARNERS))
def test_the_default_settings_find_what_a_training_with_the_same_folds_and_seed_finds(few, contract, ground, key):
    training = steps.train(few, steps.build_features(few, contract), contract, learners=[key], folds=3, seed=0)
    found = try_settings(key, default_settings(key), ground, after_fold=ignore)
    assert found.recall == recall_at(training.fit_of(key).out_of_fold, training.tags, capacity=60)
    assert found.tagged == few["tag"].sum()


def test_each_fold_is_told_in_turn_and_what_was_found_so_far_only_grows(ground):
    told = []
    found = try_settings("logistic", {"bins": 4}, ground, after_fold=told.append)
    assert [fold.fold for fold in told] == [0, 1, 2]
    assert [fold.so_far for fold in told] == pytest.approx(np.cumsum([fold.recall for fold in told]) / 3)
    assert sorted(fold.so_far for fold in told) == [fold.so_far for fold in told]
    assert told[-1].so_far == pytest.approx(found.recall, abs=0.05)


def test_a_trial_ends_where_it_is_told_to(ground):
    told = []

    def stop(fold):
        told.append(fold)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        try_settings("logistic", {"bins": 4}, ground, after_fold=stop)
    assert len(told) == 1


def test_a_trial_that_ends_leaves_no_fit_behind(ground, recwarn):
    def stop(_):
        raise InterruptedError

    for _ in range(3):
        with pytest.raises(InterruptedError):
            try_settings("random_forest", {"max_depth": 4}, ground, after_fold=stop)
    gc.collect()
    assert not [warning for warning in recwarn if "joblib" in warning.filename]


def test_settings_out_of_bounds_are_not_tried(ground):
    with pytest.raises(UserError, match="bins is '1'"):
        try_settings("logistic", {"bins": 1}, ground, after_fold=ignore)


@dataclass(frozen=True)
class Remembering:
    """A learner that gives whom it was fitted to a score that nobody else gets; the first feature is the customer."""

    title: str = "Remembering"

    def fit(self, design: Design, tags, *, seed):
        return Remembered(set(design.matrix[:, 0].tolist()))


@dataclass(frozen=True)
class Remembered:
    seen: set[float]

    def log_odds(self, design: Design):
        return np.array([float(customer in self.seen) for customer in design.matrix[:, 0]])


def test_no_customer_is_scored_by_a_model_that_saw_them_in_any_row(few, contract, monkeypatch):
    """Three rows a customer, and the customer's number as a column: whoever was seen would score 1."""
    repeated = few.with_columns(customer=pl.int_range(pl.len()) // 3)
    numbered = repeated.with_columns(
        customer_id=pl.format("C{}", "customer"), balance_usd=pl.col("customer").cast(float)
    )
    ground = lay(numbered, contract)
    scores = []
    monkeypatch.setattr("affluence.pu.tuning.learner_of", lambda *_: Remembering())
    monkeypatch.setattr("affluence.pu.tuning.recall_at", lambda given, *_, **__: scores.append(given) or 0.5)
    try_settings("logistic", {}, ground, after_fold=ignore)
    assert ground.design.names[0] == "balance_usd"
    assert sum(len(part) for part in scores[:3]) == few.height
    assert not any(part.any() for part in scores)
    in_sample = Remembering().fit(ground.design, ground.tags, seed=0).log_odds(ground.design)
    assert in_sample.all()


def found(recall: float, precision: float = 0.5, tagged: int = 100) -> Found:
    return Found(recall, precision, tagged)


def test_average_precision_breaks_ties_and_never_outweighs_a_tagged_customer():
    assert found(0.30, 0.9).worth > found(0.30, 0.1).worth
    assert found(0.31, 0.0).worth > found(0.30, 1.0).worth


def trial(number: int, outcome: Found | None) -> Trial:
    return Trial(number, {"bins": 4 + number}, "complete" if outcome else "pruned", (0.9,), outcome)


def test_the_best_is_complete_and_of_equal_ones_the_first():
    assert best_of([]) is None
    assert best_of([trial(0, None)]) is None
    trials = [trial(0, found(0.2)), trial(1, None), trial(2, found(0.4)), trial(3, found(0.4)), trial(4, found(0.3))]
    assert best_of(trials) is trials[2]
    assert best_of(trials[::-1]) is trials[2]


def test_the_order_of_the_rows_changes_nothing(few, contract, ground):
    order = np.random.default_rng(1).permutation(few.height)
    assert lay(few[order], contract).digest("xgboost") == ground.digest("xgboost")


def test_whatever_makes_trials_comparable_is_in_the_digest(few, contract, ground):
    grounds = [
        ground,
        lay(few, contract, seed=1),
        lay(few, contract, folds=4),
        lay(few, contract, capacity_share=0.2),
        lay(few.with_columns(age_years=pl.col("age_years") + (pl.col("row") == 7).cast(pl.Int64)), contract),
        lay(few.with_columns(tag=pl.when(pl.col("row") == 7).then(1 - pl.col("tag")).otherwise("tag")), contract),
        lay(few.with_columns(job=pl.when(pl.col("row") != 7).then("job")), contract),
        lay(few.head(599), contract),
    ]
    digests = [one.digest("xgboost") for one in grounds] + [ground.digest(key) for key in ("logistic", "random_forest")]
    assert len(set(digests)) == len(digests)
    assert lay(few, contract).digest("xgboost") == digests[0]


def test_other_bounds_or_other_default_settings_are_another_study(ground, monkeypatch):
    before = ground.digest("logistic")
    monkeypatch.setitem(BOUNDS, "logistic", BOUNDS["logistic"][:1])
    narrower = ground.digest("logistic")
    monkeypatch.undo()
    monkeypatch.setitem(LEARNERS, "logistic", learner_of("logistic", {"bins": 9}))
    assert len({before, narrower, ground.digest("logistic")}) == 3


def test_the_judge_compares_on_the_same_customers_and_the_sign_is_that_of_the_gain(few, contract):
    fresh = lay(few, contract, seed=fresh_seed(0))
    worse = {"bins": 4, "inverse_penalty": 0.003}
    judged = judge("logistic", worse, fresh)
    scores = {
        name: cross_fit(learner_of("logistic", settings), fresh.design, fresh.tags, fresh.folds, seed=fresh.seed)
        for name, settings in (("default", None), ("tuned", worse))
    }
    for name, fit in scores.items():
        assert getattr(judged, name).value == recall_at(fit.out_of_fold, fresh.tags, capacity=60)
    assert judged.difference.value == pytest.approx(judged.tuned.value - judged.default.value)
    assert judged.seed == fresh_seed(0) != 0


POOR = {
    "xgboost": {"rounds": 50, "learning_rate": 0.01, "max_leaves": 4, "min_child_weight": 64, "colsample_bytree": 0.2},
    "random_forest": {"max_depth": 4, "min_child_weight": 64, "colsample_bynode": 0.1, "subsample": 0.2},
    "logistic": {"bins": 4, "inverse_penalty": 0.003},
}


@pytest.mark.parametrize("key", list(POOR))
def test_the_judge_sees_a_gain_that_is_there(customers, contract, monkeypatch, key):
    good = default_settings(key)
    monkeypatch.setitem(LEARNERS, key, learner_of(key, POOR[key]))
    assert judge(key, good, lay(customers, contract, seed=5)).tuned_is_better


def test_the_fresh_folds_are_dealt_anew(few, contract, ground):
    fresh = lay(few, contract, seed=fresh_seed(0))
    by_feature = [
        pl.DataFrame({"age": one.design.matrix[:, 1], "gain": one.design.matrix[:, 3], "fold": one.folds}).sort(
            "age", "gain"
        )
        for one in (ground, fresh)
    ]
    assert by_feature[0].drop("fold").equals(by_feature[1].drop("fold"))
    assert 0.2 < (by_feature[0]["fold"] == by_feature[1]["fold"]).mean() < 0.5


def test_the_default_settings_against_themselves_gain_nothing_and_are_no_better(few, contract):
    judged = judge("logistic", default_settings("logistic"), lay(few, contract, seed=5))
    assert (judged.difference.low, judged.difference.value, judged.difference.high) == (0, 0, 0)
    assert not judged.tuned_is_better


@pytest.mark.parametrize(("low", "better"), [(-0.01, False), (0.0, False), (0.0001, True), (math.nan, False)])
def test_settings_are_better_only_when_the_whole_interval_is_above_nothing(low, better):
    estimate = Estimate(0.3, 0.2, 0.4, "")
    assert Judgement(1, estimate, estimate, replace(estimate, low=low)).tuned_is_better is better

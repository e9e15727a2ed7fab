import numpy as np
import polars as pl
import pytest

from affluence import steps
from affluence.errors import UserError
from affluence.pu.fold_models import score_customers
from affluence.pu.tuned import NOT_TUNED, Tuned


def train(customers, contract, **changes):
    options = {"learners": ["xgboost"], "folds": 5, "seed": 0, **changes}
    return steps.train(customers, steps.build_features(customers, contract), contract, **options)


def test_shuffling_the_rows_changes_no_customers_score(customers, contract):
    order = np.random.default_rng(1).permutation(customers.height)
    straight = train(customers, contract).fits[0].out_of_fold
    shuffled = train(customers[order], contract).fits[0].out_of_fold
    assert (shuffled == straight[order]).all()


def test_equal_seeds_give_equal_scores_and_other_seeds_other_folds(customers, contract):
    first, again, other = (train(customers, contract, seed=seed) for seed in (0, 0, 1))
    assert (first.fits[0].out_of_fold == again.fits[0].out_of_fold).all()
    assert (first.folds != other.folds).any()


def test_training_does_not_change_what_it_is_given(customers, contract):
    before = customers.clone()
    train(customers, contract)
    assert customers.equals(before)


def test_all_rows_of_a_customer_share_a_fold(customers, contract):
    repeated = customers.with_columns(customer_id=pl.format("C{}", pl.int_range(pl.len()) // 3))
    folds = pl.DataFrame({"customer": repeated["customer_id"], "fold": train(repeated, contract).folds})
    assert folds.group_by("customer").agg(pl.col("fold").n_unique())["fold"].max() == 1


def test_a_forbidden_column_never_reaches_a_learner(customers, contract):
    telling = customers.with_columns(origin=pl.when(pl.col("tag") == 1).then(pl.lit("a")).otherwise(pl.lit("b")))
    fitted = train(telling, contract)
    assert "origin" not in fitted.preprocessing.features
    assert (fitted.fits[0].out_of_fold == train(customers, contract).fits[0].out_of_fold).all()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"learners": []}, "No learner is named"),
        ({"learners": ["svm"]}, "no learner 'svm'. Choose among finder, xgboost, random_forest, logistic"),
        ({"folds": 1}, "at least 2 folds"),
    ],
)
def test_unusable_settings_are_refused_in_words(customers, contract, changes, words):
    with pytest.raises(UserError, match=words):
        train(customers, contract, **changes)


def test_a_table_without_the_tag_is_refused_in_words(customers, contract):
    with pytest.raises(UserError, match="no tag column 'SEG'"):
        train(customers.drop("tag"), contract)


def test_a_table_of_normals_alone_is_refused_in_words(customers, contract):
    with pytest.raises(UserError, match="0 customers tagged affluent"):
        train(customers.with_columns(tag=pl.lit(0, dtype=pl.Int8)), contract)


def test_columns_that_are_all_missing_do_not_stop_a_training(customers, contract):
    empty = customers.with_columns(balance_usd=pl.lit(None, dtype=pl.Float64), job=pl.lit(None, dtype=pl.String)).head(
        500
    )
    fitted = train(empty, contract, learners=["xgboost", "random_forest", "logistic"])
    assert all(np.isfinite(fit.out_of_fold).all() for fit in fitted.fits)


def test_whoever_may_not_be_learned_from_is_unknown_to_every_fold(customers, contract):
    barred = customers.filter(pl.col("tag") == 1)["customer_id"].head(20).to_list()
    learned_from, scored, left_out = steps.leave_out(customers, barred, seed=0, score_left_out=True)
    fitted = train(learned_from, contract)
    assert (fitted.fold_map.folds_of(barred) == -1).all()
    assert (fitted.fold_map.folds_of(learned_from["customer_id"]) >= 0).all()
    manifest = left_out.manifest(fitted.fold_map)
    assert (manifest["rows_left_out"], manifest["listed_and_learned_from"]) == (20, 0)
    assert scored.equals(customers)
    assert left_out.manifest(train(customers, contract).fold_map)["listed_and_learned_from"] == 20


@pytest.fixture(scope="module")
def few(customers):
    return customers.head(600)


@pytest.fixture(scope="module")
def driven(contract):
    """The contract, which now says that the tagging looked at the balance."""
    columns = [column.model_copy(update={"tag_driver": column.name == "balance_usd"}) for column in contract.columns]
    return contract.model_copy(update={"columns": tuple(columns)})


@pytest.fixture(scope="module")
def found(few, driven):
    return train(few, driven, learners=["finder", "logistic"], folds=3, mode="fast")


def evaluated(fitted, customers, **changes):
    return steps.evaluate(fitted, customers, np.zeros(customers.height), capacity_share=0.1, **changes)


def test_the_finder_scores_its_training_table_out_of_fold_to_the_bit(found, few):
    model, _ = steps.choose(found, evaluated(found, few))
    order = np.random.default_rng(0).permutation(few.height)
    scored, shuffled = score_customers(model, few), score_customers(model, few[order])
    fit = found.fit_of("finder")
    assert (scored.fold == found.folds).all()
    assert (scored.hidden == fit.hidden).all()
    assert (scored.log_odds == fit.out_of_fold).all()
    assert (shuffled.hidden == fit.hidden[order]).all()
    assert (fit.hidden != fit.out_of_fold).any()


def test_the_finder_uses_the_tag_drivers_that_the_contract_names(found, few, contract):
    assert found.discovery.drivers == ("balance_usd",)
    assert found.discovery.mode == "fast"
    unnamed = train(few, contract, learners=["finder"], folds=3, mode="fast")
    assert unnamed.discovery.drivers == ()
    assert (unnamed.fits[0].hidden != found.fit_of("finder").hidden).any()


def test_the_finder_is_champion_unless_another_is_named(found, few):
    assert evaluated(found, few).champion == "finder"
    named = evaluated(found, few, champion="logistic")
    assert named.champion == "logistic"
    model, discovery = steps.choose(found, named)
    assert model.learner.key == "logistic"
    assert (discovery.mode, discovery.shift, discovery.drivers) == ("logistic", None, ())
    assert steps.choose(found, evaluated(found, few))[1] == found.discovery


def test_a_champion_that_was_not_trained_is_refused_in_words(found, few):
    with pytest.raises(UserError, match=r"to be 'xgboost', which was not trained\. Trained: finder, logistic"):
        evaluated(found, few, champion="xgboost")


def test_the_finder_needs_a_fold_more(few, contract):
    with pytest.raises(UserError, match="at least 3 folds; 2 was asked for"):
        train(few, contract, learners=["finder"], folds=2)


def test_verdicts_on_a_sheet_reach_the_finder(found, few, driven):
    untaught, _ = steps.choose(found, evaluated(found, few))
    sheet = steps.suggest_review(untaught, few, n=30, purpose="count", seed=0)
    answers = sheet.with_columns(verdict=(pl.int_range(pl.len()) % 2).cast(pl.String))
    features = steps.build_features(few, driven)
    fitted = steps.train(few, features, driven, review=answers, learners=["finder"], folds=3, seed=0, mode="fast")
    count = fitted.discovery.hidden_count
    assert fitted.discovery.reviewed == 30
    assert count.low < count.value < count.high
    model, discovery = steps.choose(fitted, evaluated(fitted, few))
    believed = steps.score(model, few).filter(pl.col("tag") == 0)["affluent_probability"]
    assert discovery.shift is not None
    assert believed.is_between(0, 1).all()
    assert steps.score(untaught, few)["affluent_probability"].null_count() == few.height


SETTINGS = {
    "xgboost": {"rounds": 60, "max_leaves": 5},
    "random_forest": {"max_depth": 5},
    "logistic": {"bins": 5, "inverse_penalty": 0.01},
}


@pytest.mark.parametrize("learner", list(SETTINGS))
def test_tuned_settings_reach_the_learner_its_model_and_its_record(few, contract, learner):
    tuned = Tuned("made", {learner: SETTINGS[learner]})
    plain, other = (train(few, contract, learners=[learner], folds=3, tuned=how) for how in (NOT_TUNED, tuned))
    assert (plain.fits[0].out_of_fold != other.fits[0].out_of_fold).any()
    model, _ = steps.choose(other, evaluated(other, few))
    assert SETTINGS[learner].items() <= model.learner.settings.items()
    assert not SETTINGS[learner].items() <= plain.fits[0].learner.settings.items()


def test_settings_tuned_for_one_learner_leave_the_others_alone(few, contract):
    tuned = Tuned("made", {"xgboost": SETTINGS["xgboost"]})
    plain, other = (train(few, contract, learners=["logistic"], folds=3, tuned=how) for how in (NOT_TUNED, tuned))
    assert (plain.fits[0].out_of_fold == other.fits[0].out_of_fold).all()


def test_the_finders_parts_have_the_tuned_settings_of_xgboost_and_of_the_logistic_regression(few, driven, found):
    tuned = Tuned("made", SETTINGS)
    fit = train(few, driven, learners=["finder"], folds=3, mode="fast", tuned=tuned).fits[0]
    settings = fit.learner.settings
    assert (settings["boosting_max_leaves"], settings["scorecard_bins"]) == (5, 5)
    assert all(len(edges or ()) <= 4 for model in fit.models for edges in model.first.scorecard.edges)
    assert (fit.hidden != found.fit_of("finder").hidden).any()


def test_settings_that_were_tuned_on_another_table_are_refused(few, contract):
    with pytest.raises(UserError, match="for the table elsewhere, and this one is made"):
        train(few, contract, tuned=Tuned("elsewhere", SETTINGS))

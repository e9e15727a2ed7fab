"""A model that learned from all the tagged and a sample of the others speaks of the whole table."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from benchmarks.service.served import CONF, CONTRACT
from scipy.special import expit

from affluence import steps
from affluence.data.contract import load_contract
from affluence.data.reading import read_table
from affluence.data.reference_bank import simulate
from affluence.errors import UserError
from affluence.pu.fold_models import score_customers
from affluence.pu.sampled import WEIGHT, is_drawn, sample_of, with_weight
from affluence.pu.storage import load_model, save_model

SHARE, SEED = 0.25, 3


def drawn_of(customers, *, share=SHARE, seed=SEED):
    kept = is_drawn(customers["customer_id"], customers["tag"].to_numpy(), share=share, seed=seed)
    return with_weight(customers.filter(kept), unlabelled=int((customers["tag"] == 0).sum()))


def trained(customers, contract, learner="logistic"):
    features = steps.build_features(customers.drop(WEIGHT, strict=False), contract)
    training = steps.train(customers, features, contract, learners=(learner,), folds=5, seed=SEED, mode="fast")
    evaluation = steps.evaluate(training, customers, steps.score_in_sample(training, features), capacity_share=0.1)
    return training, evaluation, steps.choose(training, evaluation)[0]


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    """The accepted customers of a made bank, and their contract."""
    file = tmp_path_factory.mktemp("bank") / "bank.parquet"
    simulate(customers=4_000, seed=0).table.write_parquet(file)
    contract = load_contract(CONF / f"contract_{CONTRACT}.yml")
    return read_table(file, contract=contract).customers, contract


@pytest.fixture(scope="module")
def both(bank):
    """The sample, and what was learned from it and from everyone."""
    customers, contract = bank
    drawn = drawn_of(customers)
    return drawn, trained(drawn, contract), trained(customers, contract)


def test_all_the_tagged_are_drawn_and_of_the_others_the_share_in_any_order(bank):
    customers, _ = bank
    drawn = drawn_of(customers)
    order = np.random.default_rng(1).permutation(customers.height)
    assert drawn.sort("row").equals(drawn_of(customers[order]).sort("row"))
    assert (drawn["tag"] == 1).sum() == (customers["tag"] == 1).sum()
    others = int((customers["tag"] == 0).sum())
    assert (drawn["tag"] == 0).sum() == pytest.approx(SHARE * others, abs=4 * np.sqrt(SHARE * others))
    assert drawn[WEIGHT].sum() == pytest.approx(customers.height)
    assert drawn_of(customers, seed=SEED + 1)["row"].to_list() != drawn["row"].to_list()


def test_a_larger_sample_holds_the_smaller_and_all_of_a_customers_rows_go_together(bank):
    customers, _ = bank
    few, more = (set(drawn_of(customers, share=share)["row"]) for share in (0.1, 0.3))
    assert few < more
    pairs = customers.with_columns(customer_id=pl.format("C{}", pl.int_range(pl.len()) // 2), tag=pl.lit(0, pl.Int8))
    assert drawn_of(pairs)["customer_id"].value_counts()["count"].unique().to_list() == [2]


def test_known_customers_are_scored_by_the_fold_that_never_saw_them_and_all_others_by_all(bank, both):
    customers, _ = bank
    drawn, (training, _, model), _ = both
    scores = steps.score(model, customers)
    known = drawn.select("row", fold=pl.Series(training.folds)).join(scores, on="row")
    assert (known["fold"] == known["scored_by_fold"]).all()
    assert known["score"].to_list() == pytest.approx(training.fits[0].hidden.tolist())
    assert scores.join(drawn, on="customer_id", how="anti")["scored_by_fold"].is_null().all()


def test_log_odds_of_the_tag_are_those_of_the_table_and_ranks_are_not_touched(bank, both):
    customers, _ = bank
    _, (_, _, model), (_, _, whole) = both
    tagged = int((customers["tag"] == 1).sum())
    as_learned = score_customers(replace(model, rate=1.0), customers)
    corrected = score_customers(model, customers)
    assert expit(corrected.log_odds).sum() == pytest.approx(tagged, rel=0.1)
    assert expit(as_learned.log_odds).sum() > 1.5 * tagged
    assert expit(score_customers(whole, customers).log_odds).sum() == pytest.approx(tagged, rel=0.05)
    assert (corrected.hidden == as_learned.hidden).all()


def test_figures_are_those_of_a_plain_sample_of_the_table(bank, both):
    customers, _ = bank
    _, (training, evaluation, model), (_, of_all, _) = both
    share_tagged = float((customers["tag"] == 1).mean())
    error = np.sqrt(share_tagged * (1 - share_tagged) / evaluation.rows)
    assert evaluation.tagged / evaluation.rows == pytest.approx(share_tagged, abs=4 * error)
    assert (training.tags == 1).mean() > 2 * share_tagged
    interval = evaluation.learners[0].recall_at_capacity
    assert interval.low - 0.05 < of_all.learners[0].recall_at_capacity.value < interval.high + 0.05
    assert model.sketch.rows == evaluation.rows


def test_the_count_is_of_the_whole_table_and_the_sample_is_on_record(bank, both, tmp_path):
    customers, _ = bank
    drawn, (_, _, model), (_, _, whole) = both
    others = int((customers["tag"] == 0).sum())
    assert model.discovery.counted_among == others
    assert 0.5 < model.discovery.hidden_count.high / whole.discovery.hidden_count.high < 2
    assert f"of the {others:,} others" in model.discovery.warnings[-1]
    save_model(model, tmp_path)
    assert load_model(tmp_path).rate == model.rate == pytest.approx(1 / drawn[WEIGHT].max())


def test_a_sample_of_everyone_is_everyone(bank):
    customers, contract = bank
    (training, evaluation, model), (_, of_all, whole) = (
        trained(drawn_of(customers, share=1.0), contract),
        trained(customers, contract),
    )
    assert training.sample is None
    assert evaluation == of_all
    assert steps.score(model, customers).equals(steps.score(whole, customers))


@pytest.mark.parametrize(
    ("weights", "why"),
    [([1, 1, 2, 3], "two numbers"), ([2, 1, 4, 4], "a tagged one"), ([1, 1, 0.5, 0.5], "below one")],
)
def test_weights_of_another_kind_of_sample_are_refused(weights, why):
    customers = pl.DataFrame({"customer_id": list("abcd"), "tag": [1, 1, 0, 0], WEIGHT: weights}, strict=False)
    with pytest.raises(UserError, match="one number of at least 1"):
        sample_of(customers, seed=SEED)


def test_a_sample_of_nobody_is_refused(bank):
    customers, _ = bank
    for share in (0, 1.5):
        with pytest.raises(UserError, match="above 0 and at most 1"):
            drawn_of(customers, share=share)
    with pytest.raises(UserError, match="None of"):
        drawn_of(customers, share=1e-12)


def test_the_doctor_takes_a_weight_for_no_column_of_the_bank(bank):
    customers, contract = bank
    drawn = drawn_of(customers)
    findings = [steps.examine(table, contract)[2].findings for table in (drawn, drawn.drop(WEIGHT))]
    assert [finding.kind for finding in findings[0]] == [finding.kind for finding in findings[1]]

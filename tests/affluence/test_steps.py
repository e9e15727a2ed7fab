"""What only the sequence of steps shows; each step's own tests stand beside the module that does it."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from affluence import steps
from affluence.data.contract import load_contract
from affluence.data.reading import read_table
from affluence.errors import UserError


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    """A small made bank on disk, read back through its contract, cross-fitted with one learner."""
    root = tmp_path_factory.mktemp("bank")
    contract = load_contract(next(p for p in _conf() if p.name == "contract_reference_bank.yml"))
    made = steps.make_bank(contract, root, customers=4_000, seed=3)
    customers, _ = steps.intake(read_table(root / contract.file, contract=contract))
    features = steps.build_features(customers, contract)
    training = steps.train(customers, features, contract, learners=["xgboost"], folds=5, seed=0)
    in_sample = steps.score_in_sample(training, features)
    evaluation = steps.evaluate(training, customers, in_sample, capacity_share=0.1)
    truth = pl.read_parquet(root / contract.truth_file)
    return made, customers, training, evaluation, in_sample, truth


def _conf():
    from pathlib import Path

    return (Path(__file__).resolve().parents[2] / "conf" / "base").iterdir()


def test_the_truth_never_stands_in_the_table(bank):
    made, customers, *_ = bank
    assert not {"affluent", "hidden_type", "share_kept_here"} & {*made.table.columns, *customers.columns}


def test_the_hidden_are_counted_row_by_row(bank):
    made, customers, training, evaluation, in_sample, truth = bank
    comparison = steps.hold_against_truth(training, evaluation, in_sample, customers, truth)
    assert comparison.hidden == made.truth.filter(pl.col("hidden_type") != "none").height
    assert comparison.unlabelled == made.table.filter(pl.col("C_seg") == "NORMAL").height


def test_an_honest_list_finds_more_of_the_hidden_than_chance(bank):
    _, customers, training, evaluation, in_sample, truth = bank
    tenth = steps.hold_against_truth(training, evaluation, in_sample, customers, truth).points[-1]
    assert tenth.found.low > tenth.share


def test_the_order_of_the_truth_does_not_matter(bank):
    _, customers, training, evaluation, in_sample, truth = bank
    shuffled = truth.sample(fraction=1, shuffle=True, seed=0)
    first, second = (
        steps.hold_against_truth(training, evaluation, in_sample, customers, known) for known in (truth, shuffled)
    )
    assert first == second


def test_the_truth_of_another_table_is_refused_in_words(bank):
    _, customers, training, evaluation, in_sample, truth = bank
    moved = truth.with_columns(row=pl.col("row") - 1)
    with pytest.raises(UserError, match="not that of this table"):
        steps.hold_against_truth(training, evaluation, in_sample, customers, moved)


def test_of_a_real_table_nobody_knows_the_truth(training, evaluation, in_sample_scores, customers):
    nothing = pl.DataFrame(schema={"row": pl.Int64, "affluent": pl.Boolean, "hidden_type": pl.String})
    assert not steps.hold_against_truth(training, evaluation, in_sample_scores, customers, nothing).known


def test_only_a_contract_of_a_made_table_makes_one(contract, tmp_path):
    with pytest.raises(UserError, match="is not that of a made table"):
        steps.make_bank(contract, tmp_path)
    assert not list(tmp_path.iterdir())


def test_rows_of_one_id_share_a_fold_on_the_made_bank(bank):
    _, customers, training, *_ = bank
    folds = pl.DataFrame({"id": customers["customer_id"], "fold": training.folds})
    assert folds["id"].n_unique() < folds.height
    assert folds.group_by("id").agg(pl.col("fold").n_unique())["fold"].max() == 1


def test_what_is_released_is_what_is_opened(model, evaluation):
    released = steps.open_release(steps.ReleasedModel(model, steps.ModelLabel("affluence-made", "1", "champion", {})))
    assert released[0] is model
    assert np.isfinite(replace(evaluation, seed=1).capacity_share)

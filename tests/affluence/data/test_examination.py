"""What the contract says of the doctor's remedies is done, told, and done again to every table that is scored."""

import numpy as np
import polars as pl
import pytest

from affluence import steps
from affluence.data.contract import Contract, Use
from affluence.data.doctor import Decision, RemedyAction
from affluence.data.examination import examine_customers
from affluence.errors import ContractError
from affluence.pu.fold_models import score_customers
from affluence.pu.storage import load_model, save_model


@pytest.fixture
def contract(customers_contract) -> Contract:
    return customers_contract


def with_remedies(contract: Contract, **remedies: object) -> Contract:
    return Contract.model_validate({**contract.model_dump(), "remedies": remedies})


@pytest.fixture
def faulty(customers) -> pl.DataFrame:
    """The made customers with a sentinel balance, a job spelled twice and a year told as twelve months."""
    some = pl.int_range(pl.len()) % 20 == 0
    return customers.with_columns(
        balance_usd=pl.when(some).then(999_999_999.0).otherwise("balance_usd"),
        job=pl.when(pl.int_range(pl.len()) % 15 == 0).then(pl.col("job").str.to_uppercase()).otherwise("job"),
        capital_loss_usd=12 * pl.col("capital_gain_usd"),
    )


def test_without_a_word_in_the_contract_nothing_is_done(faulty, contract):
    examined = examine_customers(faulty, contract=contract)
    assert examined.customers.equals(faulty)
    assert examined.contract == contract
    assert examined.examination.accounts == examined.examination.rules == ()
    assert {"sentinel_value", "spelled_twice", "multiple"} <= {f.kind.value for f in examined.examination.findings}


def test_remedies_of_cells_are_applied_with_an_account_of_what_they_changed(faulty, contract):
    chosen = with_remedies(contract, sentinel_value="apply", spelled_twice="apply")
    examined = examine_customers(faulty, contract=chosen)
    assert examined.customers["balance_usd"].max() < 999_999_999
    assert set(examined.customers["job"]) == {"clerk", "doctor", "farmer"}
    changed = {account.finding.remedy.action: account.cells_changed for account in examined.examination.accounts}
    assert changed == {RemedyAction.SET_MISSING: 150, RemedyAction.MERGE_SPELLINGS: 200}


def test_a_column_that_a_remedy_drops_stays_to_be_seen_and_never_enters_the_model(faulty, contract):
    examined = examine_customers(faulty, contract=with_remedies(contract, multiple="apply"))
    forbidden = [column.name for column in examined.contract.columns if column.use is Use.FORBIDDEN]
    assert len(forbidden) == 2
    assert "capital_loss_usd" in forbidden or "capital_gain_usd" in forbidden
    assert examined.customers.columns == faulty.columns
    assert not set(forbidden) & set(steps.build_features(examined.customers, examined.contract).columns)


def test_what_the_contract_leaves_is_left_and_said_to_be(faulty, contract):
    examined = examine_customers(faulty, contract=with_remedies(contract, sentinel_value="leave"))
    (finding,) = [f for f in examined.examination.findings if f.kind.value == "sentinel_value"]
    assert finding.decision is Decision.LEAVE
    assert examined.customers.equals(faulty)


def test_the_model_does_the_same_to_every_table_that_it_scores(faulty, contract, tmp_path):
    chosen = with_remedies(contract, sentinel_value="apply", spelled_twice="apply")
    customers, used, examination = steps.examine(faulty, chosen)
    features = steps.build_features(customers, used)
    training = steps.train(customers, features, used, examination, learners=["xgboost"], folds=5, seed=0)
    evaluation = steps.evaluate(training, customers, np.zeros(customers.height), capacity_share=0.1)
    save_model(steps.choose(training, evaluation)[0], tmp_path)
    read = load_model(tmp_path)
    assert len(read.rules) == 2
    untreated, treated = (score_customers(read, table) for table in (faulty, customers))
    assert (untreated.log_odds == treated.log_odds).all()
    assert (treated.log_odds == training.fits[0].out_of_fold).all()
    assert untreated.unseen == {}


def test_a_remedy_of_the_type_belongs_in_the_contract(customers, contract):
    told = customers.with_columns(job=pl.format("{}.50", pl.col("age_years")))
    kinds = {f.kind.value for f in examine_customers(told, contract=contract).examination.findings}
    assert "numbers_as_text" in kinds
    with pytest.raises(ContractError, match="Give the column its type there"):
        examine_customers(told, contract=with_remedies(contract, numbers_as_text="apply"))

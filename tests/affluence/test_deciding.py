"""The second half of the sequence: what only its steps together show; each step's own tests stand beside its module."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from affluence import deciding, workspace_deciding
from affluence.data.contract import Use
from affluence.data.offer_table import load_offers
from affluence.errors import UserError

CONTACTS = 150


@pytest.fixture(scope="module")
def table(trained_project):
    """The made bank scored by the version that learned from verdicts."""
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(trained_project)
        return workspace_deciding.score(None, "reference_bank", version="2")


@pytest.fixture(scope="module")
def gains(table):
    return deciding.prepare_cuts(table.model, table.population)


@pytest.fixture(scope="module")
def made_cut(table, gains):
    return deciding.cut(gains, table.contract, {"contacts": CONTACTS}, {})


@pytest.fixture(scope="module")
def listed(table, made_cut):
    return deciding.list_candidates(table.population, made_cut)


@pytest.fixture(scope="module")
def offers(trained_project):
    return load_offers(trained_project / "conf" / "base" / "offers_reference_bank.yml")


@pytest.fixture(scope="module")
def described(table, gains, listed, offers):
    return deciding.describe(table.model, table.population, gains, listed, offers, seed=0)


def reworded(contract, name: str, **words: object):
    columns = tuple(column.model_copy(update=words) if column.name == name else column for column in contract.columns)
    return contract.model_copy(update={"columns": columns})


def test_a_word_that_the_bank_mends_is_spoken_without_a_training(table):
    mended = reworded(table.contract, "assets_sgd", spoken="what is held with us", meaning="Another meaning.")
    now = deciding.as_worded_now(table.model, mended)
    assert now.contract.column("assets_sgd").spoken == "what is held with us"
    assert [feature.inputs for feature in now.features] == [feature.inputs for feature in table.model.features]
    assert table.model.contract.column("assets_sgd").spoken != "what is held with us"


def test_a_column_that_is_forbidden_since_is_spoken_of_no_more_but_read_as_learned(table):
    forbidden = reworded(table.contract, "assets_sgd", use=Use.FORBIDDEN)
    now = deciding.as_worded_now(table.model, forbidden)
    assert now.contract.column("assets_sgd").use is Use.INTERNAL
    assert [feature.name for feature in now.features] == [feature.name for feature in table.model.features]


def test_a_column_that_was_forbidden_to_the_learners_stays_so(table):
    learned = replace(table.model, contract=reworded(table.contract, "assets_sgd", use=Use.FORBIDDEN))
    now = deciding.as_worded_now(learned, reworded(table.contract, "assets_sgd", fair_reach=True))
    assert now.contract.column("assets_sgd").use is Use.FORBIDDEN
    assert now.contract.column("assets_sgd").fair_reach is True


def test_a_column_that_the_contract_no_longer_has_keeps_its_words(table):
    fewer = table.contract.model_copy(
        update={"columns": tuple(column for column in table.contract.columns if column.name != "assets_sgd")}
    )
    kept = deciding.as_worded_now(table.model, fewer).contract.column("assets_sgd")
    assert kept == table.model.contract.column("assets_sgd")


def test_a_tenth_is_listed_where_nothing_is_asked_and_managers_alone_tell_the_weeks(table, gains):
    assert deciding.cut(gains, table.contract, {}, {}).contacts == round(table.candidates.height / 10)
    none_asked = dict.fromkeys(("contacts", "budget", "recall"))
    with_team = deciding.cut(gains, table.contract, {**none_asked, "managers": 10, "calls_a_week": 5.0}, {})
    assert with_team.weeks == pytest.approx(with_team.contacts / 50)


def test_money_is_in_the_currency_of_the_contract(table, gains):
    told = deciding.cut(gains, table.contract, {"contacts": 100}, {"cost_a_contact": 3.0, "value_a_find": None})
    assert (told.cost, told.value, told.economics.currency) == (300.0, None, table.contract.currency)


def test_the_chances_of_a_list_add_up_to_its_finds_and_the_beliefs_of_the_model_to_more(table, gains, listed, made_cut):
    counted = deciding.with_chances(listed, gains)
    assert counted["affluent_probability"].sum() == pytest.approx(made_cut.finds.value, rel=1e-6)
    assert counted["affluent_probability"].is_sorted(descending=True)
    assert listed["affluent_probability"].sum() != pytest.approx(made_cut.finds.value, rel=0.01)
    assert counted.drop("affluent_probability").equals(listed.drop("affluent_probability"))


def test_without_a_review_no_chance_is_told(table, listed):
    unreviewed = replace(table.model.discovery, recalibrations=())
    gains = deciding.prepare_cuts(replace(table.model, discovery=unreviewed), table.population)
    assert deciding.with_chances(listed, gains)["affluent_probability"].null_count() == listed.height


def test_the_finds_of_the_segments_add_up_to_those_of_the_cut(described, made_cut):
    groups = described.segmentation.profile.groups
    assert groups["expected_finds"].sum() == pytest.approx(made_cut.finds.value, rel=1e-6)
    assert groups.filter(pl.col("expected_finds").is_not_null())["people"].sum() == CONTACTS


def test_the_list_says_of_everybody_all_that_is_said_in_the_order_of_the_ranking(described, listed):
    whole = deciding.write_list(listed, described)
    assert whole.select(listed.columns).equals(listed)
    for name in ("rank_low", "rank_high", "chance_listed", "hidden_type", "segment", "offer", "opening", "reason_1"):
        assert whole[name].null_count() < whole.height, name
    assert whole["segment"].null_count() == whole["offer"].null_count() == 0
    assert (whole["rank_low"] <= whole["rank"]).all()
    assert (whole["rank"] <= whole["rank_high"]).all()


def test_what_is_said_of_a_person_does_not_depend_on_the_rest_of_the_list_but_for_reasons_and_segments(
    table, gains, listed, offers, described
):
    fewer = listed.head(60)
    alone = deciding.describe(table.model, table.population, gains, fewer, offers, seed=0)
    assert alone.typed.types.equals(described.typed.types.head(60))
    same = ("row", "rank_low", "rank_high")
    assert alone.certainty.select(same).equals(described.certainty.head(60).select(same))


def test_nothing_that_went_in_is_changed(table, described, listed):
    assert table.candidates.head(CONTACTS).equals(listed)
    assert "segment" not in table.customers.columns


def test_a_campaign_ends_with_as_many_as_the_cut_allows(table, gains, made_cut, offers):
    settings = deciding.campaign_settings({"name": "spring", "day": "2026-12-01", "control_share": 0.2}, seed=4)
    assert (settings.day, settings.seed) == (date(2026, 12, 1), 4)
    selection = deciding.select(table.population, made_cut, settings, ())
    described = deciding.describe_selection(table.model, table.population, gains, selection, offers, seed=4)
    campaign = deciding.hold_back(selection, described, settings)
    assert campaign.contacts.height + campaign.control.height == CONTACTS
    assert campaign.control.height == pytest.approx(0.2 * CONTACTS, abs=1)
    assert {"chance_listed", "hidden_type", "segment", "offer"} <= set(campaign.contacts.columns)


def test_a_day_that_is_none_is_refused():
    with pytest.raises(UserError, match="The campaign's day is 'soon'; give a date, as 2026-12-01"):
        deciding.campaign_settings({"name": "spring", "day": "soon"}, seed=0)


def test_the_note_on_types_says_on_what_they_rest_or_why_there_are_none(described, table):
    note = deciding.type_note(described.typed)
    assert "learned on made customers" in note
    assert "only people checked by hand can tell" in note
    untagged = replace(table, scores=table.scores.drop("tag")).population
    without = deciding.hidden_types(table.model, untagged, table.candidates.head(5))
    assert "Score a table with its tags" in deciding.type_note(without)


def test_the_report_holds_types_against_the_truth_only_where_it_is_known(
    table, gains, made_cut, listed, described, trained_project
):
    truth = pl.read_parquet(trained_project / "data" / "01_raw" / "reference_bank_truth.parquet")
    told = deciding.for_report(made_cut, gains, listed, described, {"value_a_find": 100.0}, truth)
    assert told.type_confusion["people"].sum() <= CONTACTS
    assert (told.type_confusion["people"] >= 10).all()
    assert sum(page.expected_value or 0 for page in told.strategies) <= 100 * made_cut.finds.value * (1 + 1e-6)
    real = deciding.for_report(made_cut, gains, listed, described, {}, truth.clear())
    assert real.type_confusion is None


def test_a_provenance_names_model_table_contract_and_what_was_asked(table):
    told = deciding.provenance(table.model, table.label, table.intake, {"contacts": 150}, {"cost_a_contact": 3.0})
    assert (told.model_name, told.model_version) == ("affluence-reference_bank", "2")
    assert told.data_hash == table.intake.data_hash
    assert dict(told.cut) == {"contacts": 150, "cost_a_contact": 3.0}

"""A campaign: nobody on it who may not be, a fair control group, and the same bytes again."""

import json
from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from affluence.data.exclusion_lists import exclusion_list
from affluence.data.writing import checksum, write_folder
from affluence.decision.campaign import CampaignSettings, make_campaign, select_people
from affluence.decision.campaign_files import Provenance, campaign_files, differences, settings_of
from affluence.decision.population import FramePopulation
from affluence.errors import UserError

DAY = date(2026, 3, 1)
SETTINGS = CampaignSettings(name="spring", day=DAY, control_share=0.2, seed=7)
PROVENANCE = Provenance("made", "3", "d" * 64, "f" * 64, {"contacts": 100}, "0.0")
RANKED = pl.DataFrame(
    {
        "rank": range(1, 301),
        "row": range(1000, 1300),
        "customer_id": [f"C{number}" for number in range(300)],
        "score": [3 - number / 50 for number in range(300)],
    }
)
SEGMENTS = RANKED.select("row", segment=pl.when(pl.col("row") % 3 == 0).then(pl.lit("=young")).otherwise(pl.lit("old")))
IDS = RANKED["customer_id"]


def excluding(kind="complaint", name="list.csv", **columns):
    return exclusion_list(pl.DataFrame(columns, schema_overrides={"channel": pl.String}), kind=kind, name=name)


def select(*exclusions, ranked=RANKED, settings=SETTINGS, contacts=100):
    bank = FramePopulation(IDS.to_frame(), ranked, ranked)
    return select_people(bank, contacts=contacts, settings=settings, exclusions=exclusions)


def make(*exclusions, settings=SETTINGS, ranked=RANKED):
    return make_campaign(select(*exclusions, ranked=ranked, settings=settings), settings=settings, described=[SEGMENTS])


def everybody(campaign):
    return pl.concat([campaign.contacts, campaign.control]).sort("rank")


def test_the_places_of_the_excluded_go_to_the_next_ranks():
    selection = select(excluding(customer_id=["C0", "C5", "C299"]))
    assert selection.listed.height == 100
    assert selection.listed["rank"].max() == 102
    assert selection.excluded["customer_id"].to_list() == ["C0", "C5"]


def test_without_topping_up_their_places_stay_empty():
    selection = select(excluding(customer_id=["C0"]), settings=replace(SETTINGS, top_up=False))
    assert selection.listed["rank"].to_list() == list(range(2, 101))


def test_an_excluded_customer_is_on_record_with_every_reason():
    complaint = excluding(customer_id=["C3", "C3"], reason=["fees", "noise"])
    excluded = select(complaint, excluding("staff", customer_id=["C3"])).excluded
    assert excluded.row(0, named=True)["kind"] == "complaint; staff"
    assert excluded["reason"].to_list() == ["complaint: fees; complaint: noise; staff"]


def test_consent_is_heeded_for_the_channel_of_the_campaign_and_where_none_is_named_for_all():
    consent = excluding("consent", customer_id=["C1", "C2", "C3"], channel=["Phone", "e-mail", None])
    assert select(consent).excluded["customer_id"].to_list() == ["C1", "C3"]


def test_a_contact_keeps_away_for_the_quiet_days():
    contacted = excluding("contacted", customer_id=["C1", "C2"], date=["2026-02-28", "2025-12-01"])
    assert select(contacted).excluded["customer_id"].to_list() == ["C1"]
    assert select(contacted, settings=replace(SETTINGS, quiet_days=91)).excluded.height == 2


def test_a_customer_with_several_rows_is_contacted_once_and_by_the_best():
    twice = RANKED.with_columns(customer_id=pl.when(pl.col("rank") == 9).then(pl.lit("C2")).otherwise("customer_id"))
    selection = select(ranked=twice)
    assert selection.listed["customer_id"].n_unique() == 100
    assert selection.excluded.select("rank", "reason").rows() == [(9, "same customer as rank 3")]


def test_nobody_is_contacted_and_held_back():
    campaign = make()
    assert not set(campaign.contacts["customer_id"]) & set(campaign.control["customer_id"])
    assert (campaign.contacts.height, campaign.control.height) == (80, 20)


def test_each_segment_and_score_band_gives_its_share_to_the_control_group():
    campaign = make()
    strata = everybody(campaign).group_by("segment", "score_band").len()
    held = campaign.control.group_by("segment", "score_band").len("held")
    both = strata.join(held, on=["segment", "score_band"], how="left").fill_null(0)
    assert both.filter((pl.col("held") - 0.2 * pl.col("len")).abs() >= 1).is_empty()


def test_a_campaign_does_not_depend_on_the_order_of_the_rows():
    assert campaign_files(make(ranked=RANKED.sample(fraction=1, shuffle=True, seed=1)), PROVENANCE) == campaign_files(
        make(), PROVENANCE
    )


def test_everybody_has_the_same_chance_to_be_held_back():
    held = pl.concat([make(settings=replace(SETTINGS, seed=seed)).control for seed in range(200)])
    counts = RANKED.head(100).join(held.group_by("row").len(), on="row", how="left")["len"].fill_null(0)
    assert abs(counts.mean() - 40) < 1.5
    # The largest and smallest of 100 binomials of 200 draws at a fifth: 40 plus and minus four deviations of 5.7.
    assert 17 <= counts.min() <= counts.max() <= 63


@pytest.mark.parametrize("share", [-0.1, 1.0, 2.0, float("nan")])
def test_a_control_share_that_leaves_nobody_is_refused(share):
    with pytest.raises(UserError, match="control share of"):
        make(settings=replace(SETTINGS, control_share=share))


def test_no_control_group_is_allowed_and_warned_of():
    campaign = make(settings=replace(SETTINGS, control_share=0))
    assert campaign.control.is_empty()
    assert "Nobody is held back" in campaign.warnings[0]


def test_a_list_too_small_to_prove_the_lift_says_so():
    assert any("too small to prove" in sentence for sentence in make().warnings)
    assert make(settings=replace(SETTINGS, hoped_lift=0.6)).warnings == ()


def test_unknown_ids_are_refused_with_their_lines_unless_they_may_be_ignored():
    unknown = excluding(customer_id=["C1", "X1", "X2"])
    with pytest.raises(UserError, match=r"list.csv: .* in 2 of 3 lines \(line 3, 4\)"):
        select(unknown)
    assert select(unknown, settings=replace(SETTINGS, ignore_unknown=True)).excluded.height == 1


@pytest.mark.parametrize(
    ("kind", "columns", "said"),
    [
        ("gossip", {"customer_id": ["C1"]}, "kind 'gossip' is not known"),
        ("staff", {"id": ["C1"]}, "lacks the column customer_id"),
        ("staff", {"customer_id": ["C1", None]}, r"blank in 1 of 2 lines \(line 3\)"),
        ("contacted", {"customer_id": ["C1"]}, "lacks the column date"),
        ("contacted", {"customer_id": ["C1"], "date": ["1.2.2026"]}, "date is no day"),
        ("contacted", {"customer_id": ["C1"], "date": ["2026-03-02"]}, "after the campaign's day"),
    ],
)
def test_a_list_that_is_not_sound_is_refused(kind, columns, said):
    with pytest.raises(UserError, match=said):
        select(excluding(kind, **columns))


def test_an_empty_list_excludes_nobody():
    assert select(
        exclusion_list(pl.DataFrame(schema={"customer_id": pl.String}), kind="staff", name="l")
    ).excluded.is_empty()


def test_a_list_of_nobody_is_refused():
    with pytest.raises(UserError, match="at least 1"):
        select(contacts=0)
    with pytest.raises(UserError, match="Nobody is left"):
        select(excluding(customer_id=IDS.to_list()))


def test_fewer_than_asked_for_is_warned_of():
    campaign = make(excluding(customer_id=IDS.to_list()[:250]))
    assert "50 of the 100" in campaign.warnings[0]
    assert campaign.excluded.height == 250


def test_the_callers_files_hold_no_control_customer():
    campaign = make()
    files = campaign_files(campaign, PROVENANCE)
    in_csv = {line.split(",")[3] for line in files["list.csv"].decode().splitlines()[1:]}
    assert in_csv == set(campaign.contacts["customer_id"])
    assert pl.read_excel(files["list.xlsx"])["customer_id"].to_list() == campaign.contacts["customer_id"].to_list()


def test_a_formula_is_harmless_and_a_negative_number_stays_one():
    files = campaign_files(make(), PROVENANCE)
    assert b"'=young" in files["list.csv"]
    sheet = pl.read_excel(files["list.xlsx"])
    assert "=young" in sheet["segment"].to_list()
    assert sheet["score"].dtype == pl.Float64
    kept = pl.read_csv(files["list.csv"])
    assert kept["score"].dtype == pl.Float64


def test_a_campaign_made_again_is_equal_to_the_byte(tmp_path):
    lists = (excluding(customer_id=["C4"]), excluding("consent", customer_id=["C9"]))
    files = campaign_files(make(*lists), PROVENANCE)
    write_folder(files, tmp_path / "spring")
    summary = json.loads((tmp_path / "spring" / "summary.json").read_text())
    again = campaign_files(make(*lists, settings=settings_of(summary)), PROVENANCE)
    assert {path.name: path.read_bytes() for path in (tmp_path / "spring").iterdir()} == again
    assert differences(summary, json.loads(again["summary.json"])) == ()


def test_a_remade_campaign_says_which_input_changed():
    summary = json.loads(campaign_files(make(), PROVENANCE)["summary.json"])
    other = json.loads(
        campaign_files(make(excluding(customer_id=["C4"])), replace(PROVENANCE, data_hash="e"))["summary.json"]
    )
    said = differences(summary, other)
    assert said[0] == f"provenance.data_hash was {'d' * 64} and is e."
    assert any(sentence.startswith("exclusion_lists.1.name was absent") for sentence in said)
    assert any(sentence.startswith("files.list.csv") for sentence in said)


def test_the_summary_adds_up():
    summary = json.loads(campaign_files(make(excluding(customer_id=["C4", "C5"])), PROVENANCE)["summary.json"])
    rows = summary["rows"]
    assert rows["expected"] == rows["held_back"] + rows["written"] == 100
    assert rows["excluded"] == rows["topped_up"] == rows["excluded_by_reason"]["complaint"] == 2


def test_the_checksums_in_the_summary_are_those_of_the_files():
    files = campaign_files(make(), PROVENANCE)
    said = json.loads(files["summary.json"])["files"]
    assert said == {name: checksum(content) for name, content in files.items() if name != "summary.json"}


def test_what_is_no_summary_is_refused():
    with pytest.raises(UserError, match="no summary of a campaign"):
        settings_of({"settings": {"day": "soon"}})


def test_a_page_stands_beside_the_list_under_its_own_checksum_and_only_where_one_was_made():
    files = campaign_files(make(), PROVENANCE, page="<p>A page</p>")
    assert files["campaign.html"] == b"<p>A page</p>"
    assert json.loads(files["summary.json"])["files"]["campaign.html"] == checksum(files["campaign.html"])
    assert "campaign.html" not in campaign_files(make(), PROVENANCE)


def test_those_below_the_cut_are_counted_where_the_excluded_leave_room():
    assert make().topped_up == 0
    assert make(excluding(customer_id=["C4", "C5"])).topped_up == 2

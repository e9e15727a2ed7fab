"""Campaigns from the terminal: a list that is made whole or not at all, made again to the byte, and what came of it."""

import json
import re
import shutil
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from affluence import workspace_deciding
from affluence.cli import main
from affluence.data.writing import checksum

NAMED = ("--name", "spring", "--day", "2026-12-01", "--contacts", "120")


def call(verb: str, *arguments: str):
    return CliRunner().invoke(main, ["campaign", verb, *arguments, "--contract", "reference_bank"])


def told(answer) -> str:
    """What was said, in one line."""
    assert answer.exit_code == 0, answer.output
    return " ".join(answer.output.split())


def refused(answer) -> str:
    """The sentence of a refusal, in one line."""
    assert answer.exit_code == 1, answer.output
    assert "Traceback" not in answer.output
    return " ".join(answer.output.split())


def exclude(path: Path, ids: list[str], **columns: str) -> tuple[str, str, str]:
    """An exclusion list of the kind that the file is named after, as options of the terminal."""
    pl.DataFrame({"customer_id": ids}).with_columns(**{name: pl.lit(cell) for name, cell in columns.items()}).write_csv(
        path
    )
    return ("--exclude", path.stem, str(path))


@pytest.fixture(scope="session")
def candidates(trained_project, tmp_path_factory) -> pl.DataFrame:
    """The candidates of the champion, each customer once, best first."""
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(trained_project)
        return workspace_deciding.score(None, "reference_bank", version=None).candidates


@pytest.fixture(scope="session")
def spring(trained_project, candidates, tmp_path_factory) -> Path:
    """A campaign of 120 with five complaints, as it was made, its exclusion list beside it; nobody writes into it."""
    root = tmp_path_factory.mktemp("campaigns")
    complaints = exclude(root / "complaint.csv", candidates["customer_id"].unique(maintain_order=True)[:5].to_list())
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(trained_project)
        told(call("make", *NAMED, *complaints, "--out", str(root / "spring")))
    return root / "spring"


@pytest.fixture
def copied(spring, bank, tmp_path) -> Path:
    """The campaign to write into, with the project as the working folder."""
    shutil.copytree(spring, tmp_path / "spring")
    return tmp_path / "spring"


def parts_of(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    contacts, control, excluded = (
        pl.read_parquet(folder / f"{name}.parquet") for name in ("list", "control", "excluded")
    )
    return contacts, control, excluded


def test_a_campaign_is_a_folder_whose_summary_adds_up_and_names_every_file(spring):
    summary = json.loads((spring / "summary.json").read_text())
    assert {path.name for path in spring.iterdir()} == {*summary["files"], "summary.json"}
    assert {"list.csv", "list.xlsx", "list.parquet", "control.parquet", "excluded.parquet"} <= set(summary["files"])
    for name, was in summary["files"].items():
        assert checksum((spring / name).read_bytes()) == was
    contacts, control, excluded = parts_of(spring)
    rows = summary["rows"]
    assert (rows["expected"], rows["written"], rows["held_back"]) == (120, contacts.height, control.height)
    assert rows["written"] + rows["held_back"] == 120
    assert rows["excluded"] == excluded.height
    assert rows["excluded_by_reason"]["complaint"] >= 5
    provenance = summary["provenance"]
    assert (provenance["model_version"], provenance["cut"]["contacts"]) == ("1", 120)
    assert len(provenance["data_hash"]) == 64


def test_a_campaign_has_a_page_for_those_who_decide_and_it_names_nobody(spring):
    page = (spring / "campaign.html").read_text()
    contacts, control, _ = parts_of(spring)
    assert "Campaign: <bdi>spring</bdi>" in page
    assert f"Contact <b>{contacts.height}</b> customers and expect between" in page
    ids = pl.concat([contacts["customer_id"], control["customer_id"]]).cast(pl.String)
    figures = set(re.findall(r"\d+", page))
    assert not figures & {one for one in ids if len(one) > 4}


def test_nobody_is_called_and_held_back_or_excluded_and_nobody_twice(spring, candidates):
    ids = [part["customer_id"].cast(pl.String) for part in parts_of(spring)]
    contacts, control, excluded = ids
    listed = pl.concat([contacts, control])
    assert listed.n_unique() == listed.len()
    again = parts_of(spring)[2].filter(pl.col("kind") == "same customer")["customer_id"]
    barred = set(excluded) - set(again.cast(pl.String))
    assert barred == set(candidates["customer_id"].cast(pl.String).unique(maintain_order=True)[:5])
    assert not barred & set(listed)


def test_the_list_says_what_a_manager_needs_and_is_the_same_for_programs_and_people(spring):
    contacts = parts_of(spring)[0]
    wanted = ["campaign", "rank", "customer_id", "score", "hidden_type", "segment", "offer", "opening", "reason_1"]
    assert set(wanted) <= set(contacts.columns)
    for column in ("offer", "opening", "segment", "hidden_type"):
        assert contacts[column].null_count() == 0
    people = pl.read_csv(spring / "list.csv", infer_schema=False)
    assert people.columns == contacts.columns
    assert people["customer_id"].to_list() == contacts["customer_id"].cast(pl.String).to_list()
    assert people["score"].cast(pl.Float64).to_list() == pytest.approx(contacts["score"].to_list())


def test_a_campaign_is_made_again_equal_to_the_byte(spring, bank):
    complaints = ("--exclude", "complaint", str(spring.parent / "complaint.csv"))
    assert "made again, equal to the byte" in told(call("replay", str(spring), *complaints))


def test_what_differs_is_told_and_the_status_says_so(copied, spring, tmp_path):
    (copied / "list.csv").write_bytes((copied / "list.csv").read_bytes() + b"\n")
    shorter = exclude(tmp_path / "complaint.csv", ["1"])
    answer = call("replay", str(copied), *shorter[:1], "complaint", str(spring.parent / "complaint.csv"))
    assert answer.exit_code == 1
    assert answer.output.strip().splitlines()[-1] == "- list.csv in the folder is not what was written."


def test_a_replay_without_the_lists_it_was_made_with_names_the_input_before_what_follows_from_it(copied):
    answer = call("replay", str(copied))
    assert answer.exit_code == 1
    lines = [line for line in answer.output.splitlines() if line.startswith("- ")]
    assert "exclusion_lists" in lines[0]
    assert any("files.list.csv" in line for line in lines)


def test_a_table_that_has_changed_since_is_told_by_its_hash(copied, tmp_path):
    table = pl.read_parquet("data/01_raw/reference_bank.parquet")
    table.head(2_400).write_parquet(tmp_path / "less.parquet")
    answer = call("replay", str(copied), "--file", str(tmp_path / "less.parquet"))
    assert answer.exit_code == 1
    assert "provenance.data_hash was" in answer.output


def test_who_enters_a_longer_list_without_its_exclusions_and_by_what(copied, spring, tmp_path):
    told(
        call("make", "--name", "autumn", "--day", "2027-05-01", "--contacts", "140", "--out", str(tmp_path / "autumn"))
    )
    out = tmp_path / "changes.csv"
    said = told(call("changes", str(tmp_path / "autumn"), "--since", str(copied), "--out", str(out)))
    lists = [
        {who for people in parts_of(folder)[:2] for who in people["customer_id"].cast(pl.String)}
        for folder in (copied, tmp_path / "autumn")
    ]
    moves = pl.read_csv(out, schema_overrides={"customer_id": pl.String})
    assert set(moves.filter(pl.col("enters"))["customer_id"]) == lists[1] - lists[0]
    assert set(moves.filter(~pl.col("enters"))["customer_id"]) == lists[0] - lists[1]
    complaints = pl.read_csv(spring.parent / "complaint.csv", infer_schema=False)["customer_id"]
    assert set(moves.filter(cause="exclusion")["customer_id"]) == set(complaints)
    assert set(moves["cause"]) == {"exclusion", "cut"}
    assert f"{len(lists[1] - lists[0])} enter and {len(lists[0] - lists[1])} leave." in said


def test_a_table_that_moved_is_the_cause_of_what_it_moved(copied, tmp_path):
    table = pl.read_parquet("data/01_raw/reference_bank.parquet")
    moved = tmp_path / "moved.parquet"
    best = pl.read_parquet(copied / "list.parquet")["customer_id"][:3].cast(pl.String)
    table.filter(~pl.col("C_ID").cast(pl.String).is_in(best.implode())).write_parquet(moved)
    told(call("make", str(moved), *NAMED, "--out", str(tmp_path / "autumn")))
    since = ("--since", str(copied))
    assert "wanted" in refused(call("changes", str(tmp_path / "autumn"), *since))
    then = ("--file-then", "data/01_raw/reference_bank.parquet", "--file", str(moved))
    out = tmp_path / "changes.csv"
    told(call("changes", str(tmp_path / "autumn"), *since, *then, "--out", str(out)))
    moves = pl.read_csv(out, schema_overrides={"customer_id": pl.String})
    assert {(who, "data") for who in best} <= set(moves.select("customer_id", "cause").iter_rows())


def test_a_folder_that_is_there_is_not_written_over(copied):
    before = {path.name: path.read_bytes() for path in copied.iterdir()}
    assert "spring is there already. Name a new folder" in refused(call("make", *NAMED, "--out", str(copied)))
    assert {path.name: path.read_bytes() for path in copied.iterdir()} == before


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--contacts", "0"), "The capacity's contacts is 0; give a number above 0"),
        (("--control-share", "1"), "A control share of 1 was asked for. Give a share from 0 to less than 1"),
        (("--control-share", "-0.1"), "A control share of -0.1"),
        (("--quiet-days", "-1"), "A quiet time of -1 days"),
        (("--hoped-lift", "2"), "lift"),
        (("--model-version", "77"), "77"),
    ],
)
def test_a_campaign_that_cannot_be_is_refused_in_a_sentence_and_nothing_is_written(bank, tmp_path, options, words):
    assert words in refused(call("make", *NAMED, *options, "--out", str(tmp_path / "spring")))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("kind", "ids", "columns", "words"),
    [
        (
            "complaint",
            ["nobody", "77 of them"],
            {},
            "complaint.csv: the bank's table has no such customer_id in 2 of 2 lines (line 2, 3). Give the bank's ids",
        ),
        ("friends", ["nobody"], {}, "'friends' is no kind of exclusion list. Kinds are consent, complaint"),
        ("contacted", ["nobody"], {}, "contacted.csv lacks the column date"),
        ("contacted", ["nobody"], {"date": "yesterday"}, "contacted.csv: date is no day in 1 of 1 lines (line 2)"),
        ("staff", ["", "x"], {}, "staff.csv: customer_id is blank in 1 of 2 lines (line 2)"),
    ],
)
def test_a_list_of_the_excluded_that_is_not_sound_is_refused(bank, tmp_path, kind, ids, columns, words):
    option = exclude(tmp_path / f"{kind}.csv", ids, **columns)
    said = refused(call("make", *NAMED, *option, "--out", str(tmp_path / "spring")))
    assert words in said
    assert "nobody" not in said
    assert [path.name for path in tmp_path.iterdir()] == [f"{kind}.csv"]


def test_unknown_ids_are_passed_over_where_that_is_said(bank, tmp_path):
    option = exclude(tmp_path / "sanction.csv", ["nobody"])
    told(call("make", *NAMED, *option, "--ignore-unknown", "--out", str(tmp_path / "spring")))
    assert (
        "sanction" not in json.loads((tmp_path / "spring" / "summary.json").read_text())["rows"]["excluded_by_reason"]
    )


@pytest.mark.parametrize(
    ("offers", "words"),
    [
        ("offers:\n  - {type: money elsewhere, offer: A, opening: B, need: C, channel: D}\n", "offers_reference_bank"),
        ("offers: []\n", "wanted one rule or more"),
        ("offers:\n  - {offer: A, need: C, channel: D}\n", "Line 2: opening: this key is missing"),
        ("offers:\n  - {offer: A, opening: Your score is high, need: C, channel: D}\n", "the opening says 'score'"),
    ],
)
def test_a_table_of_offers_with_a_hole_is_refused_and_nothing_is_written(bank, tmp_path, offers, words):
    Path("conf/local/offers_reference_bank.yml").write_text(offers)
    assert words in refused(call("make", *NAMED, "--out", str(tmp_path / "spring")))
    assert not list(tmp_path.iterdir())


def outcomes_of(folder: Path, path: Path, **columns: list[str]) -> str:
    """A sheet of what came of the first called: two upgrades, one not affluent, one opted out."""
    ids = parts_of(folder)[0]["customer_id"].head(4).cast(pl.String).to_list()
    sheet = {
        "customer_id": ids,
        "outcome": ["upgraded", "upgraded", "not affluent", "opted out"],
        "date": ["2026-12-09"] * 4,
        "amount": ["1200", "800.50", "", ""],
    }
    pl.DataFrame(sheet | columns).write_csv(path)
    return str(path)


def test_outcomes_are_held_against_the_control_group_and_teach_the_next_training(copied, tmp_path):
    sheet = outcomes_of(copied, tmp_path / "outcomes.csv")
    out = tmp_path / "learned"
    said = told(call("outcomes", sheet, "--campaign", str(copied), "--out", str(out)))
    contacts, control, _ = parts_of(copied)
    assert f"Heard of 4 of {contacts.height + control.height} customers" in said
    measured = re.search(r"Upgrades, beyond the control group: \+(\d\.\d) points \(90 %: -\d+\.\d to \+\d+\.\d\)", said)
    assert float(measured.group(1)) == pytest.approx(100 * 2 / contacts.height, abs=0.3)  # each stratum has its weight
    assert f"affluence train --contract reference_bank --review {out / 'review.csv'}" in said
    assert "Outcomes: <bdi>spring</bdi>" in (out / "outcomes.html").read_text()
    review = pl.read_csv(out / "review.csv")
    assert review["verdict"].to_list().count(1) == 2
    assert review.height == 3
    assert set(review["row"]) <= set(contacts["row"])
    take_up = pl.read_csv(out / "take_up.csv")
    assert set(take_up["group"]) == {"segment", "hidden_type", "decile"}
    assert take_up["people"].drop_nulls().min() >= 10


def test_verdicts_of_a_campaign_can_be_given_to_a_comparison(copied, tmp_path):
    out = tmp_path / "learned"
    told(call("outcomes", outcomes_of(copied, tmp_path / "outcomes.csv"), "--campaign", str(copied), "--out", str(out)))
    options = ("2", "--contacts", "120", "--contract", "reference_bank", "--review", str(out / "review.csv"))
    said = told(CliRunner().invoke(main, ["compare", *options]))
    assert "Checked by hand: 3 candidates, 2 of them found affluent" in said


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"customer_id": ["a", "b", "c", "d"]}, "the customer_id is not in this campaign in 4 of 4 lines"),
        ({"campaign": ["another"] * 4}, "the outcome is of another campaign in 4 of 4 lines (line 2, 3, 4, 5)"),
        ({"outcome": ["delighted"] * 4}, "outcome is not understood in 4 of 4 lines"),
        ({"date": ["2026-11-30"] * 4}, "the date is before the campaign began, 2026-12-01, in 4 of 4 lines"),
        ({"amount": ["much"] * 4}, "amount is no amount in 4 of 4 lines"),
    ],
)
def test_outcomes_that_are_not_of_this_list_are_refused_and_nothing_is_written(copied, tmp_path, columns, words):
    sheet = outcomes_of(copied, tmp_path / "outcomes.csv", **columns)
    out = tmp_path / "learned"
    assert words in refused(call("outcomes", sheet, "--campaign", str(copied), "--out", str(out)))
    assert not out.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "holds no campaign: there is no summary.json in it"),
        ("{", "is no JSON"),
        ("[]", "is no summary of a campaign"),
        ('{"provenance": {}, "files": {}}', "is no summary of a campaign"),
        ('{"provenance": {}, "settings": {"day": "soon"}, "files": {}}', "This is no summary of a campaign"),
    ],
)
def test_a_folder_that_is_no_campaign_is_told_as_such(bank, tmp_path, content, words):
    folder = tmp_path / "folder"
    folder.mkdir()
    if content is not None:
        (folder / "summary.json").write_text(content)
    (tmp_path / "outcomes.csv").write_text("customer_id,outcome,date\n1,reached,2026-12-09\n")
    assert words in refused(call("outcomes", str(tmp_path / "outcomes.csv"), "--campaign", str(folder)))


@pytest.mark.parametrize("content", ["{", "[]", '{"provenance": {}, "settings": {"day": "soon"}, "files": {}}'])
def test_a_summary_that_was_tampered_with_cannot_be_replayed(bank, tmp_path, content):
    (tmp_path / "summary.json").write_text(content)
    assert "summary" in refused(call("replay", str(tmp_path)))

"""Deciding from the terminal, as a head of sales meets it: the cut, reasons, segments, reach, and two models."""

import re
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from affluence import workspace_deciding
from affluence.cli import main
from affluence.data.contract import Use

REVIEWED = ("--model-version", "2")


def call(verb: str, *arguments: str):
    return CliRunner().invoke(main, [verb, *arguments, "--contract", "reference_bank"])


def told(answer) -> str:
    """What was said, in one line: a terminal breaks lines where it likes."""
    assert answer.exit_code == 0, answer.output
    return " ".join(answer.output.split())


@pytest.fixture
def scored(bank) -> workspace_deciding.ScoredTable:
    return workspace_deciding.score(None, "reference_bank", version="2")


def listed_of(answer) -> int:
    return int(re.search(r"Contact ([\d,]+) of", told(answer)).group(1).replace(",", ""))


@pytest.mark.parametrize(
    ("asked", "in_words"),
    [
        (("--contacts", "200"), "200 contacts"),
        (
            ("--managers", "10", "--calls-a-week", "5", "--weeks", "4"),
            "10 managers with 5 calls a week, 4 weeks",
        ),
        (("--budget", "2000", "--cost-a-contact", "10"), "a budget of 2,000.00 SGD"),
    ],
)
def test_a_number_a_team_and_a_budget_ask_for_as_many_as_they_pay(bank, asked, in_words):
    answer = call("capacity", *asked)
    assert f"Asked for: {in_words}." in told(answer)
    assert listed_of(answer) == 200


def test_a_threshold_lists_everybody_who_scores_that_high(scored):
    answer = call("capacity", "--threshold", "-2.5", *REVIEWED)
    assert "Asked for: a score of -2.5 or more." in told(answer)
    assert listed_of(answer) == scored.candidates.filter(pl.col("score") >= -2.5).height


def test_a_lowest_precision_is_kept_and_one_more_would_break_it(scored):
    answer = call("capacity", "--lowest-precision", "0.08", *REVIEWED)
    assert "Asked for: an expected precision of 8% or more." in told(answer)
    _, gains = workspace_deciding.cut(scored, {"contacts": 1}, {})
    contacts = listed_of(answer)
    assert gains.finds.between(0, contacts).value >= 0.08 * contacts
    assert gains.finds.between(0, contacts + 5).value < 0.08 * (contacts + 5)


def test_a_recall_is_reached_among_the_tagged(scored):
    answer = call("capacity", "--recall", "0.6", *REVIEWED)
    assert "Asked for: a recall of 60% of the tagged affluent." in told(answer)
    last = scored.candidates["score"][listed_of(answer) - 1]
    one_before = scored.candidates["score"][listed_of(answer) - 2]
    tagged = scored.scores.filter(pl.col("tag") == 1)["score"]
    assert (tagged >= last).mean() >= 0.6 > (tagged >= one_before).mean()


def test_without_a_word_on_capacity_every_tenth_candidate_is_listed(scored):
    assert listed_of(call("capacity", *REVIEWED)) == round(scored.candidates.height / 10)


def test_without_a_review_finds_are_a_range_and_the_way_out_is_named(bank):
    said = told(call("capacity", "--contacts", "200"))
    assert re.search(r"between \d+ and \d+ truly affluent expected", said)
    assert "Check 50 people by hand" in said
    assert "affluence review suggest" in said
    assert "lowest chance on the list unknown" in said
    assert "only if tagging picks among the affluent at random" in said


def test_after_a_review_the_answer_shows_every_figure_of_the_cut(bank):
    economics = ("--cost-a-contact", "10", "--value-a-find", "500")
    said = told(call("capacity", "--contacts", "200", *economics, *REVIEWED))
    assert re.search(r"\d+ \(90 %: \d+ to \d+\) truly affluent expected", said)
    for line in (
        r"lowest chance on the list \d+\.\d%",
        r"share affluent of the list \d+\.\d% \(90 %",
        r"tagged affluent that high \d+\.\d% \(90 %",
        r"cost 2,000 SGD",
        r"value [\d,]+ \(90 %",
        r"net -?[\d,]+ \(90 %",
        r"the next 100 calls \d+ \(90 %: \d+ to \d+\) more, worth",
    ):
        assert re.search(line, said), line


def test_the_gain_curve_is_written_where_it_is_asked_for_and_nothing_else_is(bank, tmp_path):
    before = sorted(path for path in bank.rglob("*.csv"))
    told(call("capacity", "--contacts", "200", "--curve", str(tmp_path / "curve.csv")))
    curve = pl.read_csv(tmp_path / "curve.csv")
    assert curve["contacts"].is_sorted()
    assert curve["finds_high"].is_sorted()
    assert curve["share"][-1] == 1
    assert sorted(path for path in bank.rglob("*.csv")) == before


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (("--contacts", "0"), "The capacity's contacts is 0; give a number above 0"),
        (("--contacts", "-5"), "The capacity's contacts is -5"),
        (("--managers", "0", "--calls-a-week", "5", "--weeks", "4"), "The capacity's managers is 0"),
        (("--contacts", "10", "--recall", "0.5"), "asked for in contacts and in recall; ask in exactly one of"),
        (("--managers", "40", "--weeks", "4"), "Only managers and weeks are given"),
        (("--budget", "500"), "no cost of a contact (--cost-a-contact)"),
        (("--budget", "5", "--cost-a-contact", "10"), "pays no contact"),
        (("--lowest-precision", "0.5"), "nobody has counted how many are hidden"),
        (("--recall", "1.5"), "The recall is 1.5; give a share above 0 and up to 1"),
        (("--threshold", "99"), "No candidate scores 99 or more"),
        (("--threshold", "nan"), "The score threshold is nan"),
        (("--model-version", "77"), "77"),
    ],
)
def test_a_capacity_that_cannot_be_is_refused_in_a_sentence_and_nothing_is_written(bank, tmp_path, asked, words):
    answer = call("capacity", *asked, "--curve", str(tmp_path / "curve.csv"))
    assert answer.exit_code == 1
    assert words in " ".join(answer.output.split())
    assert "Traceback" not in answer.output
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("verb", [["explain"], ["segments"], ["reach"], ["compare", "2"]])
def test_a_list_of_nobody_is_refused_by_every_verb_that_cuts(bank, tmp_path, verb):
    place = () if verb == ["reach"] else ("--out", str(tmp_path / "out"))
    answer = call(*verb, "--contacts", "0", *place)
    assert answer.exit_code == 1
    assert "The capacity's contacts is 0; give a number above 0" in " ".join(answer.output.split())
    assert not list(tmp_path.iterdir())


def test_a_budget_is_heeded_by_every_verb_that_cuts(bank, tmp_path):
    budget = ("--budget", "1000", "--cost-a-contact", "10")
    told(call("explain", *budget, "--out", str(tmp_path)))
    assert pl.read_csv(tmp_path / "explained_list.csv").height == 100
    told(call("segments", *budget, "--out", str(tmp_path)))
    assert pl.read_csv(tmp_path / "segments.csv").height == 100
    assert "Of all candidates 4.8% are listed" in told(call("reach", *budget))
    assert "Of 100 on the list" in told(call("compare", "2", *budget))


def test_reasons_are_written_for_those_above_the_cut_and_say_speakable_columns_alone(scored, tmp_path):
    said = told(call("explain", "--contacts", "60", "--out", str(tmp_path), *REVIEWED))
    assert re.search(r"agrees with the real one at (0\.9[5-9]\d|1\.000) \(Spearman\)", said)
    assert re.search(r"\d+% of the reasons tested hold", said)
    explained = pl.read_csv(tmp_path / "explained_list.csv")
    assert explained["row"].to_list() == scored.candidates["row"].head(60).to_list()
    assert {"reason_1", "reason_2", "reason_3"} <= set(explained.columns)
    columns = {column.name.upper(): column.use for column in scored.contract.columns}
    codes = explained.select(pl.col("^code_.*$")).unpivot()["value"].drop_nulls()
    assert len(codes)
    used = {name for code in codes for name in columns if code.startswith(f"{name}_")}
    assert {columns[name] for name in used} == {Use.SPEAKABLE}
    for_analysts = pl.read_parquet(tmp_path / "explained_reasons.parquet")
    assert set(for_analysts["row"]) == set(explained["row"])


def test_as_many_reasons_are_said_as_are_asked_for(bank, tmp_path):
    told(call("explain", "--contacts", "30", "--reasons", "1", "--out", str(tmp_path)))
    explained = pl.read_csv(tmp_path / "explained_list.csv")
    assert [name for name in explained.columns if name.startswith("reason_")] == ["reason_1"]


def test_segments_say_their_rules_and_place_each_of_the_listed_once(scored, tmp_path):
    said = told(call("segments", "--contacts", "300", "--out", str(tmp_path / "who"), *REVIEWED))
    assert re.search(r"adjusted Rand index 0\.[89]\d|adjusted Rand index 1\.00", said)
    assert "Plain k-means" in said
    placed = pl.read_csv(tmp_path / "who" / "segments.csv")
    assert placed["row"].to_list() == scored.candidates["row"].head(300).to_list()
    assert placed["segment"].null_count() == 0
    groups = pl.read_csv(tmp_path / "who" / "groups.csv")
    assert set(placed["segment"]) <= set(groups["group"])
    figures = pl.read_csv(tmp_path / "who" / "profile.csv")
    for small in (groups["people"], figures["people"]):
        assert small.drop_nulls().min() >= 10
    assert not figures["cell"].drop_nulls().is_between(1, 9).any()


def test_segments_are_at_most_as_many_as_asked_for(bank, tmp_path):
    told(call("segments", "--contacts", "300", "--most", "1", "--out", str(tmp_path)))
    assert pl.read_csv(tmp_path / "segments.csv")["segment"].n_unique() == 1


def test_reach_says_who_is_reached_and_what_evenness_would_cost(bank):
    said = told(call("reach", "--contacts", "200", "--parity", "age_years", *REVIEWED))
    assert re.search(r"Of all candidates \d+\.\d% are listed", said)
    assert "four fifths" in said
    assert "age_years" in said
    assert re.search(r"exchange|no exchanges|already", said)


def test_reach_without_named_groups_says_how_to_name_them(bank):
    contract = Path("conf/base/contract_reference_bank.yml").read_text()
    Path("conf/local/contract_reference_bank.yml").write_text(re.sub(r"\n *fair_reach: .*", "", contract))
    answer = call("reach", "--contacts", "200")
    assert answer.exit_code == 1
    assert "names no groups. Add fair_reach to a column" in " ".join(answer.output.split())


def test_reach_by_a_column_that_is_no_group_is_refused(bank):
    answer = call("reach", "--contacts", "200", "--parity", "income_level")
    assert answer.exit_code == 1
    assert "does not name income_level for fair reach; it names age_years" in " ".join(answer.output.split())


def test_two_versions_without_verdicts_differ_in_what_the_tag_tells_and_what_it_cannot_is_said(bank, tmp_path):
    page = tmp_path / "compare.html"
    said = told(call("compare", "2", "--contacts", "200", "--out", str(tmp_path / "moves.csv"), "--page", str(page)))
    assert "Of <b>200</b> on the list" in page.read_text()
    assert re.search(r"recall of the tagged 0\.\d{4} 0\.\d{4} [+-]0\.\d{4} \([+-]0\.\d{4} to [+-]0\.\d{4}\)", said)
    assert "expected finds" not in said
    assert "Expected finds cannot be compared" in said
    assert "No verdicts were given (--review), and the tag cannot tell" in said
    moves = pl.read_csv(tmp_path / "moves.csv")
    entering, leaving = (moves.filter(pl.col("move") == move).height for move in ("enters", "leaves"))
    assert entering == leaving > 0
    assert f"{entering:,} would leave for as many who enter" in said


def test_verdicts_found_by_hand_are_held_against_both_lists_with_a_paired_interval(bank):
    said = told(call("compare", "2", "--contacts", "200", "--review", "sheet.csv"))
    truth = pl.read_csv("sheet.csv")["verdict"].sum()
    assert f"Checked by hand: 80 candidates, {truth} of them found affluent" in said
    assert re.search(r"found affluent by hand \d\.\d\d \d\.\d\d [+-]\d\.\d\d \([+-]\d\.\d\d to [+-]\d\.\d\d\)", said)
    assert "No verdicts were given" not in said
    assert f"of {truth} found affluent by hand the challenger" in said


def test_of_a_customer_on_two_sheets_the_last_verdict_counts(bank, tmp_path):
    refuted = pl.read_csv("sheet.csv").with_columns(verdict=pl.lit(0))
    refuted.write_csv(tmp_path / "later.csv")
    said = told(call("compare", "2", "--contacts", "200", "--review", "sheet.csv", "--review", f"{tmp_path}/later.csv"))
    assert "80 candidates, 0 of them found affluent" in said
    assert "only a check by hand" in said


def test_expected_finds_of_two_reviewed_models_are_those_that_the_cut_tells(bank):
    said = told(call("compare", "2", "--champion", "2", "--contacts", "200"))
    finds = re.search(r"expected finds (\d+) (\d+) [+-]0 \(", said)
    of_cut = re.search(r"\(9\.6%\): (\d+) \(90 %", told(call("capacity", "--contacts", "200", *REVIEWED)))
    assert finds.group(1) == finds.group(2) == of_cut.group(1)
    assert "Each believes its own, so neither says where the truth lies" in said


@pytest.mark.parametrize(
    ("mend", "words"),
    [
        (lambda sheet: sheet.with_columns(customer_id=pl.lit("nobody")), "another customer stands in the table"),
        (lambda sheet: sheet.drop("verdict"), "lacks the column verdict"),
        (lambda sheet: sheet.with_columns(verdict=pl.lit("perhaps")), "verdict"),
    ],
)
def test_verdicts_that_cannot_be_placed_are_refused_and_nothing_is_written(bank, tmp_path, mend, words):
    mend(pl.read_csv("sheet.csv")).write_csv(tmp_path / "sheet.csv")
    place = tmp_path / "moves.csv"
    answer = call("compare", "2", "--contacts", "200", "--review", str(tmp_path / "sheet.csv"), "--out", str(place))
    assert answer.exit_code == 1
    assert words in " ".join(answer.output.split())
    assert "Traceback" not in answer.output
    assert not place.exists()

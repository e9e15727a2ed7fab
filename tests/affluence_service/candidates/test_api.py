"""Candidates over HTTP: who may see what, pages in every order, one person, exports, cuts, segments."""

import io
import json
import uuid

import polars as pl
import pytest

from affluence_service.access import Role
from affluence_service.audit.models import Entry
from affluence_service.runs.models import Run
from affluence_service.runs.results import CANDIDATES, LIST, file_of

pytestmark = pytest.mark.django_db

VIEWS = ("candidates", "candidates/1", "candidates/export", "capacity", "curve", "segments", "strategy")


@pytest.fixture
def at(scored_run, acting):
    """What a person is answered at an address of the run."""

    def ask(person, view: str, run_id=None, **query):
        return acting(person).get(f"/api/v1/runs/{run_id or scored_run.id}/{view}", query)

    return ask


@pytest.fixture
def everybody(scored_run) -> pl.DataFrame:
    return pl.read_parquet(file_of(scored_run, CANDIDATES))


def content(answer) -> bytes:
    return b"".join(answer.streaming_content)


@pytest.mark.parametrize("view", VIEWS)
def test_each_route_answers_the_team_alone(view, at, analyst, approver, reviewer, outsider, person) -> None:
    exporting = view == "candidates/export"
    assert at(analyst, view).status_code == 200
    for other in (approver, reviewer):
        assert at(other, view).status_code == (403 if exporting else 200)
    for barred in (person(Role.RELATIONSHIP_MANAGER), person(Role.ADMINISTRATOR)):
        assert at(barred, view).status_code == 403
    assert at(outsider, view).status_code == 404
    assert at(None, view).status_code == 401
    assert at(analyst, view, run_id=uuid.uuid4()).status_code == 404


@pytest.mark.parametrize("view", VIEWS)
def test_a_run_that_is_not_done_has_no_candidates_yet(view, at, analyst) -> None:
    Run.objects.update(folder="")
    answer = at(analyst, view)
    assert answer.status_code == 409
    assert "is done" in answer.json()["detail"]


@pytest.mark.parametrize("view", VIEWS)
def test_a_result_that_was_deleted_from_disk_is_told_in_a_sentence(view, at, analyst, settings, scored_run) -> None:
    for file in (settings.ENVIRONMENT.folder / scored_run.folder).iterdir():
        file.unlink()
    answer = at(analyst, view)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("The run's result was deleted")


def test_pages_follow_the_ranks_without_gap_or_repeat(at, analyst, everybody) -> None:
    first = at(analyst, "candidates", page_size=7).json()
    second = at(analyst, "candidates", page_size=7, page=2).json()
    assert first["count"] == everybody.height
    assert [line["rank"] for line in first["results"] + second["results"]] == list(range(1, 15))
    assert first["previous"] is None
    assert "page=2" in first["next"]
    last = -(-everybody.height // 7)
    assert at(analyst, "candidates", page_size=7, page=last).json()["results"][-1]["rank"] == everybody.height
    assert at(analyst, "candidates", page_size=7, page=last + 1).status_code == 404


@pytest.mark.parametrize("sort", ["-rank", "score", "-score", "balance_usd", "-capital_gain_usd", "chance"])
def test_any_order_is_that_of_the_whole_table_sorted(sort, at, analyst, everybody) -> None:
    key = sort.removeprefix("-")
    whole = everybody.sort(key, "rank", descending=[sort.startswith("-"), False], nulls_last=True)["rank"]
    for page in (1, 3):
        lines = at(analyst, "candidates", sort=sort, page=page, page_size=20).json()["results"]
        assert [line["rank"] for line in lines] == whole[20 * (page - 1) : 20 * page].to_list()


def test_filters_keep_those_who_fit_all_of_them(at, analyst, everybody) -> None:
    query = {"at_least": ["balance_usd:1000", "capital_gain_usd:50"], "at_most": ["balance_usd:9000"]}
    answer = at(analyst, "candidates", page_size=1_000, **query).json()
    balance, gain = pl.col("balance_usd"), pl.col("capital_gain_usd")
    fit = everybody.filter(balance.is_between(1_000, 9_000) & (gain >= 50))
    assert 0 < fit.height < everybody.height
    assert answer["count"] == fit.height
    assert [line["rank"] for line in answer["results"]] == fit["rank"].to_list()[:1_000]


def test_segment_type_and_offer_are_looked_for_among_the_listed(at, analyst, everybody) -> None:
    for name, column in (("segment", "segment"), ("type", "hidden_type"), ("offer", "offer")):
        value = everybody[column].drop_nulls()[0]
        answer = at(analyst, "candidates", **{name: value}).json()
        assert answer["count"] == everybody.filter(pl.col(column) == value).height > 0
        assert {line[name] for line in answer["results"]} == {value}
        assert at(analyst, "candidates", **{name: "no such thing"}).json()["count"] == 0


def test_those_on_the_list_have_their_reasons_and_the_others_none(at, analyst, scored_run) -> None:
    listed = pl.read_parquet(file_of(scored_run, LIST))
    lines = at(analyst, "candidates", page_size=1_000).json()["results"]
    said = listed.select("reason_1", "reason_2", "reason_3").rows()
    assert [line["reasons"] for line in lines[: listed.height]] == [
        [reason for reason in row if reason is not None] for row in said
    ]
    assert any(line["reasons"] for line in lines)
    assert not any(line["reasons"] for line in lines[listed.height :])


@pytest.mark.parametrize(
    ("query", "status", "told"),
    [
        ({"sort": "age_years"}, 422, "No numeric column 'age_years' is shown. Choose among balance_usd"),
        ({"sort": "job"}, 422, "No numeric column 'job'"),
        ({"at_least": "balance_usd:much"}, 422, "give a column and a number"),
        ({"at_least": "tag:1"}, 422, "No numeric column 'tag'"),
        ({"min_chance": 2}, 400, "less than or equal to 1"),
        ({"min_chance": "nan"}, 400, ""),
        ({"sort": "a\0b"}, 400, ""),
        ({"ids": 1}, 400, "Say why the full ids are needed"),
        ({"page": "last but one"}, 404, "page"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_with_what_can(query, status, told, at, analyst) -> None:
    answer = at(analyst, "candidates", **query)
    assert answer.status_code == status
    assert told in answer.json()["detail"]


def test_ids_are_masked_unless_a_reason_is_given_by_who_may_see_them(at, analyst, reviewer, everybody) -> None:
    own = everybody["customer_id"][0]
    masked = at(analyst, "candidates").json()["results"][0]["customer_id"]
    assert masked != own
    assert "••" in masked
    shown = at(analyst, "candidates", ids=1, reason="A call back.").json()["results"][0]["customer_id"]
    assert shown == own
    assert at(reviewer, "candidates", ids=1, reason="Curious.").status_code == 403
    assert at(reviewer, "candidates/1", ids=1, reason="Curious.").status_code == 403


def test_one_customer_is_found_by_the_full_id_by_who_may_see_ids_and_it_is_on_record(
    at, analyst, reviewer, everybody
) -> None:
    wanted = everybody.row(41, named=True)
    answer = at(analyst, "candidates", customer=wanted["customer_id"]).json()
    assert [line["rank"] for line in answer["results"]] == [42]
    assert Entry.objects.filter(action="saw customers").latest("id").details["by"] == "id"
    assert at(reviewer, "candidates", customer=wanted["customer_id"]).status_code == 403
    assert at(analyst, "candidates", customer=wanted["customer_id"][:-1] + "x").json()["count"] == 0


def test_each_sight_is_on_record_with_a_count_and_no_id(at, analyst, everybody) -> None:
    at(analyst, "candidates", page_size=7)
    at(analyst, "candidates/3", ids=1, reason="A call back.")
    seen = list(Entry.objects.filter(action="saw customers").order_by("id").values_list("details", flat=True))
    assert seen == [
        {"customers": 7, "ids": False},
        {"customers": 1, "ids": True, "reason": "A call back."},
    ]
    written = json.dumps(list(Entry.objects.values_list("details", "action", "actor")))
    assert not any(f'"{customer}"' in written for customer in everybody["customer_id"])


def test_one_of_the_listed_is_told_with_reasons_and_what_is_typical(at, analyst, scored_run, everybody) -> None:
    told = at(analyst, "candidates/1").json()
    listed = pl.read_parquet(file_of(scored_run, LIST)).row(0, named=True)
    assert told["reasons"] == [text for name in ("reason_1", "reason_2", "reason_3") if (text := listed[name])]
    assert told["offer"] == listed["offer"]
    assert told["opening"] == listed["opening"]
    assert {part["direction"] for part in told["parts"]} <= {"for", "against"}
    assert any(part["audience"] == "internal" and part["column"] == "age_years" for part in told["parts"])
    values = {value["name"]: value for value in told["values"]}
    assert "age_years" not in values
    assert values["balance_usd"]["value"] == everybody["balance_usd"][0]
    assert values["balance_usd"]["typical_affluent"] > values["balance_usd"]["typical_normal"]


def test_one_beyond_the_list_is_told_without_reasons_and_why(at, analyst, scored_run) -> None:
    told = at(analyst, f"candidates/{scored_run.candidates}").json()
    assert told["reasons"] == told["parts"] == []
    assert told["reasons_note"].startswith("Reasons are made for those on the list")


@pytest.mark.parametrize("rank", ["0", "2401", "9999999999", "99999999999", "one", "-1"])
def test_a_rank_there_is_not_is_not_found(rank, at, analyst) -> None:
    assert at(analyst, f"candidates/{rank}").status_code == 404


def test_who_was_erased_leaves_a_gap_and_everybody_else_keeps_their_rank(at, analyst, scored_run, everybody) -> None:
    for name in (CANDIDATES, LIST):
        file = file_of(scored_run, name)
        pl.read_parquet(file).filter(pl.col("rank") != 3).write_parquet(file)
    Run.objects.update(candidates=everybody.height - 1)
    assert at(analyst, "candidates/3").status_code == 404
    asked = {"ids": 1, "reason": "A test."}
    for rank in (2, 4, everybody.height):
        told = at(analyst, f"candidates/{rank}", **asked).json()
        assert (told["rank"], told["customer_id"]) == (rank, everybody["customer_id"][rank - 1])
    first = at(analyst, "candidates", page_size=4).json()
    assert first["count"] == everybody.height - 1
    assert [line["rank"] for line in first["results"]] == [1, 2, 4, 5]
    file = pl.read_csv(content(at(analyst, "candidates/export", contacts=everybody.height, **asked)))
    whole = everybody.filter(pl.col("rank") != 3)
    assert file["customer_id"].to_list() == whole["customer_id"].to_list()
    listed = pl.read_parquet(file_of(scored_run, LIST))
    assert file["opening"][: listed.height].to_list() == listed["opening"].to_list()


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
def test_an_export_holds_those_above_the_cut_and_is_on_record(kind, at, analyst, everybody) -> None:
    answer = at(analyst, "candidates/export", format=kind, contacts=25, ids=1, reason="The branch calls.")
    read = {"csv": pl.read_csv, "xlsx": pl.read_excel, "parquet": pl.read_parquet}[kind]
    file = read(io.BytesIO(content(answer)))
    assert file["customer_id"].to_list() == everybody["customer_id"][:25].to_list()
    assert f"candidates-{answer.wsgi_request.path.split('/')[4]}.{kind}" in answer["Content-Disposition"]
    entry = Entry.objects.get(action="exported candidates")
    assert entry.details == {"customers": 25, "format": kind, "ids": True, "reason": "The branch calls."}


def test_an_export_is_masked_unless_ids_are_asked_for(at, analyst) -> None:
    file = pl.read_csv(content(at(analyst, "candidates/export")))
    assert file["customer_id"].str.contains("••").all()


def test_an_export_in_parts_is_the_same_as_in_one(at, analyst, monkeypatch, everybody) -> None:
    wanted = {kind: {"format": kind, "contacts": 250, "ids": 1, "reason": "All."} for kind in ("csv", "parquet")}
    whole = {kind: content(at(analyst, "candidates/export", **query)) for kind, query in wanted.items()}
    monkeypatch.setattr("affluence_service.candidates.services.ROWS_A_PART", 100)
    assert content(at(analyst, "candidates/export", **wanted["csv"])) == whole["csv"]
    parts, one = (
        pl.read_parquet(io.BytesIO(part))
        for part in (content(at(analyst, "candidates/export", **wanted["parquet"])), whole["parquet"])
    )
    assert parts.equals(one)
    assert parts["rank"].to_list() == everybody["rank"][:250].to_list()


def test_a_cell_that_a_sheet_would_run_is_made_harmless_in_an_export(at, analyst, scored_run, everybody) -> None:
    risky = everybody.with_columns(customer_id=pl.concat_str(pl.lit("=1+1|"), "customer_id"))
    risky.write_parquet(file_of(scored_run, CANDIDATES))
    text = content(at(analyst, "candidates/export", ids=1, reason="A test.")).decode()
    assert "'=1+1|C" in text
    assert ",=1+1" not in text


def test_a_sheet_too_long_is_refused_with_another_way(at, analyst, monkeypatch) -> None:
    monkeypatch.setattr("affluence_service.candidates.services.MOST_SHEET_ROWS", 10)
    answer = at(analyst, "candidates/export", format="xlsx", contacts=11)
    assert answer.status_code == 422
    assert "Ask for csv or parquet" in answer.json()["detail"]
    assert not Entry.objects.filter(action="exported candidates").exists()


def test_a_cut_is_told_and_nothing_is_written(at, analyst, scored_run) -> None:
    before = Entry.objects.count()
    cut = at(analyst, "capacity", contacts=100, cost_a_contact=10, value_a_find=50).json()
    assert cut["contacts"] == 100
    assert cut["cost"] == 1_000
    assert cut["finds"]["low"] <= cut["finds"]["high"]
    assert cut["next_calls"]["contacts"] == 100
    own = at(analyst, "capacity").json()
    assert own["contacts"] == scored_run.summary["cut"]["contacts"]
    team = at(analyst, "capacity", managers=2, calls_a_week=10, weeks=3).json()
    assert (team["contacts"], team["weeks"]) == (60, 3)
    assert at(analyst, "capacity", contacts=100, managers=2, calls_a_week=10).json()["weeks"] == 5
    assert Entry.objects.count() == before


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"contacts": 5, "recall": 0.5}, "exactly one"),
        ({"budget": 100}, "no cost of a contact"),
        ({"lowest_precision": 0.3}, "Check 50 people by hand"),
        ({"managers": 2, "weeks": 3}, "together"),
        ({"threshold": 1e5}, "Give a lower threshold"),
    ],
)
def test_a_cut_that_cannot_be_made_is_refused_in_a_sentence(query, told, at, analyst) -> None:
    answer = at(analyst, "capacity", **query)
    assert answer.status_code == 422
    assert told in answer.json()["detail"]


def test_the_curve_ends_where_the_ranking_does_and_agrees_with_the_cuts(at, analyst, scored_run) -> None:
    points = at(analyst, "curve", cost_a_contact=2).json()
    assert points[-1]["contacts"] == scored_run.candidates
    middle = points[len(points) // 2]
    cut = at(analyst, "capacity", contacts=middle["contacts"], cost_a_contact=2).json()
    assert (cut["finds"]["low"], cut["finds"]["high"]) == (middle["finds_low"], middle["finds_high"])
    assert cut["cost"] == middle["cost"]


def test_segments_tell_of_no_group_under_ten(at, analyst) -> None:
    told = at(analyst, "segments").json()
    assert told["segments"]
    people = [group["people"] for group in told["groups"]]
    assert all(count is None or count >= 10 for count in people)
    assert all(figure["people"] is None or figure["people"] >= 10 for figure in told["figures"])


def test_a_strategy_stands_beside_each_segment(at, analyst) -> None:
    told, segments = at(analyst, "strategy").json(), at(analyst, "segments").json()["segments"]
    assert [one["segment"] for one in told] == [one["name"] for one in segments]
    assert all(one["offer"] and one["who"] for one in told)

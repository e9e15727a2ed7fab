"""Reviews: whom to check, what was found, and what of it reaches the next training."""

import pytest

from affluence_service.audit.models import Entry
from affluence_service.reviews import selectors, services
from affluence_service.reviews.models import Sheet, Verdict

pytestmark = pytest.mark.django_db


@pytest.fixture
def drawn(analyst, scored_run, work_off) -> Sheet:
    sheet = services.suggest(analyst, scored_run, size=12)
    work_off()
    sheet.refresh_from_db()
    assert sheet.folder, sheet.problem
    return sheet


def rows(sheet: Sheet) -> list[int]:
    return selectors.people_on(sheet)["row"].to_list()


def test_as_many_are_drawn_as_were_asked_for_and_nobody_twice(drawn, analyst, scored_run, work_off) -> None:
    second = services.suggest(analyst, scored_run, size=15)
    work_off()
    second.refresh_from_db()
    assert len(set(rows(drawn))) == 12
    assert len(set(rows(second))) == 15
    assert not set(rows(drawn)) & set(rows(second))


def test_more_than_there_are_fails_with_a_sentence(analyst, scored_run, work_off) -> None:
    sheet = services.suggest(analyst, scored_run, size=services.MOST)
    work_off()
    sheet.refresh_from_db()
    assert not sheet.folder
    assert sheet.problem
    assert "Traceback" not in sheet.problem


def test_the_sheet_is_read_by_those_who_check_and_the_sight_is_recorded(drawn, acting, analyst) -> None:
    people = acting(analyst).get(f"/api/v1/reviews/{drawn.id}/people").json()
    assert [one["row"] for one in people] == rows(drawn)
    assert all(one["verdict"] is None for one in people)
    assert Entry.objects.get(action="saw customers").details == {"customers": 12}


def test_the_last_verdict_counts_until_it_is_taken_back(drawn, acting, analyst) -> None:
    client, path, row = acting(analyst), f"/api/v1/reviews/{drawn.id}/verdicts", rows(drawn)[0]
    client.post(path, {"row": row, "answer": "affluent"}, format="json")
    second = client.post(path, {"row": row, "answer": "not affluent"}, format="json")
    assert second.status_code == 201
    assert selectors.standing_verdicts([drawn])[(drawn.id, row)].answer == Verdict.Answer.NOT_AFFLUENT
    assert client.post(f"{path}/{second.json()['id']}/take-back").status_code == 200
    assert selectors.standing_verdicts([drawn])[(drawn.id, row)].answer == Verdict.Answer.AFFLUENT
    assert client.post(f"{path}/{second.json()['id']}/take-back").status_code == 409
    assert client.get(f"/api/v1/reviews/{drawn.id}").json()["answered"] == 1


def test_a_verdict_on_somebody_who_is_not_on_the_sheet_is_refused(drawn, acting, analyst) -> None:
    stranger = max(rows(drawn)) + 1_000_000
    answer = acting(analyst).post(
        f"/api/v1/reviews/{drawn.id}/verdicts", {"row": stranger, "answer": "affluent"}, format="json"
    )
    assert answer.status_code == 422


def test_what_was_found_becomes_a_review_sheet_for_training(drawn, analyst) -> None:
    first, second, third, *_ = rows(drawn)
    services.give_verdict(analyst, drawn, row=first, answer="affluent")
    services.give_verdict(analyst, drawn, row=second, answer="not affluent")
    services.give_verdict(analyst, drawn, row=third, answer="unsure")
    told = selectors.sheet_for(drawn.run.dataset_id)
    assert dict(told.drop_nulls("verdict").select("row", "verdict").iter_rows()) == {first: "1", second: "0"}
    assert told.height == 12, "those without a verdict are spoken for by the others"
    assert {"customer_id", "stratum", "weight"} <= set(told.columns)


def test_a_sheet_that_is_half_checked_counts_all_of_its_customers(drawn, analyst, acting) -> None:
    people = selectors.people_on(drawn)
    half = [row for part in people.partition_by("stratum") for row in part["row"].to_list()[: (part.height + 1) // 2]]
    counted = []
    for row in half:
        services.give_verdict(analyst, drawn, row=row, answer="affluent")
        counted.append(selectors.count_by_hand(drawn.run))
    assert counted[0] is None, "the strata in which nobody is checked are spoken for by nobody"
    everyone = people["weight"].sum()
    assert counted[-1].value == pytest.approx(everyone), "all that were checked are affluent, so all are said to be"
    assert counted[-1].low < everyone
    told = acting(analyst).get(f"/api/v1/reviews/{drawn.id}").json()["count"]
    assert told["value"] == pytest.approx(everyone)


def test_the_page_shows_what_the_verdicts_say_of_the_count(drawn, analyst, client) -> None:
    client.force_login(analyst)
    assert "once somebody" in client.get(f"/reviews/{drawn.id}").content.decode()
    for row in rows(drawn):
        services.give_verdict(analyst, drawn, row=row, answer="not affluent")
    page = client.get(f"/reviews/{drawn.id}").content.decode()
    assert "once somebody" not in page
    assert "By what was found by hand" in page


def test_without_verdicts_there_is_no_review_sheet(drawn) -> None:
    assert selectors.sheet_for(drawn.run.dataset_id) is None


def test_a_relationship_manager_sees_the_sheets_given_them_alone(
    drawn, acting, analyst, relationship_manager, scored_run, work_off
) -> None:
    given = services.suggest(analyst, scored_run, size=3, given_to="manager")
    work_off()
    client = acting(relationship_manager)
    assert [one["id"] for one in client.get("/api/v1/reviews").json()["results"]] == [str(given.id)]
    assert client.get(f"/api/v1/reviews/{drawn.id}/people").status_code == 404
    assert client.get(f"/api/v1/reviews/{given.id}/people").status_code == 200


def test_another_persons_verdict_is_taken_back_by_an_analyst_alone(
    acting, analyst, relationship_manager, scored_run, work_off
) -> None:
    sheet = services.suggest(analyst, scored_run, size=3, given_to="manager")
    work_off()
    sheet.refresh_from_db()
    path, row = f"/api/v1/reviews/{sheet.id}/verdicts", rows(sheet)[0]
    of_analyst = acting(analyst).post(path, {"row": row, "answer": "affluent"}, format="json").json()["id"]
    of_manager = acting(relationship_manager).post(path, {"row": row, "answer": "affluent"}, format="json").json()["id"]
    assert acting(relationship_manager).post(f"{path}/{of_analyst}/take-back").status_code == 422
    assert acting(analyst).post(f"{path}/{of_manager}/take-back").status_code == 200


def test_nobody_of_another_team_is_given_a_sheet(acting, analyst, scored_run, outsider) -> None:
    answer = acting(analyst).post(
        "/api/v1/reviews", {"run": str(scored_run.id), "size": 3, "given_to": "outsider"}, format="json"
    )
    assert answer.status_code == 422


def test_an_outsider_sees_no_sheet_and_no_run(drawn, acting, outsider, scored_run) -> None:
    client, path = acting(outsider), f"/api/v1/reviews/{drawn.id}"
    assert client.get("/api/v1/reviews").json()["count"] == 0
    for tail in ("", "/people", "/verdicts"):
        assert client.get(f"{path}{tail}").status_code == 404
    assert client.post(f"{path}/verdicts", {"row": 1, "answer": "affluent"}, format="json").status_code == 404
    assert client.post("/api/v1/reviews", {"run": str(scored_run.id), "size": 3}, format="json").status_code == 404


def test_strangers_and_readers_write_nothing(drawn, acting, reviewer, approver) -> None:
    path = f"/api/v1/reviews/{drawn.id}/verdicts"
    assert acting().post(path, {"row": 1, "answer": "affluent"}, format="json").status_code == 401
    for person in (reviewer, approver):
        assert acting(person).get(path).status_code == 200
        assert acting(person).post(path, {"row": 1, "answer": "affluent"}, format="json").status_code == 403

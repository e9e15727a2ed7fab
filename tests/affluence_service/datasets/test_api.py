"""Tables sent in over HTTP, listed, read, deleted; who may, and what stays."""

import hashlib
import io
from dataclasses import replace
from urllib.parse import urlencode
from uuid import uuid4

import polars as pl
import pytest
from django.conf import settings as live
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.affluence_service.datasets.conftest import GOOD, files_left

from affluence_service.audit.models import Entry
from affluence_service.datasets.models import Dataset
from affluence_service.datasets.selectors import upload_of
from affluence_service.jobs.services import enqueue
from affluence_service.runs.models import Run

pytestmark = pytest.mark.django_db(transaction=True)

DATASETS = "/api/v1/datasets"


def form(content=GOOD, name="march.csv", **fields):
    return {"file": SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content), **fields}


def by_form(client, content=GOOD, name="march.csv", **fields):
    return client.post(DATASETS, form(content, name, **fields), format="multipart")


def by_body(client, content=GOOD, name="march.csv"):
    return client.post(f"{DATASETS}?name={name}", data=content.encode(), content_type="text/csv")


@pytest.mark.parametrize("way", [by_form, by_body])
def test_a_table_sent_in_waits_on_disk_for_its_check(acting, analyst, way):
    answer = way(acting(analyst))
    told = answer.json()
    assert answer.status_code == 202
    assert (told["state"], told["name"], told["contract"]) == ("checking", "march.csv", "small")
    assert (told["bytes"], told["data_hash"]) == (len(GOOD), hashlib.sha256(GOOD.encode()).hexdigest())
    assert upload_of(Dataset.objects.get()).read_text() == GOOD
    assert files_left() == ["upload"]
    assert Entry.objects.get(action="uploaded").details == {"contract": "small", "bytes": len(GOOD)}


@pytest.mark.parametrize("way", [by_form, by_body])
def test_an_accepted_table_is_kept_as_its_customers_alone(acting, analyst, work_off, way):
    id_ = way(acting(analyst)).json()["id"]
    work_off()
    told = acting(analyst).get(f"{DATASETS}/{id_}").json()
    assert (told["state"], told["problem"], told["rows"], told["tagged"]) == ("accepted", "", 12, 3)
    assert told["job"]["state"] == "done"
    assert told["report"]["violations"] == []
    assert told["expires_at"] > told["uploaded_at"]
    assert files_left() == ["customers.parquet", "doctor.html", "intake.json"]
    folder = live.ENVIRONMENT.folder / Dataset.objects.get().folder
    assert pl.read_parquet(folder / "customers.parquet")["customer_id"].to_list() == [f"c{row}" for row in range(12)]


@pytest.mark.parametrize("way", [by_form, by_body])
@pytest.mark.parametrize("excess", [1, 5_000_000], ids=["barely", "far"])
def test_what_is_too_large_is_refused_and_nothing_stays(acting, analyst, settings, way, excess):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, max_upload_bytes=1_000_000)
    answer = way(acting(analyst), "x" * (1_000_000 + excess))
    assert answer.status_code == 413
    assert "larger than the 1,000,000 bytes that are taken" in answer.json()["detail"]
    assert not Dataset.objects.exists()
    assert files_left() == []


def test_the_largest_that_is_taken_is_taken(acting, analyst, settings):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, max_upload_bytes=len(GOOD))
    assert by_form(acting(analyst)).status_code == 202
    assert by_body(acting(analyst)).status_code == 202


def test_a_browsers_form_is_held_to_the_same_limit(analyst, settings):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, max_upload_bytes=1_000)
    client = Client(enforce_csrf_checks=True)
    client.force_login(analyst, backend="django.contrib.auth.backends.ModelBackend")
    client.cookies["csrftoken"] = token = "a" * 32
    answer = client.post(DATASETS, form("x" * 1_001), headers={"X-CSRFToken": token})
    assert answer.status_code == 413
    assert files_left() == []
    assert client.post(DATASETS, form(), headers={"X-CSRFToken": token}).status_code == 202


def test_a_browsers_form_without_its_token_leaves_nothing(analyst):
    client = Client(enforce_csrf_checks=True)
    client.force_login(analyst, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(DATASETS, form()).status_code == 403
    assert files_left() == []


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\march.csv", "march.csv"),
        ("b\x1b[31m.csv", "b\ufffd[31m.csv"),
        ("\u202egnp.csv", "\ufffdgnp.csv"),
        ("x" * 999, "x" * 200),
        ("folder/", "table"),
        ("", "table"),
        ("März 2026.csv", "März 2026.csv"),
    ],
)
def test_a_files_name_is_shown_without_what_could_deceive(acting, analyst, given, shown):
    query = urlencode({"name": given})
    answer = acting(analyst).post(f"{DATASETS}?{query}", data=GOOD.encode(), content_type="text/csv")
    assert answer.json()["name"] == shown


def test_the_name_may_stand_in_a_header(acting, analyst):
    answer = acting(analyst).post(
        DATASETS,
        data=GOOD.encode(),
        content_type="text/csv",
        HTTP_CONTENT_DISPOSITION='attachment; filename="../a\'b.csv"',
    )
    assert answer.json()["name"] == "a'b.csv"


@pytest.mark.parametrize(
    ("role", "sees", "sends"),
    [
        ("analyst", 200, 202),
        ("approver", 200, 403),
        ("reviewer", 200, 403),
        ("relationship_manager", 403, 403),
        ("administrator", 403, 403),
    ],
)
def test_each_role_does_what_it_may(request, acting, analyst, role, sees, sends):
    id_ = by_body(acting(analyst)).json()["id"]
    client = acting(request.getfixturevalue(role))
    reading = (DATASETS, f"{DATASETS}/{id_}", "/api/v1/contracts", "/api/v1/contracts/small/columns")
    assert {client.get(address).status_code for address in reading} == {sees}
    assert client.get("/api/v1/contracts/small/sample").status_code == sees
    assert by_body(client).status_code == sends
    assert by_form(client).status_code == sends
    changes = {"known_as": {"Age": "AGE"}}
    mapped = client.put("/api/v1/contracts/small/columns", changes, format="json").status_code
    assert mapped == (200 if sends == 202 else 403)
    assert client.post(f"{DATASETS}/{id_}/cancel").status_code == sends
    assert client.delete(f"{DATASETS}/{id_}").status_code == (204 if sends == 202 else 403)


def test_nobody_else_learns_that_there_is_one(acting, analyst, outsider):
    id_ = by_body(acting(analyst)).json()["id"]
    client = acting(outsider)
    assert client.get(DATASETS).json()["count"] == 0
    for answer in (
        client.get(f"{DATASETS}/{id_}"),
        client.get(f"{DATASETS}/{id_}/report"),
        client.delete(f"{DATASETS}/{id_}"),
        client.post(f"{DATASETS}/{id_}/cancel"),
        client.get(f"{DATASETS}/{uuid4()}"),
    ):
        assert answer.status_code == 404
    client.put("/api/v1/contracts/small/columns", {"known_as": {"Age": "AGE"}}, format="json")
    assert acting(analyst).get("/api/v1/contracts/small/columns").json()["known_as"] == {}


def test_a_stranger_is_asked_who_they_are(acting, db):
    client, id_ = acting(), uuid4()
    reading = (DATASETS, f"{DATASETS}/{id_}", f"{DATASETS}/{id_}/report", "/api/v1/contracts")
    assert {client.get(address).status_code for address in reading} == {401}
    assert (by_body(client).status_code, by_form(client).status_code) == (401, 401)
    assert client.delete(f"{DATASETS}/{id_}").status_code == 401
    assert files_left() == []


@pytest.mark.parametrize("way", ["form", "body"])
def test_an_unknown_contract_is_named_and_nothing_stays(acting, analyst, way):
    client = acting(analyst)
    answer = (
        by_form(client, contract="nosuch")
        if way == "form"
        else client.post(f"{DATASETS}?contract=nosuch", data=b"x", content_type="text/csv")
    )
    assert answer.status_code == 422
    assert answer.json()["detail"] == "There is no contract 'nosuch'. Known contracts: small."
    assert files_left() == []


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", b"{}", 415),
        ("application/x-www-form-urlencoded", b"file=x", 415),
        ("multipart/form-data", b"x", 400),
        ("multipart/form-data; boundary=b", b"--b--\r\n", 400),
        (
            "multipart/form-data; boundary=b",
            b"--b\r\nContent-Disposition: form-data; name=file\r\n\r\nx\r\n--b--\r\n",
            400,
        ),
    ],
)
def test_what_is_no_upload_is_told_so(acting, analyst, kind, body, status):
    assert acting(analyst).generic("POST", DATASETS, body, content_type=kind).status_code == status
    assert not Dataset.objects.exists()


def test_the_list_is_filtered(acting, analyst, person, checked):
    checked(GOOD)
    checked("no,table\n")
    other = person("analyst", name="other")
    by_body(acting(other))
    client = acting(analyst)

    def count(query):
        return client.get(f"{DATASETS}?{query}").json()["count"]

    assert [count(f"state={state}") for state in ("checking", "accepted", "refused", "deleted")] == [1, 1, 1, 0]
    assert (count("contract=small"), count("contract=adult"), count("uploaded_by=other")) == (3, 0, 1)
    assert count("state=accepted&uploaded_by=other") == 0


@pytest.mark.parametrize("query", ["state=gone", "contract=%00", "uploaded_by=%00", f"contract={'x' * 101}"])
def test_a_filter_that_makes_no_sense_is_told_so(acting, analyst, query):
    assert acting(analyst).get(f"{DATASETS}?{query}").status_code == 400


def test_a_deleted_dataset_leaves_its_record_alone(acting, analyst, checked):
    dataset, client = checked(GOOD), acting(analyst)
    assert client.delete(f"{DATASETS}/{dataset.id}").status_code == 204
    assert files_left() == []
    told = client.get(f"{DATASETS}/{dataset.id}").json()
    assert (told["state"], told["rows"]) == ("deleted", 12)
    assert told["deleted_at"] is not None
    assert Entry.objects.get(action="deleted").object_id == str(dataset.id)
    again = client.delete(f"{DATASETS}/{dataset.id}")
    assert (again.status_code, again.json()["detail"]) == (409, "The dataset was deleted already.")
    assert client.get(f"{DATASETS}/{dataset.id}/report").status_code == 409


def test_a_dataset_that_is_being_checked_is_not_deleted(acting, analyst):
    id_ = by_body(acting(analyst)).json()["id"]
    assert acting(analyst).delete(f"{DATASETS}/{id_}").status_code == 409
    assert files_left() == ["upload"]


def test_a_dataset_that_a_run_needs_is_not_deleted(acting, analyst, checked):
    dataset = checked(GOOD)
    run = Run.objects.create(team=dataset.team, kind="score", dataset=dataset, asked_by=analyst)
    run.job = enqueue("score", run.id, asked_by=analyst)
    run.save()
    answer = acting(analyst).delete(f"{DATASETS}/{dataset.id}")
    assert (answer.status_code, len(files_left())) == (409, 3)
    run.job.state = "done"
    run.job.save()
    assert acting(analyst).delete(f"{DATASETS}/{dataset.id}").status_code == 204


def test_a_cancelled_check_leaves_nothing(acting, analyst):
    client = acting(analyst)
    id_ = by_body(client).json()["id"]
    told = client.post(f"{DATASETS}/{id_}/cancel").json()
    assert told["state"] == "refused"
    assert told["problem"] == "The table was not checked, and nothing of it stays. Cancelled. Upload it again."
    assert files_left() == []
    assert client.post(f"{DATASETS}/{id_}/cancel").status_code == 409


@pytest.mark.parametrize("accept", ["*/*", "text/html", "text/html,application/xhtml+xml,*/*;q=0.8"])
def test_the_doctors_page_runs_its_own_script_alone(acting, analyst, checked, accept):
    answer = acting(analyst).get(f"{DATASETS}/{checked(GOOD).id}/report", HTTP_ACCEPT=accept)
    page = b"".join(answer.streaming_content).decode()
    assert answer["Content-Type"] == "text/html; charset=utf-8"
    assert "A small bank" in page
    policy = answer["Content-Security-Policy"]
    digest = policy.partition("script-src '")[2].partition("'")[0]
    assert digest.startswith("sha256-")
    assert digest in page
    assert "default-src 'none'" in policy


@pytest.mark.parametrize("accept", ["*/*", "text/html"])
def test_a_refused_dataset_has_no_page(acting, analyst, checked, accept):
    answer = acting(analyst).get(f"{DATASETS}/{checked('no,table').id}/report", HTTP_ACCEPT=accept)
    assert (answer.status_code, answer["Content-Type"]) == (409, "application/problem+json")
    assert answer.json()["detail"] == "The dataset is refused, and has no doctor's page."


def test_contracts_are_listed_and_a_faulty_one_says_why(acting, analyst, project):
    (project / "conf/base/contract_faulty.yml").write_text("table: faulty\n")
    faulty, small = acting(analyst).get("/api/v1/contracts").json()
    assert (small["name"], small["title"], small["columns"], small["problem"]) == ("small", "A small bank", 5, "")
    assert "is not a contract yet" in faulty["problem"]
    assert acting(analyst).get("/api/v1/contracts/faulty/columns").status_code == 422
    assert acting(analyst).get("/api/v1/contracts/faulty/sample").status_code == 422
    assert acting(analyst).get("/api/v1/contracts/nosuch/columns").status_code == 404


@pytest.mark.parametrize("accept", ["*/*", "text/csv"])
def test_a_sample_is_itself_accepted(acting, analyst, checked, accept):
    answer = acting(analyst).get("/api/v1/contracts/small/sample", HTTP_ACCEPT=accept)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert checked(answer.content).state == "accepted"


def test_headers_that_the_team_maps_are_read(acting, analyst, checked):
    other = GOOD.replace("ID,SEG,AGE", "Customer,Segment,Age (years)")
    refused = checked(other)
    assert refused.state == "refused"
    violations = {each["column"]: each for each in refused.report["violations"] if each["rule"] == "missing_column"}
    assert set(violations) == {"ID", "SEG", "AGE"} - {"SEG"}
    assert violations["AGE"]["alike"] == "Age (years)"
    assert violations["AGE"]["sentence"].endswith("Add it, or mend its header: 'Age (years)' looks like it.")
    known_as = {"Customer": "ID", " Segment ": "SEG", "Age (years)": "AGE"}
    told = acting(analyst).put("/api/v1/contracts/small/columns", {"known_as": known_as}, format="json").json()
    assert told["known_as"] == {"Customer": "ID", "Segment": "SEG", "Age (years)": "AGE"}
    assert [column["header"] for column in told["columns"]] == ["ID", "SEG", "AGE", "BAL", "JOB"]
    assert checked(other).state == "accepted"
    assert checked(GOOD).state == "accepted"
    assert Entry.objects.get(action="mapped columns").details == {"columns": 3}


@pytest.mark.parametrize(
    ("known_as", "status", "told"),
    [
        ({"Age": "NOSUCH"}, 422, "The contract has no column 'NOSUCH'. Give one of its headers."),
        ({"BAL": "AGE"}, 422, "'BAL' is a header of the contract itself. It cannot stand for another column."),
        ({" ": "AGE"}, 422, "visible characters"),
        ({"a\x00": "AGE"}, 422, "visible characters"),
        ({"x" * 201: "AGE"}, 422, "visible characters"),
        ({f"x{number}": "AGE" for number in range(2_001)}, 422, "too many"),
        ({"Age": None}, 400, "null"),
        ({"Age": {"a": 1}}, 400, "valid string"),
        (["Age"], 400, "dictionary"),
    ],
)
def test_a_map_that_makes_no_sense_is_refused(acting, analyst, known_as, status, told):
    client = acting(analyst)
    answer = client.put("/api/v1/contracts/small/columns", {"known_as": known_as}, format="json")
    assert answer.status_code == status
    assert told in answer.json()["detail"]
    assert client.get("/api/v1/contracts/small/columns").json()["known_as"] == {}


def test_a_form_in_many_pieces_arrives_whole(acting, analyst):
    content = b"ID\n" + b"0123456789abcdef" * 200_000
    answer = acting(analyst).post(DATASETS, {"file": io.BytesIO(content)}, format="multipart")
    assert answer.json()["data_hash"] == hashlib.sha256(content).hexdigest()
    assert upload_of(Dataset.objects.get()).read_bytes() == content

"""Single customers scored over HTTP: the pipeline's numbers, by models that never saw them, or one clear report."""

import json
import os
import subprocess
import sys
import uuid
from dataclasses import replace

import polars as pl
import pytest
from tests.affluence.conftest import made_customers

from affluence import steps
from affluence_service.audit.models import Entry
from affluence_service.registry import shelf
from affluence_service.registry.models import ModelVersion

pytestmark = pytest.mark.django_db


def sent(rows: pl.DataFrame, *, by_header: bool = False) -> list[dict[str, object]]:
    """Customers as a request names them: without row and tag, by our names or the table's headers."""
    named = rows.drop("row", "tag", strict=False)
    headers = {name: "ID" if name == "customer_id" else name.upper() for name in named.columns}
    return (named.rename(headers) if by_header else named).to_dicts()


@pytest.mark.parametrize("by_header", [False, True])
@pytest.mark.parametrize("stranger", [False, True])
def test_the_service_gives_the_numbers_of_the_pipeline(
    champion, acting, analyst, settings, stranger: bool, by_header: bool
) -> None:
    customers = made_customers().head(200)
    if stranger:
        customers = customers.with_columns(customer_id="new " + pl.col("customer_id"))
    answer = acting(analyst).post(
        "/api/v1/score", {"contract": "made", "customers": sent(customers, by_header=by_header)}, format="json"
    )
    assert answer.status_code == 200, answer.json()
    model = shelf.load(settings.ENVIRONMENT.folder / champion.folder)
    piped = steps.score(model, customers)
    found = answer.json()
    assert [one["score"] for one in found["customers"]] == piped["score"].to_list()
    assert [one["labelled_probability"] for one in found["customers"]] == piped["labelled_probability"].to_list()
    assert [one["scored_by_fold"] for one in found["customers"]] == piped["scored_by_fold"].to_list()
    assert [one["customer_id"] for one in found["customers"]] == customers["customer_id"].to_list()
    assert found["model"] == {"id": str(champion.id), "name": "affluence-made", "version": 1}
    assert found["notes"] == []


def post(client, customers: object, **more: object):
    return client.post("/api/v1/score", {"contract": "made", "customers": customers, **more}, format="json")


def one(**changes: object) -> dict[str, object]:
    """A customer of the made table with nothing to be said of, but for `changes`."""
    return {
        "customer_id": "somebody",
        "balance_usd": 1_000.5,
        "age_years": 40,
        "job": "clerk",
        "capital_gain_usd": 0,
        "capital_loss_usd": 12.25,
        "origin": "here",
    } | changes


def test_a_known_customer_is_scored_by_the_fold_model_that_never_saw_them(champion, acting, analyst, settings) -> None:
    from affluence.pu.fold_models import placed

    known = made_customers().head(30)
    told = post(acting(analyst), sent(known)).json()["customers"]
    model = shelf.load(settings.ENVIRONMENT.folder / champion.folder)
    design, folds = placed(model, known)
    assert (folds >= 0).all()
    alone = [model.models[fold].score(design.rows([place]))[1][0] for place, fold in enumerate(folds)]
    assert [line["score"] for line in told] == alone
    assert [line["scored_by_fold"] for line in told] == folds.tolist()


def test_what_was_scored_is_on_record_as_a_count(champion, acting, analyst) -> None:
    assert post(acting(analyst), [one(), one(customer_id="another")]).status_code == 200
    entry = Entry.objects.get(action="scored")
    assert (entry.actor, entry.object_id, entry.details) == ("analyst", str(champion.id), {"customers": 2})
    assert "somebody" not in str(entry.__dict__)


def test_a_version_can_be_named(champion, acting, analyst) -> None:
    assert post(acting(analyst), [one()], model=str(champion.id)).status_code == 200
    assert post(acting(analyst), [one()], model=str(uuid.uuid4())).status_code == 404
    assert post(acting(analyst), [one()], model="the best").status_code == 400
    broken = ModelVersion.objects.create(name="affluence-made", number=9, contract="made", folder="models/none")
    answer = post(acting(analyst), [one()], model=str(broken.id))
    assert answer.status_code == 422
    assert "cannot serve" in answer.json()["detail"]


def test_without_a_contract_named_the_services_own_is_meant(champion, acting, analyst) -> None:
    assert acting(analyst).post("/api/v1/score", {"customers": [one()]}, format="json").status_code == 200


def test_without_a_champion_the_answer_says_what_to_do(small_project, acting, analyst) -> None:
    answer = post(acting(analyst), [one()])
    assert answer.status_code == 503
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"] == (
        "No champion of affluence-made can serve yet. Train a model (a run of kind train), or approve a proposed one."
    )


def test_an_unknown_contract_is_told_with_the_known_ones(champion, acting, analyst) -> None:
    answer = acting(analyst).post("/api/v1/score", {"contract": "other", "customers": [one()]}, format="json")
    assert answer.status_code == 422
    assert "Known contracts: made" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("customers", "field", "told"),
    [
        ([one(), one(customer_id="b", age_years="forty")], "customers[1].age_years", "is not a whole number"),
        ([one(balance_usd="much")], "customers[0].balance_usd", "(rule: wrong_type)"),
        ([one(balance_usd=1e999)], "customers[0].balance_usd", "is not a number"),
        ([one(customer_id="")], "customers[0].customer_id", "(rule: empty_customer_id)"),
        ([one(customer_id=None)], "customers[0].customer_id", "has no customer id"),
        ([one(), one()], "customers[0].customer_id", "(rule: repeated_customer_id)"),
        ([one(other=1)], "customers", "(rule: extra_columns)"),
        ([{name: cell for name, cell in one().items() if name != "job"}], "customers.JOB", "(rule: missing_column)"),
        ([one(AGE_YEARS=40)], "customers.AGE_YEARS", "(rule: repeated_header)"),
    ],
)
def test_a_breach_of_the_contract_names_customer_column_and_rule(
    champion, acting, analyst, customers, field, told
) -> None:
    answer = acting(analyst).post(
        "/api/v1/score",
        json.dumps({"contract": "made", "customers": customers}).replace("Infinity", "1e999"),
        content_type="application/json",
    )
    assert answer.status_code == 422, answer.json()
    faults = {fault["field"]: fault["message"] for fault in answer.json()["errors"]} or {field: answer.json()["detail"]}
    assert told in faults[field]
    assert "somebody" not in answer.content.decode()
    assert not Entry.objects.filter(action="scored").exists()


@pytest.mark.parametrize(
    ("customers", "status"),
    [
        ([], 400),
        ({}, 400),
        ("all", 400),
        (None, 400),
        ([[]], 400),
        ([{}], 400),
        ([one(job=["clerk"])], 400),
        ([one(job={"a": 1})], 400),
        ([one(job="\ud800")], 400),
        ([{"\udfff": 1}], 400),
        ([one(), one(customer_id="b") | {"more": 1}], 422),
        ([one(age_years=10**30)], 422),
        ([one(age_years=True)], 422),
        ([one(customer_id="a\x00b")], 200),
        ([one(customer_id=7)], 200),
        ([one(job=None, balance_usd=None)], 200),
        ([one(age_years="40", balance_usd="1,000.5")], 200),
        ([one(job=" clerk ")], 200),
        ([one(job="\U0001f600")], 200),
    ],
)
def test_hostile_customers_get_a_clear_answer(champion, acting, analyst, customers, status) -> None:
    answer = acting(analyst).post(
        "/api/v1/score", json.dumps({"contract": "made", "customers": customers}), content_type="application/json"
    )
    assert answer.status_code == status, answer.content


@pytest.mark.parametrize("contract", ["", "Made", "../made", 7, None, ["made"], "made\x00"])
def test_what_is_no_contracts_name_is_refused(champion, acting, analyst, contract) -> None:
    answer = acting(analyst).post("/api/v1/score", {"contract": contract, "customers": [one()]}, format="json")
    assert answer.status_code == 400


@pytest.mark.parametrize("body", ["", "[]", "7", "null", '"x"', "{", "\x00", '{"customers": NaN}'])
def test_what_is_no_request_is_refused(champion, acting, analyst, body) -> None:
    answer = acting(analyst).post("/api/v1/score", body, content_type="application/json")
    assert answer.status_code == 400, answer.content


def test_more_than_the_limit_are_scored_by_a_run(champion, acting, analyst, settings) -> None:
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, score_limit=2)
    customers = [one(customer_id=str(number)) for number in range(3)]
    assert post(acting(analyst), customers[:2]).status_code == 200
    answer = post(acting(analyst), customers)
    assert (answer.status_code, "1 to 2 customers" in answer.json()["detail"]) == (400, True)


def test_only_analysts_score(champion, acting, person) -> None:
    for role in ("approver", "relationship_manager", "reviewer", "administrator"):
        assert post(acting(person(role)), [one()]).status_code == 403, role
    assert post(acting(), [one()]).status_code == 401


WEB = """
import os, sys
import django
django.setup()
from affluence_service import urls
from affluence_service.registry import scoring
from affluence_service.registry.models import Champion, ModelVersion
from affluence_service.registry.serving import SERVING, load

version = ModelVersion(name="affluence-made", number=1, contract="made", folder=sys.argv[1])
SERVING._champions["affluence-made"] = load(version, 0)
SERVING._looked["affluence-made"] = float("inf")
scoring.record = lambda *told, **more: None
print(len(scoring.score(None, [eval(sys.argv[2])], contract="made", version=None)["customers"]))
print([name for name in ("mlflow", "kedro", "matplotlib") if name in sys.modules])
"""


def test_the_web_process_never_imports_mlflow(champion, settings) -> None:
    environment = os.environ | {"AFFLUENCE_PROJECT": str(settings.ENVIRONMENT.project)}
    done = subprocess.run(
        [sys.executable, "-c", WEB, champion.folder, repr(one())],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:2] == ["1", "[]"]

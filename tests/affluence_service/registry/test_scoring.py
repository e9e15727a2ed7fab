"""Single customers scored over HTTP: the pipeline's numbers, by models that never saw them, or one clear report."""

import polars as pl
import pytest
from tests.affluence.conftest import made_customers

from affluence import steps
from affluence_service.registry import shelf

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

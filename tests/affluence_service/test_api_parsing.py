"""Bodies that are no request: refused as the sender's fault, however they are built."""

import pytest

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "body", ["[" * 200_000, '{"customers": [{"age": ' + "[" * 50_000 + "]" * 50_000 + "}]}", '{"customers": [', ""]
)
def test_what_cannot_be_read_is_the_senders_fault(acting, analyst, body: str) -> None:
    answer = acting(analyst).post("/api/v1/score", body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["errors"] or answer.json()["detail"]

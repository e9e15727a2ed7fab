"""What a file or a person may hold against the service is shown as what it is: text, and harmless."""

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from tests.affluence.conftest import made_customers
from tests.affluence_service.workbench.conftest import Page

from affluence_service.campaigns import services as campaigns
from affluence_service.datasets.models import Dataset

pytestmark = pytest.mark.django_db
SCRIPT = "<script>alert(1)</script>"
LEFT = "\u202egnp.exe"
HEADERS = {
    "customer_id": "ID",
    "tag": "SEG",
    "balance_usd": "BALANCE_USD",
    "age_years": "AGE_YEARS",
    "job": "JOB",
    "capital_gain_usd": "CAPITAL_GAIN_USD",
    "capital_loss_usd": "CAPITAL_LOSS_USD",
    "origin": "ORIGIN",
}
Shown = Callable[..., Page]


@pytest.fixture
def uploaded(browsing, analyst, small_project, settings, work_off) -> Shown:
    """The page of a table that the analyst dropped, once it was checked."""
    client = browsing(analyst)

    def shown(table: pl.DataFrame, *, name: str = "customers.csv") -> Page:
        content = table.write_csv().encode()
        sent = {"contract": "made", "file": SimpleUploadedFile(name, content, content_type="text/csv")}
        answer = client.post(reverse("tables"), sent)
        work_off()
        page = Page(client.get(answer.headers["Location"]).content.decode())
        assert page.faults() == []
        assert Page(client.get(reverse("tables")).content.decode()).faults() == []
        return page

    return shown


def bank(**changes: Any) -> pl.DataFrame:
    """A table as a bank would send it, with other values in some of its columns."""
    table = made_customers(2_000).drop("row").rename(HEADERS)
    tags = table["SEG"].replace_strict({1: "AFFLUENT", 0: "NORMAL"})
    return table.with_columns(SEG=tags, **{name: pl.lit(value) for name, value in changes.items()})


@pytest.mark.parametrize("name", [f"{SCRIPT}.csv", '"><img src=x onerror=alert(1)>.csv', "'; drop table--.csv"])
def test_a_script_in_a_files_name_is_text(uploaded: Shown, name: str) -> None:
    page = uploaded(bank(), name=name)
    assert not [tag for tag, found in page.tags if tag == "img" or "alert" in str(found.values())]
    assert "<script>alert" not in page.source


def test_a_name_that_is_written_from_right_to_left_hides_nothing(uploaded: Shown) -> None:
    page = uploaded(bank(), name=f"{LEFT}.csv")
    assert "\u202e" not in page.source


@pytest.mark.parametrize(
    "value", [SCRIPT, "=HYPERLINK(1)", f"a{LEFT}", "x" * 10_000], ids=["script", "formula", "turned", "long"]
)
def test_what_stands_in_a_cell_is_no_part_of_the_page(uploaded: Shown, value: str) -> None:
    page = uploaded(bank(AGE_YEARS=value))
    assert Dataset.objects.get().state == "refused"
    assert "AGE_YEARS" in page.text
    assert "<script>alert" not in page.source
    assert "\u202e" not in page.source
    assert "x" * 1_000 not in page.source


def test_a_header_with_quotes_and_tags_is_text(uploaded: Shown) -> None:
    page = uploaded(bank().rename({"JOB": '"J\'OB"><b onclick=x>'}))
    assert not [found for _tag, found in page.tags if "onclick" in found]
    assert "JOB" in page.text


def test_two_thousand_columns_more_make_a_page_that_is_still_read(uploaded: Shown) -> None:
    more = [pl.lit(1).alias(f"MORE_{number}") for number in range(2_000)]
    page = uploaded(bank().head(200).with_columns(more))
    assert len(page.source) < 500_000
    assert "MORE_1" in page.text


def test_the_name_of_a_campaign_is_text_on_every_page_that_shows_it(browsing, analyst, scored_run, work_off) -> None:
    made = campaigns.draft(
        analyst, scored_run, name=SCRIPT, capacity={"contacts": 60}, economics={}, options={"day": "2099-01-01"}
    )
    work_off()
    client = browsing(analyst)
    for address in (reverse("campaigns-page"), reverse("campaign-page", args=[made.id]), "/"):
        page = Page(client.get(address).content.decode())
        assert page.faults() == []
        assert "<script>alert" not in page.source


@pytest.mark.parametrize("sent", [SCRIPT, '" autofocus onfocus="alert(1)', "{{ request.user }}"])
def test_what_was_searched_for_comes_back_as_text(browsing, approver, analyst, scored_run, sent: str) -> None:
    found = Page(browsing(approver).get(reverse("activity"), {"q": sent}).content.decode())
    filtered = reverse("candidates-page", args=[scored_run.id])
    for page in (found, Page(browsing(analyst).get(filtered, {"segment": sent, "sort": sent}).content.decode())):
        assert page.faults() == []
        assert "<script>alert" not in page.source
        assert not [each for _tag, each in page.tags if each.get("onfocus")]

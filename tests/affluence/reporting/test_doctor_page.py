import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import polars as pl
import pytest

from affluence.data.doctor import Decision, examine, treat
from affluence.reporting.doctor_page import DoctorContent, render_doctor_page
from affluence.reporting.finding_views import TITLES
from affluence.reporting.run_report import render_run_report

HOSTILE = "</script><script>alert('x')</script><img src=http://evil.example/x onerror=alert(1)>\u202e" + "y" * 400


class Page(HTMLParser):
    """Elements and the text outside of scripts and styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self._hidden = False
        self.feed(html)
        self.text = re.sub(r"\s+", " ", "".join(self.words))

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self._hidden = tag in ("script", "style")

    def handle_endtag(self, tag):
        self._hidden = False

    def handle_data(self, data):
        if not self._hidden:
            self.words.append(data)

    def values(self, attribute: str) -> list[str]:
        return [attributes[attribute] for _, attributes in self.elements if attribute in attributes]


def made_table() -> pl.DataFrame:
    numbers = range(600)
    return pl.DataFrame(
        {
            "age": [122 if number < 20 else 20 + number % 60 for number in numbers],
            "monthly": [1_000 + (number * 37 % 601) * 1.25 for number in numbers],
            "yearly": [12 * (1_000 + (number * 37 % 601) * 1.25) for number in numbers],
            "town": ["Bern" if number % 3 else "BERN" for number in numbers],
        }
    )


@pytest.fixture(scope="module")
def content() -> DoctorContent:
    table = made_table()
    findings = examine(table)
    return DoctorContent(
        title="Made customers",
        file="made.csv",
        rows=table.height,
        columns=table.width,
        contract="made",
        customer_id="ID",
        tag="SEG",
        findings=tuple(replace(each, decision=Decision.APPLY) for each in findings),
        treatment=treat(table, findings=findings),
        made_at="22 November 2026, 10:15",
        affluence_version="0.1.0",
    )


@pytest.fixture(scope="module")
def html(content) -> str:
    return render_doctor_page(content)


@pytest.fixture(scope="module")
def page(html) -> Page:
    return Page(html)


def test_every_finding_stands_there_with_its_sentence_its_evidence_and_its_remedy(page, content):
    assert len(content.findings) >= 3
    for finding in content.findings:
        assert TITLES[finding.kind] in page.text
        assert finding.sentence in page.text
        assert finding.remedy.sentence in page.text
        assert all(fact.label in page.text for fact in finding.evidence)


def test_every_entry_of_the_contents_leads_somewhere_and_every_id_stands_once(page):
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    anchors = [link[1:] for link in page.values("href") if link.startswith("#")]
    assert set(anchors) <= set(ids)
    assert {"answer", "index", "looked-for", "treatment"} <= set(anchors)


def test_before_and_after_are_told(page):
    assert "Set to missing" in page.text
    assert "Kept from the learners: yearly" in page.text
    assert "Spellings merged" in page.text


def test_a_clean_table_is_said_to_be_clean(content):
    page = Page(render_doctor_page(replace(content, findings=(), treatment=None)))
    assert "Nothing was found" in page.text
    assert "Nothing waits for a decision." in page.text
    assert "Before and after" not in page.text
    assert page.text.count("none") >= len(TITLES)


def test_a_contract_without_remedies_is_told_how_to_name_them(content):
    bare = replace(content, treatment=treat(made_table(), findings=()))
    assert "The contract applies no remedy" in Page(render_doctor_page(bare)).text


def test_without_a_contract_the_guesses_are_said_to_be_guesses(content):
    text = Page(render_doctor_page(replace(content, contract=None))).text
    assert "guessed from headers and values" in text
    text = Page(render_doctor_page(replace(content, contract=None, tag=None, customer_id=None))).text
    assert "no tag was found" in text
    assert "Each row counts as a customer" in text


def test_nothing_is_loaded_and_only_our_script_may_run(html, page):
    assert "default-src 'none'" in html
    assert "https://" not in html
    assert "http://" not in html
    (script,) = re.findall(r"<script>(.*?)</script>", html, flags=re.DOTALL)
    hashed = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{hashed}'" in html
    assert page.values("style") == []


def test_hostile_headers_are_shown_and_do_nothing(content):
    table = pl.DataFrame({HOSTILE: [122 if number < 20 else number % 60 for number in range(600)], "x": [1] * 600})
    page = Page(render_doctor_page(replace(content, findings=examine(table), title=HOSTILE, file=HOSTILE, tag=HOSTILE)))
    assert not [tag for tag, _ in page.elements if tag == "img"]
    assert "\u202e" not in page.text
    assert not [attributes for _, attributes in page.elements if any(name.startswith("on") for name in attributes)]


def test_a_made_bank_says_so_on_top_and_in_the_title(content, page):
    simulated = render_doctor_page(replace(content, simulated=True))
    assert "<title>SIMULATED" in simulated
    assert "These customers do not exist" in Page(simulated).text
    assert "SIMULATED" not in page.text


def test_the_report_of_a_run_shows_the_findings_where_there_are_any(make, content):
    without, with_them = (Page(render_run_report(make.content(findings=each))) for each in ((), content.findings))
    assert "What the doctor found" not in without.text
    assert "What the doctor found" in with_them.text
    assert all(finding.sentence in with_them.text for finding in content.findings)
    assert len(set(with_them.values("id"))) == len(with_them.values("id"))
    assert "#findings" in with_them.values("href")

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import polars as pl
import pytest

from affluence.data.contract import Use
from affluence.data.reading import Violation
from affluence.evaluation.results import Estimate, ReliabilityBin
from affluence.evaluation.stability import ColumnChange, Light, Stability
from affluence.pu.class_prior import HiddenCount
from affluence.pu.discovery import Discovery
from affluence.pu.release import ModelLabel
from affluence.reporting.run_report import render_run_report

SECTIONS = (
    "answer",
    "candidates",
    "capacity",
    "gain",
    "classification",
    "learners",
    "in-sample",
    "calibration",
    "importance",
    "health",
    "columns",
    "run",
    "reading",
)
HOSTILE = "</script><script>alert('x')</script><img src=http://evil.example/x onerror=alert(1)>\u202e" + "y" * 400


class Page(HTMLParser):
    """What a browser would find: elements, ids, the text outside of scripts and styles, and the scripts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.scripts: list[str] = []
        self.words: list[str] = []
        self._inside = ""
        self.feed(html)
        self.text = re.sub(r"\s+", " ", "".join(self.words))

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag in ("script", "style"):
            self._inside = tag
            if tag == "script":
                self.scripts.append("")

    def handle_endtag(self, tag):
        if tag == self._inside:
            self._inside = ""

    def handle_data(self, data):
        if self._inside == "script":
            self.scripts[-1] += data
        elif not self._inside:
            self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def ids(self) -> list[str]:
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]


@pytest.fixture(scope="module")
def html(make):
    return render_run_report(make.content())


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def report(make, **changes):
    return Page(render_run_report(make.content(**changes)))


def test_every_section_is_there_in_the_order_a_reader_asks(page):
    assert [anchor for anchor in page.ids if anchor in SECTIONS] == list(SECTIONS)


def test_the_contents_lead_to_every_section(page):
    links = [attributes["href"] for attributes in page.all("a")]
    assert [link for link in links if link[1:] in SECTIONS] == [f"#{name}" for name in SECTIONS]
    assert {link[1:] for link in links} <= set(page.ids)


def test_how_many_are_hidden_stands_in_the_contents_where_it_is_told(make):
    count = HiddenCount(low=90.0, high=119.0, value=None, assumption="made", level=None)
    told = report(make, discovery=Discovery("accurate", (), 0, count, shift=None, warnings=("A made warning.",)))
    assert "#hidden" in [attributes["href"] for attributes in told.all("a")]
    assert "Between 90 and 119 affluent customers are not tagged" in told.text
    assert "A made warning." in told.text
    assert "Believed, and found by hand" not in told.text


def test_after_a_review_what_was_believed_stands_beside_what_was_found(make):
    count = HiddenCount(low=60.0, high=140.0, value=95.0, assumption="made", level=0.9)
    groups = (ReliabilityBin(20, 0.1, Estimate(0.05, 0.01, 0.2, "made")),)
    told = report(make, discovery=Discovery("fast", ("Age",), 20, count, 0.3, warnings=(), reliability=groups))
    assert "Believed, and found by hand" in told.text
    read = re.sub(r"\s+", "", told.text)
    assert "20" + "10%" + "5%(90%:1%to20%)" in read


def test_no_id_stands_twice(page):
    assert len(page.ids) == len(set(page.ids))


def test_the_answer_is_a_sentence_with_its_interval(page):
    assert (
        "The first 1,000 customers hold 38.9\u202f% (90\u202f%: 38.4\u201339.4) of the tagged affluent; "
        "222 of them are candidates: not tagged, ranked as high."
    ).replace("\u202f", " ") in page.text.replace("\u202f", " ")


@pytest.mark.parametrize(
    "figure",
    [
        "77.8",
        "0.927",
        "778",
        "1,222",
        "7,778",
        "0.825",
        "0.281",
        "+1.8",
        "0.993",
        "486",
        "0.64",
        "1.02",
        "+11.7",
        "19.9",
    ],
)
def test_the_figures_are_those_given(page, figure):
    assert figure in page.text


@pytest.mark.parametrize(
    "fact",
    [
        "affluence-made",
        "challenger",
        "ab" * 32,
        "18 Nov 2026, 14:07",
        "1 min 11 s",
        "0.1.0",
        "rounds",
        "Made for a test.",
    ],
)
def test_the_run_says_what_it_was(page, fact):
    assert fact in page.text


def test_the_contract_is_named_by_its_fingerprint(page, contract):
    assert contract.fingerprint() in page.text


def test_false_positives_are_candidates_and_the_product(page):
    assert "Candidates, the product" in page.text
    assert "would count as mistakes. They are not" in page.text


def test_nothing_is_loaded_from_anywhere(html, page):
    for tag, attributes in page.elements:
        for name in ("src", "href", "srcset", "data", "action", "poster"):
            assert not re.match(r"(https?:)?//", attributes.get(name, "")), (tag, attributes)
    without_scripts = re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL)
    assert not re.search(r"(@import|url\()\s*['\"]?(https?:)?//", without_scripts)
    assert not re.search(r"(src|href)\s*=\s*['\"]?(https?:)?//", without_scripts)
    assert not any("src" in attributes for attributes in page.all("script"))


def test_the_policy_of_the_page_forbids_every_load(page):
    (policy,) = [meta["content"] for meta in page.all("meta") if meta.get("http-equiv")]
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy
    assert "unsafe-eval" not in policy


def test_the_policy_allows_our_two_scripts_alone(html):
    scripts = re.findall(r"<script>(.*?)</script>", html, flags=re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert re.findall(r"'sha256-([^']+)'", html[:2_000]) == hashes
    assert len(hashes) == 2


def test_the_charting_library_stands_on_the_page_once(html):
    assert html.count("* plotly.js v") == 1
    assert len(html.encode()) < 7_000_000


def test_each_curve_has_words_and_figures(page):
    charts = [attributes for attributes in page.all("div") if attributes.get("class") == "plotly-chart"]
    assert len(charts) == 5
    assert all(chart["role"] == "img" and len(chart["aria-label"]) > 40 for chart in charts)
    assert all(chart["data-figure"] in page.ids for chart in charts)
    assert len(page.all("details")) >= 5


def test_there_are_no_style_attributes(page):
    assert not [attributes for _, attributes in page.elements if "style" in attributes]


def test_hostile_text_is_shown_and_does_nothing(make):
    candidates = make.candidates().with_columns(occupation=pl.lit(HOSTILE), customer_id=pl.lit(HOSTILE))
    violation = Violation("extra_columns", HOSTILE, 1, (), "ignore", HOSTILE, HOSTILE)
    intake = make.intake(file=HOSTILE, violations=(violation,))
    model = ModelLabel(HOSTILE, HOSTILE, HOSTILE, {HOSTILE: HOSTILE})
    learner = replace(make.learner(), title=HOSTILE)
    evaluation = make.evaluation(learners=(learner,), table=HOSTILE)
    profile = make.profile(make.contract(), "occupation", meaning=HOSTILE, source=HOSTILE)
    page = report(
        make,
        candidates=candidates,
        intake=intake,
        model=model,
        evaluation=evaluation,
        profiles=(profile,),
        made_at=HOSTILE,
    )
    assert len(page.all("script")) == len(report(make).all("script"))
    assert page.all("img") == []
    assert "\u202e" not in page.text
    assert "</script><script>alert('x')</script>" in page.text
    assert not [attributes for _, attributes in page.elements if any(name.startswith("on") for name in attributes)]


def test_a_simulated_run_says_so_on_top_and_in_the_title(make, html):
    simulated = render_run_report(make.content(simulated=True))
    assert "These customers do not exist" in Page(simulated).text
    assert "<title>SIMULATED" in simulated
    assert "SIMULATED" not in Page(html).text


def test_only_twenty_candidates_are_on_the_page_and_no_whole_id(page):
    assert page.text.count("CU••") == 20
    assert "CUST-" not in page.text


def test_what_may_not_be_spoken_of_is_not_told_of_a_candidate(page):
    assert "elsewhere" not in page.text


def test_forbidden_columns_are_shown_and_marked(page):
    assert "The meaning of origin" in page.text
    assert page.text.count("Never enters the model") == 2


def test_small_groups_are_suppressed(page):
    assert "under 10" in page.text
    assert "87.7" not in page.text
    assert "85.7" not in page.text


def test_a_score_that_is_not_calibrated_is_not_called_a_probability(make):
    worse = replace(make.evaluation().reliability, expected_error=0.08)
    page = report(make, evaluation=make.evaluation(reliability=worse))
    assert "may not be called a probability" in page.text
    assert "Labelled estimate, not calibrated" in page.text
    assert "more than the 1.0" in page.text


def test_a_run_without_candidates_explains_itself(make):
    none = replace(make.evaluation().confusion, candidates=0, tagged_above=1_000)
    page = report(make, candidates=make.candidates(0), evaluation=make.evaluation(confusion=none))
    assert "There is no candidate in this run" in page.text
    assert "none of them is a candidate" in page.text


def test_one_candidate_is_singular(make):
    one = replace(make.evaluation().confusion, candidates=1, tagged_above=999)
    assert "1 of them is a candidate" in report(make, evaluation=make.evaluation(confusion=one)).text


def test_one_learner_without_gain_is_enough(make):
    importances = tuple(replace(each, gain=None) for each in make.evaluation().importances)
    page = report(make, evaluation=make.evaluation(learners=(make.learner(),), importances=importances))
    assert "no other learner was tried" in page.text


@pytest.mark.parametrize("changes", [{"curve": ()}, {"importances": ()}])
def test_what_was_not_measured_is_left_out(make, changes):
    assert "The first 1,000 customers" in report(make, evaluation=make.evaluation(**changes)).text


def test_customers_with_several_rows_are_told_apart_from_rows(make):
    assert "10,000 customers in 12,500 rows" in report(make, evaluation=make.evaluation(rows=12_500)).text


def test_findings_of_the_intake_are_listed(make):
    violation = Violation("out_of_range", "HOURS", 3, (17, 203, 4_011), "drop", "are above 168", "Correct them.")
    page = report(make, intake=make.intake(rows_kept=9_997, violations=(violation,)))
    assert "9,997 of 10,000 rows were kept. 1 finding is listed" in page.text
    assert "17, 203, 4,011" in page.text


def test_a_clean_table_is_said_to_be_clean(page):
    assert "all 10,000 rows were read and kept" in page.text


def test_thirty_columns_are_all_indexed_and_shown(make):
    uses = list(Use)
    columns = [
        make.column(f"column_{place}", "number" if place % 2 else "category", use=uses[place % 3])
        for place in range(30)
    ]
    contract = make.contract(*columns)
    profiles = tuple(make.profile(contract, column.name) for column in contract.columns)
    page = report(make, contract=contract, profiles=profiles)
    indexed = [attributes["data-column"] for attributes in page.all("tr") if "data-column" in attributes]
    assert len(indexed) == len(page.all("article")) == 30
    assert set(indexed) <= set(page.ids)


def test_columns_without_any_value_are_shown_as_such(make):
    contract = make.contract()
    empty = {"bins": (), "tagged": None, "unlabelled": None, "missing_tagged": 2_000, "missing_unlabelled": 8_000}
    profiles = tuple(make.profile(contract, column.name, **empty) for column in contract.columns)
    page = report(make, profiles=profiles)
    assert page.text.count("No value is recorded.") == 8
    assert "100.0" in page.text


def test_a_run_without_profiles_or_parameters_is_no_error(make):
    page = report(make, profiles=(), model=ModelLabel("m", "1", "", {}), seconds=None)
    assert "No column was profiled" in page.text
    assert "Time taken" not in page.text


def test_the_same_content_gives_the_same_page(make, html):
    assert render_run_report(make.content()) == html


def test_rendering_leaves_the_content_as_it_was(make):
    content = make.content()
    before = content.candidates.clone()
    render_run_report(content)
    assert content.candidates.equals(before)


def test_a_challenger_is_to_be_held_beside_the_champion_before_it_takes_its_place(make):
    advice = "affluence compare 3 --contract made --page compare.html"
    assert advice in render_run_report(make.content())
    champion = ModelLabel("affluence-made", "3", "champion", {})
    assert advice not in render_run_report(make.content(model=champion))


def test_how_far_the_table_moved_is_said_and_a_hostile_category_is_only_read(make):
    told = ColumnChange("job", Light.RED, 0.9, 0.0, 0.3, None, (HOSTILE,), "its groups moved (PSI 0.90)")
    calm = ColumnChange("age_years", Light.GREEN, 0.0, 0.0, 0.0, 0.0, (), "")
    recall = Estimate(0.41, 0.38, 0.44, "customers changed", 0.9)
    stability = Stability(Light.RED, 900, 2_400, (told, calm), "1 of 2 columns moved.", recall)
    page = report(make, stability=stability)
    assert "red 1 of 2 columns moved." in page.text
    assert "900 rows were scored, 2,400 were learned from" in page.text
    assert "its groups moved (PSI 0.90)" in page.text
    assert not any(tag == "img" for tag, _ in page.elements)
    assert "Beside the table" not in report(make).text

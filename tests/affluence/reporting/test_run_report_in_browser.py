"""The page in a real browser: what the reader's machine does with it, not what we meant."""

import shutil
from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from affluence.decision.capacity import Economics
from affluence.decision.expected_finds import Expected
from affluence.pu.class_prior import HiddenCount
from affluence.pu.discovery import Discovery
from affluence.reporting.campaign_page import CampaignContent, render_campaign_page
from affluence.reporting.comparison_page import ComparisonContent, render_comparison_page
from affluence.reporting.model_card import CardContent, render_model_card
from affluence.reporting.outcomes_page import OutcomesContent, render_outcomes_page
from affluence.reporting.run_report import render_run_report

pytestmark = pytest.mark.slow

WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 360, "height": 800}
PAGES = ("deciding_address", "card_address", "campaign_address", "outcomes_address", "comparison_address")


@pytest.fixture(scope="module")
def browser():
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium is installed")
    with sync_playwright() as running:
        opened = running.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def address(make, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "run_report.html"
    path.write_text(render_run_report(make.content()), encoding="utf-8")
    return path.as_uri()


def open_page(browser, address, *, viewport=WIDE, **options):
    """The opened page, with every complaint of the browser and every request beyond the file itself."""
    page = browser.new_page(viewport=viewport, **options)
    noticed = []
    page.on("console", lambda message: noticed.append(message.text))
    page.on("pageerror", lambda error: noticed.append(str(error)))
    page.on("request", lambda request: noticed.append(request.url) if request.url != address else None)
    page.goto(address)
    return page, noticed


def colour_of_curve(page):
    page.locator("#chart-recall").scroll_into_view_if_needed()
    line = page.locator("#chart-recall .scatterlayer .trace path.js-line").last
    line.wait_for(state="attached")
    return line.evaluate("line => getComputedStyle(line).stroke")


def test_every_curve_draws_and_the_browser_has_nothing_to_say(browser, address):
    page, noticed = open_page(browser, address)
    for key in ("recall", "precision", "gain", "lift", "reliability"):
        page.locator(f"#chart-{key}").scroll_into_view_if_needed()
        page.locator(f"#chart-{key} .main-svg").first.wait_for()
    assert noticed == []
    assert page.locator(".modebar").count() == 0


def test_the_curves_change_colour_with_the_page(browser, address):
    light, _ = open_page(browser, address, color_scheme="light")
    dark, _ = open_page(browser, address, color_scheme="dark")
    in_the_light, in_the_dark = colour_of_curve(light), colour_of_curve(dark)
    assert in_the_light != in_the_dark
    dark.select_option("#theme", "light")
    dark.wait_for_timeout(200)
    assert colour_of_curve(dark) == in_the_light


@pytest.mark.parametrize("viewport", [WIDE, NARROW])
def test_nothing_stands_beyond_the_right_edge(browser, address, viewport):
    page, _ = open_page(browser, address, viewport=viewport)
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def test_a_column_is_found_by_its_source_header(browser, address):
    page, _ = open_page(browser, address)
    page.fill("#find-column", "src_occ")
    assert page.inner_text("#found-columns") == "1 of 4 columns"
    shown = page.locator("article:visible h3")
    # As it stands in the page: a column below the window is painted only when it is scrolled to.
    assert [" ".join(text.split()) for text in shown.all_text_contents()] == ["Occupation SRC_OCCUPATION"]


def test_the_contents_open_by_keyboard_and_close_by_escape(browser, address):
    page, _ = open_page(browser, address, viewport=NARROW)
    page.focus(".nav-toggle")
    page.keyboard.press("Enter")
    assert page.get_attribute(".nav-toggle", "aria-expanded") == "true"
    page.keyboard.press("Escape")
    assert not page.locator("#nav-body").is_visible()


def test_without_scripts_everything_but_the_drawings_is_there(browser, address):
    page, _ = open_page(browser, address, java_script_enabled=False)
    assert page.locator("article").count() == 4
    assert page.locator("noscript p:visible").count() == 5
    assert not page.locator("#chart-recall").is_visible()


@pytest.fixture(scope="module")
def deciding_address(make, deciding, tmp_path_factory):
    path = tmp_path_factory.mktemp("deciding") / "run_report.html"
    everything = replace(
        deciding,
        strategies=(make.strategy(),),
        type_confusion=pl.DataFrame({"hidden_type": ["mis-tagged"], "truth": ["look-alike"], "people": [31]}),
        campaign=make.campaign(excluded={"complaint": 15}),
    )
    path.write_text(render_run_report(make.content(deciding=everything, simulated=True)), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def campaign_address(make, tmp_path_factory):
    campaign, finds = make.campaign(excluded={"complaint": 15}), Expected(20.0, 60.0, None, "made", None)
    costs = Economics(cost_per_contact=12.0, value_per_find=400.0, currency="SGD")
    content = CampaignContent(campaign, make.provenance(), finds, costs, "Made customers", "made", simulated=True)
    path = tmp_path_factory.mktemp("campaign") / "campaign.html"
    path.write_text(render_campaign_page(content), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def outcomes_address(make, tmp_path_factory):
    content = OutcomesContent(make.outcomes(), "Spring", "abc123", date(2026, 12, 1), "Made customers", "SGD")
    path = tmp_path_factory.mktemp("outcomes") / "outcomes.html"
    path.write_text(render_outcomes_page(content), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def comparison_address(make, tmp_path_factory):
    content = ComparisonContent(make.comparison(), "affluence-made", "Made customers", "ab" * 32, date(2026, 12, 1))
    path = tmp_path_factory.mktemp("comparison") / "compare.html"
    path.write_text(render_comparison_page(content), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def card_address(make, tmp_path_factory):
    run, count = make.content(), HiddenCount(20.0, 60.0, None, "made", None)
    found = Discovery("fast", (), 0, count, None, ())
    content = CardContent(
        run.contract, run.intake, run.evaluation, found, run.model, None, "today", "0.1.0", reach=make.reach()
    )
    path = tmp_path_factory.mktemp("card") / "model_card.html"
    path.write_text(render_model_card(content), encoding="utf-8")
    return path.as_uri()


def test_the_cut_and_the_map_draw_and_the_browser_has_nothing_to_say(browser, deciding_address):
    page, noticed = open_page(browser, deciding_address)
    for key in ("cut", "segments"):
        page.locator(f"#chart-{key}").scroll_into_view_if_needed()
        page.locator(f"#chart-{key} .main-svg").first.wait_for()
    assert noticed == []


@pytest.mark.parametrize("viewport", [WIDE, NARROW])
@pytest.mark.parametrize("which", PAGES)
def test_every_page_stays_inside_the_window(browser, request, which, viewport):
    page, noticed = open_page(browser, request.getfixturevalue(which), viewport=viewport)
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    assert noticed == []


@pytest.mark.parametrize("viewport", [WIDE, NARROW])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("which", PAGES)
def test_axe_finds_nothing_on_any_page(browser, request, which, scheme, viewport):
    page = browser.new_page(viewport=viewport, color_scheme=scheme, bypass_csp=True)
    page.goto(request.getfixturevalue(which))
    found = Axe().run(page).response["violations"]
    assert [(each["id"], [node["html"][:120] for node in each["nodes"][:3]]) for each in found] == []


@pytest.mark.parametrize("which", PAGES)
def test_every_interval_on_a_track_is_drawn(browser, request, which):
    page, _ = open_page(browser, request.getfixturevalue(which))
    strokes = page.eval_on_selector_all(
        "svg.track line", "lines => lines.map(line => [line.getAttribute('class'), getComputedStyle(line).stroke])"
    )
    assert [name for name, stroke in strokes if stroke == "none"] == []

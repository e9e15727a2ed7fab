"""A browser walks the workbench as an analyst, an approver and a relationship manager, and everything is looked at.

AFFLUENCE_PICTURES=folder keeps a picture of every screen, wide and narrow, light and dark.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from benchmarks.service.served import CONTRACT, prepare
from django.conf import settings
from playwright.sync_api import expect, sync_playwright
from tests.affluence_service.conftest import PASSWORD

from affluence.data.reference_bank import simulate
from affluence_service.registry.models import ModelVersion
from affluence_service.registry.services import take_in
from affluence_service.runs.services import start_scoring

CHROMIUM = Path("/usr/bin/chromium")
PICTURES = os.environ.get("AFFLUENCE_PICTURES", "")
# The next customer of the stack is on the way.
COMING = ".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added"
WIDTHS = {"wide": (1440, 900), "narrow": (390, 844)}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium"),
]


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    # The browser's driver keeps a loop in this thread; the database is asked between its steps, never within one.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield made
        made.close()


class Walker:
    """Somebody at a browser: goes places, and on each looks for faults of the page."""

    def __init__(self, browser: Any, address: str, name: str, password: str = PASSWORD) -> None:
        self.address, self.faults, self.seen = address, [], []
        self.page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        self.page.on("request", self._asked)
        self.page.on("console", lambda said: self.faults.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.go("/")
        self.look("sign-in")
        self.page.fill("#name", name)
        self.page.fill("#password", password)
        self.press("Sign in")

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.address, "data:")):
            self.faults.append(f"asked another host: {request.url}")

    def go(self, path: str) -> None:
        answer = self.page.goto(f"{self.address}{path}")
        assert answer.ok, f"{path}: {answer.status}"

    def press(self, words: str, *, exact: bool = True) -> None:
        self.page.locator("button, a", has_text=words).filter(visible=True).first.click()
        self.page.wait_for_load_state()

    def follow(self, link: str) -> None:
        """Go where the first such link leads, and be there."""
        with self.page.expect_navigation():
            self.page.locator(link).first.click()

    def reach(self, words: str) -> None:
        """Come to a button, link or field by the Tab key alone."""
        for _step in range(60):
            self.page.keyboard.press("Tab")
            here = self.page.evaluate("document.activeElement.innerText || document.activeElement.id || ''")
            if here.strip().startswith(words):
                return
        raise AssertionError(f"the Tab key does not lead to {words}")

    def open_and_leave(self, words: str, name: str) -> None:
        """Open a dialog by the keyboard alone, look at it, leave it by Escape, and be where one was."""
        self.reach(words)
        self.page.keyboard.press("Enter")
        expect(self.page.locator("dialog[open]")).to_be_visible()
        self.look(name)
        self.page.keyboard.press("Escape")
        expect(self.page.locator("dialog[open]")).to_have_count(0)
        assert words in self.page.evaluate("document.activeElement.innerText")

    def look(self, name: str) -> None:
        """Hold the page to axe, and keep pictures of it where they are wanted."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page)
        for violation in found.response["violations"]:
            places = [node["target"] for node in violation["nodes"]][:3]
            self.faults.append(f"{name}: {violation['id']}: {violation['help']} {places}")
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 1:
            self.faults.append(f"{name}: the page is {wide} pixels wider than the window")
        self.seen.append(name)
        if PICTURES:
            self._picture(name)
        self._narrow(name)

    def _narrow(self, name: str) -> None:
        self.page.set_viewport_size({"width": 390, "height": 844})
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if wide > 1:
            self.faults.append(f"{name}: {wide} pixels wider than a phone")
        self.page.set_viewport_size({"width": 1440, "height": 900})

    def _picture(self, name: str) -> None:
        for width, (across, down) in WIDTHS.items():
            self.page.set_viewport_size({"width": across, "height": down})
            for theme in ("light", "dark"):
                self.page.emulate_media(color_scheme=theme)
                self.page.screenshot(
                    path=Path(PICTURES) / f"{name}-{width}-{theme}.png", full_page=True, animations="disabled"
                )
        self.page.emulate_media(color_scheme="light")


@pytest.fixture
def walker(browser: Any, live_server: Any) -> Callable[..., Walker]:
    return lambda name, password=PASSWORD: Walker(browser, live_server.url, name, password)


@pytest.fixture
def bank_champion(tmp_path: Path, db: None, work_off: Callable[[], int], monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that learned from a reference bank serves, and tables are held to the bank's contract."""
    project = tmp_path / "bank"
    prepare(project, customers=5000)
    own = replace(settings.ENVIRONMENT, project=project, default_contract=CONTRACT)
    monkeypatch.setattr(settings, "ENVIRONMENT", own)
    take_in()
    work_off()


def test_a_walk_from_the_dropped_table_of_a_bank_to_the_lift(
    walker: Callable[..., Walker],
    analyst: Any,
    approver: Any,
    relationship_manager: Any,
    bank_champion: None,
    work_off: Callable[[], int],
    tmp_path: Path,
) -> None:
    table = tmp_path / "customers.csv"
    simulate(customers=3000, seed=1).table.rename({"gn_occ": "work"}).write_csv(table)

    maker = walker("analyst")
    maker.look("home-empty")
    maker.go("/tables")
    maker.look("tables-empty")
    maker.page.set_input_files("#file", table)
    maker.page.wait_for_url("**/tables/*-*")
    maker.look("table-checking")
    work_off()
    maker.page.reload()
    assert "gn_occ" in maker.page.content()
    maker.look("table-refused")
    maker.press("Say what your files call them")
    maker.page.fill("tr:has-text('gn_occ') input", "work")
    maker.look("columns")
    maker.press("Remember")
    maker.page.set_input_files("#file", table)
    maker.page.wait_for_url("**/tables/*-*")
    work_off()
    maker.page.reload()
    maker.look("table-accepted")

    maker.press("Rank its customers")
    maker.look("run-waiting")
    work_off()
    maker.page.reload()
    maker.look("run-done")
    maker.go("/runs")
    maker.look("runs")
    maker.follow("th a")
    maker.press("See the candidates")
    maker.look("candidates")
    maker.follow("tbody th a")
    maker.look("person")
    maker.page.go_back()
    maker.press("Segments")
    maker.look("segments")
    maker.press("Cut")
    maker.look("cut")
    maker.page.fill("#contacts", "80")
    maker.page.locator("#contacts").blur()
    expect(maker.page.locator("#out-contacts")).to_have_text("80")
    expect(maker.page.locator("#cut-label")).to_have_text("80")
    expect(maker.page.locator("#out-random")).to_have_text("2\u20137")

    maker.go("/reviews")
    maker.press("Draw")
    work_off()
    maker.page.reload()
    maker.look("reviews")
    maker.follow("th a")
    maker.look("review")
    for checked, key in enumerate("anu" + 27 * "n", start=1):
        maker.page.keyboard.press(key)
        expect(maker.page.locator("#stack [role=status]")).to_contain_text(f"{checked} of 50")
        expect(maker.page.locator(COMING)).to_have_count(0)
    maker.look("review-counted")

    maker.go("/runs")
    maker.follow("th a")
    maker.press("Make a campaign")
    maker.look("draft")
    maker.page.fill("#name", "Autumn")
    maker.page.fill("#contacts", "60")
    maker.page.fill("#control_share", "20")
    maker.press("Make the list")
    maker.look("campaign-making")
    work_off()
    maker.page.reload()
    maker.look("campaign-draft")
    maker.press("Submit for approval")
    assert "someone else decides" in maker.page.content()
    maker.look("campaign-submitted")
    campaign = maker.page.url.removeprefix(maker.address)

    decider = walker("approver")
    decider.look("home-approver")
    decider.press("Open campaign")
    decider.look("campaign-to-decide")
    if decider.page.locator("#seen").count():
        decider.page.check("#seen")
    decider.press("Approve")
    decider.page.fill("input[name=share_manager]", "5")
    decider.press("Hand out customers")
    decider.look("campaign-approved")
    decider.go("/activity")
    decider.look("activity")

    caller = walker("manager")
    caller.go("/my-customers")
    caller.look("my-customers")
    caller.page.locator("button", has_text="Interested").first.click()
    caller.page.locator("button", has_text="Take back").first.wait_for()

    maker.go(campaign)
    with maker.page.expect_download() as download:
        maker.press("CSV")
    listed = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert len(listed) == 1 + 48
    header = listed[0].split(",")
    ids = [line.split(",")[header.index("customer_id")] for line in listed[1:]]
    outcomes = tmp_path / "outcomes.csv"
    outcomes.write_text("customer_id,outcome,date\n" + "".join(f"{one},upgraded,2099-01-01\n" for one in ids[:20]))
    maker.page.set_input_files("#of", outcomes)
    maker.press("Measure what it brought")
    work_off()
    maker.page.reload()
    assert "who upgraded" in maker.page.content()
    maker.look("outcomes")

    refused = walker("manager")
    answer = refused.page.goto(f"{refused.address}{campaign}")
    assert answer.status == 403
    refused.look("not-for-your-role")
    faults = [fault for one in (maker, decider, caller, refused) for fault in one.faults if "403" not in fault]
    assert faults == []


def test_a_new_person_signs_in_with_a_password_that_was_shown_once_and_makes_a_token(
    walker: Callable[..., Walker], administrator: Any
) -> None:
    keeper = walker("administrator")
    keeper.look("home-administrator")
    keeper.go("/people")
    keeper.page.fill("#name", "Mei")
    keeper.page.select_option("#role", "reviewer")
    keeper.press("Add")
    keeper.look("people-added")
    first = keeper.page.locator(".note.good code").inner_text()
    keeper.go("/people")
    assert first not in keeper.page.content()

    new = walker("Mei", first)
    assert new.page.url.endswith("/own-password")
    new.look("own-password")
    new.page.goto(f"{new.address}/runs")
    assert new.page.url.endswith("/own-password")
    for field, typed in {"old": first, "new": PASSWORD, "again": PASSWORD}.items():
        new.page.fill(f"#{field}", typed)
    new.press("Use this password")
    assert "holds from now on" in new.page.content()
    new.look("home-reviewer")

    new.go("/tokens")
    new.look("tokens-empty")
    new.page.fill("#name", "notebook")
    new.press("Make it")
    new.look("tokens-made")
    token = new.page.locator("code.wrap").inner_text()
    new.go("/tokens")
    assert token not in new.page.content()
    new.press("Revoke")
    assert "No token" in new.page.content()

    answer = new.page.goto(f"{new.address}/people")
    assert answer.status == 403
    new.look("refused")
    answer = new.page.goto(f"{new.address}/nothing")
    assert answer.status == 404
    new.look("nothing-here")
    faults = [fault for one in (keeper, new) for fault in one.faults if not ("403" in fault or "404" in fault)]
    assert faults == []


def test_a_model_is_proposed_refused_to_oneself_approved_and_rolled_back_and_dialogs_are_left_by_escape(
    walker: Callable[..., Walker], analyst: Any, approver: Any, champion: Any, made_dataset: Any
) -> None:
    home = settings.ENVIRONMENT.folder
    shutil.copytree(home / champion.folder, home / "models/affluence-made/2")
    kept = {"contract": "made", "usable": True, "metrics": champion.metrics, "facts": champion.facts}
    ModelVersion.objects.create(name="affluence-made", number=2, folder="models/affluence-made/2", **kept)
    run = start_scoring(analyst, dataset=made_dataset)

    maker = walker("analyst")
    maker.page.keyboard.press("Tab")
    assert maker.page.evaluate("document.activeElement.className") == "skip"
    maker.page.keyboard.press("Enter")
    maker.reach("Add a customer table")
    maker.page.keyboard.press("Enter")
    maker.page.wait_for_url("**/tables")
    maker.reach("file")
    maker.go(f"/tables/{made_dataset.id}")
    maker.open_and_leave("Delete", "dialog-delete")
    maker.go(f"/runs/{run.id}")
    maker.open_and_leave("Stop the run", "dialog-stop")

    maker.go("/models")
    maker.open_and_leave("Propose", "dialog-propose")
    maker.page.keyboard.press("Enter")
    maker.page.locator("dialog[open] textarea").fill("It finds more of the tagged.")
    maker.page.locator("dialog[open] .primary").click()
    maker.page.wait_for_load_state()
    assert "You proposed it, so someone else decides" in maker.page.content()
    assert not maker.page.locator("button", has_text="Approve").count()
    maker.look("models-proposed")

    decider = walker("approver")
    decider.look("home-approver-models")
    decider.press("Compare models")
    decider.page.fill("textarea", "Agreed.")
    decider.look("models-to-decide")
    decider.press("Approve")
    assert "It serves from now on" in decider.page.content()
    assert decider.page.locator("tr", has_text="Champion").first.inner_text().startswith("affluence-made version 2")
    decider.look("models-approved")
    decider.page.fill("[id^=back-why]", "It refers too many to us.")
    decider.press("Roll back")
    assert decider.page.locator("tr", has_text="Champion").first.inner_text().startswith("affluence-made version 1")
    assert [fault for one in (maker, decider) for fault in one.faults] == []

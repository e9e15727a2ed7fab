"""Every page as every role: who may sees it whole, who may not is told so, and another team's is not there."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.template.loader import get_template
from django.urls import reverse
from tests.affluence_service.workbench.conftest import Page

import affluence_service
from affluence_service.access import MAY, Action, Role
from affluence_service.campaigns import services as campaigns
from affluence_service.reviews import services as reviews

PLAIN = {
    "home": None,
    "tables": Action.SEE_DATASETS,
    "runs-page": Action.SEE_RUNS,
    "reviews-page": Action.SEE_REVIEWS,
    "campaigns-page": Action.SEE_CAMPAIGNS,
    "my-customers-page": Action.SEE_OWN_CUSTOMERS,
    "models-page": Action.SEE_MODELS,
    "activity": Action.SEE_AUDIT,
    "people-page": Action.MANAGE_PEOPLE,
    "tokens-page": None,
}
OF_A_RUN = {
    "run-page": Action.SEE_RUNS,
    "candidates-page": Action.SEE_CANDIDATES,
    "cut-page": Action.SEE_CANDIDATES,
    "segments-page": Action.SEE_CANDIDATES,
    "draft-campaign": Action.DRAFT_CAMPAIGNS,
}
TEMPLATES = sorted(Path(affluence_service.__file__).parent.glob("*/templates/**/*.html"))


def expected(role: Role, action: Action | None) -> int:
    return 200 if action is None or action in MAY[role] else 403


@pytest.mark.django_db
@pytest.mark.parametrize("role", list(Role))
def test_every_place_is_empty_in_words_at_first_and_only_for_those_who_may(browsing, person, role: Role) -> None:
    client = browsing(person(role))
    for name, action in PLAIN.items():
        answer = client.get(reverse(name))
        assert answer.status_code == expected(role, action), name
        page = Page(answer.content.decode())
        assert page.faults() == [], name
        assert answer.status_code == 200 or "Your role does not include this page" in page.text


@pytest.fixture
def campaign(analyst: Any, scored_run: Any, work_off: Any) -> Any:
    made = campaigns.draft(
        analyst,
        scored_run,
        name="Autumn",
        capacity={"contacts": 60},
        economics={},
        options={"control_share": 0.2, "day": "2099-01-01"},
    )
    work_off()
    made.refresh_from_db()
    assert made.folder, made.problem
    return made


@pytest.mark.slow
@pytest.mark.django_db
def test_every_page_of_a_team_is_whole_for_who_may_refused_to_who_may_not_and_not_there_for_others(
    browsing, person, outsider, analyst, scored_run, campaign, work_off
) -> None:
    sheet = reviews.suggest(analyst, scored_run, size=20, purpose="find", given_to="")
    work_off()
    pages = {
        **{reverse(name, args=[scored_run.id]): action for name, action in OF_A_RUN.items()},
        reverse("candidates-page", args=[scored_run.id]) + "?page=5": Action.SEE_CANDIDATES,
        reverse("candidates-page", args=[scored_run.id]) + "?sort=-score&min_chance=x": Action.SEE_CANDIDATES,
        reverse("person-page", args=[scored_run.id, 1]): Action.SEE_CANDIDATES,
        reverse("person-page", args=[scored_run.id, scored_run.candidates]): Action.SEE_CANDIDATES,
        reverse("table", args=[scored_run.dataset_id]): Action.SEE_DATASETS,
        reverse("columns", args=["made"]): Action.CHANGE_DATASETS,
        reverse("campaign-page", args=[campaign.id]): Action.SEE_CAMPAIGNS,
        reverse("review-page", args=[sheet.id]): Action.GIVE_VERDICTS,
    }
    other = browsing(outsider)
    for address in pages:
        assert other.get(address).status_code == (404 if str(address).count("-") > 3 else 200), address
    for role in Role:
        client = browsing(person(role))
        for address, action in pages.items():
            answer = client.get(address)
            wanted = expected(role, action)
            if role == Role.RELATIONSHIP_MANAGER and wanted == 200:
                wanted = 404  # a sheet that was given to nobody of them
            assert answer.status_code == wanted, (role, address)
            assert Page(answer.content.decode()).faults() == [], (role, address)

    client = browsing(analyst)
    cut = Page(client.get(reverse("candidates-page", args=[scored_run.id]) + "?page=5").content.decode())
    assert "The cut: 240 customers above" in cut.text
    beyond = Page(client.get(reverse("candidates-page", args=[scored_run.id]) + "?page=6").content.decode())
    assert "The cut:" not in beyond.text
    held = Page(client.get(reverse("campaign-page", args=[campaign.id])).content.decode())
    assert "left alone: 12" in held.text
    assert "Chance to prove that" in held.text
    assert "Reached so far" not in client.get("/").content.decode()
    campaigns.submit(analyst, campaign)
    campaigns.decide(person(Role.APPROVER), campaign, approved=True, note="")
    home = Page(client.get("/").content.decode())
    assert "Reached so far 48 contacts on 1 approved list Of 0 it is known what came of it." in home.text


@pytest.mark.django_db
def test_who_has_no_password_of_their_own_is_led_to_choose_one(browsing, analyst) -> None:
    analyst.must_change_password = True
    analyst.save()
    client = browsing(analyst)
    for name in PLAIN:
        assert client.get(reverse(name)).headers["Location"] == reverse("own-password-page"), name
    answer = client.get(reverse("own-password-page"))
    assert Page(answer.content.decode()).faults() == []


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/nothing", "/runs/00000000-0000-4000-8000-000000000000"])
def test_where_nothing_is_a_page_says_so(browsing, analyst, path) -> None:
    answer = browsing(analyst).get(path)
    assert answer.status_code == 404
    page = Page(answer.content.decode())
    assert "Nothing is here" in page.text
    assert page.faults() == []


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda file: file.name)
def test_every_word_of_a_page_can_be_translated(file: Path) -> None:
    source = re.sub(r"{% (blocktranslate).*?{% endblocktranslate %}", "", file.read_text(encoding="utf-8"), flags=re.S)
    source = re.sub(r"{%.*?%}|{{.*?}}", " ", source, flags=re.S)
    page = Page(source)
    told = [text for text in page.texts if text.strip()]
    told += [found.get(name, "") for _tag, found in page.tags for name in ("aria-label", "title", "placeholder", "alt")]
    words = set(re.findall(r"[^\W\d_]{2,}", " ".join(told)))
    # Names, and what stands for a key or a format, are the same in every language.
    assert words <= {"Affluence", "CSV", "Parquet"}
    assert get_template(str(file).partition("/templates/")[2])

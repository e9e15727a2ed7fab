"""The screens in another language: every sentence can be translated, those of the scripts too."""

import re
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from django.conf import settings

import affluence_service
from affluence_service.access import Role

ROOT = Path(affluence_service.__file__).parent
SCRIPTS = sorted(ROOT.glob("*/static/**/*.js"))
SENTENCE = re.compile(r"""["'`][A-Z][^"'`\n]* [a-z]+ [a-z]+[^"'`\n]*["'`]""")


@pytest.fixture
def german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    catalog = Catalog(locale="de")
    told = {
        "Customer tables": "Kundentabellen",
        "analyst": "Analystin",
        "Let go to add the table": "Zum Laden loslassen",
    }
    for english, words in told.items():
        catalog.add(english, words)
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "django.mo").open("wb") as file:
        write_mo(file, catalog)
    settings.LOCALE_PATHS, settings.LANGUAGE_CODE = [tmp_path], "de"


@pytest.mark.django_db
def test_a_banks_own_translation_is_shown_and_what_it_lacks_stays_english(
    german: None, analyst: Any, client: Any
) -> None:
    client.force_login(analyst)
    page = client.get("/tables").content.decode()
    assert "Kundentabellen" in page
    assert 'data-let-go="Zum Laden loslassen"' in page
    assert "Analystin" in page
    assert "Choose a file" in page
    assert Role.ANALYST.value == "analyst"


def test_translations_are_looked_for_beside_the_contracts() -> None:
    assert [settings.ENVIRONMENT.project / "conf" / "local" / "locale"] == settings.LOCALE_PATHS


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_no_script_holds_a_sentence_of_its_own(script: Path) -> None:
    code = re.sub(r"^\s*//.*$", "", script.read_text(), flags=re.MULTILINE)
    assert not SENTENCE.findall(code)


def test_a_sentence_in_a_script_would_be_found() -> None:
    assert SENTENCE.findall('note.textContent = "This part could not be loaded.";')

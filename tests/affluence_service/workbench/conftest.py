"""A browser's client without a browser, and what it is shown taken apart."""

from collections import Counter
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client

HANDLERS = ("on", "hx-on")
FIELDS = {"input", "select", "textarea"}
UNNAMED = {"hidden", "submit", "button"}


class Page(HTMLParser):
    """A page taken apart: its tags with their attributes, and the text that is seen."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.source = source
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self._open = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self._open = tag
        self.tags.append((tag, {name: value or "" for name, value in attributes}))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if self._open in {"script", "style"} and data.strip():
            self.tags.append((f"inline {self._open}", {}))

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def faults(self) -> list[str]:
        """What a strict policy stops, ids that are there twice, labels and fields without each other."""
        ids = Counter(attributes["id"] for _tag, attributes in self.tags if "id" in attributes)
        labelled = {attributes["for"] for tag, attributes in self.tags if tag == "label" and "for" in attributes}
        named = ("aria-labelledby", "aria-describedby", "aria-controls")
        pointed = {one for _tag, found in self.tags for name in named for one in found.get(name, "").split()}
        found = [tag for tag, _attributes in self.tags if tag.startswith(("inline", "style"))]
        found += [f"{tag} {name}" for tag, each in self.tags for name in each if name == "style"]
        found += [f"{tag} {name}" for tag, each in self.tags for name in each if name.startswith(HANDLERS)]
        found += [f"id {id_} {times} times" for id_, times in ids.items() if times > 1]
        found += [f"nothing has the id {id_}" for id_ in sorted((labelled | pointed) - set(ids))]
        found += [f"no label for {each.get('id')}" for tag, each in self.tags if self._unlabelled(tag, each, labelled)]
        return found

    @staticmethod
    def _unlabelled(tag: str, attributes: dict[str, str], labelled: set[str]) -> bool:
        asks = tag in FIELDS and attributes.get("type") not in {*UNNAMED, "checkbox", "radio"}
        return asks and attributes.get("id") not in labelled and "aria-label" not in attributes


@pytest.fixture
def browsing() -> Callable[[Any], Client]:
    """A client that is signed in as a person."""

    def client(person: Any) -> Client:
        made = Client()
        made.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        return made

    return client

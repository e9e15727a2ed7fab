"""What stands around every page: where one can go, and where something awaits one."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from affluence_service.access import Action, may
from affluence_service.workbench.selectors import Awaiting, awaiting


@dataclass(frozen=True)
class Item:
    """A place to go: its words, its address, whether one is there, and how much awaits one there."""

    title: str
    address: str
    here: bool
    awaits: int
    awaits_words: str


@dataclass(frozen=True)
class Group:
    """Places that belong together."""

    title: str
    items: list[Item]


# Group, title, name of the address, who may go there.
PLACES = (
    (gettext_lazy("Find"), gettext_lazy("Home"), "home", ()),
    (gettext_lazy("Find"), gettext_lazy("Customer tables"), "tables", (Action.SEE_DATASETS,)),
    (gettext_lazy("Find"), gettext_lazy("Runs"), "runs-page", (Action.SEE_RUNS,)),
    (gettext_lazy("Decide"), gettext_lazy("Review"), "reviews-page", (Action.SEE_REVIEWS,)),
    (gettext_lazy("Decide"), gettext_lazy("Campaigns"), "campaigns-page", (Action.SEE_CAMPAIGNS,)),
    (gettext_lazy("Decide"), gettext_lazy("My customers"), "my-customers-page", (Action.SEE_OWN_CUSTOMERS,)),
    (gettext_lazy("Learn"), gettext_lazy("Models"), "models-page", (Action.SEE_MODELS,)),
    (gettext_lazy("Learn"), gettext_lazy("Activity"), "activity", (Action.SEE_AUDIT,)),
    (gettext_lazy("Look after"), gettext_lazy("People"), "people-page", (Action.MANAGE_PEOPLE,)),
    (gettext_lazy("Look after"), gettext_lazy("Tokens"), "tokens-page", ()),
)


def frame(request: HttpRequest) -> dict[str, Any]:
    """For every template: `frame.groups`, the places that the person may go to."""
    person = getattr(request, "user", None)
    if person is None or not person.is_authenticated:
        return {}
    waiting = awaiting(person)
    groups: dict[str, list[Item]] = {}
    for group, title, name, actions in PLACES:
        if not actions or any(may(person, action) for action in actions):
            address = _address(name)
            if address:
                groups.setdefault(str(group), []).append(_item(request, str(title), name, address, waiting))
    return {"frame": {"groups": [Group(title, items) for title, items in groups.items()], "waiting": waiting}}


def _item(request: HttpRequest, title: str, name: str, address: str, waiting: Awaiting) -> Item:
    here = request.path == address or (address != "/" and request.path.startswith(f"{address}/"))
    awaits = waiting.of(name)
    return Item(title, address, here, awaits, _("waiting for you") if awaits else "")


def _address(name: str) -> str:
    """The address of that name; empty for a room without pages."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""

"""Who may do what: one table of roles and actions.

An object belongs to a team. Who is not of the team is answered as if there were no such object (404); who is of the
team and may not do this is told so (403).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    """What a person is in a team."""

    ANALYST = "analyst", _("analyst")
    APPROVER = "approver", _("approver")
    RELATIONSHIP_MANAGER = "relationship_manager", _("relationship manager")
    REVIEWER = "reviewer", _("reviewer")
    ADMINISTRATOR = "administrator", _("administrator")


class Action(StrEnum):
    """What can be done, in the words of the record of actions."""

    SEE_DATASETS = "see datasets"
    CHANGE_DATASETS = "upload and delete datasets"
    SEE_RUNS = "see runs"
    START_RUNS = "start and cancel runs"
    SEE_CANDIDATES = "see candidates"
    SEE_IDS = "see customer ids"
    EXPORT_CANDIDATES = "export candidates"
    SCORE = "score single customers"
    SEE_REVIEWS = "see reviews"
    SUGGEST_REVIEWS = "suggest reviews"
    GIVE_VERDICTS = "give verdicts"
    SEE_CAMPAIGNS = "see campaigns"
    DRAFT_CAMPAIGNS = "draft and submit campaigns"
    DECIDE_CAMPAIGNS = "approve and reject campaigns"
    EXPORT_CAMPAIGNS = "export approved campaigns"
    SEE_OWN_CUSTOMERS = "see the customers assigned to oneself"
    SEE_MODELS = "see models"
    PROPOSE_MODELS = "propose models"
    DECIDE_MODELS = "approve and roll back models"
    SEE_AUDIT = "see the audit trail"
    MANAGE_PEOPLE = "manage people"


_SEEING = {
    Action.SEE_DATASETS,
    Action.SEE_RUNS,
    Action.SEE_CANDIDATES,
    Action.SEE_REVIEWS,
    Action.SEE_CAMPAIGNS,
    Action.SEE_MODELS,
}

MAY: Mapping[Role, frozenset[Action]] = {
    Role.ANALYST: frozenset(
        _SEEING
        | {
            Action.CHANGE_DATASETS,
            Action.START_RUNS,
            Action.EXPORT_CANDIDATES,
            Action.SCORE,
            Action.SUGGEST_REVIEWS,
            Action.GIVE_VERDICTS,
            Action.DRAFT_CAMPAIGNS,
            Action.EXPORT_CAMPAIGNS,
            Action.PROPOSE_MODELS,
            Action.SEE_IDS,
        }
    ),
    Role.APPROVER: frozenset(
        _SEEING
        | {
            Action.DECIDE_CAMPAIGNS,
            Action.EXPORT_CAMPAIGNS,
            Action.DECIDE_MODELS,
            Action.SEE_IDS,
            Action.SEE_AUDIT,
        }
    ),
    Role.RELATIONSHIP_MANAGER: frozenset({Action.SEE_OWN_CUSTOMERS, Action.SEE_REVIEWS, Action.GIVE_VERDICTS}),
    Role.REVIEWER: frozenset(_SEEING | {Action.SEE_AUDIT}),
    Role.ADMINISTRATOR: frozenset({Action.MANAGE_PEOPLE, Action.SEE_AUDIT, Action.SEE_MODELS}),
}


def may(person: Any, action: Action) -> bool:
    """Whether a signed-in, active person may do this in their team; nothing before they chose their own password."""
    role, team = getattr(person, "role", ""), getattr(person, "team_id", None)
    known = person.is_authenticated and person.is_active and team is not None and role in MAY
    return known and not person.must_change_password and action in MAY[Role(role)]

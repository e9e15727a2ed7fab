"""Who may do what: the table is complete, and nobody decides on their own work."""

import pytest
from django.contrib.auth.models import AnonymousUser

from affluence_service.access import MAY, Action, Role, may

WRITING = {action for action in Action if not action.startswith("see ")}


def test_every_role_has_its_line() -> None:
    assert set(MAY) == set(Role)


def test_every_action_is_somebodys() -> None:
    assert {action for actions in MAY.values() for action in actions} == set(Action)


def test_the_reviewer_changes_nothing() -> None:
    assert not MAY[Role.REVIEWER] & WRITING


@pytest.mark.parametrize(
    ("making", "deciding"),
    [(Action.DRAFT_CAMPAIGNS, Action.DECIDE_CAMPAIGNS), (Action.PROPOSE_MODELS, Action.DECIDE_MODELS)],
)
def test_no_role_both_makes_and_decides(making: Action, deciding: Action) -> None:
    assert not [role for role, actions in MAY.items() if {making, deciding} <= actions]


def test_a_stranger_may_nothing() -> None:
    assert not any(may(AnonymousUser(), action) for action in Action)


@pytest.mark.parametrize("change", [{"is_active": False}, {"team": None}])
def test_who_has_left_or_has_no_team_may_nothing(analyst, change) -> None:
    for name, value in change.items():
        setattr(analyst, name, value)
    assert not any(may(analyst, action) for action in Action)

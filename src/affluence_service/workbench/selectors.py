"""What awaits a person, and what happened last in the team."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F

from affluence_service.access import Action, Role, may
from affluence_service.campaigns.models import Campaign, Disposition
from affluence_service.campaigns.selectors import assignments_for, campaigns_for
from affluence_service.registry.models import Proposal
from affluence_service.registry.selectors import proposals
from affluence_service.reviews.models import Sheet
from affluence_service.reviews.selectors import sheets_for


@dataclass(frozen=True)
class Awaiting:
    """What a person is to do: decide on campaigns and models, check customers, call those assigned."""

    campaigns: tuple[Campaign, ...]
    proposals: tuple[Proposal, ...]
    sheets: tuple[Sheet, ...]
    calls: int

    def of(self, place: str) -> int:
        """How much of it stands at that place."""
        return {
            "campaigns-page": len(self.campaigns),
            "models-page": len(self.proposals),
            "reviews-page": len(self.sheets),
            "my-customers-page": self.calls,
        }.get(place, 0)

    @property
    def anything(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.campaigns or self.proposals or self.sheets or self.calls)


def awaiting(person: Any) -> Awaiting:
    """What awaits the person; never a decision on their own work."""
    return Awaiting(
        campaigns=tuple(_campaigns(person)),
        proposals=tuple(_proposals(person)),
        sheets=tuple(_sheets(person)),
        calls=_calls(person),
    )


@dataclass(frozen=True)
class Reached:
    """How far a team has come: its approved campaigns, the contacts on their lists, and what is known of them.

    A customer on two lists is two contacts. `heard_of` are the contacts of whom outcome sheets or relationship
    managers told anything, `upgraded` those of whom managers said that they are affluent customers now.
    """

    campaigns: int
    contacts: int
    heard_of: int
    upgraded: int


def reached(person: Any) -> Reached | None:
    """How far the person's team has come; None for who may not see campaigns, and before the first is approved."""
    if not may(person, Action.SEE_CAMPAIGNS):
        return None
    approved = campaigns_for(person).filter(state=Campaign.State.APPROVED).prefetch_related("outcomes")
    if not approved:
        return None
    said = Disposition.objects.filter(assignment__campaign__in=approved, taken_back_at=None)
    told = {line["assignment__campaign"]: line["people"] for line in _people_of(said)}
    upgraded = sum(line["people"] for line in _people_of(said.filter(answer=Disposition.Answer.UPGRADED)))
    heard = (
        max(told.get(campaign.id, 0), *(one.lift.get("heard_of", 0) for one in campaign.outcomes.all()), 0)
        for campaign in approved
    )
    contacts = sum(campaign.summary["rows"]["written"] for campaign in approved)
    return Reached(len(approved), contacts, sum(heard), upgraded)


def _people_of(said: Any) -> Any:
    return said.values("assignment__campaign").annotate(people=Count("assignment", distinct=True)).order_by()


def _campaigns(person: Any) -> Any:
    if not may(person, Action.DECIDE_CAMPAIGNS):
        return ()
    return campaigns_for(person).filter(state=Campaign.State.SUBMITTED).exclude(made_by=person)


def _proposals(person: Any) -> Any:
    if not may(person, Action.DECIDE_MODELS):
        return ()
    return proposals().filter(state=Proposal.State.OPEN).exclude(proposed_by=person)


def _sheets(person: Any) -> Any:
    if not may(person, Action.GIVE_VERDICTS):
        return ()
    drawn = sheets_for(person).exclude(folder="")
    mine = drawn if person.role == Role.RELATIONSHIP_MANAGER else drawn.filter(given_to=None)
    return mine.filter(answered__lt=F("size"))  # type: ignore[misc]  # counted by the selector


def _calls(person: Any) -> int:
    if not may(person, Action.SEE_OWN_CUSTOMERS):
        return 0
    said = assignments_for(person).filter(dispositions__taken_back_at=None, dispositions__isnull=False)
    return assignments_for(person).exclude(id__in=said.values("id")).count()

"""A campaign on one offline page: whom to contact and what to expect, what it can prove, and who is left out and why.

The page is made of the campaign alone and reads no clock, so that equal campaigns give equal pages.
"""

from dataclasses import dataclass

from affluence.data.visible_text import shortened
from affluence.decision.campaign import Campaign
from affluence.decision.campaign_files import Provenance
from affluence.decision.capacity import Economics
from affluence.decision.expected_finds import Expected
from affluence.reporting import wording
from affluence.reporting.deciding import ShareBar, exclusion_bars, expected, share_bars
from affluence.reporting.page import environment, plain_styles


@dataclass(frozen=True)
class CampaignContent:
    """Everything that the page says; `finds` are the truly affluent among those contacted, `title` names the table."""

    campaign: Campaign
    provenance: Provenance
    finds: Expected
    economics: Economics
    title: str
    table: str
    simulated: bool = False


def render_campaign_page(content: CampaignContent) -> str:
    """The campaign as one HTML page that loads nothing, runs no script, names nobody and tells no group under ten."""
    made = content.campaign
    return (
        environment()
        .get_template("campaign_page.html.j2")
        .render(
            content=content,
            made=made,
            settings=made.settings,
            day=wording.day(made.settings.day),
            finds=content.finds,
            money=_money(content),
            power=made.power,
            notes=[warning for warning in made.warnings if warning != made.power.sentence()],
            topped_up=made.topped_up,
            groups=_groups(made),
            exclusions=exclusion_bars(made),
            asked=_asked(content.provenance),
            styles=plain_styles(),
        )
    )


def _groups(campaign: Campaign) -> list[tuple[str, tuple[ShareBar, ...]]]:
    """Segments, types and offers of those contacted; a kind of which nothing may be told is left out."""
    named = (("Segment", "segment"), ("Type", "hidden_type"), ("Offer", "offer"))
    told = [(head, share_bars(campaign.contacts, column)) for head, column in named]
    return [(head, bars) for head, bars in told if any(bar.width for bar in bars)]


def _money(content: CampaignContent) -> list[tuple[str, str]]:
    """Value, cost and what is left, as far as the bank said what a contact costs and a find is worth."""
    economics, contacts = content.economics, content.campaign.contacts.height
    cost = None if economics.cost_per_contact is None else economics.cost_per_contact * contacts
    worth = economics.value_per_find
    lines = []
    if worth is not None:
        lines.append(("Expected value", f"{economics.currency} {expected(content.finds.times(worth))}"))
    if cost is not None:
        lines.append(("Cost", f"{economics.currency} {wording.number(cost, decimals=0)}"))
    if worth is not None and cost is not None:
        left = content.finds.times(worth, less=cost)
        lines.append(("Value less cost", f"{economics.currency} {expected(left)}"))
    return lines


def _asked(provenance: Provenance) -> str:
    """How the cut was asked for, as the command line would say it."""
    asked = [
        f"{name.replace('_', ' ')} {wording.short(value) if isinstance(value, int | float) else shortened(value)}"
        for name, value in provenance.cut.items()
        if value is not None
    ]
    return ", ".join(asked) or "nothing said, so every tenth candidate"

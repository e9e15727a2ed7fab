"""What is sent about campaigns: checked for its form here, for its sense by the services."""

from typing import Any

from rest_framework import serializers

from affluence.data.exclusion_lists import KINDS
from affluence_service.campaigns.models import Disposition
from affluence_service.candidates.forms import Money, Ways


class OptionsIn(serializers.Serializer[Any]):
    """How the campaign is made."""

    day = serializers.DateField(help_text="The day on which it begins.")
    channel = serializers.CharField(max_length=40, default="phone")
    control_share = serializers.FloatField(
        min_value=0, max_value=1, default=0.1, help_text="The share held back, to learn what calling did."
    )
    quiet_days = serializers.IntegerField(min_value=0, max_value=3_650, default=90)
    top_up = serializers.BooleanField(default=True)
    ignore_unknown = serializers.BooleanField(default=False)
    base_rate = serializers.FloatField(min_value=0, max_value=1, default=0.02)
    hoped_lift = serializers.FloatField(min_value=0, max_value=1, default=0.02)
    seed = serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=0)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The day as text, as a summary keeps it."""
        return attrs | ({"day": attrs["day"].isoformat()} if "day" in attrs else {})


class CampaignIn(serializers.Serializer[Any]):
    """A campaign to be made of a scored table."""

    run = serializers.UUIDField(help_text="A run that scored a table.")
    name = serializers.CharField(max_length=100)
    capacity = Ways(required=False, default=dict)
    economics = Money(required=False, default=dict)
    options = OptionsIn()


class ChangeIn(serializers.Serializer[Any]):
    """What is to be another; the rest stays."""

    name = serializers.CharField(max_length=100, required=False)
    capacity = Ways(required=False)
    economics = Money(required=False)
    options = OptionsIn(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """At least one change."""
        if not attrs:
            raise serializers.ValidationError("Nothing is to be changed. Give a name, capacity, economics or options.")
        return attrs


class DecisionIn(serializers.Serializer[Any]):
    """A word on a decision."""

    note = serializers.CharField(max_length=2_000, default="", allow_blank=True)


class ExclusionIn(serializers.Serializer[Any]):
    """A sheet (CSV) of customers to leave out, with a column of their ids."""

    kind = serializers.ChoiceField(choices=list(KINDS))
    file = serializers.FileField(max_length=200)


class OutcomesIn(serializers.Serializer[Any]):
    """A sheet (CSV) with customer_id, outcome and date; without one, what relationship managers said is taken."""

    file = serializers.FileField(max_length=200, required=False)


class ShareIn(serializers.Serializer[Any]):
    """The most customers that a relationship manager is given."""

    manager = serializers.CharField(max_length=150)
    customers = serializers.IntegerField(min_value=1, max_value=100_000)


class AssignIn(serializers.Serializer[Any]):
    """Who is given how many."""

    shares = ShareIn(many=True, allow_empty=False)


class DispositionIn(serializers.Serializer[Any]):
    """What came of a contact."""

    answer = serializers.ChoiceField(choices=Disposition.Answer.choices)

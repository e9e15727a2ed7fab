"""What is asked about candidates: checked for its form here, for its sense by the selectors."""

from typing import Any

from rest_framework import serializers

from affluence_service.runs.forms import MOST_CONTACTS

MOST_MONEY = 1e15
LONGEST = 200
# What can be handed out; an Excel sheet is made in memory, so it is kept short.
FORMATS = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}


class Money(serializers.Serializer[Any]):
    """In the contract's currency, where they are known."""

    cost_a_contact = serializers.FloatField(min_value=0, max_value=MOST_MONEY, required=False)
    value_a_find = serializers.FloatField(min_value=0, max_value=MOST_MONEY, required=False)


class Ways(serializers.Serializer[Any]):
    """How many can be contacted, asked for in one way."""

    contacts = serializers.IntegerField(min_value=1, max_value=MOST_CONTACTS, required=False)
    managers = serializers.IntegerField(min_value=1, max_value=10**6, required=False)
    calls_a_week = serializers.FloatField(min_value=0, max_value=10**6, required=False)
    weeks = serializers.FloatField(min_value=0, max_value=10**4, required=False)
    budget = serializers.FloatField(min_value=0, max_value=MOST_MONEY, required=False)
    threshold = serializers.FloatField(min_value=-1e6, max_value=1e6, required=False)
    lowest_precision = serializers.FloatField(min_value=0, max_value=1, required=False)
    recall = serializers.FloatField(min_value=0, max_value=1, required=False)


class Capacity(Ways, Money):
    """A capacity with what a contact costs and a find is worth; where none is asked for, that of the run."""


class Sight(serializers.Serializer[Any]):
    """Whether customers' ids are shown in full: that needs the right to, and a reason, which is kept."""

    ids = serializers.BooleanField(default=False)
    reason = serializers.CharField(max_length=LONGEST, default="", allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask for the reason."""
        if attrs["ids"] and not attrs["reason"].strip():
            raise serializers.ValidationError(
                {"reason": ["Say why the full ids are needed; it is kept in the record."]}
            )
        return attrs


class Wanted(Sight):
    """Which candidates are listed, and in which order."""

    sort = serializers.CharField(
        max_length=LONGEST,
        default="rank",
        help_text="rank, score, chance, or a numeric column that is shown; a minus before it turns the order.",
    )
    segment = serializers.ListField(child=serializers.CharField(max_length=LONGEST), required=False, max_length=20)
    type = serializers.ListField(child=serializers.CharField(max_length=LONGEST), required=False, max_length=20)
    offer = serializers.ListField(child=serializers.CharField(max_length=LONGEST), required=False, max_length=20)
    min_chance = serializers.FloatField(min_value=0, max_value=1, required=False)
    at_least = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST),
        required=False,
        max_length=20,
        help_text="A column that is shown and its lowest value, as balance_usd:20000; as many as wanted.",
    )
    at_most = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST),
        required=False,
        max_length=20,
        help_text="A column that is shown and its highest value, as age_years:60; as many as wanted.",
    )
    customer = serializers.CharField(
        max_length=LONGEST, required=False, help_text="This customer alone, by the full id; for who may see ids."
    )


class Handout(Sight, Capacity):
    """What is exported: the candidates above the cut that is asked for."""

    format = serializers.ChoiceField(choices=sorted(FORMATS), default="csv")


class Page(serializers.Serializer[Any]):
    """Which page, and how long pages are."""

    page = serializers.IntegerField(min_value=1, required=False)
    page_size = serializers.IntegerField(min_value=1, max_value=1_000, required=False)

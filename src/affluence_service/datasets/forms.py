"""What is sent about datasets: checked for its form here, for its sense by the services."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from rest_framework import serializers

from affluence_service.datasets.models import State


def _default_contract() -> str:
    name: str = settings.ENVIRONMENT.default_contract
    return name


class ContractField(serializers.CharField):
    """A contract by name; the service's own where none is named."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=100, required=False, default=_default_contract, **kwargs)


class UploadIn(serializers.Serializer[Any]):
    """A table in a form."""

    file = serializers.FileField(allow_empty_file=True)
    contract = ContractField(help_text="The contract, by name.")


class StreamIn(serializers.Serializer[Any]):
    """What the address says of a table that is the body."""

    name = serializers.CharField(max_length=1_000, required=False, default="", allow_blank=True)
    contract = ContractField()


class Filters(serializers.Serializer[Any]):
    """Which datasets are asked for."""

    state = serializers.ChoiceField(choices=State.choices, required=False)
    contract = serializers.CharField(max_length=100, required=False)
    uploaded_by = serializers.CharField(max_length=150, required=False)


class ColumnMapIn(serializers.Serializer[Any]):
    """Which header in a file stands for which of the contract's."""

    known_as = serializers.DictField(child=serializers.CharField(max_length=200))


def checked(form: type[serializers.Serializer[Any]], data: Any) -> Mapping[str, Any]:
    """What was sent, in the form's types. Errors: ValidationError with every fault."""
    sent = form(data=data)
    sent.is_valid(raise_exception=True)
    found: Mapping[str, Any] = sent.validated_data
    return found

"""What the API shows of datasets and contracts."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from affluence_service.datasets.models import Dataset
from affluence_service.jobs.api_parts import JobOut


class DatasetOut(serializers.ModelSerializer[Dataset]):
    """A dataset as a list of them shows it."""

    uploaded_by = serializers.CharField(source="uploaded_by.username")

    class Meta:
        """Without what was found in it."""

        model = Dataset
        fields: tuple[str, ...] = (
            "id", "name", "contract", "state", "problem", "uploaded_by", "uploaded_at", "bytes", "format", "rows",
            "tagged", "data_hash", "expires_at", "deleted_at",
        )  # fmt: skip


class ViolationOut(serializers.Serializer[Any]):
    """A breach of the contract."""

    rule = serializers.CharField()
    column = serializers.CharField(allow_null=True, help_text="The header in the file; null for the whole table.")
    count = serializers.IntegerField()
    lines = serializers.ListField(child=serializers.IntegerField(), help_text="The first places in the file.")
    action = serializers.CharField(help_text="What was done about it; `refuse` refuses the table.")
    finding = serializers.CharField()
    remedy = serializers.CharField()
    alike = serializers.CharField(allow_null=True, help_text="The header in the file that looks like a missing one.")
    sentence = serializers.CharField(help_text="All of it in words.")


class ReportOut(serializers.Serializer[Any]):
    """How the file was read."""

    file = serializers.CharField()
    format = serializers.CharField()
    encoding = serializers.CharField(allow_null=True)
    separator = serializers.CharField(allow_null=True)
    rows_read = serializers.IntegerField()
    rows_kept = serializers.IntegerField()
    columns = serializers.IntegerField()
    refused = serializers.BooleanField()
    violations = ViolationOut(many=True)


class FactOut(serializers.Serializer[Any]):
    """A figure of the evidence."""

    label = serializers.CharField()  # type: ignore[assignment]  # the core's own name for it
    value = serializers.FloatField(allow_null=True)
    form = serializers.CharField(help_text="count, share or number.")


class FindingOut(serializers.Serializer[Any]):
    """What the doctor found."""

    kind = serializers.CharField()
    severity = serializers.CharField(help_text="stops, warns or notes.")
    decision = serializers.CharField(help_text="What the contract has decided about it; `open` where nothing.")
    columns = serializers.ListField(child=serializers.CharField())
    rows = serializers.IntegerField()
    sentence = serializers.CharField()
    evidence = FactOut(many=True)
    remedy = serializers.CharField()


class OneDatasetOut(DatasetOut):
    """A dataset with what was found in it, and how far its check is."""

    job = JobOut(allow_null=True)
    report = serializers.SerializerMethodField()
    findings = FindingOut(many=True)

    class Meta(DatasetOut.Meta):
        """All of it."""

        fields = (*DatasetOut.Meta.fields, "job", "report", "findings")

    @extend_schema_field(ReportOut(allow_null=True))
    def get_report(self, dataset: Dataset) -> Any:
        """The report; null until there is one, or where the file could not be read as a table."""
        return ReportOut(dataset.report).data if dataset.report else None


class ContractOut(serializers.Serializer[Any]):
    """A contract that a table can be held to."""

    name = serializers.CharField()
    title = serializers.CharField()
    columns = serializers.IntegerField()
    simulated = serializers.BooleanField(help_text="Whether the table it speaks of is a made one.")
    problem = serializers.CharField(help_text="Why the contract cannot be used; empty where it can.")


class ColumnOut(serializers.Serializer[Any]):
    """A column of a contract."""

    header = serializers.CharField(help_text="The contract's header.")
    name = serializers.CharField(help_text="Our name for it, with its unit.")
    type = serializers.CharField()
    unit = serializers.CharField()
    meaning = serializers.CharField()


class ColumnMapOut(serializers.Serializer[Any]):
    """A contract's columns, and which headers in the team's files stand for which of the contract's."""

    columns = ColumnOut(many=True)
    known_as = serializers.DictField(child=serializers.CharField())

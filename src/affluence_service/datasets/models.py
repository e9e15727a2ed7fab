"""A table that somebody uploaded, and what was found in it."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from affluence_service.jobs.models import Job
from affluence_service.people.models import Team


class State(models.TextChoices):
    """Where a dataset stands."""

    CHECKING = "checking", _("being checked")
    ACCEPTED = "accepted", _("accepted")
    REFUSED = "refused", _("refused")
    DELETED = "deleted", _("deleted")


class Dataset(models.Model):
    """The file lies under `folder` until it was checked; then the accepted customers, as Parquet, take its place.

    Of a refused or deleted one only this record stays. `folder` is relative to the service's own.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="datasets")
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="datasets")
    uploaded_at = models.DateTimeField(auto_now_add=True)
    name = models.CharField(max_length=200, help_text="The file's name, as it was uploaded.")
    contract = models.CharField(max_length=100, help_text="The table's contract, by name.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.CHECKING)
    job = models.ForeignKey(Job, null=True, on_delete=models.PROTECT, related_name="+")
    folder = models.CharField(max_length=200, default="", blank=True)
    bytes = models.PositiveBigIntegerField(default=0)
    format = models.CharField(max_length=20, default="", blank=True)
    rows = models.PositiveBigIntegerField(null=True)
    tagged = models.PositiveBigIntegerField(null=True)
    data_hash = models.CharField(max_length=64, default="", blank=True)
    report = models.JSONField(default=dict, help_text="What was found when the file was held to its contract.")
    findings = models.JSONField(default=list, help_text="What the doctor found.")
    problem = models.TextField(default="", blank=True)
    expires_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        """Newest first."""

        ordering = ("-uploaded_at",)

    def __str__(self) -> str:
        return self.name


class ColumnMap(models.Model):
    """What a team's files call the columns of a contract, where they call them otherwise."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="column_maps")
    contract = models.CharField(max_length=100, help_text="The contract, by name.")
    known_as = models.JSONField(default=dict, help_text="Which header in a file stands for which of the contract's.")
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        """One for a team and a contract."""

        constraints = (models.UniqueConstraint(fields=("team", "contract"), name="one_map_a_team_and_contract"),)

    def __str__(self) -> str:
        return f"{self.team}: {self.contract}"

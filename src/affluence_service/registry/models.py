"""Versions of models as the service holds them, which of them serves, and who decided so.

MLflow's registry keeps the models; its aliases say which is champion. The service keeps a copy of each version beside
its own data, from which it serves: no request waits for MLflow.
"""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class ModelVersion(models.Model):
    """A version of a table's model, copied into `folder`; not `usable` where it does not load, and why."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120)
    number = models.PositiveIntegerField()
    contract = models.CharField(max_length=100, help_text="The table's contract, by name.")
    registered_at = models.DateTimeField(auto_now_add=True)
    folder = models.CharField(max_length=200, default="", blank=True)
    fingerprint = models.CharField(max_length=64, default="", blank=True, help_text="The contract it learned under.")
    metrics = models.JSONField(default=dict)
    facts = models.JSONField(default=dict, help_text="Rows, seed, data hash, drivers, verdicts: what it learned from.")
    usable = models.BooleanField(default=False)
    problem = models.TextField(default="", blank=True)
    trained_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        """Newest first."""

        ordering = ("name", "-number")
        constraints = (models.UniqueConstraint(fields=("name", "number"), name="one_version_a_number"),)

    def __str__(self) -> str:
        return f"{self.name} version {self.number}"


class Champion(models.Model):
    """Which version of a model serves. `told` says whether MLflow's alias was moved there too."""

    name = models.CharField(max_length=120, primary_key=True)
    version = models.OneToOneField(ModelVersion, on_delete=models.PROTECT, related_name="champion_of")
    before = models.ForeignKey(ModelVersion, null=True, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField()
    decided_by = models.CharField(max_length=150)
    told = models.BooleanField(default=True)

    def __str__(self) -> str:
        return str(self.version)


class Proposal(models.Model):
    """A wish that a version become champion, decided by somebody else than who proposed it."""

    class State(models.TextChoices):
        """Where it stands."""

        OPEN = "open", _("waits for a decision")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")
        WITHDRAWN = "withdrawn", _("withdrawn")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="proposals")
    reason = models.TextField()
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    note = models.TextField(default="", blank=True)

    class Meta:
        """Newest first."""

        ordering = ("-proposed_at",)

    def __str__(self) -> str:
        return f"{self.version}: {self.get_state_display()}"

"""A run: a dataset scored with a model, or a model trained on a dataset."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from affluence_service.datasets.models import Dataset
from affluence_service.jobs.models import Job
from affluence_service.people.models import Team
from affluence_service.registry.models import ModelVersion


class Run(models.Model):
    """What was asked for and what came of it; how far it is stands with its job."""

    class Kind(models.TextChoices):
        """What a run does."""

        SCORE = "score", _("score a table")
        TRAIN = "train", _("train a model")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="runs")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="runs")
    version = models.ForeignKey(
        ModelVersion, null=True, on_delete=models.PROTECT, related_name="runs", help_text="Which scored, or was made."
    )
    job = models.OneToOneField(Job, null=True, on_delete=models.PROTECT, related_name="run")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="runs")
    asked_at = models.DateTimeField(auto_now_add=True)
    options = models.JSONField(default=dict)
    folder = models.CharField(max_length=200, default="", blank=True, help_text="Where the result stands.")
    rows = models.PositiveBigIntegerField(null=True)
    candidates = models.PositiveBigIntegerField(null=True)
    digest = models.CharField(max_length=64, default="", blank=True, help_text="SHA-256 over the result's files.")
    summary = models.JSONField(default=dict)
    expires_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        """Newest first."""

        ordering = ("-asked_at",)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.id}"

    @property
    def blocked(self) -> str:
        """Why no campaign may be made of it: its table moved too far, and no approver has let it pass. Else empty."""
        stability = self.summary.get("stability") or {}
        return stability["sentence"] if stability.get("light") == "red" and not hasattr(self, "override") else ""


class Override(models.Model):
    """An approver's word that a run whose table moved may be used all the same, and why."""

    run = models.OneToOneField(Run, on_delete=models.PROTECT, related_name="override")
    reason = models.TextField()
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.run}: {self.reason}"

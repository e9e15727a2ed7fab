"""Sheets of customers to check by hand, and the verdicts on them."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from affluence_service.jobs.models import Job
from affluence_service.people.models import Team
from affluence_service.runs.models import Run


class Sheet(models.Model):
    """Customers of a run worth checking by hand; who they are stands in a file under `folder`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="sheets")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="sheets")
    job = models.ForeignKey(Job, null=True, on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=20)
    size = models.PositiveIntegerField()
    seed = models.PositiveIntegerField(default=0)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    given_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="sheets",
        help_text="A relationship manager who checks them; without one, the team's analysts do.",
    )
    folder = models.CharField(max_length=200, default="", blank=True)
    problem = models.TextField(default="", blank=True)

    class Meta:
        """Newest first."""

        ordering = ("-asked_at",)

    def __str__(self) -> str:
        return f"{self.size} to check"


class Verdict(models.Model):
    """What somebody found of one customer of a sheet, by the row; the last that was not taken back counts."""

    class Answer(models.TextChoices):
        """What was found."""

        AFFLUENT = "affluent", _("affluent")
        NOT_AFFLUENT = "not affluent", _("not affluent")
        UNSURE = "unsure", _("cannot tell")

    sheet = models.ForeignKey(Sheet, on_delete=models.PROTECT, related_name="verdicts")
    row = models.PositiveBigIntegerField()
    answer = models.CharField(max_length=12, choices=Answer.choices)
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField(auto_now_add=True)
    taken_back_at = models.DateTimeField(null=True)
    taken_back_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        """As they were given."""

        ordering = ("id",)
        indexes = (models.Index(fields=("sheet", "row")),)

    def __str__(self) -> str:
        return str(self.answer)

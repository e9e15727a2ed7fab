"""Campaigns: a cut, its list, who approved it, who calls whom, and what came of it."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from affluence.data.exclusion_lists import KINDS
from affluence_service.jobs.models import Job
from affluence_service.people.models import Team
from affluence_service.runs.models import Run


class Campaign(models.Model):
    """A list at a cut. Nobody exports it before somebody other than its maker approved it."""

    class State(models.TextChoices):
        """Where it stands."""

        MAKING = "making", _("being made")
        DRAFT = "draft", _("draft")
        FAILED = "failed", _("could not be made")
        SUBMITTED = "submitted", _("waits for approval")
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="campaigns")
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="campaigns")
    name = models.CharField(max_length=100)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="campaigns")
    made_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.MAKING)
    job = models.ForeignKey(Job, null=True, on_delete=models.PROTECT, related_name="+")
    capacity = models.JSONField(default=dict)
    economics = models.JSONField(default=dict)
    options = models.JSONField(default=dict)
    folder = models.CharField(max_length=200, default="", blank=True)
    summary = models.JSONField(default=dict)
    checksum = models.CharField(max_length=64, default="", blank=True)
    problem = models.TextField(default="", blank=True)
    submitted_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_note = models.TextField(default="", blank=True)

    class Meta:
        """Newest first."""

        ordering = ("-made_at",)

    def __str__(self) -> str:
        return self.name


class Exclusion(models.Model):
    """A list of customers to leave out of a campaign, of a kind that the core knows; it can be taken back."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="exclusions")
    kind = models.CharField(max_length=20, choices=[(kind, kind) for kind in KINDS])
    name = models.CharField(max_length=200)
    file = models.CharField(max_length=200)
    customers = models.PositiveIntegerField(default=0)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)
    taken_back_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.kind}: {self.name}"


class Outcomes(models.Model):
    """A file of what came of a campaign, and the lift that it shows."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="outcomes")
    name = models.CharField(max_length=200)
    job = models.ForeignKey(Job, null=True, on_delete=models.PROTECT, related_name="+")
    upload = models.CharField(max_length=200, default="", blank=True, help_text="The folder of the uploaded sheet.")
    folder = models.CharField(max_length=200, default="", blank=True, help_text="Where the results stand.")
    lift = models.JSONField(default=dict)
    problem = models.TextField(default="", blank=True)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """Newest first."""

        ordering = ("-added_at",)

    def __str__(self) -> str:
        return self.name


class Assignment(models.Model):
    """A customer of an approved campaign, by the rank on its list, given to a relationship manager."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="assignments")
    rank = models.PositiveIntegerField()
    manager = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="assignments")
    assigned_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        """By rank; a customer of a campaign has one manager."""

        ordering = ("rank",)
        constraints = (models.UniqueConstraint(fields=("campaign", "rank"), name="one_manager_a_customer"),)

    def __str__(self) -> str:
        return f"rank {self.rank}"


class Disposition(models.Model):
    """What a relationship manager says came of a contact; the last that was not taken back counts."""

    class Answer(models.TextChoices):
        """What came of it: the outcomes that outcome files know."""

        REACHED = "reached", _("reached")
        NOT_REACHED = "not_reached", _("not reached")
        INTERESTED = "interested", _("interested")
        TOOK_PRODUCT = "took_product", _("took a product")
        UPGRADED = "upgraded", _("upgraded to affluent")
        DECLINED = "declined", _("declined")
        COMPLAINED = "complained", _("complained")
        OPTED_OUT = "opted_out", _("opted out")
        NOT_AFFLUENT = "not_affluent", _("not affluent")

    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="dispositions")
    answer = models.CharField(max_length=20, choices=Answer.choices)
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField(auto_now_add=True)
    taken_back_at = models.DateTimeField(null=True)

    class Meta:
        """As they were given."""

        ordering = ("id",)

    def __str__(self) -> str:
        return str(self.answer)

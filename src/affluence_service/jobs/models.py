"""A job: long work that a worker does, and the lease by which it holds it."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from affluence_service.people.models import Team


class State(models.TextChoices):
    """Where a job stands; the last three are ends."""

    QUEUED = "queued", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


ENDS = (State.DONE, State.FAILED, State.CANCELLED)


class Job(models.Model):
    """The table of jobs is the queue: a worker takes the oldest that waits, or one whose lease ran out.

    `lease` is a new number at each taking. Whoever writes of a job names the lease, so that a worker which lost it, and
    does not know yet, changes nothing. Files are written into a folder of the lease, to which `folder` points once the
    job is done: nothing half-written is ever pointed to.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=40)
    subject = models.UUIDField(help_text="What the job is about: a dataset, a run, a campaign.")
    parameters = models.JSONField(default=dict)
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="jobs")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="jobs")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    cancel_asked = models.BooleanField(default=False)
    blocked = models.CharField(max_length=200, default="", blank=True, help_text="Why no worker may take it yet.")
    trace_context = models.JSONField(default=dict)

    lease = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    worker = models.CharField(max_length=100, default="", blank=True)
    attempts = models.PositiveIntegerField(default=0)
    crashes = models.PositiveIntegerField(default=0)

    stage = models.CharField(max_length=120, default="", blank=True)
    note = models.CharField(max_length=200, default="", blank=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    rows = models.PositiveBigIntegerField(null=True)

    queued_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    folder = models.CharField(max_length=200, default="", blank=True)
    result = models.JSONField(default=dict)
    problem = models.TextField(default="", blank=True, help_text="For the user: what went wrong and what to do.")
    traceback = models.TextField(default="", blank=True, help_text="For the operator.")

    class Meta:
        """Oldest first: the order in which they are taken."""

        ordering = ("queued_at",)
        indexes = (models.Index(fields=("state", "queued_at")),)

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    @property
    def ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state in ENDS


class Chore(models.Model):
    """When something that is done every so often is due: a row each, so that one worker at a time does it."""

    name = models.CharField(max_length=200, primary_key=True, help_text="The dotted path of what does it.")
    due_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name

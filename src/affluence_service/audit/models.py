"""The record: entries as they were written, and the seals by which later changes show."""

from django.db import models


class Seal(models.Model):
    """A batch of entries and a digest over them and over the seal before: the chain."""

    number = models.PositiveBigIntegerField(primary_key=True)
    made_at = models.DateTimeField()
    entries = models.PositiveIntegerField()
    first_id = models.PositiveBigIntegerField()
    last_id = models.PositiveBigIntegerField()
    before = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"seal {self.number}"


class Entry(models.Model):
    """Who did what to which object when. No customer id and no value of a customer stands in it."""

    at = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=150, help_text="The person's name, or the system's part that acted.")
    actor_id = models.UUIDField(null=True)
    team_id = models.UUIDField(null=True, db_index=True)
    action = models.CharField(max_length=60)
    object_kind = models.CharField(max_length=40)
    object_id = models.CharField(max_length=64, db_index=True)
    details = models.JSONField(default=dict)
    seal = models.ForeignKey(Seal, null=True, on_delete=models.PROTECT, related_name="sealed")

    class Meta:
        """Newest first."""

        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.actor}: {self.action} {self.object_kind} {self.object_id}"

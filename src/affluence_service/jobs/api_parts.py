"""What other rooms show of the job behind a thing of theirs."""

from rest_framework import serializers

from affluence_service.jobs import selectors
from affluence_service.jobs.models import Job


class JobOut(serializers.ModelSerializer[Job]):
    """How far the work is, for how long it runs, and what stopped it."""

    seconds = serializers.SerializerMethodField(help_text="For how long it runs, or ran; null before it began.")
    seconds_left = serializers.SerializerMethodField(
        help_text="For how long it will still run, going by jobs like it; null where they do not tell."
    )
    position = serializers.SerializerMethodField(help_text="The place in the queue, from 1; null unless it waits.")

    class Meta:
        """What a user sees of a job: not its worker, nor what the operator reads."""

        model = Job
        fields = (
            "id",
            "state",
            "stage",
            "done",
            "total",
            "note",
            "seconds",
            "seconds_left",
            "position",
            "blocked",
            "cancel_asked",
            "attempts",
            "problem",
            "queued_at",
            "started_at",
            "ended_at",
        )
        read_only_fields = fields

    def get_seconds(self, job: Job) -> int | None:
        """Seconds of the present or the last taking."""
        return selectors.seconds_of(job)

    def get_seconds_left(self, job: Job) -> int | None:
        """Seconds to go, by experience."""
        return selectors.seconds_left(job)

    def get_position(self, job: Job) -> int | None:
        """The place in the queue."""
        return selectors.position(job)

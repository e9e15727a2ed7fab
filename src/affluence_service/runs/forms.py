"""What is sent about runs: checked for its form here, for its sense by the services."""

from typing import Any

from rest_framework import serializers

from affluence_service.jobs.models import State
from affluence_service.runs.models import Run

LARGEST_SEED = 2**31 - 1
MOST_CONTACTS = 10**9
MODES = ("fast", "accurate")


class RunOptionsIn(serializers.Serializer[Any]):
    """How the run is done: `contacts` when a table is scored, `mode`, `learners` and `use_verdicts` in training."""

    seed = serializers.IntegerField(min_value=0, max_value=LARGEST_SEED, required=False)
    contacts = serializers.IntegerField(
        min_value=1,
        max_value=MOST_CONTACTS,
        required=False,
        help_text="How many of the ranking are described, with reasons; left out, every tenth candidate.",
    )
    mode = serializers.ChoiceField(choices=MODES, required=False)
    learners = serializers.ListField(
        child=serializers.CharField(max_length=40),
        max_length=20,
        required=False,
        help_text="What competes, by key; left out, all of them.",
    )
    use_verdicts = serializers.BooleanField(
        required=False, help_text="Whether the model learns from customers checked by hand; it does unless told not to."
    )


class RunIn(serializers.Serializer[Any]):
    """A run to be started."""

    kind = serializers.ChoiceField(choices=Run.Kind.choices)
    dataset = serializers.UUIDField(help_text="An accepted dataset of the team.")
    model = serializers.UUIDField(
        required=False, allow_null=True, help_text="The version that scores; left out, the champion of the table."
    )
    options = RunOptionsIn(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse what means nothing to this kind of run."""
        scoring = attrs["kind"] == Run.Kind.SCORE
        unheeded = {"mode", "learners", "use_verdicts"} if scoring else {"contacts"}
        if wrong := sorted(unheeded & attrs.get("options", {}).keys()):
            what = "a scoring" if scoring else "a training"
            raise serializers.ValidationError({"options": {wrong[0]: [f"This means nothing to {what}. Leave it out."]}})
        if not scoring and attrs.get("model"):
            raise serializers.ValidationError({"model": ["A training makes a version. Leave the model out."]})
        return attrs


class OverrideIn(serializers.Serializer[Any]):
    """Why a run may be used although its table moved."""

    reason = serializers.CharField(max_length=2_000)


class RunFilters(serializers.Serializer[Any]):
    """Which runs are listed."""

    kind = serializers.ChoiceField(choices=Run.Kind.choices, required=False)
    state = serializers.ChoiceField(choices=State.choices, required=False)
    dataset = serializers.UUIDField(required=False)

"""Runs over HTTP: tables scored and models trained."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import FileResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from affluence_service.access import Action
from affluence_service.api_errors import Conflict
from affluence_service.audit.services import record
from affluence_service.datasets.selectors import datasets_for
from affluence_service.jobs.api_parts import JobOut
from affluence_service.registry.models import ModelVersion
from affluence_service.registry.selectors import versions
from affluence_service.runs import forms, services
from affluence_service.runs.models import Override, Run
from affluence_service.runs.results import REPORT, file_of
from affluence_service.runs.selectors import log_of, runs_for


class RunDatasetOut(serializers.Serializer[Any]):
    """The table of a run."""

    id = serializers.UUIDField()
    name = serializers.CharField()


class RunModelOut(serializers.ModelSerializer[ModelVersion]):
    """The version that scored, or that was made."""

    class Meta:
        """By which it is known."""

        model = ModelVersion
        fields = ("id", "name", "number")


class RunOut(serializers.ModelSerializer[Run]):
    """A run, and how far its work is."""

    dataset = RunDatasetOut()
    model = RunModelOut(source="version", allow_null=True)
    job = JobOut(allow_null=True)
    asked_by = serializers.CharField(source="asked_by.username")

    class Meta:
        """Without its summary."""

        model = Run
        fields: tuple[str, ...] = (
            "id", "kind", "dataset", "model", "job", "asked_by", "asked_at", "options", "rows", "candidates", "digest",
            "expires_at",
        )  # fmt: skip


class OverrideOut(serializers.ModelSerializer[Override]):
    """That a run may be used although its table moved: who says so, when and why."""

    given_by = serializers.CharField(source="given_by.username")

    class Meta:
        """All of it."""

        model = Override
        fields = ("reason", "given_by", "given_at")


class OneRunOut(RunOut):
    """A run with what came of it; empty until it is done."""

    summary = serializers.JSONField(help_text="Its part `stability` holds the table against the training table.")
    blocked = serializers.CharField(help_text="Why no campaign may be made of it; empty if nothing forbids it.")
    override = OverrideOut(allow_null=True, default=None)

    class Meta(RunOut.Meta):
        """All of it."""

        fields = (*RunOut.Meta.fields, "summary", "blocked", "override")


class RunActOut(serializers.Serializer[Any]):
    """Who did what to the run when."""

    at = serializers.DateTimeField()
    actor = serializers.CharField()
    action = serializers.CharField()


class RunLineOut(serializers.Serializer[Any]):
    """What the work told: seconds since it began."""

    seconds = serializers.FloatField()
    level = serializers.ChoiceField(choices=["info", "warning", "error", "critical"])
    message = serializers.CharField()


class RunLogOut(serializers.Serializer[Any]):
    """What became of a run."""

    acts = RunActOut(many=True)
    attempts = serializers.IntegerField(help_text="How often a worker took it.")
    lines = RunLineOut(many=True)
    problem = serializers.CharField(help_text="What went wrong and what to do; empty if nothing did.")


class Runs(generics.ListCreateAPIView[Run]):
    """The runs of the team."""

    actions = {"GET": Action.SEE_RUNS, "POST": Action.START_RUNS}
    problems = (404, 409, 422)
    serializer_class = RunOut

    def get_queryset(self) -> QuerySet[Run]:
        """Those that are asked for."""
        asked = forms.RunFilters(data=self.request.query_params)
        asked.is_valid(raise_exception=True)
        fields = {"kind": "kind", "state": "job__state", "dataset": "dataset_id"}
        return runs_for(self.request.user).filter(**{fields[name]: it for name, it in asked.validated_data.items()})

    @extend_schema(parameters=[forms.RunFilters])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A page of the runs, newest first."""
        return super().get(request, *args, **kwargs)

    @extend_schema(request=forms.RunIn, responses={202: RunOut}, operation_id="start_run")
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002
        """Start a run: score a dataset, or train a model on it. A worker does it."""
        asked = forms.RunIn(data=request.data)
        asked.is_valid(raise_exception=True)
        wanted = asked.validated_data
        dataset = get_object_or_404(datasets_for(request.user), id=wanted["dataset"])
        options = wanted.get("options", {})
        if wanted["kind"] == Run.Kind.TRAIN:
            run = services.start_training(request.user, dataset=dataset, **options)
        else:
            version = get_object_or_404(versions(), id=wanted["model"]) if wanted.get("model") else None
            run = services.start_scoring(request.user, dataset=dataset, version=version, **options)
        return Response(RunOut(run).data, status=202)


class OneRun(generics.RetrieveAPIView[Run]):
    """One run."""

    actions = {"GET": Action.SEE_RUNS}
    serializer_class = OneRunOut
    lookup_field = "id"

    def get_queryset(self) -> QuerySet[Run]:
        """Those of the person."""
        return runs_for(self.request.user)


class CancelRun(APIView):
    """A run that is to stop."""

    actions = {"POST": Action.START_RUNS}
    problems = (409,)

    @extend_schema(request=None, responses={202: RunOut}, operation_id="cancel_run")
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002  (the address's word)
        """Cancel the run: at once where it waits, within a second or two where it runs."""
        run = get_object_or_404(runs_for(request.user), id=id)
        services.cancel(request.user, run)
        return Response(RunOut(get_object_or_404(runs_for(request.user), id=id)).data, status=202)


class OverrideRun(APIView):
    """A run that is to be used although its table moved."""

    actions = {"POST": Action.DECIDE_CAMPAIGNS}
    problems = (409, 422)

    @extend_schema(request=forms.OverrideIn, responses={201: OneRunOut}, operation_id="override_run")
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """Let campaigns be made of a run whose table moved, with the reason; never of a run of one's own."""
        run = get_object_or_404(runs_for(request.user), id=id)
        asked = forms.OverrideIn(data=request.data)
        asked.is_valid(raise_exception=True)
        services.override(request.user, run, reason=asked.validated_data["reason"])
        return Response(OneRunOut(get_object_or_404(runs_for(request.user), id=id)).data, status=201)


class RunLog(APIView):
    """The log of a run."""

    actions = {"GET": Action.SEE_RUNS}

    @extend_schema(responses=RunLogOut, operation_id="run_log")
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """Who did what to it, and what its work told, also while it goes on."""
        run = get_object_or_404(runs_for(request.user), id=id)
        return Response(RunLogOut(log_of(run, request.user)).data)


class RunReport(APIView):
    """The report of a training."""

    actions = {"GET": Action.SEE_CANDIDATES}
    problems = (409, 422)

    @extend_schema(responses={(200, "text/html"): OpenApiTypes.STR}, operation_id="run_report")
    def get(self, request: Request, id: UUID) -> FileResponse:  # noqa: A002
        """The report as one page, to be opened from disk; its strongest candidates stand in it with masked ids."""
        run = get_object_or_404(runs_for(request.user), id=id)
        if run.kind != Run.Kind.TRAIN or not run.folder:
            raise Conflict("A report is made of a training that is done. Choose such a run.")
        file = file_of(run, REPORT)
        record(request.user, "saw customers", "run", run.id, details={"part": "report"})
        return FileResponse(
            file.open("rb"),
            as_attachment=True,
            filename=f"training-{run.id}.html",
            headers={"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"},
        )

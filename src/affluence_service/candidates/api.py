"""Candidates over HTTP: pages of the ranking, one person, exports, and what a cut would give."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import StreamingHttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from affluence_service.access import Action
from affluence_service.api_pages import Pages
from affluence_service.candidates import forms, selectors, services
from affluence_service.runs.models import Run
from affluence_service.runs.selectors import runs_for


class CandidateOut(serializers.Serializer[Any]):
    """A candidate on a page of the ranking; type, segment, offer and reasons are told of the listed alone."""

    rank = serializers.IntegerField()
    customer_id = serializers.CharField(help_text="Masked, unless the full ids were asked for.")
    score = serializers.FloatField()
    chance = serializers.FloatField(allow_null=True, help_text="Of being affluent; null until a review told.")
    rank_low = serializers.IntegerField(allow_null=True, help_text="The best rank that the score's error allows.")
    rank_high = serializers.IntegerField(allow_null=True, help_text="The worst rank that the score's error allows.")
    chance_listed = serializers.FloatField(allow_null=True, help_text="Of standing above the run's own cut.")
    type = serializers.CharField(allow_null=True)
    segment = serializers.CharField(allow_null=True)
    offer = serializers.CharField(allow_null=True)
    reasons = serializers.ListField(child=serializers.CharField(), help_text="What may be said to the customer.")
    values = serializers.DictField(child=serializers.JSONField(allow_null=True))


class CandidatePageOut(serializers.Serializer[Any]):
    """A page of the ranking."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = CandidateOut(many=True)


class PartOut(serializers.Serializer[Any]):
    """What a column adds to a candidate's score, in log-odds; an internal one must not be told to the customer."""

    place = serializers.IntegerField(help_text="From 1 within its direction, the strongest first.")
    column = serializers.CharField()
    code = serializers.CharField()
    sentence = serializers.CharField()
    contribution = serializers.FloatField()
    value = serializers.CharField(allow_null=True)
    typical_normal = serializers.CharField(allow_null=True)
    typical_affluent = serializers.CharField(allow_null=True)
    audience = serializers.ChoiceField(choices=["speakable", "internal"])
    direction = serializers.ChoiceField(choices=["for", "against"])
    passes = serializers.BooleanField(allow_null=True, help_text="Whether the score falls without it; null untested.")


class ValueOut(serializers.Serializer[Any]):
    """A value of a candidate beside what is typical; null where there is none."""

    name = serializers.CharField()
    words = serializers.CharField()
    unit = serializers.CharField(allow_null=True)
    meaning = serializers.CharField()
    number = serializers.BooleanField()
    value = serializers.JSONField(allow_null=True)
    typical_normal = serializers.JSONField(allow_null=True)
    typical_affluent = serializers.JSONField(allow_null=True)


class PersonOut(CandidateOut):
    """Everything on one candidate."""

    opening = serializers.CharField(allow_null=True)
    offer_reason = serializers.CharField(allow_null=True)
    reasons_note = serializers.CharField(help_text="Why there are no reasons; empty where there can be.")
    parts = PartOut(many=True)
    values = ValueOut(many=True)  # type: ignore[assignment]  # more of each than a page has room for


class EstimateOut(serializers.Serializer[Any]):
    """A figure with its interval."""

    value = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    level = serializers.FloatField()
    assumption = serializers.CharField()


class ExpectedOut(serializers.Serializer[Any]):
    """An expected number with its interval; without a value, low and high are a range between two assumptions."""

    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField()
    high = serializers.FloatField()
    level = serializers.FloatField(allow_null=True)
    assumption = serializers.CharField()


class NextCallsOut(serializers.Serializer[Any]):
    """What the next contacts beyond the cut would bring."""

    contacts = serializers.IntegerField()
    finds = ExpectedOut()
    cost = serializers.FloatField(allow_null=True)
    value = ExpectedOut(allow_null=True)
    net = ExpectedOut(allow_null=True)


class CutOut(serializers.Serializer[Any]):
    """What a cut would give."""

    asked_for = serializers.CharField(help_text="The capacity in words.")
    contacts = serializers.IntegerField()
    candidates = serializers.IntegerField()
    share = serializers.FloatField()
    score = serializers.FloatField(help_text="Of the last on the list.")
    lowest_chance = serializers.FloatField(allow_null=True)
    finds = ExpectedOut(help_text="The truly affluent among the listed.")
    precision = ExpectedOut()
    recall_of_tagged = EstimateOut(allow_null=True)
    weeks = serializers.FloatField(allow_null=True)
    cost = serializers.FloatField(allow_null=True)
    value = ExpectedOut(allow_null=True)
    net = ExpectedOut(allow_null=True)
    next_calls = NextCallsOut(allow_null=True)
    currency = serializers.CharField(source="economics.currency")
    notes = serializers.ListField(child=serializers.CharField())


class CurvePointOut(serializers.Serializer[Any]):
    """What a list of that length would give."""

    contacts = serializers.IntegerField()
    share = serializers.FloatField()
    score = serializers.FloatField()
    finds = serializers.FloatField(allow_null=True)
    finds_low = serializers.FloatField()
    finds_high = serializers.FloatField()
    recall_of_tagged = serializers.FloatField(allow_null=True)
    cost = serializers.FloatField(allow_null=True)
    net = serializers.FloatField(allow_null=True)
    net_low = serializers.FloatField(allow_null=True)
    net_high = serializers.FloatField(allow_null=True)


class SegmentOut(serializers.Serializer[Any]):
    """A segment; numbers are null where they would tell of fewer than ten people."""

    name = serializers.CharField()
    rule = serializers.CharField()
    people = serializers.IntegerField(allow_null=True)
    share = serializers.FloatField(allow_null=True)
    expected_finds = serializers.FloatField(allow_null=True)


class SegmentFigureOut(serializers.Serializer[Any]):
    """A figure of a group: of a segment, of the tagged affluent, or of the normal who are not listed."""

    group = serializers.CharField()
    subject = serializers.CharField()
    figure = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    people = serializers.IntegerField(allow_null=True)


class SegmentGroupOut(serializers.Serializer[Any]):
    """The size of a group."""

    group = serializers.CharField()
    people = serializers.IntegerField(allow_null=True)
    share = serializers.FloatField(allow_null=True)
    expected_finds = serializers.FloatField(allow_null=True)


class SegmentAgreementOut(serializers.Serializer[Any]):
    """How far segmentations of halves of the listed agree with this one (adjusted Rand index)."""

    mean = serializers.FloatField()
    lowest = serializers.FloatField()


class SegmentMapOut(serializers.Serializer[Any]):
    """Where somebody stands on the map of segments, who is not named."""

    x = serializers.FloatField()
    y = serializers.FloatField()
    segment = serializers.CharField()


class SegmentsOut(serializers.Serializer[Any]):
    """The segments of the listed."""

    segments = SegmentOut(many=True)
    agreement = SegmentAgreementOut()
    explained = serializers.FloatField(help_text="The share of the listed's variance between segments.")
    groups = SegmentGroupOut(many=True)
    figures = SegmentFigureOut(many=True)
    map = SegmentMapOut(many=True)


class StrategyOut(serializers.Serializer[Any]):
    """What to do about one segment."""

    segment = serializers.CharField()
    rule = serializers.CharField()
    who = serializers.ListField(child=serializers.CharField())
    product_gap = serializers.ListField(child=serializers.CharField())
    need = serializers.CharField()
    channel = serializers.CharField()
    offer = serializers.CharField()
    offer_share = serializers.FloatField()
    opening = serializers.CharField()
    expected_finds = serializers.FloatField(allow_null=True)
    expected_value = serializers.FloatField(allow_null=True)
    expected_in_words = serializers.CharField()
    last_campaign = serializers.CharField()


class _OfRun(APIView):
    """A view of a run's ranking."""

    actions: Mapping[str, Action] = {"GET": Action.SEE_CANDIDATES}
    problems: tuple[int, ...] = (400, 409, 422)

    def run_of(self, request: Request, id: UUID) -> Run:  # noqa: A002  (the address's word)
        """The run. Errors: 404 for one of another team, Conflict for one without a ranking."""
        return selectors.require_ranking(get_object_or_404(runs_for(request.user), id=id))

    def asked(self, form: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
        """What the address asks for. Errors: ValidationError with each fault."""
        read = form(data=request.query_params)
        read.is_valid(raise_exception=True)
        return dict(read.validated_data)


class Candidates(_OfRun):
    """The ranking, a page at a time."""

    problems = (400, 404, 409, 422)
    pagination_class = Pages

    @extend_schema(parameters=[forms.Wanted, forms.Page], responses=CandidatePageOut, operation_id="candidates")
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """A page of the candidates that are asked for, in the order that is asked for; the sight is recorded."""
        run, wanted = self.run_of(request, id), self.asked(forms.Wanted, request)
        if wanted["ids"] or "customer" in wanted:
            services.require_right_to_ids(request.user)
        pages = Pages()
        ranking: Any = selectors.ranking_of(run, wanted)
        lines = selectors.lines_of(run, pages.paginate_queryset(ranking, request, view=self) or [], ids=wanted["ids"])
        services.note_sight(
            request.user,
            run,
            customers=len(lines),
            ids=wanted["ids"],
            reason=wanted["reason"],
            by_id="customer" in wanted,
        )
        return pages.get_paginated_response(CandidateOut(lines, many=True).data)


class Person(_OfRun):
    """One candidate."""

    @extend_schema(parameters=[forms.Sight], responses=PersonOut, operation_id="candidate")
    def get(self, request: Request, id: UUID, rank: int) -> Response:  # noqa: A002
        """Everything on the candidate of that rank; the sight is recorded."""
        run, asked = self.run_of(request, id), self.asked(forms.Sight, request)
        if asked["ids"]:
            services.require_right_to_ids(request.user)
        person = selectors.person_at(run, rank, ids=asked["ids"])
        if person is None:
            raise NotFound(f"The ranking ends at {run.candidates:,}.")
        services.note_sight(request.user, run, customers=1, **asked)
        return Response(PersonOut(person).data)


class Export(_OfRun):
    """The candidates as a file."""

    actions = {"GET": Action.EXPORT_CANDIDATES}

    @extend_schema(
        parameters=[forms.Handout],
        responses={(200, kind): OpenApiTypes.BINARY for kind in forms.FORMATS.values()},
        operation_id="export_candidates",
    )
    def get(self, request: Request, id: UUID) -> StreamingHttpResponse:  # noqa: A002
        """Those above the cut that is asked for, best first; the export is recorded."""
        run, asked = self.run_of(request, id), self.asked(forms.Handout, request)
        if asked["ids"]:
            services.require_right_to_ids(request.user)
        kind, ids, reason = (asked.pop(name) for name in ("format", "ids", "reason"))
        handed = services.export(request.user, run, file_format=kind, asked=asked, ids=ids, reason=reason)
        return StreamingHttpResponse(
            handed.parts,
            headers={
                "Content-Type": forms.FORMATS[kind],
                "Content-Disposition": f'attachment; filename="candidates-{run.id}.{kind}"',
                "Cache-Control": "no-store",
            },
        )


class Capacity(_OfRun):
    """What a cut would give."""

    @extend_schema(parameters=[forms.Capacity], responses=CutOut, operation_id="capacity")
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """What a list of that capacity would give; nothing is written."""
        run = self.run_of(request, id)
        return Response(CutOut(selectors.cut_of(run, self.asked(forms.Capacity, request))).data)


class Curve(_OfRun):
    """The gain curve."""

    @extend_schema(parameters=[forms.Money], responses=CurvePointOut(many=True), operation_id="curve")
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """What about two hundred list lengths would give."""
        run = self.run_of(request, id)
        return Response(selectors.curve_of(run, self.asked(forms.Money, request)))


class Segments(_OfRun):
    """The segments."""

    @extend_schema(responses=SegmentsOut, operation_id="segments")
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """The segments of the listed, their rules and their profiles, without cells of fewer than ten people."""
        return Response(SegmentsOut(selectors.segments_of(self.run_of(request, id))).data)


class Strategy(_OfRun):
    """What to do about each segment."""

    @extend_schema(parameters=[forms.Money], responses=StrategyOut(many=True), operation_id="strategy")
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """Who they are, what they lack, what to offer and how to begin."""
        run, asked = self.run_of(request, id), self.asked(forms.Money, request)
        told = selectors.strategy_of(run, value_a_find=asked.get("value_a_find"))
        return Response(StrategyOut(told, many=True).data)

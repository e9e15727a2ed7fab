"""Models over HTTP: what they are, who may serve, and single customers scored at once."""

import re
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from affluence_service.access import Action
from affluence_service.registry import scoring, selectors, services, shelf
from affluence_service.registry.models import Champion, ModelVersion, Proposal

# A card is one file with its style in it; it runs nothing, loads nothing and stands in no frame.
CARD_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
CARD_POLICY += "frame-ancestors 'none'; sandbox"
NAME_OF_CONTRACT = re.compile(r"[a-z0-9_]{1,100}")
LONGEST_REASON = 2_000


class ModelOut(serializers.ModelSerializer[ModelVersion]):
    """A version: what was measured, each figure with its interval, and what it learned from."""

    champion = serializers.BooleanField(help_text="Whether it serves.")
    light = serializers.CharField(
        allow_null=True, help_text="How far the last table that it scored moved: green, amber or red."
    )
    challenge = serializers.DictField(
        child=serializers.JSONField(),
        allow_null=True,
        help_text="How its training judged it beside the champion of that day: champion, proposed, because, comparison "
        "and the champion's light. Nobody is promoted by it. Null for one trained elsewhere, or the first.",
    )
    trained_by = serializers.CharField(source="trained_by.username", default=None, allow_null=True)
    metrics = serializers.DictField(child=serializers.JSONField(), help_text="Against the tag, out of fold.")
    facts = serializers.DictField(child=serializers.JSONField())

    class Meta:
        """All but where its files stand."""

        model = ModelVersion
        fields = (
            "id",
            "name",
            "number",
            "contract",
            "fingerprint",
            "registered_at",
            "champion",
            "light",
            "challenge",
            "usable",
            "problem",
            "trained_by",
            "metrics",
            "facts",
        )


class ProposalOut(serializers.ModelSerializer[Proposal]):
    """A wish that a version become champion, and what was decided."""

    name = serializers.CharField(source="version.name")
    number = serializers.IntegerField(source="version.number")
    proposed_by = serializers.CharField(source="proposed_by.username")
    decided_by = serializers.CharField(source="decided_by.username", default=None, allow_null=True)

    class Meta:
        """All of it."""

        model = Proposal
        fields = (
            "id",
            "version",
            "name",
            "number",
            "reason",
            "proposed_by",
            "proposed_at",
            "state",
            "decided_by",
            "decided_at",
            "note",
        )


class ChampionOut(serializers.ModelSerializer[Champion]):
    """Which version serves, since when, and which it can go back to."""

    number = serializers.IntegerField(source="version.number")
    before = serializers.IntegerField(source="before.number", default=None, allow_null=True)

    class Meta:
        """All of it."""

        model = Champion
        fields = ("name", "version", "number", "before", "since", "decided_by", "told")


class Reason(serializers.Serializer[Any]):
    """Why."""

    reason = serializers.CharField(max_length=LONGEST_REASON)


class Note(serializers.Serializer[Any]):
    """What the decision rests on."""

    note = serializers.CharField(max_length=LONGEST_REASON, allow_blank=True, default="")


class ScoreIn(serializers.Serializer[Any]):
    """Customers to score at once; many are scored by a run."""

    contract = serializers.RegexField(NAME_OF_CONTRACT, required=False, help_text="The table's contract, by name.")
    model = serializers.UUIDField(required=False, help_text="A version; without it the champion scores.")
    customers = serializers.ListField(
        child=serializers.DictField(child=serializers.JSONField(allow_null=True)),
        min_length=1,
        help_text="Each with the same columns, by our names or the table's own headers.",
    )


class ScoredBy(serializers.Serializer[Any]):
    """The version that scored."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    version = serializers.IntegerField()


class ScoredCustomer(serializers.Serializer[Any]):
    """What was found of one customer."""

    customer_id = serializers.CharField()
    score = serializers.FloatField(help_text="By which candidates are ranked; no probability.")
    affluent_probability = serializers.FloatField(allow_null=True, help_text="Null unless verdicts told how many are.")
    labelled_probability = serializers.FloatField(allow_null=True, help_text="Null unless it is calibrated.")
    scored_by_fold = serializers.IntegerField(
        allow_null=True, help_text="The fold whose model never saw the customer; null for one that no model saw."
    )


class ScoreOut(serializers.Serializer[Any]):
    """The scores, in the order of the customers."""

    model = ScoredBy()
    simulated = serializers.BooleanField(help_text="Whether the model learned from made customers.")
    customers = ScoredCustomer(many=True)
    notes = serializers.ListField(child=serializers.CharField(), help_text="What was read otherwise than it was sent.")


class Page(BaseRenderer):
    """A page that stands as it was made."""

    media_type = "text/html"
    format = "html"
    charset = "utf-8"

    def render(self, data: Any, *told: Any, **more: Any) -> Any:  # noqa: ARG002  (the framework's signature)
        """The page."""
        return data


class Models(generics.ListAPIView[ModelVersion]):
    """The versions of every table's models, newest first."""

    actions = {"GET": Action.SEE_MODELS}
    serializer_class = ModelOut

    @extend_schema(
        parameters=[
            OpenApiParameter("contract", OpenApiTypes.STR, description="Those of this table alone."),
            OpenApiParameter("champion", OpenApiTypes.BOOL, description="Those that serve, or do not, alone."),
        ]
    )
    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """A page of them."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[ModelVersion]:
        """Those that are asked for."""
        asked = self.request.GET
        champion = {"true": True, "1": True, "false": False, "0": False}.get(asked.get("champion", "").lower())
        return selectors.versions_of(contract=asked.get("contract"), champion=champion)


class OneModel(generics.RetrieveAPIView[ModelVersion]):
    """One version."""

    actions = {"GET": Action.SEE_MODELS}
    serializer_class = ModelOut
    lookup_field = "id"

    def get_queryset(self) -> QuerySet[ModelVersion]:
        """Every version."""
        return selectors.versions()


class Card(APIView):
    """The model card."""

    actions = {"GET": Action.SEE_MODELS}
    renderer_classes = (Page, JSONRenderer)

    @extend_schema(responses={(200, "text/html"): OpenApiTypes.STR}, operation_id="model_card")
    def get(self, request: Request, id: UUID) -> HttpResponse:  # noqa: A002, ARG002  (the address's word)
        """The card as one HTML page."""
        version = get_object_or_404(selectors.versions(), id=id)
        path = settings.ENVIRONMENT.folder / version.folder / shelf.CARD
        if not version.folder or not path.is_file():
            raise Http404("There is no card of this version.")
        answer = HttpResponse(path.read_bytes(), content_type="text/html; charset=utf-8")
        answer["Content-Security-Policy"] = CARD_POLICY
        return answer


class Propose(APIView):
    """A version proposed as champion."""

    actions = {"POST": Action.PROPOSE_MODELS}
    problems = (409,)

    @extend_schema(request=Reason, responses={201: ProposalOut}, operation_id="propose_model")
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """Propose it; an approver decides."""
        version = get_object_or_404(selectors.versions(), id=id)
        said = _said(Reason, request)
        return Response(ProposalOut(services.propose(request.user, version, **said)).data, status=201)


class Proposals(generics.ListAPIView[Proposal]):
    """Every proposal, newest first."""

    actions = {"GET": Action.SEE_MODELS}
    serializer_class = ProposalOut

    @extend_schema(parameters=[OpenApiParameter("state", OpenApiTypes.STR, description="Those in this state alone.")])
    def get(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """A page of them."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Proposal]:
        """Those that are asked for."""
        state = self.request.GET.get("state")
        return selectors.proposals().filter(**({"state": state} if state in Proposal.State.values else {}))


class Approve(APIView):
    """A proposal approved."""

    actions = {"POST": Action.DECIDE_MODELS}
    problems = (409, 422)

    @extend_schema(request=Note, responses=ProposalOut, operation_id="approve_model")
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """Approve it: the version serves from now on. Never one's own."""
        proposal = get_object_or_404(selectors.proposals(), id=id)
        return Response(ProposalOut(services.approve(request.user, proposal, **_said(Note, request))).data)


class Reject(APIView):
    """A proposal rejected."""

    actions = {"POST": Action.DECIDE_MODELS}
    problems = (409, 422)

    @extend_schema(request=Note, responses=ProposalOut, operation_id="reject_model")
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """Reject it. Never one's own."""
        proposal = get_object_or_404(selectors.proposals(), id=id)
        return Response(ProposalOut(services.reject(request.user, proposal, **_said(Note, request))).data)


class Withdraw(APIView):
    """A proposal withdrawn."""

    actions = {"POST": Action.PROPOSE_MODELS}
    problems = (409, 422)

    @extend_schema(request=None, responses=ProposalOut, operation_id="withdraw_proposal")
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """Withdraw one's own proposal."""
        proposal = get_object_or_404(selectors.proposals(), id=id)
        return Response(ProposalOut(services.withdraw(request.user, proposal)).data)


class RollBack(APIView):
    """A champion rolled back."""

    actions = {"POST": Action.DECIDE_MODELS}
    problems = (409,)

    @extend_schema(request=Reason, responses=ChampionOut, operation_id="roll_back_model")
    def post(self, request: Request, name: str) -> Response:
        """Let the version before the champion serve again, from now on."""
        champion = get_object_or_404(selectors.champions(), name=name)
        return Response(ChampionOut(services.roll_back(request.user, champion, **_said(Reason, request))).data)


class Score(APIView):
    """Single customers, scored at once."""

    actions = {"POST": Action.SCORE}
    problems = (404, 422, 503)

    @extend_schema(request=ScoreIn, responses=ScoreOut, operation_id="score")
    def post(self, request: Request) -> Response:
        """Score up to as many customers as the service allows in one request."""
        # Read by hand: a serializer would take longer over the cells than the model takes over the customer.
        asked = request.data
        if not isinstance(asked, dict):
            raise serializers.ValidationError("Give an object with the key customers.")
        contract, version = asked.get("contract", ""), asked.get("model")
        if "contract" in asked and not (isinstance(contract, str) and NAME_OF_CONTRACT.fullmatch(contract)):
            raise serializers.ValidationError({"contract": "Give a contract's name: small letters, digits and _."})
        found = get_object_or_404(selectors.versions(), id=_uuid(version)) if version is not None else None
        customers = scoring.require_customers(asked.get("customers"))
        return Response(scoring.score(request.user, customers, contract=contract, version=found))


def _said(kind: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    said = kind(data=request.data)
    said.is_valid(raise_exception=True)
    return dict(said.validated_data)


def _uuid(text: Any) -> UUID:
    try:
        return UUID(text)
    except (ValueError, TypeError, AttributeError) as error:
        raise serializers.ValidationError({"model": "Give a version's id."}) from error

"""Reviews over HTTP: sheets to check by hand, who stands on them, and the verdicts."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from affluence_service.access import Action
from affluence_service.api_errors import Conflict
from affluence_service.audit.services import record
from affluence_service.reviews import selectors, services
from affluence_service.reviews.models import Sheet, Verdict
from affluence_service.runs.selectors import runs_for


class SheetIn(serializers.Serializer[Any]):
    """Which customers are wanted."""

    run = serializers.UUIDField(help_text="A run that scored a table.")
    size = serializers.IntegerField(min_value=1, max_value=services.MOST, default=50)
    purpose = serializers.ChoiceField(
        choices=["find", "count"], default="find", help_text="To find more of the hidden, or to count them."
    )
    seed = serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=0)
    given_to = serializers.CharField(
        max_length=150, default="", allow_blank=True, help_text="A relationship manager of the team."
    )


class SheetOut(serializers.ModelSerializer[Sheet]):
    """A sheet, and how far its checking is."""

    state = serializers.CharField(source="job.state", help_text="Where the drawing of it stands.")
    asked_by = serializers.CharField(source="asked_by.username")
    given_to = serializers.CharField(source="given_to.username", default=None, allow_null=True)
    answered = serializers.IntegerField(default=0)

    class Meta:
        """What a list of sheets shows."""

        model = Sheet
        fields: tuple[str, ...] = (
            "id",
            "run",
            "purpose",
            "size",
            "seed",
            "asked_by",
            "asked_at",
            "given_to",
            "state",
            "problem",
            "answered",
        )


class CountByHand(serializers.Serializer[Any]):
    """How many affluent customers are not tagged, by what was found by hand so far."""

    value = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    level = serializers.FloatField(help_text="The confidence of the interval from low to high.")
    assumption = serializers.CharField()


class OneSheetOut(SheetOut):
    """A sheet, and what the verdicts on its table's customers say."""

    count = serializers.SerializerMethodField(help_text="Null until somebody in each part of the ranking is checked.")

    class Meta(SheetOut.Meta):
        """What the list shows, and the count."""

        fields = (*SheetOut.Meta.fields, "count")

    @extend_schema_field(CountByHand(allow_null=True))
    def get_count(self, sheet: Sheet) -> dict[str, Any] | None:
        """The count by hand."""
        found = selectors.count_by_hand(sheet.run)
        return None if found is None else vars(found)


class VerdictIn(serializers.Serializer[Any]):
    """What was found of one customer."""

    row = serializers.IntegerField(min_value=0, max_value=2**62)
    answer = serializers.ChoiceField(choices=Verdict.Answer.choices)


class VerdictOut(serializers.ModelSerializer[Verdict]):
    """A verdict as it was given, and whether it was taken back."""

    given_by = serializers.CharField(source="given_by.username")

    class Meta:
        """All of it."""

        model = Verdict
        fields = ("id", "row", "answer", "given_by", "given_at", "taken_back_at")


class PersonOnSheet(serializers.Serializer[Any]):
    """A customer to check: what may be said of them, and the verdict that counts."""

    row = serializers.IntegerField()
    customer_id = serializers.CharField(help_text="Masked unless the reader checks or may see ids.")
    values = serializers.DictField(child=serializers.JSONField(allow_null=True))
    verdict = VerdictOut(allow_null=True)


class Sheets(generics.ListCreateAPIView[Sheet]):
    """The sheets of the team."""

    actions = {"GET": Action.SEE_REVIEWS, "POST": Action.SUGGEST_REVIEWS}
    problems = (404, 409, 422)
    serializer_class = SheetOut

    def get_queryset(self) -> QuerySet[Sheet]:
        """Those of the person."""
        return selectors.sheets_for(self.request.user)

    @extend_schema(request=SheetIn, responses={202: SheetOut})
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002
        """Ask for customers to check; a worker draws them."""
        asked = SheetIn(data=request.data)
        asked.is_valid(raise_exception=True)
        wanted = dict(asked.validated_data)
        run = get_object_or_404(runs_for(request.user), id=wanted.pop("run"))
        return Response(SheetOut(services.suggest(request.user, run, **wanted)).data, status=202)


class OneSheet(generics.RetrieveAPIView[Sheet]):
    """One sheet."""

    actions = {"GET": Action.SEE_REVIEWS}
    serializer_class = OneSheetOut
    lookup_field = "id"

    def get_queryset(self) -> QuerySet[Sheet]:
        """Those of the person."""
        return selectors.sheets_for(self.request.user)


class People(APIView):
    """Who stands on a sheet."""

    actions = {"GET": Action.GIVE_VERDICTS}
    problems = (409,)

    @extend_schema(responses=PersonOnSheet(many=True), operation_id="sheet_people")
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002  (the address's word)
        """Everybody on the sheet, in its order, with the verdict that counts."""
        sheet = get_object_or_404(selectors.sheets_for(request.user), id=id)
        if not sheet.folder:
            raise Conflict("The sheet is not drawn yet. Wait until its job is done.")
        people = selectors.people_on(sheet)
        standing = selectors.standing_verdicts([sheet])
        record(request.user, "saw customers", "sheet", sheet.id, details={"customers": people.height})
        own = {"row", "customer_id", "stratum", "weight"}
        lines = [
            {
                "row": line["row"],
                "customer_id": line["customer_id"],
                "values": {name: value for name, value in line.items() if name not in own},
                "verdict": standing.get((sheet.id, line["row"])),
            }
            for line in people.to_dicts()
        ]
        return Response(PersonOnSheet(lines, many=True).data)


class Verdicts(APIView):
    """The verdicts on a sheet."""

    actions = {"GET": Action.SEE_REVIEWS, "POST": Action.GIVE_VERDICTS}
    problems = (409, 422)

    @extend_schema(responses=VerdictOut(many=True), operation_id="sheet_verdicts")
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """Every verdict as it was given, those taken back too."""
        sheet = get_object_or_404(selectors.sheets_for(request.user), id=id)
        return Response(VerdictOut(sheet.verdicts.select_related("given_by"), many=True).data)

    @extend_schema(request=VerdictIn, responses={201: VerdictOut}, operation_id="give_verdict")
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """Say what was found of a customer; a later verdict takes the place of an earlier one."""
        sheet = get_object_or_404(selectors.sheets_for(request.user), id=id)
        said = VerdictIn(data=request.data)
        said.is_valid(raise_exception=True)
        return Response(VerdictOut(services.give_verdict(request.user, sheet, **said.validated_data)).data, status=201)


class TakeBack(APIView):
    """A verdict taken back."""

    actions = {"POST": Action.GIVE_VERDICTS}
    problems = (409, 422)

    @extend_schema(
        request=None,
        responses=VerdictOut,
        operation_id="take_back_verdict",
        parameters=[OpenApiParameter("verdict", OpenApiTypes.INT, OpenApiParameter.PATH)],
    )
    def post(self, request: Request, id: UUID, verdict: int) -> Response:  # noqa: A002
        """Take a verdict back: it counts no longer."""
        sheet = get_object_or_404(selectors.sheets_for(request.user), id=id)
        given = get_object_or_404(sheet.verdicts, id=verdict)
        return Response(VerdictOut(services.take_back(request.user, given)).data)

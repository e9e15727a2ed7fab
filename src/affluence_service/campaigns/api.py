"""Campaigns over HTTP: drafts, decisions, exports, who calls whom, and what came of it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import FileResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from affluence_service.access import Action
from affluence_service.audit.services import record
from affluence_service.campaigns import forms, selectors, services
from affluence_service.campaigns.models import Assignment, Campaign, Disposition, Exclusion, Outcomes
from affluence_service.runs.selectors import runs_for

FORMAT = OpenApiParameter("format", OpenApiTypes.STR, enum=list(selectors.FORMATS), default="csv")


class ExclusionOut(serializers.ModelSerializer[Exclusion]):
    """A list of customers to leave out."""

    added_by = serializers.CharField(source="added_by.username")

    class Meta:
        """Never who is on it."""

        model = Exclusion
        fields = ("id", "kind", "name", "customers", "added_by", "added_at", "taken_back_at")


class CampaignOut(serializers.ModelSerializer[Campaign]):
    """A campaign as a list of them shows it."""

    made_by = serializers.CharField(source="made_by.username")
    decided_by = serializers.CharField(source="decided_by.username", default=None, allow_null=True)

    class Meta:
        """Without its summary."""

        model = Campaign
        fields = (
            "id", "name", "run", "state", "problem", "made_by", "made_at", "capacity", "economics", "options",
            "submitted_at", "decided_by", "decided_at", "decision_note", "checksum",
        )  # fmt: skip


class OneCampaignOut(CampaignOut):
    """A campaign with its cut, its summary and its exclusion lists."""

    cut = serializers.SerializerMethodField(help_text="All that is known of the cut, as the capacity view tells it.")
    exclusions = ExclusionOut(many=True)

    class Meta(CampaignOut.Meta):
        """All of it."""

        fields = (*CampaignOut.Meta.fields, "summary", "cut", "exclusions")  # type: ignore[assignment]  # longer

    def get_cut(self, campaign: Campaign) -> dict[str, Any]:
        """The cut, empty until the campaign was made."""
        return dict(selectors.cut_of(campaign))


class Estimated(serializers.Serializer[Any]):
    """A figure with its 90 % interval."""

    value = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class OutcomesOut(serializers.ModelSerializer[Outcomes]):
    """What came of a campaign, and the lift it shows once that is measured."""

    state = serializers.CharField(source="job.state")
    added_by = serializers.CharField(source="added_by.username")

    class Meta:
        """All of it."""

        model = Outcomes
        fields = ("id", "name", "state", "problem", "lift", "added_by", "added_at")


class DispositionOut(serializers.ModelSerializer[Disposition]):
    """What was said of a contact."""

    class Meta:
        """All of it."""

        model = Disposition
        fields = ("id", "answer", "given_at", "taken_back_at")


class OwnCustomer(serializers.Serializer[Any]):
    """A customer assigned to the reader: who, why, what to offer, and what came of it."""

    id = serializers.IntegerField()
    campaign = serializers.CharField()
    rank = serializers.IntegerField()
    customer_id = serializers.CharField()
    hidden_type = serializers.CharField(allow_null=True)
    segment = serializers.CharField(allow_null=True)
    offer = serializers.CharField(allow_null=True)
    opening = serializers.CharField(allow_null=True)
    reasons = serializers.ListField(child=serializers.CharField())
    disposition = DispositionOut(allow_null=True)


class Assigned(serializers.Serializer[Any]):
    """How many were handed out."""

    customers = serializers.IntegerField()


def _of(request: Request, id: UUID) -> Campaign:  # noqa: A002  (the address's word)
    return get_object_or_404(selectors.campaigns_for(request.user), id=id)


def _checked(form: type[serializers.Serializer[Any]], request: Request) -> Mapping[str, Any]:
    sent = form(data=request.data)
    sent.is_valid(raise_exception=True)
    found: Mapping[str, Any] = sent.validated_data
    return found


class Campaigns(generics.ListCreateAPIView[Campaign]):
    """The campaigns of the team, newest first."""

    actions = {"GET": Action.SEE_CAMPAIGNS, "POST": Action.DRAFT_CAMPAIGNS}
    problems = (404, 409, 422)
    serializer_class = CampaignOut

    def get_queryset(self) -> QuerySet[Campaign]:
        """Those of a state, if one is asked for."""
        campaigns = selectors.campaigns_for(self.request.user)
        state = self.request.GET.get("state")
        return campaigns.filter(state=state) if state in Campaign.State.values else campaigns

    @extend_schema(parameters=[OpenApiParameter("state", OpenApiTypes.STR, enum=Campaign.State.values)])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A page of them."""
        return super().get(request, *args, **kwargs)

    @extend_schema(request=forms.CampaignIn, responses={202: CampaignOut})
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002
        """Draft a campaign; a worker makes its list."""
        wanted = dict(_checked(forms.CampaignIn, request))
        run = get_object_or_404(runs_for(request.user), id=wanted.pop("run"))
        return Response(CampaignOut(services.draft(request.user, run, **wanted)).data, status=202)


class OneCampaign(APIView):
    """One campaign."""

    actions = {"GET": Action.SEE_CAMPAIGNS, "PATCH": Action.DRAFT_CAMPAIGNS}
    problems = (409, 422)

    @extend_schema(responses=OneCampaignOut, operation_id="campaign")
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """The campaign with its summary: expected, excluded, held back and written, and whether it can prove a lift."""
        return Response(OneCampaignOut(_of(request, id)).data)

    @extend_schema(request=forms.ChangeIn, responses={202: CampaignOut}, operation_id="change_campaign")
    def patch(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """Change it before it is submitted; a worker makes its list anew."""
        changed = services.change(request.user, _of(request, id), **_checked(forms.ChangeIn, request))
        return Response(CampaignOut(changed).data, status=202)


class Exclusions(APIView):
    """The lists of customers that a campaign leaves out."""

    actions = {"GET": Action.SEE_CAMPAIGNS, "POST": Action.DRAFT_CAMPAIGNS}
    parser_classes = (MultiPartParser,)
    problems = (409, 422)

    @extend_schema(responses=ExclusionOut(many=True), operation_id="campaign_exclusions")
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """Every list, those taken back too."""
        return Response(ExclusionOut(_of(request, id).exclusions.select_related("added_by"), many=True).data)

    @extend_schema(
        request={"multipart/form-data": forms.ExclusionIn},
        responses={202: ExclusionOut},
        operation_id="add_campaign_exclusion",
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """Leave out the customers of a sheet; a worker makes the campaign anew."""
        campaign, sent = _of(request, id), _checked(forms.ExclusionIn, request)
        added = services.add_exclusion(request.user, campaign, kind=sent["kind"], upload=sent["file"])
        return Response(ExclusionOut(added).data, status=202)


class TakeBackExclusion(APIView):
    """A list heeded no longer."""

    actions = {"POST": Action.DRAFT_CAMPAIGNS}
    problems = (409,)

    @extend_schema(request=None, responses={202: CampaignOut}, operation_id="take_back_campaign_exclusion")
    def post(self, request: Request, id: UUID, exclusion: UUID) -> Response:  # noqa: A002
        """Heed the list no longer; a worker makes the campaign anew."""
        campaign = _of(request, id)
        services.take_back_exclusion(request.user, get_object_or_404(campaign.exclusions, id=exclusion))
        return Response(CampaignOut(_of(request, id)).data, status=202)


class Submit(APIView):
    """A draft that waits for approval."""

    actions = {"POST": Action.DRAFT_CAMPAIGNS}
    problems = (409,)

    @extend_schema(request=None, responses=CampaignOut, operation_id="submit_campaign")
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """Submit the draft for somebody else's decision."""
        return Response(CampaignOut(services.submit(request.user, _of(request, id))).data)


class Withdraw(APIView):
    """A submitted campaign that is a draft again."""

    actions = {"POST": Action.DRAFT_CAMPAIGNS}
    problems = (409,)

    @extend_schema(request=None, responses=CampaignOut, operation_id="withdraw_campaign")
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """Take the campaign back before it is decided on."""
        return Response(CampaignOut(services.withdraw(request.user, _of(request, id))).data)


class _Decide(APIView):
    """A decision, never on one's own campaign."""

    actions = {"POST": Action.DECIDE_CAMPAIGNS}
    problems = (409, 422)
    approved: bool

    def _decided(self, request: Request, id: UUID) -> Response:  # noqa: A002
        note = _checked(forms.DecisionIn, request)["note"]
        decided = services.decide(request.user, _of(request, id), approved=self.approved, note=note)
        return Response(CampaignOut(decided).data)


class Approve(_Decide):
    """Approval."""

    approved = True

    @extend_schema(request=forms.DecisionIn, responses=CampaignOut, operation_id="approve_campaign")
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """Approve the campaign: its list can be exported and handed out."""
        return self._decided(request, id)


class Reject(_Decide):
    """Rejection."""

    approved = False

    @extend_schema(request=forms.DecisionIn, responses=CampaignOut, operation_id="reject_campaign")
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """Reject the campaign; it can be changed and submitted again."""
        return self._decided(request, id)


class Export(APIView):
    """The list of an approved campaign."""

    actions = {"GET": Action.EXPORT_CAMPAIGNS}
    problems = (400, 409)

    @extend_schema(
        parameters=[FORMAT],
        responses={(200, kind.split(";")[0]): OpenApiTypes.BINARY for kind in selectors.FORMATS.values()},
        operation_id="export_campaign",
    )
    def get(self, request: Request, id: UUID) -> FileResponse:  # noqa: A002
        """The list as a file, with the customers' ids; the export is recorded."""
        wanted = request.GET.get("format", "csv")
        if wanted not in selectors.FORMATS:
            raise serializers.ValidationError({"format": [f"Give one of {', '.join(selectors.FORMATS)}."]})
        campaign = _of(request, id)
        file = services.export(request.user, campaign, file_format=wanted)
        return FileResponse(
            file.open("rb"),
            as_attachment=True,
            filename=f"campaign-{campaign.id}.{wanted}",
            headers={"Content-Type": selectors.FORMATS[wanted], "Cache-Control": "no-store"},
        )


class Assign(APIView):
    """Who calls whom."""

    actions = {"POST": Action.DECIDE_CAMPAIGNS}
    problems = (409, 422)

    @extend_schema(request=forms.AssignIn, responses=Assigned, operation_id="assign_campaign")
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """Hand the approved list out to relationship managers, in turns from the best."""
        shares = {share["manager"]: share["customers"] for share in _checked(forms.AssignIn, request)["shares"]}
        return Response({"customers": services.assign(request.user, _of(request, id), shares=shares)})


class CampaignOutcomes(APIView):
    """What came of a campaign."""

    actions = {"GET": Action.SEE_CAMPAIGNS, "POST": Action.DRAFT_CAMPAIGNS}
    parser_classes = (MultiPartParser,)
    problems = (409, 422)

    @extend_schema(responses=OutcomesOut(many=True), operation_id="campaign_outcomes")
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """Every file of outcomes with the lift that it shows, against the control group."""
        told = _of(request, id).outcomes.select_related("job", "added_by")
        return Response(OutcomesOut(told, many=True).data)

    @extend_schema(
        request={"multipart/form-data": forms.OutcomesIn},
        responses={202: OutcomesOut},
        operation_id="add_campaign_outcomes",
    )
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """Say what came of it; a worker measures the lift."""
        campaign, sent = _of(request, id), _checked(forms.OutcomesIn, request)
        added = services.add_outcomes(request.user, campaign, upload=sent.get("file"))
        return Response(OutcomesOut(added).data, status=202)


class MyCustomers(generics.GenericAPIView[Assignment]):
    """The customers assigned to the reader."""

    actions = {"GET": Action.SEE_OWN_CUSTOMERS}
    serializer_class = OwnCustomer

    def get_queryset(self) -> QuerySet[Assignment]:
        """Theirs alone."""
        return selectors.assignments_for(self.request.user)

    @extend_schema(responses=OwnCustomer(many=True), operation_id="my_customers")
    def get(self, request: Request) -> Response:
        """A page of one's own customers with reasons and offer; the sight is recorded."""
        page = self.paginate_queryset(self.get_queryset()) or []
        lines = selectors.told_of(page)
        for campaign in {assignment.campaign_id for assignment in page}:
            shown = sum(assignment.campaign_id == campaign for assignment in page)
            record(request.user, "saw customers", "campaign", campaign, details={"customers": shown})
        return self.get_paginated_response(OwnCustomer(lines, many=True).data)


class Say(APIView):
    """What came of a contact."""

    actions = {"POST": Action.SEE_OWN_CUSTOMERS}

    @extend_schema(request=forms.DispositionIn, responses={201: DispositionOut}, operation_id="say_what_came_of_it")
    def post(self, request: Request, id: int) -> Response:  # noqa: A002
        """Say what came of a contact with one's own customer; what was said before counts no longer."""
        assignment = get_object_or_404(selectors.assignments_for(request.user), id=id)
        said = services.say(request.user, assignment, **_checked(forms.DispositionIn, request))
        return Response(DispositionOut(said).data, status=201)


class TakeBack(APIView):
    """What was said, taken back."""

    actions = {"POST": Action.SEE_OWN_CUSTOMERS}
    problems = (409,)

    @extend_schema(request=None, responses=DispositionOut, operation_id="take_back_what_came_of_it")
    def post(self, request: Request, id: int, disposition: int) -> Response:  # noqa: A002
        """Let what was said count no longer."""
        assignment = get_object_or_404(selectors.assignments_for(request.user), id=id)
        said = get_object_or_404(assignment.dispositions, id=disposition)
        services.take_back(request.user, said)
        said.refresh_from_db()
        return Response(DispositionOut(said).data)

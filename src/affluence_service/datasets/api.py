"""Datasets and contracts over HTTP: tables sent in, what was found in them, and what columns are called."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from csp.constants import NONE
from csp.decorators import csp_replace
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpResponse
from django.http.request import RawPostDataException, UnreadablePostError
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.http import parse_header_parameters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import generics
from rest_framework.exceptions import ParseError
from rest_framework.parsers import MultiPartParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from affluence.data.made_sample import made_sample
from affluence_service.access import Action
from affluence_service.datasets import forms, selectors, services
from affluence_service.datasets.api_parts import ColumnMapOut, ContractOut, DatasetOut, OneDatasetOut
from affluence_service.datasets.arriving import (
    Arrived,
    drop_unfinished,
    from_form,
    from_stream,
    refuse_beyond,
)
from affluence_service.datasets.contracts import contract_named, is_known, known_contracts
from affluence_service.datasets.models import Dataset, State

FORM = "multipart/form-data"
STREAMED = (
    "application/octet-stream",
    "text/csv",
    "application/gzip",
    "application/vnd.apache.parquet",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
)
BROKEN_OFF = "The request broke off before its end. Send the file again."


class HtmlToo(JSONRenderer):
    """Lets a browser ask for a page; what goes wrong is told as everywhere."""

    media_type = "text/html"
    format = "html"


class CsvToo(JSONRenderer):
    """Lets a client ask for CSV; what goes wrong is told as everywhere."""

    media_type = "text/csv"
    format = "csv"


def _of(request: Request, id: UUID) -> Dataset:  # noqa: A002  (the address's word)
    return get_object_or_404(selectors.datasets_for(request.user), id=id)


def _known(name: str) -> str:
    if not is_known(name):
        raise Http404
    return name


class Datasets(generics.ListAPIView[Dataset]):
    """The datasets of the team, newest first."""

    actions = {"GET": Action.SEE_DATASETS, "POST": Action.CHANGE_DATASETS}
    parser_classes = (MultiPartParser,)
    serializer_class = DatasetOut
    problems = (413, 422)

    def get_queryset(self) -> QuerySet[Dataset]:
        """Those that are asked for."""
        wanted = {"state": "state", "contract": "contract", "uploaded_by": "uploaded_by__username"}
        given = forms.checked(forms.Filters, self.request.query_params)
        return selectors.datasets_for(self.request.user).filter(**{wanted[name]: given[name] for name in given})

    @extend_schema(
        parameters=[
            OpenApiParameter("state", OpenApiTypes.STR, enum=State.values),
            OpenApiParameter("contract", OpenApiTypes.STR, description="Tables of this contract alone, by name."),
            OpenApiParameter("uploaded_by", OpenApiTypes.STR, description="Tables of this person alone."),
        ]
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A page of them."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="upload_dataset",
        parameters=[
            OpenApiParameter("name", OpenApiTypes.STR, description="The file's name, where the body is the file."),
            OpenApiParameter("contract", OpenApiTypes.STR, description="The contract, where the body is the file."),
        ],
        request={FORM: forms.UploadIn} | dict.fromkeys(STREAMED, OpenApiTypes.BINARY),
        responses={202: DatasetOut},
    )
    def post(self, request: Request) -> Response:
        """Send a table in, as a form or as the body; a worker checks it. Its content says what kind it is."""
        streamed = request.content_type.partition(";")[0].strip().lower() in STREAMED
        arrived, contract = _streamed(request) if streamed else _in_form(request)
        dataset = services.receive(request.user, arrived, contract=contract)
        return Response(DatasetOut(dataset).data, status=202)

    def handle_exception(self, exc: Exception) -> Response:
        """The answer to an error, after which nothing of an upload is left."""
        drop_unfinished(self.request)
        return super().handle_exception(exc)


def _in_form(request: Request) -> tuple[Arrived, str]:
    try:
        sent = forms.checked(forms.UploadIn, request.data)
    except (UnreadablePostError, RawPostDataException) as error:
        raise ParseError(BROKEN_OFF) from error
    return from_form(sent["file"]), sent["contract"]


def _streamed(request: Request) -> tuple[Arrived, str]:
    """The body as a file. A body without a length ends where the server says so."""
    sent = forms.checked(forms.StreamIn, request.query_params)
    contract_named(sent["contract"])
    refuse_beyond(int(request.META.get("CONTENT_LENGTH") or 0))
    chunked = "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower()
    source: Any = request.META["wsgi.input"] if chunked and request.META.get("wsgi.input_terminated") else request
    try:
        return from_stream(source, name=sent["name"] or _name_in_header(request)), sent["contract"]
    except OSError as error:
        if isinstance(error, UnreadablePostError) or error.errno is None:
            raise ParseError(BROKEN_OFF) from error
        raise


def _name_in_header(request: Request) -> str:
    header = request.META.get("HTTP_CONTENT_DISPOSITION", "")
    _, parameters = parse_header_parameters(header)
    return str(parameters.get("filename", ""))


class OneDataset(APIView):
    """One dataset."""

    actions = {"GET": Action.SEE_DATASETS, "DELETE": Action.CHANGE_DATASETS}
    problems = (409,)

    @extend_schema(responses=OneDatasetOut, operation_id="dataset")
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """The dataset with the report of its check, every violation with its lines, and what the doctor found."""
        return Response(OneDatasetOut(_of(request, id)).data)

    @extend_schema(responses={204: None}, operation_id="delete_dataset")
    def delete(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """Delete its files; the record of it stays."""
        services.delete(request.user, _of(request, id))
        return Response(status=204)


class CancelCheck(APIView):
    """A check that is no longer wanted."""

    actions = {"POST": Action.CHANGE_DATASETS}
    problems = (409,)

    @extend_schema(request=None, responses={202: DatasetOut}, operation_id="cancel_dataset")
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """Cancel the check; nothing of the file stays."""
        services.cancel(request.user, _of(request, id))
        return Response(DatasetOut(_of(request, id)).data, status=202)


class DoctorsPage(APIView):
    """What the doctor found, to be read."""

    actions = {"GET": Action.SEE_DATASETS}
    renderer_classes = (JSONRenderer, HtmlToo)
    problems = (409,)

    @extend_schema(
        responses={(200, "text/html"): OpenApiResponse(OpenApiTypes.STR)}, operation_id="dataset_report", filters=False
    )
    def get(self, request: Request, id: UUID) -> HttpResponseBase:  # noqa: A002
        """The doctor's page on an accepted dataset, which loads nothing from anywhere."""
        page = selectors.page_of(_of(request, id))

        def shown(_: Any) -> FileResponse:
            return FileResponse(page.open("rb"), content_type="text/html; charset=utf-8")

        return csp_replace(_page_policy())(shown)(request)


class Contracts(APIView):
    """The contracts that a table can be held to."""

    actions = {"GET": Action.SEE_DATASETS}

    @extend_schema(responses=ContractOut(many=True), operation_id="contracts")
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """All of them by name."""
        return Response(ContractOut(known_contracts(), many=True).data)


class Sample(APIView):
    """What a table under a contract looks like."""

    actions = {"GET": Action.SEE_DATASETS}
    renderer_classes = (JSONRenderer, CsvToo)
    problems = (422,)

    @extend_schema(
        responses={(200, "text/csv"): OpenApiResponse(OpenApiTypes.STR)}, operation_id="contract_sample", filters=False
    )
    def get(self, request: Request, name: str) -> HttpResponse:  # noqa: ARG002
        """A few made rows as CSV; no value in it is anybody's, and nothing can be learned from them."""
        sample = made_sample(contract_named(_known(name)))
        return HttpResponse(
            sample.encode("utf-8"),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="sample_{name}.csv"'},
        )


class Columns(APIView):
    """What a contract's columns are, and what the team's files call them."""

    actions = {"GET": Action.SEE_DATASETS, "PUT": Action.CHANGE_DATASETS}
    problems = (422,)

    @extend_schema(responses=ColumnMapOut, operation_id="contract_columns")
    def get(self, request: Request, name: str) -> Response:
        """Every column of the contract, and the headers that are remembered for it."""
        return Response(_columns(name, selectors.known_as(_team(request), _known(name))))

    @extend_schema(request=forms.ColumnMapIn, responses=ColumnMapOut, operation_id="map_contract_columns")
    def put(self, request: Request, name: str) -> Response:
        """Remember, in place of what was remembered, which headers in the team's files stand for which columns."""
        sent = forms.checked(forms.ColumnMapIn, request.data)
        return Response(_columns(name, services.map_columns(request.user, _known(name), sent["known_as"])))


def _page_policy() -> dict[str, Any]:
    """The page holds its own styles, and one script, which is known by its digest."""
    from affluence.reporting.page import source_hash, template_text

    script = source_hash(template_text("report.js"))
    own = {"script-src": [f"'{script}'"], "style-src": ["'unsafe-inline'"], "img-src": ["data:"]}
    return own | {key: [NONE] for key in ("default-src", "base-uri", "form-action", "frame-ancestors")}


def _team(request: Request) -> Any:
    person: Any = request.user
    return person.team_id


def _columns(name: str, known_as: Mapping[str, str]) -> Mapping[str, Any]:
    contract = contract_named(name)
    roles = {contract.customer_id.source: "customer id", contract.tag.source: "bank segment tag"}
    meanings = {column.source: column for column in contract.columns}
    columns = [
        {
            "header": header,
            "name": meanings[header].name if header in meanings else "",
            "type": str(meanings[header].type) if header in meanings else roles[header],
            "unit": (meanings[header].unit or "") if header in meanings else "",
            "meaning": meanings[header].meaning if header in meanings else roles[header],
        }
        for header in contract.headers
    ]
    return ColumnMapOut({"columns": columns, "known_as": known_as}).data

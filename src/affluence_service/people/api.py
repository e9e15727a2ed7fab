"""People over HTTP: signing in, oneself, one's tokens, and the people of an administrator's team."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_protect
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from affluence_service.access import MAY, Action, Role
from affluence_service.api_access import Oneself
from affluence_service.people import selectors, services
from affluence_service.people.models import Team, Token, User


class Me(serializers.Serializer[Any]):
    """A person: name, team, role, and what the role may do."""

    name = serializers.CharField()
    team = serializers.CharField(allow_null=True)
    role = serializers.ChoiceField(choices=Role.choices)
    may = serializers.ListField(child=serializers.ChoiceField(choices=[str(action) for action in Action]))
    must_change_password = serializers.BooleanField(help_text="Nothing else is possible before.")


class SignIn(serializers.Serializer[Any]):
    """Name and password."""

    name = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=200, trim_whitespace=False, write_only=True)


class SessionOut(serializers.Serializer[Any]):
    """Whether a session is open, and what a browser needs to open one."""

    signed_in = serializers.BooleanField()
    csrf_token = serializers.CharField(help_text="To be sent as X-CSRFToken with whatever changes something.")
    openid = serializers.BooleanField(
        help_text="Whether the bank's own sign-in is configured, at /openid/authenticate."
    )


class PasswordChange(serializers.Serializer[Any]):
    """The password until now, and the one from now on."""

    old = serializers.CharField(max_length=200, trim_whitespace=False, write_only=True)
    new = serializers.CharField(max_length=200, trim_whitespace=False, write_only=True)


class TokenOut(serializers.ModelSerializer[Token]):
    """A token without its text."""

    id = serializers.UUIDField(source="public_id")

    class Meta:
        """What its owner sees of it."""

        model = Token
        fields = ("id", "name", "created", "expiry", "last_used_at")


class TokenIn(serializers.Serializer[Any]):
    """What for, and for how long."""

    name = serializers.CharField(max_length=100)
    days = serializers.IntegerField(min_value=1, max_value=36_500, default=30)


class NewToken(TokenOut):
    """A token with its text, shown this once."""

    token = serializers.CharField(help_text="To be sent as `Authorization: Token ...`. It is not shown again.")

    class Meta(TokenOut.Meta):
        """And its text."""

        fields = (*TokenOut.Meta.fields, "token")  # type: ignore[assignment]  # longer


class MemberOut(serializers.ModelSerializer[User]):
    """A person of the team."""

    id = serializers.UUIDField(source="public_id")
    name = serializers.CharField(source="username")
    team = serializers.CharField(source="team.name")
    active = serializers.BooleanField(source="is_active")

    class Meta:
        """What an administrator sees."""

        model = User
        fields = ("id", "name", "email", "team", "role", "active", "must_change_password", "last_login")


class PersonIn(serializers.Serializer[Any]):
    """Somebody new."""

    name = serializers.CharField(max_length=150)
    role = serializers.ChoiceField(choices=Role.choices)
    email = serializers.EmailField(max_length=254, default="", allow_blank=True)
    signs_in_elsewhere = serializers.BooleanField(
        default=False, help_text="Has no password here: OpenID Connect alone."
    )


class NewPerson(MemberOut):
    """A person with their first password, shown this once."""

    password = serializers.CharField(help_text="To be changed at the first sign-in; empty where there is none.")

    class Meta(MemberOut.Meta):
        """And the password."""

        fields = (*MemberOut.Meta.fields, "password")  # type: ignore[assignment]  # longer


class PersonChange(serializers.Serializer[Any]):
    """What of a person is changed."""

    role = serializers.ChoiceField(choices=Role.choices, required=False)
    active = serializers.BooleanField(required=False)
    email = serializers.EmailField(max_length=254, allow_blank=True, required=False)


class FirstPassword(serializers.Serializer[Any]):
    """A password that somebody else made, shown this once."""

    password = serializers.CharField(help_text="To be changed at the next sign-in.")


class TeamOut(serializers.ModelSerializer[Team]):
    """A team."""

    class Meta:
        """All of it."""

        model = Team
        fields = ("id", "name", "made_at")


class TeamIn(serializers.Serializer[Any]):
    """A team's new name."""

    name = serializers.CharField(max_length=100)


class Session(APIView):
    """The browser's session. Whatever changes it, signing in too, shows that it comes from our page (CSRF)."""

    permission_classes = (AllowAny,)
    problems = (401, 403)

    @method_decorator(csrf_protect)
    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Signing in is protected as well: nobody is signed in as somebody else unawares."""
        return super().dispatch(request, *args, **kwargs)

    @extend_schema(responses=SessionOut, operation_id="session")
    def get(self, request: Request) -> Response:
        """Whether somebody is signed in, and the token that forms need; it sets the cookie that goes with it."""
        return Response(
            {
                "signed_in": request.user.is_authenticated,
                "csrf_token": get_token(request._request),  # noqa: SLF001  (the framework has no other way)
                "openid": settings.ENVIRONMENT.openid is not None,
            }
        )

    @extend_schema(request=SignIn, responses=Me, operation_id="sign_in")
    def post(self, request: Request) -> Response:
        """Sign in; five failures lock the name for a quarter of an hour."""
        sent = SignIn(data=request.data)
        sent.is_valid(raise_exception=True)
        return Response(_me(services.sign_in(request._request, **sent.validated_data)))  # noqa: SLF001  (as above)

    @extend_schema(responses={204: None}, operation_id="sign_out")
    def delete(self, request: Request) -> Response:
        """Sign out; without a session nothing happens."""
        person: Any = request.user
        if person.is_authenticated:
            services.sign_out(request._request, person)  # noqa: SLF001  (as above)
        return Response(status=204)


class WhoAmI(APIView):
    """The person that the request acts for."""

    permission_classes = (IsAuthenticated,)

    @extend_schema(responses=Me, operation_id="who_am_i")
    def get(self, request: Request) -> Response:
        """Name, team, role and rights."""
        return Response(_me(request.user))


class OwnPasswordChange(APIView):
    """One's own password."""

    permission_classes = (IsAuthenticated,)
    problems = (422,)

    @extend_schema(request=PasswordChange, responses={204: None}, operation_id="change_own_password")
    def post(self, request: Request) -> Response:
        """Change it; at least twelve characters, no common one, not one's name."""
        _require_no_token(request, "change a password")
        person: Any = request.user
        sent = PasswordChange(data=request.data)
        sent.is_valid(raise_exception=True)
        services.change_own_password(request._request, person, **sent.validated_data)  # noqa: SLF001  (as above)
        return Response(status=204)


class Tokens(generics.ListCreateAPIView[Token]):
    """One's own tokens."""

    permission_classes = (Oneself,)
    problems = (422,)
    serializer_class = TokenOut

    def get_queryset(self) -> QuerySet[Token]:
        """Theirs alone."""
        return selectors.tokens_of(self.request.user)

    @extend_schema(request=TokenIn, responses={201: NewToken}, operation_id="issue_token")
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002
        """Issue a token; its text is shown this once. A token cannot issue tokens."""
        _require_no_token(request, "issue a token")
        person: Any = request.user
        sent = TokenIn(data=request.data)
        sent.is_valid(raise_exception=True)
        token, text = services.issue_token(person, person, **sent.validated_data)
        return Response({**TokenOut(token).data, "token": text}, status=201)


class OneToken(APIView):
    """One of one's own tokens."""

    permission_classes = (Oneself,)

    @extend_schema(responses={204: None}, operation_id="revoke_token")
    def delete(self, request: Request, id: UUID) -> Response:  # noqa: A002  (the address's word)
        """Revoke it."""
        token = get_object_or_404(selectors.tokens_of(request.user), public_id=id)
        services.revoke_token(request.user, token)
        return Response(status=204)


class People(generics.ListCreateAPIView[User]):
    """The people of the administrator's team."""

    actions = {"GET": Action.MANAGE_PEOPLE, "POST": Action.MANAGE_PEOPLE}
    problems = (409, 422)
    serializer_class = MemberOut

    def get_queryset(self) -> QuerySet[User]:
        """By name."""
        return selectors.people_for(self.request.user)

    @extend_schema(request=PersonIn, responses={201: NewPerson}, operation_id="add_person")
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002
        """Add somebody to one's team; the first password is shown this once."""
        by: Any = request.user
        sent = PersonIn(data=request.data)
        sent.is_valid(raise_exception=True)
        person, password = services.add_person(by, team=by.team, **sent.validated_data)
        return Response({**MemberOut(person).data, "password": password}, status=201)


class OnePerson(APIView):
    """A person of the administrator's team."""

    actions = {"GET": Action.MANAGE_PEOPLE, "PATCH": Action.MANAGE_PEOPLE}
    problems = (422,)

    @extend_schema(responses=MemberOut, operation_id="person")
    def get(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """The person."""
        return Response(MemberOut(_person(request, id)).data)

    @extend_schema(request=PersonChange, responses=MemberOut, operation_id="change_person")
    def patch(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """Give them another role, switch them off or on. Nobody does this to themselves."""
        sent = PersonChange(data=request.data)
        sent.is_valid(raise_exception=True)
        return Response(
            MemberOut(services.change_person(request.user, _person(request, id), **sent.validated_data)).data
        )


class NewPassword(APIView):
    """A person's password, made anew."""

    actions = {"POST": Action.MANAGE_PEOPLE}

    @extend_schema(request=None, responses=FirstPassword, operation_id="set_password")
    def post(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """Set a password, shown this once; it unlocks the person, ends their sessions and revokes their tokens."""
        return Response({"password": services.set_password(request.user, _person(request, id))})


class Teams(generics.ListAPIView[Team]):
    """The administrator's team. Another is made by the operator, with its first administrator."""

    actions = {"GET": Action.MANAGE_PEOPLE}
    serializer_class = TeamOut

    def get_queryset(self) -> QuerySet[Team]:
        """Their own."""
        return selectors.teams_for(self.request.user)


class OneTeam(APIView):
    """The administrator's team."""

    actions = {"PATCH": Action.MANAGE_PEOPLE}
    problems = (409,)

    @extend_schema(request=TeamIn, responses=TeamOut, operation_id="rename_team")
    def patch(self, request: Request, id: UUID) -> Response:  # noqa: A002
        """Rename it."""
        team = get_object_or_404(selectors.teams_for(request.user), id=id)
        sent = TeamIn(data=request.data)
        sent.is_valid(raise_exception=True)
        return Response(TeamOut(services.rename_team(request.user, team, **sent.validated_data)).data)


def _me(person: Any) -> dict[str, Any]:
    team = person.team.name if person.team else None
    return {
        "name": person.get_username(),
        "team": team,
        "role": person.role,
        "may": sorted(MAY[Role(person.role)]) if team else [],
        "must_change_password": person.must_change_password,
    }


def _person(request: Request, id: UUID) -> User:  # noqa: A002
    return get_object_or_404(selectors.people_for(request.user), public_id=id)


def _require_no_token(request: Request, what: str) -> None:
    """Who found a token can use it until it runs out, and gains nothing that lasts longer."""
    if isinstance(request.auth, Token):
        raise PermissionDenied(f"Sign in to {what}: a token cannot.")

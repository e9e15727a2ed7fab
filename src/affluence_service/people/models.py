"""A team, the people in it, and the tokens by which machines act for them."""

import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models
from knox.models import AbstractAuthToken

from affluence_service.access import Role


class Team(models.Model):
    """Those who share datasets, runs and campaigns; nobody else sees them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=100, unique=True)
    made_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class User(AbstractUser):  # type: ignore[django-manager-missing]  # the tokens', of a library without types
    """A person: of one team, in one role. Without a team a person sees nothing."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.PROTECT, related_name="people")
    role = models.CharField(max_length=30, choices=Role.choices, default=Role.REVIEWER)
    must_change_password = models.BooleanField(
        default=False, help_text="The password was made for the person and seen by somebody else."
    )


class Token(AbstractAuthToken):  # type: ignore[misc]  # the library has no types
    """A token of a person for a machine; only its digest is kept."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=100, default="", blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

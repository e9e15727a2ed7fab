"""What can be read of models."""

from django.db.models import QuerySet

from affluence_service.registry.models import Champion, ModelVersion, Proposal


def versions() -> QuerySet[ModelVersion]:
    """Every version, newest first. Models hold no customer: all teams share them."""
    return ModelVersion.objects.all()


def serving() -> QuerySet[Champion]:
    """The champions that can serve, one a table at most."""
    return Champion.objects.filter(version__usable=True).select_related("version")


def proposals() -> QuerySet[Proposal]:
    """Every proposal, newest first."""
    return Proposal.objects.select_related("version", "proposed_by", "decided_by")

"""What can be read of models."""

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from affluence_service.registry.models import Champion, ModelVersion, Proposal


def versions() -> QuerySet[ModelVersion]:
    """Every version, newest first, with whether it is `champion` and the `light` of the last table that it scored.

    `challenge` is how its training judged it beside the champion of that day; None for one trained elsewhere, or first.

    Models hold no customer: all teams share them.
    """
    serves = Exists(Champion.objects.filter(version=OuterRef("pk")))
    scored = ModelVersion.objects.filter(pk=OuterRef("pk"), runs__kind="score", runs__deleted_at=None)
    last = scored.exclude(runs__folder="").order_by("-runs__asked_at").values("runs__summary__stability__light")[:1]
    trained = ModelVersion.objects.filter(pk=OuterRef("pk"), runs__kind="train")
    judged = trained.order_by("-runs__asked_at").values("runs__summary__challenge")[:1]
    found = ModelVersion.objects.annotate(champion=serves, light=Subquery(last), challenge=Subquery(judged))
    return found.select_related("trained_by")


def versions_of(*, contract: str | None = None, champion: bool | None = None) -> QuerySet[ModelVersion]:
    """The versions of one table's models or of all, champions alone, others alone or both."""
    wanted = {"contract": contract, "champion": champion}
    return versions().filter(**{name: value for name, value in wanted.items() if value is not None})


def champions() -> QuerySet[Champion]:
    """Every champion, one a table."""
    return Champion.objects.select_related("version", "before")


def serving() -> QuerySet[Champion]:
    """The champions that can serve, one a table at most."""
    return Champion.objects.filter(version__usable=True).select_related("version")


def proposals() -> QuerySet[Proposal]:
    """Every proposal, newest first."""
    return Proposal.objects.select_related("version", "proposed_by", "decided_by")

"""Single customers scored at once: checked by the contract, scored by the champion, and on record as a count."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.conf import settings
from rest_framework.exceptions import ValidationError

from affluence.errors import UserError
from affluence_service.api_errors import NotReady, Refused
from affluence_service.audit.services import record
from affluence_service.datasets.contracts import contract_named
from affluence_service.registry.models import ModelVersion
from affluence_service.registry.serving import SERVING, Served

if TYPE_CHECKING:
    import polars as pl

    from affluence.data.intake_report import Violation

# What is done about these breaches leaves the customer scored; any other refuses the request.
HARMLESS = {"set_missing", "unlabelled", "ignore", "keep"}
# So many customers are named for one breach.
NAMED = 10
ANSWERED = ("customer_id", "score", "affluent_probability", "labelled_probability", "scored_by_fold")


def require_customers(sent: Any) -> list[dict[str, Any]]:
    """The customers of a request: some, not too many, each an object of cells under names.

    Errors: ValidationError that says which is not.
    """
    limit: int = settings.ENVIRONMENT.score_limit
    if not isinstance(sent, list) or not 1 <= len(sent) <= limit:
        raise ValidationError({"customers": f"Give a list of 1 to {limit:,} customers; more are scored by a run."})
    for place, customer in enumerate(sent):
        if not isinstance(customer, dict) or not customer or not all(map(_readable, customer)):
            raise ValidationError({f"customers[{place}]": "Give an object: a value for each column."})
        unreadable = [name for name, cell in customer.items() if not _is_cell(cell)]
        if unreadable:
            raise ValidationError({f"customers[{place}].{unreadable[0]}": "Give a text, a number or null."})
    return sent


def _is_cell(cell: Any) -> bool:
    return _readable(cell) if isinstance(cell, str) else cell is None or isinstance(cell, int | float)


def _readable(text: str) -> bool:
    """Whether it can be written down: JSON can hold halves of characters."""
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def score(
    person: Any, customers: Sequence[Mapping[str, Any]], *, contract: str, version: ModelVersion | None
) -> dict[str, Any]:
    """The scores of `customers` in their order, by a version or by the champion of the contract's table.

    A customer of the training table is scored by the fold model that never saw that customer, as in the pipelines.
    Errors: Refused that names column, rule and customer; NotReady when there is no champion.
    """
    from affluence.decision.scoring import score_table
    from affluence.pu.fold_models import score_customers

    served = _served(contract, version)
    read, notes = _read(served, customers)
    scores = score_table(served.model, read, score_customers(served.model, read))
    record(person, "scored", "model", served.version.id, details={"customers": len(customers)})
    return {
        "model": {"id": served.version.id, "name": served.version.name, "version": served.version.number},
        "simulated": served.model.contract.simulated,
        "customers": [{name: one[name] for name in ANSWERED} for one in scores.to_dicts()],
        "notes": notes,
    }


def _served(contract: str, version: ModelVersion | None) -> Served:
    if version is not None:
        try:
            return SERVING.version(version)
        except UserError as error:
            raise Refused(f"{version} cannot serve. {error}") from error
    name = f"affluence-{contract or settings.ENVIRONMENT.default_contract}"
    served = SERVING.champion(name)
    if served is None:
        contract_named(contract or settings.ENVIRONMENT.default_contract)
        raise NotReady(
            f"No champion of {name} can serve yet. Train a model (a run of kind train), or approve a proposed one."
        )
    return served


def _read(served: Served, customers: Sequence[Mapping[str, Any]]) -> "tuple[pl.DataFrame, list[str]]":
    """The customers as the model reads them, and what was noted on the way. Errors: Refused with every fault."""
    _require_like(customers)
    read, violations = served.reader.read(customers)
    refusing = [violation for violation in violations if violation.action not in HARMLESS]
    if refusing:
        raise Refused(_faults(refusing, customers, served))
    return read, [violation.sentence(rows=len(customers), place="customer") for violation in violations]


def _require_like(customers: Sequence[Mapping[str, Any]]) -> None:
    """Refuse customers of whom one names other columns than the first. Errors: Refused that names them."""
    wanted = customers[0].keys()
    unlike = [place for place, customer in enumerate(customers) if customer.keys() != wanted]
    if unlike:
        detail = "It names other columns than the first one. Name the same in each, with null where nothing is known."
        raise Refused({f"customers[{place}]": [detail] for place in unlike[:NAMED]})


def _faults(
    violations: Sequence["Violation"], customers: Sequence[Mapping[str, Any]], served: Served
) -> dict[str, list[str]]:
    """By customer and column, as the request calls them: what breaks which rule, and what to do."""
    called = {served.reader.sources.get(key, key): key for key in customers[0]}
    faults: dict[str, list[str]] = {}
    for violation in violations:
        column = called.get(violation.column or "", violation.column)
        for line in violation.lines[:NAMED] or [0]:
            one = replace(violation, count=1, lines=(line,)) if line else violation
            place = ".".join(filter(None, [f"customers[{line - 1}]" if line else "customers", column]))
            told = f"{one.sentence(rows=len(customers), place='customer')} (rule: {violation.rule})"
            faults.setdefault(place, []).append(told)
    return faults

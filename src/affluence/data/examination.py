"""A table on its way to training: examined, and treated as far as its contract says."""

from collections.abc import Container, Iterable
from dataclasses import dataclass, replace

import polars as pl

from affluence.data.contract import Contract, Use
from affluence.data.doctor import Account, CellRule, Finding, RemedyAction, cell_rules, examine, to_apply, treat
from affluence.errors import ContractError

_OF_THE_TYPE = {RemedyAction.READ_NUMBERS, RemedyAction.READ_DATES}


@dataclass(frozen=True)
class Examination:
    """What the doctor found, what each applied remedy did, and the rules for cells that a model has to keep."""

    findings: tuple[Finding, ...]
    accounts: tuple[Account, ...]
    rules: tuple[CellRule, ...]


@dataclass(frozen=True)
class Examined:
    """The treated customers, and the contract with the columns forbidden that a remedy keeps from the learners."""

    customers: pl.DataFrame
    contract: Contract
    examination: Examination


def examine_customers(customers: pl.DataFrame, *, contract: Contract) -> Examined:
    """`customers` after the remedies that their contract wants applied, with all that was found.

    A column that a remedy would drop stays in the table and is forbidden as a feature: what was seen stays to be seen.

    Errors: ContractError when the contract wants a remedy applied that is a matter of the column's type.
    """
    findings = examine(customers, contract=contract)
    chosen = chosen_remedies(findings)
    treatment = treat(customers, findings=chosen, contract=contract)
    rules = tuple(rule for each in chosen for rule in cell_rules(customers, each))
    return Examined(
        customers=treatment.table,
        contract=forbidding(contract, treatment.excluded),
        examination=Examination(findings=findings, accounts=treatment.accounts, rules=rules),
    )


def chosen_remedies(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings whose remedies are applied to customers: a column that one would drop stays, excluded.

    Errors: ContractError as `examine_customers` says.
    """
    chosen = to_apply(findings)
    _refuse_types(chosen)
    return tuple(map(_kept_in_the_table, chosen))


def forbidding(contract: Contract, names: Container[str]) -> Contract:
    """The contract with the columns of these names kept from the learners."""
    columns = tuple(
        column.model_copy(update={"use": Use.FORBIDDEN}) if column.name in names else column
        for column in contract.columns
    )
    return contract.model_copy(update={"columns": columns})


def _kept_in_the_table(finding: Finding) -> Finding:
    if finding.remedy.action is not RemedyAction.DROP_COLUMNS:
        return finding
    return replace(finding, remedy=replace(finding.remedy, action=RemedyAction.EXCLUDE))


def _refuse_types(chosen: tuple[Finding, ...]) -> None:
    for each in chosen:
        if each.remedy.action in _OF_THE_TYPE:
            raise ContractError(
                f"The contract wants '{each.kind}' applied to {', '.join(each.columns)}. Give the column its type "
                "there instead (type: number, or integer); a remedy does not change what a column is."
            )

"""Raw cells against a contract: the customers it lets through, and every violation with all its lines."""

import math
from collections import Counter

import polars as pl

from affluence.data.breaches import Breach, nobody, shortened
from affluence.data.contract import Column, ColumnType, Contract, Locale, Missing
from affluence.data.headers import look_alikes
from affluence.data.identities import settle_identities
from affluence.data.intake_report import Violation
from affluence.data.labels import label_from_tag
from affluence.data.ledger import Ledger
from affluence.data.parsing import parse_column
from affluence.data.raw_table import RawTable
from affluence.data.visible_text import visible

_QUOTED_HEADERS = 5

_WRONG_TYPE = {
    ColumnType.NUMBER: "are not numbers",
    ColumnType.INTEGER: "are not whole numbers",
    ColumnType.CATEGORY: "are not text",
}


def check_table(raw: RawTable, *, contract: Contract, tag_required: bool) -> tuple[pl.DataFrame, tuple[Violation, ...]]:
    """The customers of `raw`, as `Reading` describes them, and all violations; no rows when one refuses."""
    customers, breaches = check_part(raw, contract=contract, tag_required=tag_required)
    rows = raw.cells.height
    if customers.is_empty():
        breaches = (*breaches, nobody(rows))
    refused = any(breach.action == "refuse" for breach in breaches)
    return (customers.clear() if refused else customers), tuple(breach.violation(rows=rows) for breach in breaches)


def check_part(raw: RawTable, *, contract: Contract, tag_required: bool) -> tuple[pl.DataFrame, tuple[Breach, ...]]:
    """The customers of `raw`, a table or a part of one, whether or not a breach refuses it; and all breaches.

    All rows of a customer stand in one part where the contract settles or refuses repeated customers.
    """
    ledger = Ledger(raw, contract=contract)
    for finding, lines in raw.unreadable.items():
        ledger.note_unreadable(lines, finding=finding, remedy="Mend these rows in the file.")
    _check_headers(ledger, tag_required=tag_required)
    columns = [
        raw.row_numbers,
        _customer_ids(ledger),
        *_tags(ledger),
        *(_values(ledger, column) for column in contract.columns),
    ]
    customers = _one_row_a_customer(ledger, pl.DataFrame(columns).filter(ledger.kept))
    return customers, tuple(ledger.breaches)


def _check_headers(ledger: Ledger, *, tag_required: bool) -> None:
    contract, headers = ledger.contract, ledger.raw.headers
    optional = [] if tag_required else [contract.tag.source]
    known = [
        contract.customer_id.source,
        contract.tag.source,
        *(column.source for column in contract.columns),
    ]
    if not headers:
        return
    if not set(known) & set(headers):
        # Nothing is quoted: where the header row is missing, the first line is a customer.
        finding, remedy = "The first line names no column of the contract", "Give the table a header row."
        ledger.note_table("no_header", finding=finding, remedy=remedy)
        return
    extra = [header for header in headers if header not in known]
    missing = [source for source in known if source is not None and source not in {*headers, *optional}]
    _note_missing_columns(ledger, missing, extra=extra)
    for header, times in Counter(headers).items():
        if times > 1 and header in known:
            finding, remedy = f"{times} columns have this header", "Keep the right one and rename the others."
            ledger.note_table("repeated_header", column=header, finding=finding, remedy=remedy)
    _check_extra_columns(ledger, extra=extra)


def _note_missing_columns(ledger: Ledger, missing: list[str], *, extra: list[str]) -> None:
    names = {column.source: column.name for column in ledger.contract.columns}
    names[ledger.contract.customer_id.source or ""] = "customer_id"
    names[ledger.contract.tag.source] = "tag"
    alike = look_alikes({source: [names[source]] for source in missing}, extra)
    for source in missing:
        found = alike.get(source)
        told = f"Add it, or mend its header: '{shortened(found)}' looks like it." if found else ""
        ledger.note_table(
            "missing_column",
            column=source,
            finding="the table has no such column",
            remedy=told or "Add it, or mend its header.",
            alike=found and visible(found),
        )


def _check_extra_columns(ledger: Ledger, *, extra: list[str]) -> None:
    if not extra:
        return
    shown = ", ".join(shortened(header) or "(no header)" for header in extra[:_QUOTED_HEADERS])
    more = f" and {len(extra) - _QUOTED_HEADERS:,} more" if len(extra) > _QUOTED_HEADERS else ""
    ledger.note_table(
        "extra_columns",
        finding=f"The contract does not know {len(extra):,} of the columns: {shown}{more}",
        remedy="Add them to the contract, or take them out of the table.",
        count=len(extra),
        action=ledger.contract.policy.extra_columns,
    )


def _customer_ids(ledger: Ledger) -> pl.Series:
    """The ids as text; the row number where the contract names no column."""
    source = ledger.contract.customer_id.source
    if source is None:
        return ledger.raw.row_numbers.cast(pl.String).alias("customer_id")
    ids, _ = _parsed(ledger, source, kind=ColumnType.CATEGORY)
    if source in ledger.raw.headers:
        finding, remedy = "have no customer id", "Give each row its id."
        ledger.note_rows("empty_customer_id", header=source, broken=ids.is_null(), finding=finding, remedy=remedy)
    if ledger.contract.policy.repeated_customer_id == "refuse":
        repeated = ids.is_duplicated() & ids.is_not_null()
        finding = "share their customer id with another row"
        remedy = "Give each customer one row, or let the contract keep several (repeated_customer_id: keep)."
        ledger.note_rows("repeated_customer_id", header=source, broken=repeated, finding=finding, remedy=remedy)
    return ids.alias("customer_id")


def _one_row_a_customer(ledger: Ledger, customers: pl.DataFrame) -> pl.DataFrame:
    """`customers` with their rows settled, where the contract has a rule for it; the rest of the rows are noted."""
    rule, decided_by = ledger.contract.policy.repeated_customer_id, ledger.contract.customer_id.decided_by
    if rule == "refuse" or rule == "keep" or decided_by is None:
        return customers
    settled = settle_identities(customers, rule=rule, decided_by=decided_by)
    left_out = customers.filter(~pl.col("row").is_in(settled["row"].implode()))["row"]
    ledger.note_rows(
        "repeated_customer_id",
        header=str(ledger.contract.customer_id.source),
        broken=ledger.raw.row_numbers.is_in(left_out.implode()),
        finding="are further rows of a customer",
        remedy=f"The {rule} row by {decided_by} stands for the customer.",
    )
    return settled


def _tags(ledger: Ledger) -> list[pl.Series]:
    """The labels, 1 or 0; no series where the table has no tag."""
    tag = ledger.contract.tag
    if tag.source not in ledger.raw.headers:
        return []
    values, _ = _parsed(ledger, tag.source, kind=ColumnType.CATEGORY)
    labels = label_from_tag(values, tag=tag)
    unknown = labels.is_null() & values.is_not_null()
    wanted = f"Give one of {', '.join((*tag.affluent, *tag.normal))}"
    ledger.note_rows(
        "empty_tag", header=tag.source, broken=values.is_null(), finding="have no tag", remedy=f"{wanted}."
    )
    ledger.note_rows(
        "unknown_tag",
        header=tag.source,
        broken=unknown,
        finding="have a tag that the contract does not know",
        remedy=f"{wanted}, or add the value to the contract's tag.",
        values=values,
    )
    return [labels.fill_null(0).alias("tag")]


def _values(ledger: Ledger, column: Column) -> pl.Series:
    """The values of one column, by our name."""
    values, wrong = _parsed(ledger, column.source, kind=column.type)
    if column.source not in ledger.raw.headers:
        return values.alias(column.name)
    remedy, if_most = _type_remedy(column, locale=ledger.contract.locale)
    action = ledger.note_rows(
        "wrong_type",
        header=column.source,
        broken=wrong,
        finding=_WRONG_TYPE[column.type],
        remedy=remedy,
        column=column,
        if_most=if_most,
    )
    told = wrong if action == "refuse" else wrong & False
    values = _within_range(ledger, column, values)
    values = _within_categories(ledger, column, values)
    if column.missing is Missing.REFUSED:
        finding, remedy = "have no value", "Fill the cells, or let the contract say what an empty one means."
        missing = values.is_null() & ~told
        ledger.note_rows("missing_value", header=column.source, broken=missing, finding=finding, remedy=remedy)
    return values.alias(column.name)


def _within_range(ledger: Ledger, column: Column, values: pl.Series) -> pl.Series:
    if column.range is None or column.range == (None, None):
        return values
    low, high = column.range
    least, most = (-math.inf if low is None else low), (math.inf if high is None else high)
    outside = ~values.is_between(least, most) & values.is_not_null()
    finding = f"are {_beyond(low, high)}{f' {column.unit}' if column.unit else ''}"
    remedy = "Mend the values, or widen the contract's range."
    action = ledger.note_rows(
        "out_of_range", header=column.source, broken=outside, finding=finding, remedy=remedy, column=column
    )
    return values.set(outside, None) if action == "set_missing" else values


def _within_categories(ledger: Ledger, column: Column, values: pl.Series) -> pl.Series:
    if column.categories is None:
        return values
    unknown = ~values.is_in(column.categories) & values.is_not_null()
    finding = "have a category that the contract does not know"
    remedy = "Mend the values, or add them to the contract's categories."
    action = ledger.note_rows(
        "unknown_category",
        header=column.source,
        broken=unknown,
        finding=finding,
        remedy=remedy,
        column=column,
        values=values,
    )
    return values.set(unknown, None) if action == "set_missing" else values


def _parsed(ledger: Ledger, source: str, *, kind: ColumnType) -> tuple[pl.Series, pl.Series]:
    raw, contract = ledger.raw, ledger.contract
    if source in raw.headers:
        cells = raw.cells[str(raw.headers.index(source))]
    else:
        cells = pl.repeat(None, raw.cells.height, dtype=pl.String, eager=True)
    return parse_column(
        cells,
        kind=kind,
        locale=contract.locale,
        missing_marks=contract.missing_marks,
        mixed=raw.format == "Excel",
        whole=None if raw.whole is None else cells.name in raw.whole,
    )


def _type_remedy(column: Column, *, locale: Locale) -> tuple[str, str]:
    """What to do about cells of the wrong type, and what besides where most of them are."""
    kind = "a whole number" if column.type is ColumnType.INTEGER else "a number"
    remedy = f"Give {kind}." if column.missing is Missing.REFUSED else f"Give {kind} or leave the cell empty."
    example = f"1{locale.thousands}234{locale.decimal}5"
    return remedy, f" The contract's locale writes {example}; if the table does not, mend the locale."


def _beyond(low: float | None, high: float | None) -> str:
    if low is None:
        return f"above {high:,.10g}"
    if high is None:
        return f"below {low:,.10g}"
    return f"outside {low:,.10g} to {high:,.10g}"

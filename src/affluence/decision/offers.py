"""What to offer whom: the first rule of the bank's table that fits, and in words why it did."""

import itertools
import re
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from affluence.data.contract import Column, Contract, Missing, Use
from affluence.data.offer_table import TYPES, OfferRule, OfferTable
from affluence.decision.holdings import holds, words_of
from affluence.errors import UserError

MOST_COLUMNS = 12
"""As many columns may be asked about: 4,096 combinations of holdings are all tried, so that no hole is left."""
NOT_FOR_CUSTOMERS = (*TYPES, "affluent", "score", "candidate", "segment", "probability", "ranking", "mistagged")
"""What an opening sentence never says: how the bank came to call."""

Truth = npt.NDArray[np.bool_]
_OTHER_SEGMENT = ""


def check_offers(offers: OfferTable, contract: Contract, *, columns: Sequence[str] | None = None) -> None:
    """Nothing, where every customer of the contract finds an offer and every rule can be reached.

    All types, all combinations of the holdings that rules ask about and all segments that they name, with one that
    none names, are tried. `columns` are those that the table has; all of the contract's unless given.

    Errors: UserError with one sentence a wrong rule: its line, and what is wrong.
    """
    present = [column.name for column in contract.columns] if columns is None else columns
    wrong = [sentence for rule in offers.offers for sentence in _wrong(rule, contract, present)]
    if not wrong and len(_asked(offers)) > MOST_COLUMNS:
        wrong = [f"The rules ask about {len(_asked(offers))} columns, at most {MOST_COLUMNS} can be checked for holes."]
    if wrong := wrong or list(_holes(offers, contract)):
        raise UserError(f"{offers.file} cannot be used with the table {contract.table}:\n" + "\n".join(wrong))


def make_offers(
    listed: pl.DataFrame,
    customers: pl.DataFrame,
    contract: Contract,
    types: pl.DataFrame,
    segments: pl.DataFrame,
    offers: OfferTable,
) -> pl.DataFrame:
    """One row a row of `listed`, in their order: row, offer, opening, offer_reason, and need and channel.

    `types` has row, hidden_type and `segments` row, segment; who has no type is taken as type uncertain.

    Errors: UserError as `check_offers` has them, or when a type is not known.
    """
    check_offers(offers, contract, columns=customers.columns)
    people = _people(listed, customers, types, segments)
    if unknown := sorted(set(people["hidden_type"]) - set(TYPES)):
        raise UserError(f"'{unknown[0]}' is no type of candidate. Types are {', '.join(TYPES)}.")
    fits = [_fits(rule, contract) for rule in offers.offers]
    chosen = pl.coalesce([pl.when(fit).then(pl.lit(place)) for place, fit in enumerate(fits)])
    table = pl.DataFrame(
        {
            "rule": range(len(offers.offers)),
            "offer": [rule.offer for rule in offers.offers],
            "opening": [rule.opening for rule in offers.offers],
            "offer_reason": [reason(rule, contract) for rule in offers.offers],
            "need": [rule.need for rule in offers.offers],
            "channel": [rule.channel for rule in offers.offers],
        },
        schema_overrides={"rule": pl.Int32},
    )
    return (
        people.select("row", rule=chosen.cast(pl.Int32))
        .join(table, on="rule", how="left", maintain_order="left")
        .drop("rule")
    )


def reason(rule: OfferRule, contract: Contract) -> str:
    """Why the rule fits whom it fits, in words for the relationship manager."""
    parts = [f"segment {' or '.join(rule.segment)}"] if rule.segment else []
    parts += [" or ".join(rule.type)] if rule.type else []
    if rule.missing:
        joint = " and no " if rule.missing.all else " or no "
        parts.append("holds no " + joint.join(_product_words(contract.column(name)) for name in rule.named_columns))
    said = "; ".join(parts)
    return said[:1].upper() + said[1:] if said else "No other rule fits"


def _people(listed: pl.DataFrame, customers: pl.DataFrame, types: pl.DataFrame, segments: pl.DataFrame) -> pl.DataFrame:
    people = listed.select("row")
    for frame in (customers, types.select("row", "hidden_type"), segments.select("row", "segment")):
        if frame["row"].n_unique() != frame.height:
            raise UserError("A row stands more than once where offers are made. Give each row once.")
        people = people.join(frame, on="row", how="left", maintain_order="left")
    return people.with_columns(
        pl.col("hidden_type").fill_null("type uncertain"), pl.col("segment").fill_null(_OTHER_SEGMENT)
    )


def _fits(rule: OfferRule, contract: Contract) -> pl.Expr:
    asked = [pl.lit(True)]  # noqa: FBT003  (Polars' signature)
    asked += [pl.col("segment").is_in(rule.segment)] if rule.segment else []
    asked += [pl.col("hidden_type").is_in(rule.type)] if rule.type else []
    if rule.missing:
        lacks = [~holds(contract.column(name)) for name in rule.named_columns]
        asked.append(pl.all_horizontal(lacks) if rule.missing.all else pl.any_horizontal(lacks))
    return pl.all_horizontal(asked)


def _wrong(rule: OfferRule, contract: Contract, present: Sequence[str]) -> Iterator[str]:
    for kind in rule.type:
        if kind not in TYPES:
            yield f"Line {rule.line}: '{kind}' is no type of candidate. Types are {', '.join(TYPES)}."
    known = {column.name: column for column in contract.feature_columns if column.name in present}
    for name in rule.named_columns:
        if name not in known:
            yield f"Line {rule.line}: the table has no column {name} that may be used."
        elif known[name].product is None and known[name].missing is not Missing.DOES_NOT_HOLD:
            yield (
                f"Line {rule.line}: whether somebody holds {name} cannot be told. Say in the contract that its empty "
                "cells mean does_not_hold, or name its product."
            )
    for word in _unsayable(contract):
        if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", rule.opening, flags=re.IGNORECASE):
            yield f"Line {rule.line}: the opening says '{word}', which a customer must not be told."


def _unsayable(contract: Contract) -> Iterator[str]:
    """Words that no opening says: of the score, and of columns that the contract keeps for the bank."""
    yield from NOT_FOR_CUSTOMERS
    for column in contract.columns:
        words = words_of(column)
        if "_" in column.name:
            yield column.name
        chosen = words != column.name.replace("_", " ") or " " in words
        if column.use is Use.FORBIDDEN or (column.use is Use.INTERNAL and chosen):
            yield words


def _holes(offers: OfferTable, contract: Contract) -> Iterator[str]:
    """What is not offered anything, and the rules that never are the first to fit."""
    asked = _asked(offers)
    segments = (*sorted({name for rule in offers.offers for name in rule.segment}), _OTHER_SEGMENT)
    cases = list(itertools.product(segments, TYPES, *([(False, True)] * len(asked))))
    columns = list(zip(*cases, strict=True))
    segment, kind = np.array(columns[0]), np.array(columns[1])
    lacks = {name: np.array(values) for name, values in zip(asked, columns[2:], strict=True)}
    left: Truth = np.ones(len(cases), dtype=bool)
    for rule in offers.offers:
        fits = _fits_cases(rule, segment, kind, lacks)
        if not (fits & left).any():
            yield f"Line {rule.line}: '{rule.offer}' is never reached; the rules above it take everybody it names."
        left &= ~fits
    if left.any():
        case = _case(cases[int(left.argmax())], asked, contract)
        yield f"No rule makes an offer to {case}. Add a last rule for everybody."


def _fits_cases(
    rule: OfferRule, segment: npt.NDArray[np.str_], kind: npt.NDArray[np.str_], lacks: dict[str, Truth]
) -> Truth:
    fits: Truth = np.ones(len(kind), dtype=bool)
    if rule.segment:
        fits &= np.isin(segment, rule.segment)
    if rule.type:
        fits &= np.isin(kind, rule.type)
    if rule.missing:
        missing = np.stack([lacks[name] for name in rule.named_columns])
        fits &= missing.all(axis=0) if rule.missing.all else missing.any(axis=0)
    return fits


def _case(case: tuple[object, ...], asked: Sequence[str], contract: Contract) -> str:
    segment, kind, *lacks = case
    said = [f"'{kind}' in {f'the segment {segment}' if segment else 'a segment that no rule names'}"]
    said += [
        f"{'without' if lack else 'with'} {_product_words(contract.column(name))}"
        for name, lack in zip(asked, lacks, strict=True)
    ]
    return ", ".join(said)


def _asked(offers: OfferTable) -> list[str]:
    return sorted({name for rule in offers.offers for name in rule.named_columns})


def _product_words(column: Column) -> str:
    return column.product or words_of(column)

"""The rule of types judged on banks by which nothing was chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from benchmarks.hidden_types.banks import Bank
from benchmarks.hidden_types.learn import (
    LISTED_SHARE,
    WANTED_PRECISION,
    Floats,
    Listed,
    Names,
    macro_f1,
    macro_f1_of_hidden,
)
from scipy.stats import t

from affluence.data.offer_table import UNCERTAIN
from affluence.decision.hidden_types import confusion_table
from affluence.decision.type_rule import TYPES, TypePrecision, TypeRule
from affluence.evaluation.calibration import wilson

DEPTHS = (0.01, 0.05, 0.10, 1.0)


@dataclass(frozen=True)
class Judged:
    """A bank held against its truth: the unlabelled best first, and what the ceiling reaches (`ceiling.ceilings`)."""

    bank: Bank
    people: Listed
    ceilings: Mapping[str, Mapping[str, float]]


def with_precision(rule: TypeRule, published: Sequence[Judged], changed: Sequence[Judged]) -> TypeRule:
    """The rule with what was measured on judged banks.

    A type below what is wanted on the published ones, or below 70 % on the changed ones, is never named from then on.
    """
    types = tuple(_measured(rule, told, published, changed) for told in rule.types)
    return replace(rule, types=types, judged_on=tuple(_said(each.bank) for each in (*published, *changed)))


def figures(rule: TypeRule, judged: Judged) -> dict[str, Any]:
    """Macro F1 when a type must be chosen, and who is named how, by how much of the ranking is listed."""
    by_depth = {}
    for depth in DEPTHS:
        people = judged.people.first(depth)
        chances = rule.chances(people.inputs)
        names = rule.named(chances)
        by_depth[f"{depth:.0%}"] = {
            "listed": len(names),
            "macro_f1": round(macro_f1(people.types, rule.forced(chances)), 4),
            "named": round(float((names != UNCERTAIN).mean()), 4),
            "precision": {name: _right(people.types, names, name) for name in TYPES},
        }
    return {"bank": _said(judged.bank), "ceilings": judged.ceilings, "by_depth": by_depth}


def against_ceiling(rule: TypeRule, judged: Sequence[Judged]) -> dict[str, dict[str, Any]]:
    """Macro F1 over the "listed" and the truly "hidden" among them: of the rule, of the best way to the ceiling.

    Their ratio has a 90 % t interval over banks. Among the hidden the rule's chances count as if the types were equally
    common, by their shares where it was learned: `rule` is the one before these banks were seen.
    """
    lists = [(part.types, rule.chances(part.inputs)) for part in _lists(judged)]
    base = np.array([told.base for told in rule.types])
    ours = {
        "listed": np.array([macro_f1(types, rule.forced(chances)) for types, chances in lists]),
        "hidden": np.array([macro_f1_of_hidden(types, chances / base) for types, chances in lists]),
    }
    return {over: _compared(ours[over], [each.ceilings[over] for each in judged]) for over in ours}


def _compared(ours: Floats, ceilings: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    ways = {way: float(np.mean([each[way] for each in ceilings])) for way in ceilings[0]}
    best = max(ways, key=lambda way: ways[way])
    ratios = ours / np.array([each[best] for each in ceilings])
    reach = float(t.ppf(0.95, len(ratios) - 1) * ratios.std(ddof=1) / np.sqrt(len(ratios)))
    return {
        "macro_f1": round(float(ours.mean()), 4),
        "ceiling": round(ways[best], 4),
        "way": best,
        "ratio": round(float(ratios.mean()), 4),
        "interval": [round(float(ratios.mean()) - reach, 4), round(float(ratios.mean()) + reach, 4)],
        "banks": len(ours),
    }


def confusion(rule: TypeRule, judged: Sequence[Judged], *, forced: bool) -> pl.DataFrame:
    """True types by names over the listed of all these banks; small counts are missing."""
    people = list(_lists(judged))
    chances = [rule.chances(part.inputs) for part in people]
    names = np.concatenate([rule.forced(each) if forced else rule.named(each) for each in chances])
    types = np.concatenate([part.types for part in people])
    row = pl.int_range(len(names), eager=True).alias("row")
    return confusion_table(
        pl.DataFrame({"row": row, "hidden_type": names}), pl.DataFrame({"row": row, "hidden_type": types})
    )


def _lists(judged: Sequence[Judged]) -> list[Listed]:
    return [each.people.first(LISTED_SHARE) for each in judged]


def _measured(
    rule: TypeRule, told: TypePrecision, published: Sequence[Judged], changed: Sequence[Judged]
) -> TypePrecision:
    right, named, of_type, listed = _counted(rule, told.name, published)
    right_there, named_there, _, _ = _counted(rule, told.name, changed)
    held = named > 0 and right / named >= told.wanted
    holds_there = named_there > 0 and right_there / named_there >= WANTED_PRECISION
    return replace(
        told,
        at_least=told.at_least if held and holds_there else None,
        base=round(of_type / listed, 4),
        wanted=round(told.wanted, 4),
        precision=wilson(right, named) if named else None,
        named=round(named / listed, 4),
    )


def _counted(rule: TypeRule, name: str, judged: Sequence[Judged]) -> tuple[int, int, int, int]:
    """How many are named so and rightly, named so, of the type, and listed."""
    lists = _lists(judged)
    types = np.concatenate([part.types for part in lists])
    names = np.concatenate([rule.named(rule.chances(part.inputs)) for part in lists])
    so = names == name
    return int((so & (types == name)).sum()), int(so.sum()), int((types == name).sum()), len(types)


def _right(types: Names, names: Names, name: str) -> dict[str, float | int | None]:
    so = names == name
    return {
        "named": int(so.sum()),
        "right": int((types[so] == name).sum()),
        "share": round(float((types[so] == name).mean()), 4) if so.any() else None,
        "base": round(float((types == name).mean()), 4),
    }


def _said(bank: Bank) -> str:
    return f"{bank.name}, seed {bank.seed}, {bank.customers:,} customers"

"""Who is truly affluent, who was tagged, and why the hidden ones were not."""

import numpy as np

from affluence.data.reference_bank.scenario import Labelling, Scenario
from affluence.data.reference_bank.shaping import Codes, Flags, Floats, Positions, stream
from affluence.errors import UserError

MIS_TAGGED, ABOUT_TO_CROSS, MONEY_ELSEWHERE, NOT_HIDDEN = (
    "mis-tagged",
    "about to cross",
    "money elsewhere",
    "none",
)
HIDDEN_TYPES = (NOT_HIDDEN, MIS_TAGGED, ABOUT_TO_CROSS, MONEY_ELSEWHERE)


def tag_customers(positions: Positions, *, tagged: int, seed: int, scenario: Scenario) -> Codes:
    """The bank segment of each row: 1 for exactly `tagged` rows, else 0.

    Selective: the bank looks at the in-bank position of some time ago and at its breadth, with judgement; the
    forgotten are never looked at. At random: every truly affluent customer has the same chance.
    """
    if scenario.labelling == Labelling.RANDOM:
        return _tag_at_random(positions["wealth"], tagged=tagged, seed=seed, scenario=scenario)
    rows = len(positions["here"])
    judged = (
        positions["here"]
        + scenario.tag_breadth * positions["wide"]
        + scenario.tag_noise * stream(seed, "tag judgement").standard_normal(rows)
    )
    forgotten = stream(seed, "tag forgotten").random(rows) < scenario.forgotten
    return _highest(np.where(forgotten, -np.inf, judged), tagged).astype(np.int64)


def _tag_at_random(wealth: Floats, *, tagged: int, seed: int, scenario: Scenario) -> Codes:
    rows = len(wealth)
    hidden = round(scenario.hidden_share * (rows - tagged))
    affluent = tagged + hidden if scenario.true_share is None else round(scenario.true_share * rows)
    if affluent < tagged:
        raise UserError(
            f"true_share is {scenario.true_share}, but {tagged / rows:.4f} of the rows are tagged, and labels "
            "at random are given to the truly affluent alone. Choose a larger true_share."
        )
    lot = stream(seed, "tag lot").random(rows)
    return _highest(np.where(_highest(wealth, affluent), lot, -np.inf), tagged).astype(np.int64)


def truly_affluent(wealth: Floats, segment: Codes, *, scenario: Scenario) -> Flags:
    """True for everyone whose wealth is above the bar.

    The bar leaves `true_share` of all rows above it or, by default, exactly `hidden_share` of the untagged rows.
    """
    if scenario.true_share is not None:
        return _highest(wealth, round(scenario.true_share * len(wealth)))
    unlabelled = wealth[segment == 0]
    hidden = min(max(1, round(scenario.hidden_share * len(unlabelled))), len(unlabelled) - 1)
    # The wealthiest who is not hidden is the bar: a tagged customer just above him is affluent, too.
    above: Flags = wealth > np.partition(unlabelled, -hidden - 1)[-hidden - 1]
    return above


def hidden_types(positions: Positions, affluent: Flags, segment: Codes, *, scenario: Scenario) -> Codes:
    """For each row a code into `HIDDEN_TYPES`; 0 for who is not hidden.

    Mis-tagged: stood above the bar on tagging day. About to cross: below it then, within `reach` of it today.
    Money elsewhere: affluent, but below it then and well below it today. The bar is the quantile of the in-bank
    position above which as many stand as are tagged.
    """
    bar = float(np.quantile(positions["here"], 1 - segment.mean()))
    kinds = np.select([positions["here"] >= bar, positions["now"] >= bar - scenario.reach], [1, 2], default=3)
    return np.where(affluent & (segment == 0), kinds, 0).astype(np.int64)


def _highest(score: Floats, count: int) -> Flags:
    flags = np.zeros(len(score), dtype=bool)
    if count > 0:
        flags[np.argpartition(-score, count - 1)[:count]] = True
    return flags

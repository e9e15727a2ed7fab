"""A bank that we made: it looks like a published one, and its hidden truth is known."""

from affluence.data.reference_bank.comparison import Comparison, compare
from affluence.data.reference_bank.scenario import SCENARIOS, Labelling, Scenario, scenario_named
from affluence.data.reference_bank.simulation import ReferenceBank, simulate

__all__ = [
    "SCENARIOS",
    "Comparison",
    "Labelling",
    "ReferenceBank",
    "Scenario",
    "compare",
    "scenario_named",
    "simulate",
]

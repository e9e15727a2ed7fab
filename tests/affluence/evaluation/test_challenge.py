"""A challenger is proposed when it is better for sure, or the table moved; never when it is worse for sure."""

from dataclasses import replace

import polars as pl
import pytest

from affluence.evaluation.challenge import judge_challenger
from affluence.evaluation.comparison import Beside, ModelComparison, Reviewed
from affluence.evaluation.results import Estimate
from affluence.evaluation.stability import Light, Stability


def beside(low: float, high: float) -> Beside:
    return Beside(0.5, 0.5 + (low + high) / 2, Estimate((low + high) / 2, low, high, "drawn anew"))


def comparison(recall: Beside | None, reviewed: Beside | None = None) -> ModelComparison:
    checked = Reviewed(40, 40, reviewed, None, None) if reviewed else None
    return ModelComparison(
        "version 1", "version 2", 100, 20, 10, recall, None, None, None, checked, 8, 2, None, "", pl.DataFrame()
    )


GREEN = Stability(Light.GREEN, 100, 100, (), "The table looks like the one that the model learned from.")
RED = replace(GREEN, light=Light.RED, sentence="1 of 3 columns moved. income: its level moved +20%.")
BETTER, WORSE, EITHER = beside(0.01, 0.05), beside(-0.05, -0.01), beside(-0.02, 0.02)


@pytest.mark.parametrize(
    ("recall", "reviewed", "stability", "alike", "proposed"),
    [
        (BETTER, None, GREEN, True, True),
        (BETTER, None, GREEN, False, False),
        (BETTER, WORSE, RED, True, False),
        (WORSE, BETTER, GREEN, True, True),
        (WORSE, None, RED, True, False),
        (WORSE, None, RED, False, True),
        (EITHER, None, RED, True, True),
        (EITHER, None, GREEN, True, False),
        (EITHER, EITHER, None, True, False),
        (None, None, RED, True, True),
        (None, None, None, True, False),
    ],
)
def test_who_is_proposed(recall, reviewed, stability, alike, proposed):
    judged = judge_challenger(comparison(recall, reviewed), stability, alike=alike)
    assert judged.proposed is proposed
    assert judged.because.endswith(".")


def test_drift_is_named_as_the_reason():
    assert "income" in judge_challenger(comparison(EITHER), RED, alike=True).because

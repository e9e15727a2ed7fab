"""Gains as bytes: the same cuts, the same bytes."""

import io
import time
from unittest import mock

import numpy as np
import pytest

from affluence.decision.capacity import Capacity, Gains, decide_cut, gain_curve
from affluence.decision.expected_finds import FindsByRank
from affluence.decision.gains_bytes import gains_from_bytes, gains_to_bytes
from affluence.errors import UserError


def made_gains(*, candidates: int = 1_000, reviewed: bool = True) -> Gains:
    scores = -np.sort(-np.random.default_rng(0).normal(-2, 1.5, candidates))
    views = np.array([(0.1, 0.9), (-0.2, 1.1), (0.0, 1.0)])
    chances = 1 / (1 + np.exp(-(views[:, :1] + views[:, 1:] * scores)))
    ends = np.arange(candidates + 1)
    start = np.zeros((len(views), 1))
    finds = FindsByRank(
        ends=ends,
        views=views,
        finds=np.hstack([start, chances.cumsum(axis=1)]),
        variance=np.hstack([start, (chances * (1 - chances)).cumsum(axis=1)]),
        assumption="made: a sum of chances",
        reviewed=reviewed,
    )
    return Gains(scores, scores[::10].copy(), finds, counted=reviewed)


@pytest.mark.parametrize("reviewed", [True, False])
def test_what_is_read_back_gives_the_same_cuts_and_the_same_curve(reviewed: bool) -> None:
    gains = made_gains(reviewed=reviewed)
    read = gains_from_bytes(gains_to_bytes(gains))
    for capacity in (Capacity(contacts=100), Capacity(recall=0.5), Capacity(threshold=-1.0)):
        assert decide_cut(capacity, read) == decide_cut(capacity, gains)
    assert gain_curve(read).equals(gain_curve(gains))


def test_equal_gains_are_equal_bytes_at_any_time() -> None:
    first = gains_to_bytes(made_gains())
    with mock.patch.object(time, "localtime", return_value=time.struct_time((2030, 1, 1, 0, 0, 0, 0, 1, 0))):
        assert gains_to_bytes(made_gains()) == first


def test_gains_without_tags_are_read_back_without_tags() -> None:
    gains = made_gains()
    read = gains_from_bytes(gains_to_bytes(Gains(gains.scores, np.array([]), gains.finds, gains.counted)))
    assert decide_cut(Capacity(contacts=10), read).recall_of_tagged is None
    with pytest.raises(UserError, match="no scored customer is tagged"):
        decide_cut(Capacity(recall=0.5), read)


def test_bytes_that_could_run_code_are_not_read() -> None:
    buffer = io.BytesIO()
    parts = {name: np.zeros(2) for name in ("tagged", "ends", "views", "finds", "variance")}
    single = {name: np.array(1) for name in ("counted", "assumption", "reviewed")}
    np.savez(buffer, scores=np.array([object()]), **parts, **single)
    with pytest.raises(ValueError, match="Object arrays cannot be loaded"):
        gains_from_bytes(buffer.getvalue())

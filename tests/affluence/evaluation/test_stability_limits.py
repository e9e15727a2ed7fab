"""Limits come from conf/, the bank's own before ours, and a wrong one is said."""

import pytest
from tests.affluence.conftest import ROOT

from affluence.errors import UserError
from affluence.evaluation.stability_limits import FILE, Limits, limits_of, load_limits


def test_those_that_are_shipped_are_those_of_the_code():
    assert load_limits([ROOT / "conf" / "base"]) == Limits() == load_limits([])


def test_a_banks_own_stand_before_ours(tmp_path):
    (tmp_path / FILE).write_text("stability: {psi: [0.2, 0.4]}\n")
    assert load_limits([ROOT / "conf" / "base", tmp_path]) == Limits(psi=(0.2, 0.4))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "stability:",
        "stability: {psi: [0.3, 0.1]}",
        "stability: {pssi: [0.1, 0.2]}",
        "stability: {chance: 2}",
        "\0: [",
    ],
)
def test_what_are_no_limits_is_said(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    with pytest.raises(UserError, match=FILE):
        load_limits([tmp_path])


def test_limits_that_a_pipeline_hands_over_are_read_alike():
    assert limits_of({"psi": [0.2, 0.4]}) == Limits(psi=(0.2, 0.4))
    with pytest.raises(UserError, match="cannot be read as limits"):
        limits_of({"psi": [0.4, 0.2]})

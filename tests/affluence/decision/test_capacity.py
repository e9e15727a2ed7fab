"""The cut: asked for in one way, shown in all, a figure after a review and a range without."""

import numpy as np
import polars as pl
import pytest
from scipy.special import expit

from affluence.decision.capacity import Capacity, Economics, decide_cut, gain_curve, gains_of
from affluence.decision.rank_certainty import rank_certainty
from affluence.errors import UserError
from affluence.pu.class_prior import HiddenCount
from affluence.pu.discovery import Discovery
from affluence.pu.label_propensity import Verdicts
from affluence.pu.recalibration import recalibrations

CANDIDATES = 4_000


def made(size: int = CANDIDATES):
    random = np.random.default_rng(0)
    score = -np.sort(-random.normal(-2, 1.5, size))
    truth = random.random(size) < expit(score)
    ranked = pl.DataFrame({"row": np.arange(size), "score": score})
    tagged = pl.DataFrame({"row": np.arange(200) + size, "score": random.normal(1, 1, 200)})
    scores = pl.concat([ranked.with_columns(tag=0), tagged.with_columns(tag=1)])
    return ranked, scores, truth


def learned(draws=(), *, value=None, errors=()):
    count = HiddenCount(300, 900, value, "made")
    return Discovery("fast", (), 100, count, value and 0.0, (), (), draws, errors)


def reviewed():
    ranked, _, truth = made()
    rows = np.random.default_rng(1).choice(600, 150, replace=False)
    verdicts = Verdicts(rows, truth[rows].astype(float), 0.0, 0.0)
    draws = recalibrations(ranked["score"].to_numpy()[rows], verdicts, seed=0)
    return learned(draws, value=600.0)


def gains(discovery=None):
    ranked, scores, _ = made()
    return gains_of(ranked=ranked, scores=scores, discovery=discovery or learned())


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"contacts": 0},
        {"contacts": -1},
        {"contacts": 1.5},
        {"contacts": 10, "budget": 5.0},
        {"managers": 4, "weeks": 2},
        {"managers": 4, "calls_a_week": 5},
        {"weeks": 2},
        {"budget": float("nan")},
        {"budget": float("inf")},
        {"threshold": float("nan")},
        {"lowest_precision": 0},
        {"lowest_precision": 1.1},
        {"recall": float("nan")},
        {"managers": 4, "calls_a_week": 5, "weeks": 2, "contacts": 10},
    ],
)
def test_what_is_no_capacity_is_refused_with_a_sentence(given):
    with pytest.raises(UserError, match=r"\.$"):
        Capacity(**given)


@pytest.mark.parametrize("amount", [-1.0, float("nan"), float("inf")])
def test_amounts_that_cannot_be_are_refused(amount):
    with pytest.raises(UserError, match="amount of 0 or more"):
        Economics(cost_per_contact=amount)


def test_a_team_makes_managers_times_calls_times_weeks():
    cut = decide_cut(Capacity(managers=40, calls_a_week=5, weeks=4), gains())
    assert cut.contacts == 800
    assert cut.weeks == pytest.approx(4)


def test_a_budget_pays_as_many_contacts_as_it_covers():
    assert decide_cut(Capacity(budget=0.3), gains(), Economics(cost_per_contact=0.1)).contacts == 3
    assert decide_cut(Capacity(budget=999.99), gains(), Economics(cost_per_contact=10)).contacts == 99
    for economics in (Economics(), Economics(cost_per_contact=5_000)):
        with pytest.raises(UserError):
            decide_cut(Capacity(budget=999.99), gains(), economics)


def test_more_contacts_than_candidates_list_all_and_say_so():
    cut = decide_cut(Capacity(contacts=10**9), gains())
    assert cut.contacts == CANDIDATES
    assert any("all of them" in note for note in cut.notes)
    assert cut.next_calls is None


def test_a_threshold_lists_those_who_reach_it_and_one_that_nobody_reaches_is_refused():
    scores = gains().scores
    assert decide_cut(Capacity(threshold=float(scores[9])), gains()).contacts == 10
    with pytest.raises(UserError, match="lower threshold"):
        decide_cut(Capacity(threshold=99), gains())


def test_a_target_recall_is_reached_and_not_by_one_tagged_customer_less():
    cut = decide_cut(Capacity(recall=0.5), gains())
    assert cut.recall_of_tagged.value >= 0.5
    assert decide_cut(Capacity(contacts=cut.contacts - 1), gains()).recall_of_tagged.value <= 0.5


def test_a_recall_without_tags_is_refused_and_a_cut_without_tags_has_none():
    ranked, _, _ = made()
    untagged = gains_of(ranked=ranked, scores=ranked, discovery=learned())
    assert decide_cut(Capacity(contacts=5), untagged).recall_of_tagged is None
    with pytest.raises(UserError, match="tagged"):
        decide_cut(Capacity(recall=0.5), untagged)


def test_a_lowest_precision_is_kept_by_the_longest_list_that_can():
    ready = gains(reviewed())
    cut = decide_cut(Capacity(lowest_precision=0.4), ready)
    assert cut.precision.value >= 0.4
    assert decide_cut(Capacity(contacts=cut.contacts + 1), ready).precision.value < 0.4


def test_a_lowest_precision_without_a_review_or_out_of_reach_is_refused():
    with pytest.raises(UserError, match="50 people"):
        decide_cut(Capacity(lowest_precision=0.4), gains())
    with pytest.raises(UserError, match="Ask for less"):
        decide_cut(Capacity(lowest_precision=1.0), gains(reviewed()))


def test_without_a_review_the_finds_are_a_range_and_never_an_interval():
    cut = decide_cut(Capacity(contacts=CANDIDATES), gains())
    assert cut.finds.value is None
    assert cut.finds.level is None
    assert (cut.finds.low, cut.finds.high) == pytest.approx((300, 900), rel=0.01)
    assert any("50 people" in note for note in cut.notes)
    assert "not an interval" in str(cut.finds)
    assert cut.lowest_chance is None


def test_after_a_review_the_interval_holds_the_true_finds():
    _, _, truth = made()
    ready = gains(reviewed())
    for contacts in (50, 200, 400):
        cut = decide_cut(Capacity(contacts=contacts), ready)
        assert cut.finds.low <= truth[:contacts].sum() <= cut.finds.high
        assert cut.finds.level == 0.9
        assert not any("50 people" in note for note in cut.notes)


def test_money_is_counted_where_it_is_known():
    cut = decide_cut(Capacity(contacts=100), gains(reviewed()), Economics(10, 500))
    assert cut.cost == 1_000
    assert cut.net.value == pytest.approx(500 * cut.finds.value - 1_000)
    assert cut.next_calls.contacts == 100
    assert cut.next_calls.net.value == pytest.approx(500 * cut.next_calls.finds.value - 1_000)
    assert decide_cut(Capacity(contacts=100), gains()).net is None


def test_the_curve_says_what_the_cut_says_and_never_falls():
    ready = gains(reviewed())
    curve = gain_curve(ready)
    assert curve.height == 200
    assert (curve["finds"].diff().drop_nulls() >= 0).all()
    line = curve.row(20, named=True)
    assert decide_cut(Capacity(contacts=line["contacts"]), ready).finds.value == line["finds"]


def test_a_ranking_of_nobody_of_gaps_or_out_of_order_is_refused_and_one_person_can_be_cut():
    ranked, scores, _ = made(1)
    assert decide_cut(Capacity(contacts=1), gains_of(ranked=ranked, scores=scores, discovery=learned())).contacts == 1
    for wrong in (
        ranked.head(0),
        pl.DataFrame({"score": [1.0, None]}),
        pl.DataFrame({"score": [0.0, 1.0]}),
    ):
        with pytest.raises(UserError):
            gains_of(ranked=wrong, scores=scores, discovery=learned())


def test_a_surer_score_has_a_surer_rank_and_the_cut_is_a_toss_up():
    ranked, _, _ = made()
    ranked = ranked.with_columns(rank=pl.int_range(1, CANDIDATES + 1))
    scores = ranked["score"].to_numpy()
    wide = rank_certainty(ranked, scores, discovery=learned(errors=((-5.0, 0.5), (5.0, 0.5))), contacts=100)
    sure = rank_certainty(ranked, scores, discovery=learned(errors=((-5.0, 0.0), (5.0, 0.0))), contacts=100)
    ranks = pl.Series(np.arange(1, CANDIDATES + 1))
    assert (wide["rank_low"] <= ranks).all()
    assert (wide["rank_high"] >= ranks).all()
    assert (sure["rank_high"] - sure["rank_low"]).max() == 0
    assert wide["chance_listed"][99] == pytest.approx(0.5)
    assert rank_certainty(ranked, scores, discovery=learned(), contacts=1)["rank_low"].null_count() == CANDIDATES
    with pytest.raises(UserError):
        rank_certainty(ranked, scores, discovery=learned(), contacts=0)
    some = rank_certainty(ranked[[4, 99]], scores, discovery=learned(errors=((-5.0, 0.5), (5.0, 0.5))), contacts=100)
    assert some.equals(wide[[4, 99]])

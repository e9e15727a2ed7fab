import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from affluence.errors import UserError
from affluence.pu.class_prior import HiddenCount, count_of_review, range_under_scar, top_purity
from affluence.pu.review import sample_review

CUSTOMERS = 5_000
CARELESS = {"missed": 0.2, "wrongly_named": 0.03}


def bank(base=-3.0, slope=1.8, seed=7):
    """Scores that inform and the hidden truth: 542 of 5,000 are affluent, 274 at a base of -4."""
    random = np.random.default_rng(seed)
    order = random.normal(size=CUSTOMERS)
    return order, (random.random(CUSTOMERS) < expit(base + slope * order)).astype(np.int8)


def reviewed(order, truth, *, n, seed, batches=1, purpose="count", missed=0.0, wrongly_named=0.0):
    """Strata, weights and verdicts of samples drawn one after the other, by reviewers who may be careless."""
    random = np.random.default_rng(10_000 + seed)
    left, parts = np.arange(len(order)), []
    for batch in range(batches):
        drawn = sample_review(order[left], left, n=n, purpose=purpose, seed=seed + batch, first_stratum=10 * batch)
        rows = drawn["row"].to_numpy()
        chance = np.where(truth[rows] == 1, 1 - missed, wrongly_named)
        verdicts = (random.random(n) < chance).astype(np.int8)
        parts.append((drawn["stratum"].to_numpy(), drawn["weight"].to_numpy(), verdicts))
        left = np.setdiff1d(left, rows)
    return tuple(np.concatenate(part) for part in zip(*parts, strict=True))


def coverage(*, n, base=-3.0, draws=300, batches=1, purpose="count", **careless):
    """How often the interval holds the truth, and the mean estimate beside it."""
    order, truth = bank(base)
    hidden = int(truth.sum())
    counts = [
        count_of_review(
            *reviewed(order, truth, n=n, seed=seed, batches=batches, purpose=purpose, **careless), **careless, seed=seed
        )
        for seed in range(draws)
    ]
    inside = np.mean([count.low <= hidden <= count.high for count in counts])
    return float(inside), float(np.mean([count.value for count in counts])) / hidden


@pytest.mark.parametrize("careless", [{}, CARELESS], ids=["right", "careless"])
@pytest.mark.parametrize("n", [50, 100])
def test_the_interval_holds_the_truth_nine_times_in_ten(n, careless):
    inside, ratio = coverage(n=n, **careless)
    assert inside >= 0.86
    assert ratio == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("careless", [{}, CARELESS], ids=["right", "careless"])
def test_it_holds_a_rarer_truth_as_well(careless):
    """One in eighteen is hidden: estimates of 50 reviews are scattered so widely that 300 of them say little."""
    inside, ratio = coverage(n=50, base=-4.0, draws=1_000, **careless)
    assert inside >= 0.86
    assert ratio == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("careless", [{}, CARELESS], ids=["right", "careless"])
def test_two_batches_hold_it_as_well(careless):
    inside, ratio = coverage(n=50, batches=2, draws=200, **careless)
    assert inside >= 0.86
    assert ratio == pytest.approx(1, abs=0.1)


def test_a_sample_for_finding_counts_too():
    inside, ratio = coverage(n=100, purpose="find", draws=200)
    assert inside >= 0.86
    assert ratio == pytest.approx(1, abs=0.1)


def test_careless_verdicts_taken_at_their_word_are_wrong():
    order, truth = bank(base=-4.0)
    found = reviewed(order, truth, n=1_000, seed=0, **CARELESS)
    hidden = int(truth.sum())
    assert count_of_review(*found, **CARELESS, seed=0).value == pytest.approx(hidden, rel=0.2)
    assert count_of_review(*found, seed=0).value > 1.25 * hidden


def test_the_point_is_the_weighted_sum_of_the_confirmed():
    order, truth = bank()
    strata, weights, verdicts = reviewed(order, truth, n=100, seed=3)
    count = count_of_review(strata, weights, verdicts, seed=0)
    assert count.value == pytest.approx(float(weights @ verdicts))
    assert count.low <= count.value <= count.high
    assert count.level == 0.9


def test_more_reviews_narrow_the_interval():
    order, truth = bank()
    widths = [
        count.high - count.low
        for n in (50, 200, 800)
        for count in [count_of_review(*reviewed(order, truth, n=n, seed=1), seed=0)]
    ]
    assert widths[0] > 1.4 * widths[1] > 1.4**2 * widths[2]


def test_everyone_reviewed_leaves_no_doubt():
    order, truth = bank()
    count = count_of_review(*reviewed(order, truth, n=CUSTOMERS, seed=0), seed=0)
    assert count.low == count.value == count.high == truth.sum()


def test_a_later_batch_adds_what_the_earlier_confirmed():
    strata, weights = np.array([0, 0, 1, 1, 10, 10, 11, 11]), np.array([1.0] * 4 + [2.0] * 4)
    verdicts = np.array([1, 1, 1, 0, 1, 0, 0, 0], dtype=np.int8)
    # The first says 3 of 4, its pool having been no larger; the second 3 + 2.
    assert count_of_review(strata, weights, verdicts, seed=0).value == pytest.approx((3 + 5) / 2)


def test_batches_count_by_their_reviewed():
    strata, weights = np.array([0, 10, 10, 10]), np.array([8.0, 2.0, 2.0, 2.0])
    verdicts = np.array([1, 0, 0, 1], dtype=np.int8)
    assert count_of_review(strata, weights, verdicts, seed=0).value == pytest.approx((1 * 8 + 3 * (1 + 2)) / 4)


def test_a_batch_without_weights_is_only_known_to_later_ones():
    strata, weights = np.array([0, 0, 10, 10, -1]), np.array([np.nan, np.nan, 3.0, 3.0, np.nan])
    count = count_of_review(strata, weights, np.array([1, 1, 1, 0, 1], dtype=np.int8), seed=0)
    assert count.value == pytest.approx(2 + 3)


def test_nobody_confirmed_is_not_nobody_hidden():
    order, truth = bank()
    count = count_of_review(*reviewed(order, np.zeros_like(truth), n=50, seed=0), seed=0)
    assert count.value == 0 == count.low
    assert 50 < count.high < CUSTOMERS / 2


@pytest.mark.parametrize("verdict", [0, 1])
def test_one_verdict_alone_says_little(verdict):
    count = count_of_review(np.array([0]), np.array([100.0]), np.array([verdict], dtype=np.int8), seed=0)
    assert count.high - count.low >= 75
    assert 0 <= count.low <= count.value <= count.high <= 100


def test_the_order_of_the_rows_does_not_matter_and_the_seed_hardly():
    order, truth = bank()
    found = reviewed(order, truth, n=100, seed=0, batches=2)
    mixed = np.random.default_rng(0).permutation(200)
    count = count_of_review(*found, seed=0)
    assert count == count_of_review(*(part[mixed] for part in found), seed=0)
    other = count_of_review(*found, seed=1)
    assert (other.value, other.low) == (count.value, pytest.approx(count.low, rel=0.1))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 40), st.floats(1, 500)), min_size=1, max_size=4),
    st.floats(0, 0.4),
    st.floats(0, 0.4),
)
def test_any_review_gives_a_count_within_its_pool(strata, missed, wrongly_named):
    numbers = np.repeat(np.arange(len(strata)), [n for n, _, _ in strata])
    weights = np.repeat([weight for _, _, weight in strata], [n for n, _, _ in strata])
    verdicts = np.concatenate([np.arange(n) < confirmed for n, confirmed, _ in strata]).astype(np.int8)
    count = count_of_review(numbers, weights, verdicts, missed=missed, wrongly_named=wrongly_named, seed=0)
    assert 0 <= count.low <= count.value <= count.high <= weights.sum() + len(strata)


def test_the_assumption_names_the_reviewers_errors():
    found = (np.array([0, 0]), np.array([5.0, 5.0]), np.array([1, 0], dtype=np.int8))
    assert "verdicts are right" in count_of_review(*found, seed=0).assumption
    assert "miss 20.0%" in count_of_review(*found, **CARELESS, seed=0).assumption


@pytest.mark.parametrize("rates", [(-0.1, 0.0), (0.0, -0.1), (0.5, 0.5), (2.0, 0.0), (float("nan"), 0.0)])
def test_reviewers_no_better_than_a_coin_are_refused(rates):
    with pytest.raises(UserError, match="less than 1"):
        count_of_review(
            np.array([0]),
            np.array([2.0]),
            np.array([1], dtype=np.int8),
            missed=rates[0],
            wrongly_named=rates[1],
            seed=0,
        )


@pytest.mark.parametrize(
    ("strata", "weights"),
    [([], []), ([-1, -1], [np.nan, np.nan]), ([-1, -1], [2.0, 2.0]), ([0, 1], [2.0, np.nan]), ([0, 0], [2.0, np.nan])],
)
def test_nobody_to_count_with_is_said(strata, weights):
    verdicts = np.zeros(len(strata), dtype=np.int8)
    with pytest.raises(UserError, match=f"The {len(strata)} reviewed .* at least one in each stratum"):
        count_of_review(np.array(strata, dtype=np.int64), np.array(weights, dtype=np.float64), verdicts, seed=0)


# From the tags alone


def tagged_at_random(*, share=0.5, base=-3.0, slope=4.0, customers=20_000, seed=0):
    """The labelled probability, the tags, and how many are hidden: tagging picks among the affluent at random."""
    random = np.random.default_rng(seed)
    affluent = expit(base + slope * random.normal(size=customers))
    truth = random.random(customers) < affluent
    tags = (truth & (random.random(customers) < share)).astype(np.int8)
    return share * affluent, tags, int(truth.sum() - tags.sum())


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
@pytest.mark.parametrize("slope", [2.0, 4.0, 8.0])
def test_the_range_holds_the_truth_when_tagging_is_random(share, slope):
    for seed in range(5):
        probability, tags, hidden = tagged_at_random(share=share, slope=slope, seed=seed)
        bounds = range_under_scar(probability, tags)
        assert bounds.low <= hidden <= bounds.high
        assert (bounds.value, bounds.level) == (None, None)
        assert "at random" in bounds.assumption


def test_classes_that_do_not_overlap_are_bounded_closely():
    probability, tags, hidden = tagged_at_random(slope=30.0)
    bounds = range_under_scar(probability, tags)
    assert bounds.high < 1.2 * hidden
    assert bounds.low > 0.4 * hidden


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 1)), min_size=1, max_size=120))
def test_any_tags_give_a_range_within_the_unlabelled(rows):
    probability = np.array([p for p, _ in rows])
    tags = np.array([tag for _, tag in rows], dtype=np.int8)
    if not tags.any():
        with pytest.raises(UserError, match=f"None of {len(tags)}"):
            range_under_scar(probability, tags)
        return
    bounds = range_under_scar(probability, tags)
    assert 0 <= bounds.low <= bounds.high <= len(tags) - tags.sum()


def test_an_empty_table_has_no_range():
    with pytest.raises(UserError, match="None of 0"):
        range_under_scar(np.empty(0), np.empty(0, dtype=np.int8))


def test_top_purity_is_the_label_frequency_of_the_surest():
    probability, tags, _ = tagged_at_random(share=0.6, slope=8.0)
    assert top_purity(probability, tags) == pytest.approx(0.6, abs=0.05)


def test_top_purity_reads_a_tenth_as_many_as_are_tagged_and_at_least_fifty():
    probability = np.linspace(1, 0, 10_000)
    tags = np.zeros(10_000, dtype=np.int8)
    tags[:90], tags[5_000:5_910] = 1, 1
    assert top_purity(probability, tags) == pytest.approx(0.9)
    few = np.zeros(10_000, dtype=np.int8)
    few[:20] = 1
    assert top_purity(probability, few) == pytest.approx(20 / 50)


@pytest.mark.parametrize(("tag", "purity"), [(0, 0.02), (1, 0.98)])
def test_top_purity_never_says_none_or_all(tag, purity):
    assert top_purity(np.linspace(0, 1, 99), np.full(99, tag, dtype=np.int8)) == purity


def test_top_purity_of_nobody_is_the_least():
    assert top_purity(np.empty(0), np.empty(0, dtype=np.int8)) == 0.02


def test_ties_at_the_last_place_do_not_depend_on_the_order_of_the_rows():
    tags = np.array([1] * 100 + [0] * 300, dtype=np.int8)
    assert top_purity(np.zeros(400), tags) == top_purity(np.zeros(400), tags[::-1]) == 0.25


# In words


def test_a_count_reads_as_a_sentence():
    assert str(HiddenCount(low=1_200.4, high=2_000.0, value=1_500.0, assumption="")) == "1,500 (90%: 1,200 to 2,000)"
    between = HiddenCount(low=10.0, high=20.0, value=None, assumption="", level=None)
    assert str(between) == "10 to 20 (a range, not an interval)"

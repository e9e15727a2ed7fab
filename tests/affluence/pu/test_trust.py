"""How far the correction is trusted: before any verdict by the tags, afterwards by what was found."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from affluence.pu.label_propensity import Verdicts
from affluence.pu.trust import (
    DRIVERS_COUNT,
    LEAST_TRUST,
    OPTIMISM,
    Trust,
    split_score,
    trust_after_verdicts,
    trust_from_tags,
)

ROWS = 4_000


def tagged(*, strength: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A score, and tags that follow it: not at all at a strength of 0."""
    random = np.random.default_rng(seed)
    rest = random.normal(size=ROWS)
    return rest, (random.random(ROWS) < expit(strength * rest - 1)).astype(np.int8)


def rankings(*, count: int = 150, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two rankings of the reviewed that have nothing in common."""
    plain, corrected = np.random.default_rng(seed).normal(scale=2, size=(2, count))
    return plain, corrected


def verdicts_by(log_odds: np.ndarray, *, seed: int = 1) -> Verdicts:
    random = np.random.default_rng(seed)
    return Verdicts(np.arange(len(log_odds)), (random.random(len(log_odds)) < expit(log_odds)).astype(float))


def from_tags(rest: np.ndarray, tags: np.ndarray) -> float:
    """The trust in a correction whose families explain the tag as well as the learners do."""
    return trust_from_tags(rest, tags, labelled=rest, by_families=expit(rest)).corrected


def after(before: float, plain, corrected, verdicts, *, fitted: bool = False) -> float:
    """The trust in the correction beside that in the plain answer, as a share; the split says nothing."""
    return beside_plain(
        trust_after_verdicts(
            Trust(before, split=0.0),
            plain=plain,
            split=np.zeros(len(plain)),
            corrected=[corrected],
            fitted_to_verdicts=[fitted],
            verdicts=verdicts,
        )
    )


def beside_plain(trust: Trust) -> float:
    return trust.corrected / (trust.corrected + trust.plain)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_where_the_other_columns_say_nothing_of_the_tag_nothing_is_trusted(seed):
    rest, tags = tagged(strength=0, seed=seed)
    assert from_tags(rest, tags) < 0.1
    assert from_tags(-rest * (2 * tags - 1), tags) >= 0
    assert from_tags(-tags.astype(float), tags) == 0


def test_from_an_auc_of_three_quarters_on_all_is_trusted():
    tags = np.array([0, 0, 1, 1], dtype=np.int8)
    three_quarters = np.array([0.0, 2.0, 1.0, 3.0])
    assert roc_auc_score(tags, three_quarters) == 0.75
    assert from_tags(three_quarters, tags) == 1
    assert from_tags(tags.astype(float), tags) == 1


def test_the_better_the_other_columns_rank_the_tag_the_more_is_trusted():
    trusts = [from_tags(*tagged(strength=strength)) for strength in (0.1, 0.3, 0.5, 0.7, 3.0)]
    assert trusts == sorted(trusts)
    assert trusts[0] < trusts[1] < trusts[2] < trusts[3] <= trusts[4] == 1


@pytest.mark.parametrize("tag", [0, 1])
def test_tags_of_one_kind_say_as_good_as_nothing(tag):
    assert from_tags(np.arange(5.0), np.full(5, tag, dtype=np.int8)) == LEAST_TRUST[0]


@pytest.mark.parametrize("before", [0.2, 0.5, 0.8])
def test_verdicts_that_follow_the_corrected_ranking_raise_the_trust(before):
    plain, corrected = rankings()
    trust = after(before, plain, corrected, verdicts_by(corrected))
    assert before < trust
    assert trust > 0.95


@pytest.mark.parametrize("before", [0.2, 0.5, 0.8])
def test_verdicts_that_follow_the_plain_ranking_lower_the_trust(before):
    plain, corrected = rankings()
    trust = after(before, plain, corrected, verdicts_by(plain))
    assert before > trust
    assert trust < 0.05


def test_rankings_that_are_the_same_leave_the_trust_where_it_was():
    plain, _ = rankings()
    assert after(0.3, plain, plain, verdicts_by(plain)) == pytest.approx(0.3)


def test_a_shift_and_a_stretch_of_all_alike_are_no_matter_of_the_ranking():
    plain, corrected = rankings(count=30)
    verdicts = verdicts_by(corrected)
    assert after(0.5, plain, corrected + 4, verdicts) == pytest.approx(after(0.5, plain, corrected, verdicts))


def test_a_correction_that_was_fitted_to_the_verdicts_counts_less():
    plain, _ = rankings(count=30)
    verdicts = verdicts_by(plain)
    free, fitted = (after(0.5, plain, plain, verdicts, fitted=fitted) for fitted in (False, True))
    assert free == pytest.approx(0.5)
    assert fitted == pytest.approx(expit(-OPTIMISM))


def test_of_several_corrections_the_best_speaks_for_all():
    plain, corrected = rankings(count=30)
    verdicts = verdicts_by(corrected)
    together = trust_after_verdicts(
        Trust(0.5, split=0.0),
        plain=plain,
        split=np.zeros(len(plain)),
        corrected=[-corrected, corrected],
        fitted_to_verdicts=[True, False],
        verdicts=verdicts,
    )
    assert beside_plain(together) == after(0.5, plain, corrected, verdicts)


@pytest.mark.parametrize("before", [0.0, 1.0])
@pytest.mark.parametrize("verdict", [0.0, 1.0])
@pytest.mark.parametrize("count", [1, 300])
def test_trust_stays_between_nothing_and_all(before, verdict, count):
    plain, corrected = rankings(count=count)
    for ranking in (corrected, corrected * 1e6, np.zeros(count)):
        verdicts = Verdicts(np.arange(count), np.full(count, verdict))
        assert 0 <= after(before, plain, ranking, verdicts) <= 1


def test_verdicts_can_win_over_any_trust_before_them():
    plain, corrected = rankings(count=300)
    assert after(0.0, plain, corrected, verdicts_by(corrected)) > 0.9
    assert after(1.0, plain, corrected, verdicts_by(plain)) < 0.1


def test_families_that_miss_much_of_what_explains_the_tag_give_their_trust_to_the_split_score():
    rest, tags = tagged(strength=1.5)
    nothing_explained = np.full(ROWS, tags.mean())
    trust = trust_from_tags(rest, tags, labelled=1.5 * rest - 1, by_families=nothing_explained)
    assert trust == Trust(corrected=0.0, split=1.0)


def test_families_that_miss_a_little_keep_all_trust_and_the_more_they_miss_the_less():
    rest, tags = tagged(strength=1.5)
    labelled = 1.5 * rest - 1
    trusts = [
        trust_from_tags(rest, tags, labelled=labelled, by_families=expit(stretch * labelled))
        for stretch in (1.0, 0.8, 0.6, 0.5, 0.3)
    ]
    corrected = [trust.corrected for trust in trusts]
    assert corrected[0] == 1
    assert corrected[-1] == 0
    assert corrected == sorted(corrected, reverse=True)
    assert all(trust.plain == pytest.approx(0) for trust in trusts)


def test_where_the_other_columns_say_nothing_the_split_score_is_not_trusted_either():
    rest, tags = tagged(strength=0)
    drivers = np.where(tags == 1, 2.0, -2.0)
    trust = trust_from_tags(rest, tags, labelled=drivers, by_families=np.full(ROWS, tags.mean()))
    assert trust.split < 0.1
    assert trust.plain > 0.9


def test_verdicts_that_follow_the_split_score_raise_the_trust_in_it():
    random = np.random.default_rng(0)
    plain, corrected, split = random.normal(scale=2, size=(3, 300))
    trust = trust_after_verdicts(
        Trust(1.0, split=0.0),
        plain=plain,
        split=split,
        corrected=[corrected],
        fitted_to_verdicts=[False],
        verdicts=verdicts_by(split),
    )
    assert trust.split > 0.9


def test_the_split_score_plays_the_tag_drivers_down():
    by_drivers, rest = np.array([0.0, 1.0]), np.array([1.0, 0.0])
    assert split_score(by_drivers, rest).tolist() == [1.0, DRIVERS_COUNT]

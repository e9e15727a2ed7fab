"""How far the correction is trusted: before any verdict by the tags, afterwards by what was found."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from affluence.pu.label_propensity import Verdicts
from affluence.pu.trust import LEAST_TRUST, OPTIMISM, trust_after_verdicts, trust_from_tags

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


def after(before: float, plain, corrected, verdicts, *, fitted: bool = False) -> float:
    return trust_after_verdicts(
        before, plain=plain, corrected=[corrected], fitted_to_verdicts=[fitted], verdicts=verdicts
    )


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_where_the_other_columns_say_nothing_of_the_tag_nothing_is_trusted(seed):
    rest, tags = tagged(strength=0, seed=seed)
    assert trust_from_tags(rest, tags) < 0.1
    assert trust_from_tags(-rest * (2 * tags - 1), tags) >= 0
    assert trust_from_tags(-tags.astype(float), tags) == 0


def test_from_an_auc_of_three_quarters_on_all_is_trusted():
    tags = np.array([0, 0, 1, 1], dtype=np.int8)
    three_quarters = np.array([0.0, 2.0, 1.0, 3.0])
    assert roc_auc_score(tags, three_quarters) == 0.75
    assert trust_from_tags(three_quarters, tags) == 1
    assert trust_from_tags(tags.astype(float), tags) == 1


def test_the_better_the_other_columns_rank_the_tag_the_more_is_trusted():
    trusts = [trust_from_tags(*tagged(strength=strength)) for strength in (0.1, 0.3, 0.5, 0.7, 3.0)]
    assert trusts == sorted(trusts)
    assert trusts[0] < trusts[1] < trusts[2] < trusts[3] <= trusts[4] == 1


@pytest.mark.parametrize("tag", [0, 1])
def test_tags_of_one_kind_say_as_good_as_nothing(tag):
    assert trust_from_tags(np.arange(5.0), np.full(5, tag, dtype=np.int8)) == LEAST_TRUST


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
        0.5, plain=plain, corrected=[-corrected, corrected], fitted_to_verdicts=[True, False], verdicts=verdicts
    )
    assert together == after(0.5, plain, corrected, verdicts)


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

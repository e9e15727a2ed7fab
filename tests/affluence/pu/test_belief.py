"""What is believed after the verdicts: sums, shares and bins, on numbers worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit

from affluence.pu.belief import Reviewers, believe, count_hidden
from affluence.pu.review import Review

CAREFUL = Reviewers(missed=0.0, wrongly_named=0.0)
TAGS = np.array([1, 1, 0, 0, 0, 0, 0, 0], dtype=np.int8)
HIDDEN = np.array([2.0, 1.0, 1.0, 0.5, 0.0, -0.5, -1.0, -2.0])
LABELLED = expit(HIDDEN - 1)


def review(rows, verdicts, *, sampled: bool = True) -> Review:
    count = len(rows)
    return Review(
        np.array(rows),
        np.array(verdicts),
        strata=np.full(count, 0 if sampled else -1),
        weights=np.full(count, 6 / count if sampled else np.nan),
    )


def believed(given, reviewers=CAREFUL):
    return believe(HIDDEN, LABELLED, TAGS, given, reviewers=reviewers, seed=0)


def test_without_a_review_the_scores_stand_as_they_are_and_a_tag_is_right():
    belief = believed(None)
    assert belief.affluent == pytest.approx(np.where(TAGS == 1, 1.0, expit(HIDDEN)))
    assert (belief.shift, belief.tags_right, belief.count.value, belief.reliability) == (0.0, 1.0, None, ())


def test_after_a_drawn_review_the_unlabelled_sum_to_the_count():
    belief = believed(review([2, 4, 6], [1, 1, 0]))
    assert belief.count.value is not None
    assert belief.affluent[TAGS == 0].sum() == pytest.approx(belief.count.value)
    assert belief.affluent[[2, 4, 6]] == pytest.approx([1, 1, 0])
    assert belief.affluent[7] == pytest.approx(expit(HIDDEN[7] + belief.shift))


def test_a_reviewed_tag_tells_how_many_are_right_and_is_no_part_of_the_count():
    belief = believed(review([0, 1], [1, 0]))
    assert belief.tags_right == pytest.approx(0.5)
    assert belief.affluent[:2] == pytest.approx([1, 0])
    assert belief.count.value is None
    assert belief.reliability == ()


def test_careless_reviewers_are_not_believed_to_the_last():
    belief = believed(review([3, 4], [0, 1], sampled=False), Reviewers(missed=0.2, wrongly_named=0.03))
    missed = (0.2 * expit(0.5)) / (0.2 * expit(0.5) + 0.97 * expit(-0.5))
    named = (0.8 * 0.5) / (0.8 * 0.5 + 0.03 * 0.5)
    assert belief.affluent[[3, 4]] == pytest.approx([missed, named])


def test_reliability_holds_what_was_believed_against_what_was_found_in_rising_bins():
    count = 60
    hidden = np.linspace(-2, 2, count)
    given = Review(
        np.arange(count), (hidden > 0).astype(int), strata=np.full(count, -1), weights=np.full(count, np.nan)
    )
    given, hidden = replace(given, rows=given.rows + 1), np.append(0.0, hidden)
    tags = np.append(1, np.zeros(count)).astype(np.int8)
    bins = believe(hidden, expit(hidden - 1), tags, given, reviewers=CAREFUL, seed=0).reliability
    assert [part.customers for part in bins] == [12] * 5
    assert [part.predicted for part in bins] == sorted(part.predicted for part in bins)
    assert logit(bins[2].predicted) == pytest.approx(0, abs=0.05)


def test_counting_needs_a_drawn_review_of_unlabelled_customers():
    for given in (None, review([0, 1], [1, 1]), review([2, 3], [1, 0], sampled=False)):
        assert count_hidden(LABELLED, TAGS, given, reviewers=CAREFUL, seed=0).value is None
    assert count_hidden(LABELLED, TAGS, review([2, 3], [1, 0]), reviewers=CAREFUL, seed=0).value is not None

"""What a table cannot tell is said in sentences."""

import numpy as np
import pytest

from affluence.features.preprocessing import Design
from affluence.pu.finder_warnings import warnings_about
from affluence.pu.review import Review

ROWS = 1_000


def sentences(*, columns=None, sure=0.5, drivers=(), verdicts=None, tags_of_reviewed=None) -> tuple[str, ...]:
    """The sentences on a table whose surest customers are tagged at a share of `sure`."""
    random = np.random.default_rng(0)
    labelled = np.linspace(1, 0, ROWS)
    tags = (random.random(ROWS) < np.where(labelled > 0.7, sure, 0.02)).astype(np.int8)
    columns = random.normal(size=(ROWS, 3)) if columns is None else columns
    names = tuple(f"x{place}" for place in range(columns.shape[1]))
    review = None
    if verdicts is not None:
        verdicts = np.asarray(verdicts, dtype=np.int8)
        count = len(verdicts)
        review = Review(np.arange(count), verdicts, np.full(count, -1), np.full(count, np.nan))
        tags_of_reviewed = np.broadcast_to(tags_of_reviewed, count)
    return warnings_about(
        design=Design(columns.astype(np.float32), names, (0,) * len(names), {}),
        tags=tags,
        labelled=labelled,
        drivers=drivers,
        review=review,
        tags_of_reviewed=tags_of_reviewed,
    )


def test_selective_tagging_is_said_aloud():
    (sentence,) = sentences(sure=1.0)
    assert sentence.startswith("TAGGING LOOKS SELECTIVE: 98% of the customers surest to be tagged are tagged.")
    assert "tag_drivers" in sentence
    assert "affluence review suggest" in sentence


def test_where_tagging_may_be_random_the_assumption_is_said():
    (sentence,) = sentences(sure=0.5)
    assert sentence.startswith("The ranking assumes that tags were given at random among the affluent")


def test_with_drivers_theirs_is_the_assumption():
    (sentence,) = sentences(sure=1.0, drivers=(0,))
    assert sentence.startswith("The ranking assumes that the declared tag drivers are all")


@pytest.mark.parametrize("drivers", [(), (0,)])
def test_after_a_review_the_verdicts_are_named_and_few_called_few(drivers):
    (few,) = sentences(sure=1.0, drivers=drivers, verdicts=np.zeros(20), tags_of_reviewed=0)
    assert "the verdicts on 20 customers" in few
    assert "Only 20 were checked" in few
    (enough,) = sentences(sure=1.0, drivers=drivers, verdicts=np.zeros(50), tags_of_reviewed=0)
    assert "Only" not in enough


def test_tags_that_were_checked_are_told_apart_from_hidden_that_were_found():
    selection, tags = sentences(sure=1.0, verdicts=[1] * 18 + [0] * 2, tags_of_reviewed=1)
    assert "SELECTIVE" in selection
    assert tags.startswith("Of 20 tagged customers checked, 2 were not affluent: ")
    assert "of the tags are right" in tags


def test_near_twins_of_a_driver_are_proposed():
    random = np.random.default_rng(1)
    driver = random.normal(size=ROWS)
    twin, mirror, stranger = driver + random.normal(0, 0.05, ROWS), np.exp(-driver), random.normal(size=ROWS)
    columns = np.column_stack([driver, twin, stranger, mirror])
    *_, sentence = sentences(columns=columns, drivers=(0,))
    assert sentence == "Nearly the same as a declared tag driver, so perhaps one too: x1, x3."
    assert len(sentences(columns=columns, drivers=(0, 1, 3))) == 1
    assert len(sentences(columns=columns)) == 1


def test_where_every_column_is_a_driver_there_is_no_twin():
    assert len(sentences(drivers=(0, 1, 2))) == 1


def test_columns_that_never_vary_are_no_twins():
    columns = np.column_stack([np.full(ROWS, 1.0), np.full(ROWS, 2.0), np.full(ROWS, np.nan)])
    assert len(sentences(columns=columns, drivers=(0,))) == 1

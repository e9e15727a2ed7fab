"""What the finder is given beside the table; the refusals are also walked by scikit-learn's own checks."""

import numpy as np
import pytest

from affluence.pu.finder_input import places_of, possible_folds, read_groups, read_tags

COLUMNS = ["age", "deposits", "cards"]


def test_tags_are_one_for_the_second_class_whatever_it_is_called():
    classes, tags = read_tags(["NORMAL", "AFFLUENT", "NORMAL"], rows=3)
    assert classes.tolist() == ["AFFLUENT", "NORMAL"]
    assert tags.tolist() == [1, 0, 1]
    assert read_tags([0, 1, 1], rows=3)[1].tolist() == [0, 1, 1]


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (None, "requires y"),
        ([0, 1], "inconsistent numbers"),
        ([0, 1, 2], "Only binary"),
        ([1, 1, 1], "one class only"),
    ],
)
def test_other_tags_are_refused(y, words):
    with pytest.raises(ValueError, match=words):
        read_tags(y, rows=3)


def test_a_customer_id_for_each_row():
    assert read_groups(["a", "b"], rows=2).tolist() == ["a", "b"]
    with pytest.raises(ValueError, match="groups has 2 entries for 3 rows"):
        read_groups(["a", "b"], rows=3)


def test_drivers_are_found_by_name_and_by_position_each_once():
    assert places_of(["cards", 1, "deposits"], columns=COLUMNS) == (1, 2)
    assert places_of(None, columns=COLUMNS) == ()
    for stranger in ("branch", 3, -1):
        with pytest.raises(ValueError, match="no column of X"):
            places_of([stranger], columns=COLUMNS)


def test_no_more_folds_than_customers_of_the_smaller_class():
    digests = np.arange(10, dtype=np.uint64)
    tags = (digests < 4).astype(np.int8)
    assert possible_folds(digests, tags, wanted=5) == 4
    assert possible_folds(digests, tags, wanted=3) == 3
    with pytest.raises(ValueError, match="at least 3 of each class"):
        possible_folds(np.zeros(10, dtype=np.uint64), tags, wanted=5)

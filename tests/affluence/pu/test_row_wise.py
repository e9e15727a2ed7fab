import numpy as np
import pytest

from affluence.pu.row_wise import weighted_sum


@pytest.mark.parametrize("width", [1, 2, 9, 17])
def test_it_is_the_matrix_product_and_the_same_bits_for_a_row_in_any_table(width):
    random = np.random.default_rng(width)
    columns, weights = random.normal(size=(257, width)), random.normal(size=width)
    whole = weighted_sum(columns, weights)
    assert whole == pytest.approx(columns @ weights, abs=1e-12)
    for height in (1, 2, 3, 64):
        parts = [weighted_sum(columns[start : start + height], weights) for start in range(0, 257, height)]
        assert (np.concatenate(parts) == whole).all()
    assert (weighted_sum(columns[::-1], weights) == whole[::-1]).all()
    assert (weighted_sum(np.asfortranarray(columns), weights) == whole).all()


def test_weights_that_do_not_match_the_columns_are_refused():
    with pytest.raises(ValueError, match="1 weights for 2 columns"):
        weighted_sum(np.zeros((3, 2)), [1.0])


def test_no_columns_and_no_rows_sum_to_nothing():
    assert weighted_sum(np.zeros((3, 0)), []).tolist() == [0, 0, 0]
    assert weighted_sum(np.zeros((0, 2)), [1.0, 2.0]).tolist() == []

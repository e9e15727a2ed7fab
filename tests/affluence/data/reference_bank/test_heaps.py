import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affluence.data.reference_bank.heaps import cents, heap, on_grid

GENERATOR_SEED = 0


def amounts(rows: int) -> np.ndarray:
    return np.random.default_rng(GENERATOR_SEED).lognormal(10, 1, rows)


@given(st.integers(0, 200), st.integers(0, 200))
def test_each_heap_holds_exactly_its_rows(at_20, at_50):
    heaped = heap(
        amounts(1_000), [(20_000.0, at_20), (50_000.0, at_50)], generator=np.random.default_rng(GENERATOR_SEED)
    )
    assert (heaped == 20_000).sum() == at_20
    assert (heaped == 50_000).sum() == at_50


def test_rows_that_already_stand_there_count():
    values = np.concatenate([np.full(30, 20_000.0), amounts(500)])
    heaped = heap(values, [(20_000.0, 40)], generator=np.random.default_rng(GENERATOR_SEED))
    assert (heaped == 20_000).sum() == 40


def test_only_near_values_move_so_that_quantiles_stay():
    values = amounts(20_000)
    heaped = heap(values, [(20_000.0, 1_500), (50_000.0, 1_500)], generator=np.random.default_rng(GENERATOR_SEED))
    moved = heaped != values
    assert (np.abs(np.log(heaped[moved] / values[moved])) < 0.5).all()
    assert np.quantile(heaped, 0.9) == pytest.approx(np.quantile(values, 0.9), rel=0.02)


def test_missing_zero_and_negative_values_stay():
    values = np.array([np.nan, 0.0, -5.0, 9.0, 11.0])
    heaped = heap(values, [(10.0, 5)], generator=np.random.default_rng(GENERATOR_SEED))
    assert np.isnan(heaped[0])
    assert heaped[1:].tolist() == [0.0, -5.0, 10.0, 10.0]


def test_rows_outside_among_stay():
    values = np.array([9.0, 11.0])
    heaped = heap(values, [(10.0, 2)], generator=np.random.default_rng(GENERATOR_SEED), among=np.array([True, False]))
    assert heaped.tolist() == [10.0, 11.0]


def test_the_input_stays_as_it_was():
    values = amounts(100)
    before = values.copy()
    heap(values, [(20_000.0, 50)], generator=np.random.default_rng(GENERATOR_SEED))
    assert (values == before).all()


def test_a_grid_rounds_its_share_and_passes_the_missing_through():
    values = np.array([1_234.0, np.nan, 300.0])
    rounded = on_grid(values, 100, share=1.0, generator=np.random.default_rng(GENERATOR_SEED), at_least=500)
    assert rounded[0] == 1_200
    assert np.isnan(rounded[1])
    assert rounded[2] == 300


def test_a_grid_never_rounds_to_nothing():
    assert on_grid(np.array([20.0]), 100, share=1.0, generator=np.random.default_rng(0)).tolist() == [100.0]


def test_positive_amounts_are_one_cent_or_more():
    assert cents(np.array([0.001, 1.239, 0.0, -2.344])).tolist() == [0.01, 1.24, 0.0, -2.34]

"""Any table that a data scientist holds, read as numbers and categories."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pytest

from affluence.features.preprocessing import Preprocessing
from affluence.pu.frames import described, features_of_frame, is_frame, require_same_kinds

NUMBERS = [1.5, None, 3.0]
TEXTS = ["a", None, "b"]
AS_NUMBERS = {
    "Int64": pd.array([1, None, 3], dtype="Int64"),
    "Float64": pd.array([1.0, None, 3.0], dtype="Float64"),
    "float": np.array([1.0, np.nan, 3.0]),
    "boolean": pd.array([True, None, True], dtype="boolean"),
    "arrow": pd.array([1, None, 3], dtype="int64[pyarrow]"),
}
AS_TEXTS = {
    "object": np.array(["a", None, "b"], dtype=object),
    "object with NaN": np.array(["a", np.nan, "b"], dtype=object),
    "object with NA": np.array(["a", pd.NA, "b"], dtype=object),
    "category": pd.Categorical(["a", None, "b"]),
    "string": pd.array(["a", None, "b"], dtype="string"),
    "arrow": pd.array(["a", None, "b"], dtype="string[pyarrow]"),
    "arrow dtype": pd.Series(pl.Series(["a", None, "b"]).to_pandas(use_pyarrow_extension_array=True)).array,
}


@pytest.mark.parametrize("column", AS_NUMBERS.values(), ids=AS_NUMBERS)
def test_every_kind_of_number_in_pandas_becomes_a_number(column):
    read = features_of_frame(pd.DataFrame({"x": column}))
    assert read.schema == {"x": pl.Float64}
    assert read["x"].to_list()[0] == 1
    assert read["x"].is_null().to_list() == [False, True, False]


@pytest.mark.parametrize("column", AS_TEXTS.values(), ids=AS_TEXTS)
def test_every_kind_of_text_in_pandas_becomes_a_category(column):
    read = features_of_frame(pd.DataFrame({"x": column}))
    assert read.schema == {"x": pl.String}
    assert read["x"].to_list() == TEXTS


def test_polars_pandas_and_array_hold_the_same():
    frame = pl.DataFrame({"x0": NUMBERS, "x1": [4.0, 5.0, float("nan")]})
    read = features_of_frame(frame)
    assert read["x1"].to_list() == [4.0, 5.0, None]
    for table in (frame.to_pandas(), frame.to_numpy(), frame.lazy(), frame.fill_nan(None).to_pandas()):
        assert features_of_frame(table).equals(read)


@pytest.mark.parametrize(
    ("column", "wanted"),
    [
        (pl.Series([True, None, False]), [1, None, 0]),
        (pl.Series([dt.date(1970, 1, 2), None, dt.date(1970, 1, 3)]), [1, None, 2]),
        (pl.Series([None, None, None]), [None, None, None]),
        (pl.Series([1, None, 3], dtype=pl.UInt8), [1, None, 3]),
        (pl.Series(["1.5", None, "3"]).cast(pl.Decimal(10, 2)), [1.5, None, 3]),
        (pl.Series(TEXTS, dtype=pl.Categorical), TEXTS),
        (pl.Series(TEXTS, dtype=pl.Enum(["b", "a"])), TEXTS),
    ],
    ids=["boolean", "date", "null", "integer", "decimal", "categorical", "enum"],
)
def test_polars_columns(column, wanted):
    read = features_of_frame(pl.DataFrame({"x": column}))
    assert read["x"].to_list() == wanted
    assert read["x"].dtype == (pl.String if wanted is TEXTS else pl.Float64)


@pytest.mark.parametrize("zone", [None, "Asia/Tashkent"])
def test_times_in_pandas_become_numbers_and_missing_ones_missing(zone):
    times = pd.to_datetime(pd.Series(["2020-01-01", None, "2020-01-02"])).dt.tz_localize(zone)
    for column in (times, times - times[0]):
        first, missing, second = features_of_frame(pd.DataFrame({"x": column}))["x"].to_list()
        assert missing is None
        assert second > first >= 0


def test_columns_of_mixed_types_are_text():
    assert features_of_frame(pd.DataFrame({"x": [1, "a", None]}))["x"].to_list() == ["1", "a", None]


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), 1e300])
def test_what_no_learner_can_hold_is_refused_by_column(value):
    for table in (pl.DataFrame({"sound": [1.0], "debt": [value]}), pd.DataFrame({"sound": [1.0], "debt": [value]})):
        with pytest.raises(ValueError, match=r"infinity or a value too large .* in column debt"):
            features_of_frame(table)


def test_a_column_that_stands_twice_is_refused():
    with pytest.raises(ValueError, match="stands twice"):
        features_of_frame(pd.DataFrame(np.zeros((2, 2)), columns=["x", "x"]))


def test_a_column_of_lists_is_refused_by_name():
    with pytest.raises(ValueError, match=r"Column held holds List.*; wanted numbers"):
        features_of_frame(pl.DataFrame({"held": [[1.0], [2.0]]}))


def test_the_table_is_left_as_it_was():
    frame = pd.DataFrame({"x": [1.0, np.nan], "y": ["a", None]})
    before = frame.copy(deep=True)
    features_of_frame(frame)
    pd.testing.assert_frame_equal(frame, before)


def test_a_column_is_described_as_what_it_is():
    kinds = [(feature.name, str(feature.kind)) for feature in described(pl.DataFrame({"x": [1.0], "y": ["a"]}))]
    assert kinds == [("x", "number"), ("y", "category")]


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (pl.Series("x", ["a"]), "Column x held numbers when the finder was fitted and holds text now"),
        (pl.Series("y", [1.0]), "Column y held text when the finder was fitted and holds numbers now"),
    ],
)
def test_a_column_of_another_kind_than_learned_is_refused_unless_all_is_missing(column, words):
    fitted = Preprocessing(("x", "y"), {"y": ("a",)})
    sound = pl.DataFrame({"x": [1.0], "y": ["a"]})
    require_same_kinds(sound, fitted)
    require_same_kinds(sound.with_columns(column.clear(1)), fitted)
    with pytest.raises(ValueError, match=words):
        require_same_kinds(sound.with_columns(column), fitted)


def test_what_is_a_frame():
    assert is_frame(pl.DataFrame())
    assert is_frame(pd.DataFrame())
    assert not is_frame(np.zeros((1, 1)))
    assert not is_frame([[1.0]])

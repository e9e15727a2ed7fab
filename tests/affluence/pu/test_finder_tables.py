"""AffluentFinder on any table: Polars, pandas or array, in any order, and on tables that nobody should hand over."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from affluence.pu.finder import AffluentFinder

ROWS = 600


def fast(**settings) -> AffluentFinder:
    return AffluentFinder(mode="fast", cv=3, **settings)


@pytest.fixture(scope="module")
def small(make_bank):
    return make_bank(ROWS, seed=5)


@pytest.fixture(scope="module")
def numbers(small) -> pl.DataFrame:
    return small.table.drop("job")


@pytest.fixture(scope="module")
def finder(small) -> AffluentFinder:
    """Fitted, and asked alone."""
    return fast().fit(small.table, small.tags)


def in_pandas(table: pl.DataFrame, kind: str) -> pd.DataFrame:
    frame = table.to_pandas()
    kinds = {"category": "category", "string": "string", "arrow": "string[pyarrow]"}
    if kind == "object":
        frame["job"] = pd.Series(table["job"].to_list(), dtype=object)
    elif kind == "numbered":
        frame.index = np.arange(len(frame))[::-1] * 10
    else:
        frame["job"] = frame["job"].astype(kinds[kind])
    return frame


@pytest.mark.parametrize("kind", ["object", "category", "string", "arrow", "numbered"])
def test_pandas_is_scored_as_polars(small, finder, kind):
    frame = in_pandas(small.table, kind)
    other = fast().fit(frame, pd.Series(small.tags))
    assert (other.out_of_fold_ == finder.out_of_fold_).all()
    assert (other.rank_score(frame) == finder.rank_score(small.table)).all()
    assert (other.rank_score(small.table) == finder.rank_score(frame)).all()


def test_nullable_integers_and_booleans_are_scored_as_the_numbers_they_are(small):
    held = np.random.default_rng(0).integers(0, 2, ROWS)
    count = pl.Series([None if number % 5 == 0 else number % 7 for number in range(ROWS)])
    plain = small.table.with_columns(held=pl.Series(held), count=count)
    frame = plain.to_pandas()
    frame["held"], frame["count"] = held.astype(bool), pd.array(count.to_list(), dtype="Int64")
    wanted = fast().fit(plain, small.tags).out_of_fold_
    for table in (frame, plain.with_columns(pl.col("held").cast(pl.Boolean), pl.col("count").cast(pl.Int8))):
        assert (fast().fit(table, small.tags).out_of_fold_ == wanted).all()


def test_an_array_is_scored_as_the_frame_it_was(small, numbers):
    by_frame = fast(tag_drivers=["salary"]).fit(numbers, small.tags)
    matrix = numbers.to_numpy()
    for table in (matrix, np.asfortranarray(matrix), matrix.tolist()):
        by_array = fast(tag_drivers=[2]).fit(table, small.tags.tolist())
        assert (by_array.out_of_fold_ == by_frame.out_of_fold_).all()
        assert (by_array.predict_proba(table) == by_frame.predict_proba(numbers)).all()


@pytest.mark.parametrize("drivers", [None, ["salary", "job"]])
def test_the_order_of_the_rows_changes_no_score(small, drivers):
    order = np.random.default_rng(1).permutation(ROWS)
    # Every customer stands in two rows.
    groups = np.array([f"C{row // 2}" for row in range(ROWS)])
    finder = fast(tag_drivers=drivers).fit(small.table, small.tags, groups=groups)
    shuffled = fast(tag_drivers=drivers).fit(small.table[order], small.tags[order], groups=groups[order])
    assert (shuffled.folds_ == finder.folds_[order]).all()
    assert (shuffled.out_of_fold_ == finder.out_of_fold_[order]).all()
    assert (shuffled.labelled_probability_ == finder.labelled_probability_[order]).all()
    assert (shuffled.rank_score(small.table) == finder.rank_score(small.table)).all()
    rows = np.flatnonzero(small.tags == 0)[:40]
    for model, places in ((finder, rows), (shuffled, np.argsort(order)[rows])):
        model.update(pl.DataFrame({"row": places, "verdict": small.truth[rows]}))
    assert (shuffled.out_of_fold_ == finder.out_of_fold_[order]).all()
    assert all(len(set(finder.folds_[groups == customer])) == 1 for customer in groups[:40])


def test_tables_and_tags_are_left_as_they_were(small):
    frame, tags = in_pandas(small.table, "object"), small.tags.copy()
    before = frame.copy(deep=True)
    fast().fit(frame, tags).predict_proba(frame)
    pd.testing.assert_frame_equal(frame, before)
    assert (tags == small.tags).all()


def test_columns_that_tell_nothing_are_borne(small):
    table = small.table.with_columns(constant=pl.lit(1.0), missing=pl.lit(None), blank=pl.lit(None, dtype=pl.String))
    for drivers in (None, ["salary", "constant", "missing", "blank"]):
        assert np.isfinite(fast(tag_drivers=drivers).fit(table, small.tags).out_of_fold_).all()


def test_a_new_category_is_read_as_missing(small, finder):
    some = small.table.head(20)
    new = finder.rank_score(some.with_columns(job=pl.lit("astronaut")))
    assert (new == finder.rank_score(some.with_columns(job=pl.lit(None, dtype=pl.String)))).all()


def test_a_column_all_missing_at_predict_is_borne(small, finder):
    for name in ("salary", "job"):
        table = small.table.head(20).with_columns(pl.lit(None).alias(name))
        assert np.isfinite(finder.rank_score(table)).all()
        assert (finder.rank_score(table) == finder.rank_score(table.to_pandas())).all()


def test_nobody_to_score_is_nobody_scored(small, finder):
    assert finder.predict_proba(small.table.clear()).shape == (0, 2)


UNFIT = {
    "an empty frame": (lambda bank: (bank.table.clear(), bank.tags[:0]), {}, "y holds one class only"),
    "no columns": (lambda bank: (pl.DataFrame(), bank.tags), {}, r"inconsistent numbers of samples: \[0, 600\]"),
    "an empty array": (lambda bank: (np.empty((0, 3)), bank.tags[:0]), {}, r"0 sample\(s\)"),
    "one row": (lambda bank: (bank.table[:1], bank.tags[:1]), {}, "y holds one class only"),
    "one class": (lambda bank: (bank.table, bank.tags * 0), {}, "y holds one class only"),
    "two tagged": (lambda bank: (bank.table, np.arange(ROWS) < 2), {}, "smaller class holds 2 customers"),
    "three classes": (lambda bank: (bank.table, np.arange(ROWS) % 3), {}, "Only binary classification"),
    "a continuous y": (lambda bank: (bank.table, np.linspace(0, 1, ROWS)), {}, "Unknown label type"),
    "no y": (lambda bank: (bank.table, None), {}, "requires y to be passed"),
    "a short y": (lambda bank: (bank.table, bank.tags[:-1]), {}, r"inconsistent numbers of samples: \[600, 599\]"),
    "an infinity": (
        lambda bank: (bank.table.with_columns(salary=pl.lit(float("inf"))), bank.tags),
        {},
        "infinity or a value too large .* in column salary",
    ),
    "a number too large": (
        lambda bank: (bank.table.with_columns(salary=pl.lit(1e39)), bank.tags),
        {},
        "infinity or a value too large .* in column salary",
    ),
    "an infinity in an array": (lambda bank: (np.full((ROWS, 2), np.inf), bank.tags), {}, "Input X contains infinity"),
    "a column twice": (
        lambda bank: (pd.DataFrame(np.zeros((ROWS, 2)), columns=["x", "x"]), bank.tags),
        {},
        r"Expected unique column names, got:\n- 'x' 2 times",
    ),
    "a column of lists": (
        lambda bank: (bank.table.with_columns(held=pl.concat_list("salary")), bank.tags),
        {},
        "Column held holds List",
    ),
    "an unknown mode": (lambda bank: (bank.table, bank.tags), {"mode": "slow"}, "'slow'; wanted one of accurate, fast"),
    "two folds": (lambda bank: (bank.table, bank.tags), {"cv": 2}, "cv is 2; wanted a whole number .* at least 3"),
    "half a fold": (lambda bank: (bank.table, bank.tags), {"cv": 3.5}, "cv is 3.5; wanted a whole number"),
    "no seed": (lambda bank: (bank.table, bank.tags), {"random_state": None}, "random_state is None; wanted a whole"),
    "an unknown driver": (
        lambda bank: (bank.table, bank.tags),
        {"tag_drivers": ["wages"]},
        "tag_drivers names 'wages', which is no column of X. Its columns: .'savings'",
    ),
    "a driver beyond the columns": (lambda bank: (bank.table, bank.tags), {"tag_drivers": [6]}, "tag_drivers names 6"),
}


@pytest.mark.parametrize(("made", "settings", "words"), UNFIT.values(), ids=UNFIT)
def test_what_cannot_be_learned_from_is_refused_in_words(small, made, settings, words):
    table, tags = made(small)
    with pytest.raises(ValueError, match=words):
        fast().set_params(**settings).fit(table, tags)


def test_groups_of_another_length_are_refused_at_fit_and_at_predict(small, finder):
    with pytest.raises(ValueError, match="groups has 599 entries for 600 rows"):
        fast().fit(small.table, small.tags, groups=np.arange(ROWS - 1))
    for count in (10, ROWS + 1):
        with pytest.raises(ValueError, match=f"groups has {count} entries for 600 rows"):
            finder.predict_proba(small.table, groups=np.arange(count))


UNLIKE = {
    "a column less": (lambda table: table.drop("salary"), "seen at fit time, yet now missing"),
    "a column more": (lambda table: table.with_columns(new=1), "unseen at fit time"),
    "another order": (lambda table: table.select(sorted(table.columns)), "same order"),
    "text for numbers": (lambda table: table.with_columns(salary=pl.lit("a lot")), "Column salary held numbers"),
    "numbers for text": (lambda table: table.with_columns(job=pl.lit(1)), "Column job held text"),
    "an infinity": (lambda table: table.with_columns(salary=pl.lit(float("inf"))), "in column salary"),
    "an array": (lambda table: np.zeros((5, 3)), "3 features, but AffluentFinder is expecting 6"),
}


@pytest.mark.parametrize(("made", "words"), UNLIKE.values(), ids=UNLIKE)
@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_a_table_unlike_the_training_table_is_refused_in_words(small, finder, made, words):
    with pytest.raises(ValueError, match=words):
        finder.predict_proba(made(small.table))

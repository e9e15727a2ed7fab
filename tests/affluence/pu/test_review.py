import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affluence.errors import UserError
from affluence.pu.review import STRATA, Review, join_reviews, read_review, sample_review


def ranking(customers=1_000, seed=0):
    """Scores, and positions that are not those of the scores."""
    random = np.random.default_rng(seed)
    return random.normal(size=customers), random.permutation(10 * customers)[:customers].astype(np.intp)


def sheet(rows, verdicts, **columns):
    return pl.DataFrame({"row": rows, "verdict": verdicts, **columns}, strict=False)


def review(rows, verdicts, strata=None, weights=None):
    return Review(
        np.array(rows, dtype=np.intp),
        np.array(verdicts, dtype=np.int8),
        np.array([-1] * len(rows) if strata is None else strata, dtype=np.int64),
        np.array([np.nan] * len(rows) if weights is None else weights, dtype=np.float64),
    )


def sizes(found):
    known = found.those(found.sampled)
    return {int(s): float(known.weights[known.strata == s].sum()) for s in np.unique(known.strata)}


# The sampler


@pytest.mark.parametrize(
    ("purpose", "takes", "held"),
    [("find", [50, 30, 20], [100, 200, 700]), ("count", [35, 25, 20, 20], [100, 200, 300, 400])],
)
def test_strata_are_as_large_as_their_purpose_says(purpose, takes, held):
    order, rows = ranking()
    drawn = sample_review(order, rows, n=100, purpose=purpose, seed=1, first_stratum=20)
    assert drawn.schema == {"row": pl.Int64, "stratum": pl.Int64, "weight": pl.Float64}
    by_stratum = drawn.group_by("stratum").agg(pl.len(), pl.col("weight").sum()).sort("stratum")
    assert by_stratum["stratum"].to_list() == list(range(20, 20 + len(takes)))
    assert by_stratum["len"].to_list() == takes
    assert by_stratum["weight"].to_list() == pytest.approx(held)


def test_strata_follow_the_ranking():
    order, rows = ranking()
    drawn = sample_review(order, rows, n=200, purpose="count", seed=1)
    score_of = dict(zip(rows.tolist(), order.tolist(), strict=True))
    scores = [score_of[row] for row in drawn["row"]]
    assert scores == sorted(scores, reverse=True)
    assert drawn["stratum"].is_sorted()
    top = np.sort(order)[-100]
    assert all((score >= top) == (stratum == 0) for score, stratum in zip(scores, drawn["stratum"], strict=True))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_sample_is_of_the_pool_once_and_weighs_as_much(data):
    pool = data.draw(st.integers(1, 300))
    n = data.draw(st.integers(1, pool))
    purpose = data.draw(st.sampled_from(sorted(STRATA)))
    order = np.array(data.draw(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=pool, max_size=pool)))
    rows = np.arange(pool, dtype=np.intp) * 3
    drawn = sample_review(order, rows, n=n, purpose=purpose, seed=data.draw(st.integers(0, 99)))
    assert drawn.height == n == drawn["row"].n_unique()
    assert set(drawn["row"]) <= set(rows.tolist())
    assert drawn["weight"].sum() == pytest.approx(pool)
    assert (drawn["weight"] >= 1).all()
    present = drawn["stratum"].unique().sort().to_list()
    assert present == list(range(len(present)))
    if pool >= 20:
        assert len(present) == min(n, len(STRATA[purpose][0]))


def test_all_of_the_pool_may_be_drawn():
    order, rows = ranking(37)
    drawn = sample_review(order, rows, n=37, purpose="find", seed=0)
    assert set(drawn["row"]) == set(rows.tolist())
    assert drawn["weight"].to_list() == [1.0] * 37


def test_what_a_stratum_cannot_give_others_give():
    order, rows = ranking(100)
    drawn = sample_review(order, rows, n=60, purpose="find", seed=0)
    assert drawn["stratum"].value_counts().sort("stratum")["count"].to_list()[0] == 10


def test_one_row_stands_for_everyone():
    order, rows = ranking()
    drawn = sample_review(order, rows, n=1, purpose="count", seed=0)
    assert drawn["weight"].to_list() == [1_000.0]


def test_the_seed_decides():
    order, rows = ranking()
    first, again, other = (sample_review(order, rows, n=50, purpose="find", seed=seed) for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)


def test_equal_scores_are_drawn_from_everywhere():
    rows = np.arange(1_000, dtype=np.intp)
    drawn = [sample_review(np.zeros(1_000), rows, n=10, purpose="find", seed=seed)["row"] for seed in range(100)]
    assert np.mean([rows.mean() for rows in drawn]) == pytest.approx(499.5, abs=40)


def test_a_stratum_is_drawn_at_random():
    order, rows = ranking()
    drawn = [sample_review(order, rows, n=50, purpose="count", seed=seed) for seed in range(400)]
    times = np.bincount(pl.concat(drawn).filter(stratum=0)["row"].to_numpy(), minlength=10_000)
    top = times[rows[np.argsort(-order)[:100]]]
    assert top.mean() == pytest.approx(400 * 17.5 / 100, abs=2.1)
    assert top.std() < 2 * np.sqrt(400 * 0.175 * 0.825)


@pytest.mark.parametrize(("n", "says"), [(0, "at least 1"), (-3, "at least 1"), (1_001, "1,000")])
def test_a_sample_that_cannot_be_is_refused(n, says):
    order, rows = ranking()
    with pytest.raises(UserError, match=says):
        sample_review(order, rows, n=n, purpose="find", seed=0)


def test_nobody_left_to_review_is_said():
    with pytest.raises(UserError, match="there are 0 unlabelled"):
        sample_review(np.empty(0), np.empty(0, dtype=np.intp), n=1, purpose="count", seed=0)


# The sheet


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([1, 0, 1], [1, 0, 1]),
        ([True, False, True], [1, 0, 1]),
        (["yes", "No", " YES "], [1, 0, 1]),
        (["1", "0", "true"], [1, 0, 1]),
        ([1.0, 0.0, 1.0], [1, 0, 1]),
    ],
)
@pytest.mark.parametrize("kind", ["polars", "pandas"])
def test_verdicts_are_read_as_they_are_written(verdicts, expected, kind):
    frame = sheet([4, 2, 0], verdicts) if kind == "polars" else pd.DataFrame({"row": [4, 2, 0], "verdict": verdicts})
    found = read_review(frame, table_rows=5)
    assert found.verdicts.tolist() == expected
    assert (found.rows.tolist(), found.strata.tolist()) == ([4, 2, 0], [-1] * 3)
    assert np.isnan(found.weights).all()
    assert not found.sampled.any()
    assert (found.rows.dtype, found.verdicts.dtype) == (np.intp, np.int8)
    assert (found.strata.dtype, found.weights.dtype) == (np.int64, np.float64)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, "", " "])
def test_missing_verdicts_are_left_out_in_every_dress(missing):
    mixed = pd.DataFrame({"row": [0, 1, 2], "verdict": pd.Series([1, missing, "no"], dtype=object)})
    found = read_review(mixed, table_rows=3)
    assert (found.rows.tolist(), found.verdicts.tolist()) == ([0, 2], [1, 0])


def test_a_sheet_that_went_through_a_spreadsheet_is_read():
    frame = pd.DataFrame(
        {"row": [3.0, 1.0, None], "verdict": ["yes", None, None], "weight": ["2", "2", None], "stratum": [0.0, 0, None]}
    )
    found = read_review(frame, table_rows=4)
    assert (found.rows.tolist(), found.weights.tolist(), found.strata.tolist()) == ([3], [4.0], [0])


def test_the_answered_stand_for_all_of_their_stratum():
    frame = sheet(
        [0, 1, 2, 3, 4],
        [1, None, 0, None, 1],
        weight=[10.0, 10.0, 50.0, 50.0, 50.0],
        stratum=[0, 0, 1, 1, 1],
    )
    found = read_review(frame, table_rows=500)
    assert found.weights.tolist() == [20.0, 75.0, 75.0]
    assert sizes(found) == {0: 20.0, 1: 150.0}


def test_a_stratum_of_silence_takes_the_weights_of_its_batch_and_of_no_other():
    frame = sheet(
        [0, 1, 2, 3], [1, None, 0, 1], weight=[10.0, 50.0, 7.0, 9.0], stratum=[0, 1, 10, 11]
    )  # nothing was found in stratum 1
    found = read_review(frame, table_rows=100)
    assert found.sampled.tolist() == [False, True, True]
    assert found.strata.tolist() == [0, 10, 11]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 99), st.integers(12, 60), st.floats(0.2, 1))
def test_sizes_survive_missing_verdicts(seed, n, answered):
    order, rows = ranking(400)
    drawn = sample_review(order, rows, n=n, purpose="count", seed=seed)
    random = np.random.default_rng(seed)
    verdicts = [int(random.random() < 0.3) if random.random() < answered else None for _ in range(n)]
    verdicts[0] = 1
    found = read_review(drawn.with_columns(verdict=pl.Series(verdicts, dtype=pl.Int8)), table_rows=4_000)
    assert len(found) == sum(verdict is not None for verdict in verdicts)
    if found.sampled.any():
        assert list(sizes(found).values()) == pytest.approx([40, 80, 120, 160])


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (pl.DataFrame(), "no column row and no column verdict among its 0"),
        (pl.DataFrame({"row": [1]}), "no column verdict"),
        (pd.DataFrame([[1, 1, 0]], columns=["row", "verdict", "verdict"]), "twice: verdict"),
        (pl.DataFrame({"row": [], "verdict": []}), "none of 0 rows"),
        (sheet([0, 1], [None, None]), "none of 2 rows"),
        (sheet([0, 5], [1, 1]), r"row: 1 of 2 .* table of 5 rows"),
        (sheet([-1, 1], [1, 1]), "row: 1 of 2"),
        (sheet([None, 1], [1, 1]), "row: 1 of 2"),
        (sheet([0.5, 1], [1, 1]), "row: 1 of 2"),
        (sheet(["first", "1e400"], [1, 1]), "row: 2 of 2"),
        (sheet([3, 1, 3, 3], [1, 0, 0, 1]), r"row: 1 of 2 stand more than once \(3\)"),
        (sheet([0, 1, 2], ["maybe", "yes", "2"]), r"verdict: 2 of 3 are not understood \(row 0, 2\)"),
        (sheet([0, 1], [1, 0.5]), r"verdict: 1 of 2 are not understood \(row 1\)"),
        (sheet([0, 1], [1, 1], weight=[0, -2], stratum=[0, 0]), "weight: 2 of 2 are not a number above 0"),
        (sheet([0, 1], [1, 1], weight=[1.0, float("inf")], stratum=[0, 0]), "weight: 1 of 2"),
        (sheet([0, 1], [1, 1], weight=[1.0, 6.0], stratum=[0, 0]), "weight: 1 of 2 .* up to 5"),
        (sheet([0, 1], [1, 1], weight=["much", "1"], stratum=[0, 0]), "weight: 1 of 2"),
        (sheet([0, 1], [1, 1], weight=[1.0, 2.0]), "stratum: 2 of 2 have a weight and no stratum"),
        (sheet([0, 1], [1, 1], weight=[1.0, None], stratum=[-1, -1]), "stratum: 1 of 2 have a weight and no stratum"),
        (sheet([0, 1], [1, 1], weight=[1.0, 2.0], stratum=[0.5, 1e300]), "stratum: 2 of 2 are no stratum number"),
    ],
)
def test_a_fault_says_column_rule_count_and_remedy(frame, says):
    with pytest.raises(UserError, match=says) as error:
        read_review(frame, table_rows=5)
    assert any(remedy in str(error.value) for remedy in ("Keep", "Give", "Write"))


def test_all_faults_are_said_at_once_and_no_cell_is_quoted():
    frame = sheet([0, 0, 4711], ["Mr Smith", "Mr Smith", "?"], weight=[-7.5, 1, 1], stratum=[0, 0, 0])
    with pytest.raises(UserError) as error:
        read_review(frame, table_rows=5)
    lines = str(error.value).splitlines()
    assert [line.split(":")[0] for line in lines] == ["row", "row", "verdict", "weight"]
    assert not any(cell in str(error.value) for cell in ("Smith", "7.5", "4711"))
    assert "row 0, 0, unknown" in str(error.value)


def test_a_long_list_of_rows_is_cut():
    with pytest.raises(UserError, match="row 0, 1, 2, 3, 4 and 95 more"):
        read_review(sheet(list(range(100)), ["?"] * 100), table_rows=100)


def test_the_sheet_is_left_as_it_was():
    frame = pd.DataFrame({"row": [1, 0], "verdict": ["yes", None], "weight": [1.5, 1.5], "stratum": [0, 0]})
    before = frame.copy()
    read_review(frame, table_rows=2)
    pd.testing.assert_frame_equal(frame, before)


# Reviews together


def test_a_later_verdict_corrects_an_earlier_one_and_keeps_its_weight():
    joined = join_reviews(review([4, 7], [1, 0], [0, 1], [10.0, 30.0]), review([7, 9], [1, 1]))
    assert joined.rows.tolist() == [4, 7, 9]
    assert joined.verdicts.tolist() == [1, 1, 1]
    assert joined.strata.tolist() == [0, 1, -1]
    assert joined.weights[:2].tolist() == [10.0, 30.0]
    assert joined.sampled.tolist() == [True, True, False]


def test_an_earlier_weight_stands_and_a_missing_one_is_filled():
    joined = join_reviews(review([1, 2], [0, 0], [0, -1], [10.0, np.nan]), review([2, 1], [1, 1], [3, 0], [5.0, 4.0]))
    assert joined.strata.tolist() == [0, 3]
    assert joined.weights.tolist() == [10.0, 5.0]


def test_nothing_before_gives_the_second():
    second = review([3], [1])
    assert join_reviews(None, second) is second


def test_a_second_batch_stands_beside_the_first():
    first, second = review([1, 2], [1, 0], [0, 1], [5.0, 9.0]), review([3, 4], [0, 0], [10, 11], [4.0, 8.0])
    assert sizes(join_reviews(first, second)) == {0: 5.0, 1: 9.0, 10: 4.0, 11: 8.0}


def half_answered(drawn, answered):
    verdicts = [1 if row in answered else None for row in drawn["row"]]
    return drawn.with_columns(verdict=pl.Series(verdicts, dtype=pl.Int8))


def test_a_sheet_handed_in_again_with_more_answers_keeps_the_sizes():
    order, rows = ranking()
    drawn = sample_review(order, rows, n=40, purpose="count", seed=0)
    half = read_review(half_answered(drawn, drawn["row"].to_list()[::2]), table_rows=10_000)
    whole = read_review(half_answered(drawn, drawn["row"].to_list()), table_rows=10_000)
    for joined in (join_reviews(half, whole), join_reviews(whole, half)):
        assert len(joined) == 40
        assert list(sizes(joined).values()) == pytest.approx([100, 200, 300, 400])


def test_two_parts_of_a_sheet_add_up_to_it():
    order, rows = ranking()
    drawn = sample_review(order, rows, n=40, purpose="count", seed=0).with_columns(verdict=pl.lit(1))
    parts = [read_review(drawn.gather_every(2, offset), table_rows=10_000) for offset in (0, 1)]
    assert list(sizes(join_reviews(*parts)).values()) == pytest.approx([100, 200, 300, 400])


def test_answers_to_some_strata_join_those_to_all():
    order, rows = ranking()
    drawn = sample_review(order, rows, n=40, purpose="count", seed=0)
    some = read_review(half_answered(drawn, drawn["row"].to_list()[:20]), table_rows=10_000)
    assert not some.sampled.any()
    spread = read_review(half_answered(drawn, drawn["row"].to_list()[::3]), table_rows=10_000)
    for joined in (join_reviews(some, spread), join_reviews(spread, some)):
        assert list(sizes(joined).values()) == pytest.approx([100, 200, 300, 400])


reviews = st.dictionaries(st.integers(0, 20), st.tuples(st.integers(0, 1), st.integers(-1, 3)), max_size=12).map(
    lambda found: review(
        list(found),
        [verdict for verdict, _ in found.values()],
        [stratum for _, stratum in found.values()],
        [np.nan if stratum < 0 else 2.0 + stratum for _, stratum in found.values()],
    )
)


@settings(max_examples=100, deadline=None)
@given(reviews, reviews)
def test_joining_keeps_every_row_once_with_its_last_verdict(first, second):
    joined = join_reviews(first, second)
    assert joined.rows.tolist() == list(dict.fromkeys([*first.rows.tolist(), *second.rows.tolist()]))
    verdict_of = dict(zip(first.rows.tolist(), first.verdicts.tolist(), strict=True))
    verdict_of |= dict(zip(second.rows.tolist(), second.verdicts.tolist(), strict=True))
    assert joined.verdicts.tolist() == [verdict_of[row] for row in joined.rows.tolist()]
    assert (joined.sampled == (joined.strata >= 0)).all()


@settings(max_examples=50, deadline=None)
@given(reviews)
def test_joining_a_review_with_itself_changes_nothing(one):
    again = join_reviews(one, one)
    for name in ("rows", "verdicts", "strata"):
        assert (getattr(again, name) == getattr(one, name)).all()
    np.testing.assert_allclose(again.weights, one.weights)


def test_a_part_of_a_review_is_in_its_order():
    some = review([5, 6, 7], [1, 0, 1], [0, 1, 2], [1.0, 2.0, 3.0])
    part = some.those(some.verdicts == 1)
    assert (part.rows.tolist(), part.strata.tolist(), part.weights.tolist()) == ([5, 7], [0, 2], [1.0, 3.0])
    assert len(part) == 2

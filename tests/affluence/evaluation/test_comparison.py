"""Champion against challenger: the same customers, differences with intervals, who enters and leaves."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from affluence.errors import UserError
from affluence.evaluation.comparison import Contender, compare_models
from affluence.evaluation.ranking import recall_difference


def contender(name: str, scores, tags, *, chances=None, ranks_by="tag") -> Contender:
    frame = pl.DataFrame(
        {
            "row": range(1, len(scores) + 1),
            "customer_id": [f"C{number}" for number in range(len(scores))],
            "tag": pl.Series(tags, dtype=pl.Int8),
            "score": pl.Series(scores, dtype=pl.Float64),
            "affluent_probability": pl.Series(chances if chances is not None else [None] * len(scores)).cast(
                pl.Float64
            ),
        }
    )
    ranked = frame.filter(pl.col("tag") == 0).sort("score", descending=True).with_row_index("rank", offset=1)
    return Contender(name, ranks_by, frame, ranked)


def two(size: int = 2_000, *, noise: float = 1.0, seed: int = 0, **settings) -> tuple[Contender, Contender]:
    """A noisy champion and a challenger that sees the tag better."""
    random = np.random.default_rng(seed)
    tags = (random.random(size) < 0.2).astype(np.int8)
    signal = random.normal(size=size) + 1.5 * tags
    return (
        contender("version 1", signal + noise * random.normal(size=size), tags, **settings),
        contender("version 2", signal, tags, **settings),
    )


def test_a_better_challenger_is_surely_better_and_the_other_way_round_surely_worse():
    champion, challenger = two()
    forth = compare_models(champion, challenger, contacts=200)
    back = compare_models(challenger, champion, contacts=200)
    for name in ("recall_of_tagged", "average_precision", "roc_auc"):
        better, worse = getattr(forth, name), getattr(back, name)
        assert better.difference.low > 0 > worse.difference.high
        assert better.difference.value == pytest.approx(better.challenger - better.champion)
        assert worse.difference.value == pytest.approx(-better.difference.value)
    assert "reaches more" in forth.verdict
    assert "reaches fewer" in back.verdict


def test_a_model_against_itself_changes_nothing():
    champion, _ = two()
    same = compare_models(champion, replace(champion, name="version 2"), contacts=100)
    assert (same.staying, same.exchanged) == (100, 0)
    assert same.rank_agreement == pytest.approx(1)
    for beside in (same.recall_of_tagged, same.average_precision, same.roc_auc):
        assert (beside.difference.value, beside.difference.low, beside.difference.high) == (0, 0, 0)
    assert "reaches the same" in same.verdict
    assert "both make the same list" in same.verdict


def test_models_of_the_same_worth_are_mostly_not_told_apart():
    told = 0
    for seed in range(12):
        random = np.random.default_rng(seed)
        tags = (random.random(800) < 0.2).astype(np.int8)
        signal = random.normal(size=800) + 1.5 * tags
        one, other = (contender("v", signal + random.normal(size=800), tags) for _ in range(2))
        difference = compare_models(one, other, contacts=80, seed=seed).recall_of_tagged.difference
        told += difference.low > 0 or difference.high < 0
    assert told <= 4


def test_the_interval_of_recall_is_near_that_of_tagged_on_one_list_and_not_on_the_other():
    champion, challenger = two()
    recall = compare_models(champion, challenger, contacts=200).recall_of_tagged
    scores = [one.scores["score"].to_numpy() for one in (champion, challenger)]
    tags = champion.scores["tag"].to_numpy()
    above = 200 + round(recall.champion * tags.sum())
    mcnemar = recall_difference(scores[1], scores[0], tags, capacity=above)
    assert 0.7 < (recall.difference.high - recall.difference.low) / (mcnemar.high - mcnemar.low) < 1.4


def test_who_enters_and_who_leaves_stand_in_the_frame_with_both_ranks():
    champion = contender("a", [5, 4, 3, 2, 1, 0], [0, 0, 0, 0, 0, 1])
    challenger = contender("b", [5, 1, 4, 3, 2, 0], [0, 0, 0, 0, 0, 1])
    comparison = compare_models(champion, challenger, contacts=2)
    assert comparison.moves.to_dicts() == [
        {"row": 1, "champion_rank": 1, "challenger_rank": 1, "move": "stays"},
        {"row": 3, "champion_rank": 3, "challenger_rank": 2, "move": "enters"},
        {"row": 2, "champion_rank": 2, "challenger_rank": 5, "move": "leaves"},
    ]
    assert (comparison.staying, comparison.exchanged) == (1, 1)


def test_recall_counts_the_tagged_who_score_as_high_as_the_last_on_the_list():
    comparison = compare_models(
        contender("a", [9, 7, 5, 8, 6, 4], [0, 0, 0, 1, 1, 1]),
        contender("b", [9, 7, 5, 8, 7, 6], [0, 0, 0, 1, 1, 1]),
        contacts=2,
    )
    assert comparison.recall_of_tagged.champion == pytest.approx(1 / 3)
    assert comparison.recall_of_tagged.challenger == pytest.approx(2 / 3)


def test_expected_finds_need_the_chances_of_both_and_each_thinks_its_own_list_best():
    champion, challenger = two()
    assert compare_models(champion, challenger, contacts=100).finds is None
    with_chances = [
        replace(one, scores=one.scores.with_columns(affluent_probability=1 / (1 + (2 - pl.col("score")).exp())))
        for one in (champion, challenger)
    ]
    finds = compare_models(*with_chances, contacts=100).finds
    assert finds.by_champion < 0 < finds.by_challenger
    top = with_chances[1].scores.filter(pl.col("tag") == 0).top_k(100, by="score")
    assert finds.beside.challenger == pytest.approx(top["affluent_probability"].sum())
    assert finds.beside.difference.low < finds.beside.difference.value < finds.beside.difference.high
    assert compare_models(champion, with_chances[1], contacts=100).finds is None


def test_a_verdict_between_learners_that_differ_in_kind_says_what_the_tag_cannot_tell():
    champion, challenger = two()
    corrected = replace(champion, name="the finder", ranks_by="affluence")
    told = compare_models(challenger, corrected, contacts=200).verdict
    assert "the finder is corrected for selective tagging and may find fewer tagged and more hidden" in told
    assert "check by hand" in told
    assert "repeats the tagging" in compare_models(champion, challenger, contacts=200).verdict


def test_verdicts_found_by_hand_are_compared_on_the_reviewed():
    scores = np.arange(40, 0, -1.0)
    tags = [0] * 38 + [1, 1]
    champion, challenger = (
        contender("a", scores, tags),
        contender("b", [*np.roll(scores[:38], 19), 2, 1], tags),
    )
    reviewed = pl.DataFrame({"row": [1, 2, 20, 21, 22, 23, 24, 25, 39], "verdict": [0, 1, 1, 1, 1, 1, 1, 1, 1]})
    found = compare_models(champion, challenger, contacts=10, reviewed=reviewed).reviewed
    assert (found.confirmed, found.refuted) == (7, 1)
    assert (found.recall.champion, found.recall.challenger) == (pytest.approx(1 / 7), pytest.approx(6 / 7))
    assert found.champion_precision.value == 0.5
    assert found.challenger_precision.value == 1
    assert "7 found affluent by hand" in compare_models(champion, challenger, contacts=10, reviewed=reviewed).verdict


@pytest.mark.parametrize(("gained", "told"), [(3, False), (4, False), (5, True)])
def test_three_against_none_found_by_hand_are_no_proof_and_five_are(gained, told):
    scores = np.arange(40, 0, -1.0)
    tags = [0] * 39 + [1]
    champion, challenger = contender("a", scores, tags), contender("b", np.roll(scores, 20), tags)
    reviewed = pl.DataFrame({"row": range(21, 21 + gained), "verdict": [1] * gained})
    difference = compare_models(champion, challenger, contacts=10, reviewed=reviewed).reviewed.recall.difference
    assert difference.value == 1
    assert (difference.low > 0) is told


def test_a_review_that_confirmed_nobody_gives_no_recall():
    champion, challenger = two(200)
    untagged = champion.ranked["row"].head(3)
    reviewed = pl.DataFrame({"row": untagged, "verdict": [0, 0, 0]})
    comparison = compare_models(champion, challenger, contacts=20, reviewed=reviewed)
    assert comparison.reviewed.recall is None
    assert comparison.reviewed.champion_precision.value == 0
    assert "check by hand" in comparison.verdict
    json.dumps(comparison.to_dict(), allow_nan=False)


def test_a_review_of_nobody_on_either_list_tells_no_precision():
    champion, challenger = two(200)
    last = champion.ranked.join(challenger.ranked, on="row").filter((pl.col("rank") > 20) & (pl.col("rank_right") > 20))
    reviewed = pl.DataFrame({"row": last["row"].head(1), "verdict": [1]})
    comparison = compare_models(champion, challenger, contacts=20, reviewed=reviewed)
    assert comparison.reviewed.champion_precision is comparison.reviewed.challenger_precision is None
    assert comparison.reviewed.recall.challenger == 0
    assert "of 1 found affluent by hand the challenger reaches the same" in comparison.verdict


def test_the_order_of_the_table_does_not_matter():
    champion, challenger = two()
    shuffled = replace(challenger, scores=challenger.scores.sample(fraction=1, shuffle=True, seed=1))
    assert compare_models(champion, challenger, contacts=90) == compare_models(champion, shuffled, contacts=90)


def test_nothing_that_is_given_is_changed():
    champion, challenger = two(300)
    before = champion.scores.clone()
    compare_models(champion, challenger, contacts=10)
    assert before.equals(champion.scores)


def test_a_comparison_goes_into_json_without_a_customer():
    comparison = compare_models(*two(300), contacts=10)
    told = json.loads(json.dumps(comparison.to_dict(), allow_nan=False))
    assert "moves" not in told
    assert told["recall_of_tagged"]["difference"]["level"] == 0.9


def test_without_tags_only_the_lists_are_compared():
    champion, challenger = (
        replace(
            one,
            scores=one.scores.drop("tag"),
            ranked=one.scores.sort("score", descending=True).with_row_index("rank", 1),
        )
        for one in two(300)
    )
    comparison = compare_models(champion, challenger, contacts=30)
    assert comparison.recall_of_tagged is comparison.roc_auc is comparison.average_precision is None
    assert comparison.staying + comparison.exchanged == 30
    assert "no tag" in comparison.verdict


@pytest.mark.parametrize("scores", [[0.0] * 20, list(range(20))])
def test_ties_and_a_list_of_everybody_are_compared(scores):
    champion = contender("a", scores, [0, 1] * 10)
    comparison = compare_models(champion, champion, contacts=1_000)
    assert (comparison.contacts, comparison.exchanged) == (10, 0)
    assert 0 <= comparison.recall_of_tagged.champion <= 1


def test_one_candidate_and_one_tagged_are_compared():
    comparison = compare_models(contender("a", [1, 2], [0, 1]), contender("b", [2, 1], [0, 1]), contacts=1)
    assert comparison.rank_agreement is None
    assert (comparison.recall_of_tagged.champion, comparison.recall_of_tagged.challenger) == (1, 0)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda one: replace(one, scores=one.scores.head(50)), "have the score of one only"),
        (lambda one: replace(one, scores=one.scores.with_columns(pl.col("row") + 1)), "have the score of one only"),
        (lambda one: replace(one, scores=pl.concat([one.scores, one.scores.head(2)])), "2 of 102 rows .* repeat a row"),
        (lambda one: replace(one, scores=one.scores.with_columns(score=pl.lit(None))), "100 of 100 .* no score"),
        (lambda one: replace(one, scores=one.scores.with_columns(score=pl.lit(float("nan")))), "no score"),
        (lambda one: replace(one, scores=one.scores.with_columns(tag=1 - pl.col("tag"))), "another tag"),
        (lambda one: replace(one, scores=one.scores.with_columns(customer_id=pl.lit("C"))), "another customer_id"),
        (lambda one: replace(one, ranked=one.ranked.head(5)), "ranks 5 candidates"),
    ],
)
def test_models_that_did_not_score_the_same_customers_are_refused(spoil, told):
    champion, challenger = two(100)
    with pytest.raises(UserError, match=told):
        compare_models(champion, spoil(challenger), contacts=10)


@pytest.mark.parametrize("contacts", [0, -1])
def test_a_list_of_nobody_is_refused(contacts):
    with pytest.raises(UserError, match="Nobody can be listed"):
        compare_models(*two(100), contacts=contacts)


def test_a_table_where_everybody_is_tagged_or_nobody_stands_is_refused():
    for size in (0, 5):
        alone = contender("a", range(size), [1] * size)
        with pytest.raises(UserError, match="Nobody can be listed"):
            compare_models(alone, alone, contacts=1)


@pytest.mark.parametrize(
    ("rows", "verdicts", "told"),
    [
        ([1_000], [1], "no scored customer"),
        ([1, 1], [1, 0], "repeat a row"),
        ([1, 2], [1, 7], "neither 1 nor 0"),
        ([1, 2], [1, None], "neither 1 nor 0"),
    ],
)
def test_verdicts_that_cannot_be_placed_are_refused(rows, verdicts, told):
    with pytest.raises(UserError, match=told):
        compare_models(*two(100), contacts=10, reviewed=pl.DataFrame({"row": rows, "verdict": verdicts}))

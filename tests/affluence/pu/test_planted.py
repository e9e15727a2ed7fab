"""Plant and recover: what was hidden comes back, the interval keeps its word, and a finder that cheats is caught."""

import json
import logging
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.special import expit
from sklearn.ensemble import RandomForestClassifier

from affluence.errors import UserError
from affluence.progress import LOGGER_NAME
from affluence.pu import planted
from affluence.pu.finder import AffluentFinder
from affluence.pu.planted import coin_flips, plant_and_recover, prove

QUICK = {"mode": "fast", "cv": 3}
ROWS = 2_000


def bank(seed=0, *, rows=ROWS, repeated=1):
    """A table of customers, 30 % of them affluent, and tags that two thirds of those got at random."""
    random = np.random.default_rng(seed)
    people = rows // repeated
    affluent = random.random(people) < 0.3
    columns = {f"x{i}": random.normal(size=people) + shift * affluent for i, shift in enumerate((2, 1.5, 1, 0, 0))}
    tags = (affluent & (random.random(people) < 2 / 3)).astype(np.int8)
    customers = np.repeat(np.arange(people), repeated)
    table = pl.DataFrame({name: values[customers] + random.normal(0, 0.01, rows) for name, values in columns.items()})
    return table.with_columns(kind=pl.Series(np.where(customers % 3, "a", "b"))), tags[customers], customers


class StandIn:
    """A finder that ranks by the first column and takes the second for the labelled probability; keeps its tags."""

    fitted = ()

    def __init__(self, **settings):
        self.settings = settings

    def fit(self, table, tags, *, groups):
        StandIn.fitted = (*StandIn.fitted, tags)
        self.out_of_fold_ = table["x0"].to_numpy()
        self.labelled_probability_ = expit(table["x1"].to_numpy())
        return self


class Perfect(StandIn):
    """Knows, by the noise-free column `truth`, who is affluent, and nothing by the labelled probability."""

    def fit(self, table, tags, *, groups):
        self.out_of_fold_ = table["truth"].to_numpy()
        self.labelled_probability_ = np.random.default_rng(len(StandIn.fitted)).random(len(tags))
        return self


class SeesItsOwn(AffluentFinder):
    """Scores the rows that it was fitted to."""

    def fit(self, table, tags, *, groups=None):
        numbers = table.drop("kind").to_numpy()
        forest = RandomForestClassifier(50, min_samples_leaf=5, random_state=0).fit(numbers, tags)
        self.out_of_fold_ = self.labelled_probability_ = forest.predict_proba(numbers)[:, 1]
        return self


class SplitsRows(AffluentFinder):
    """Forgets that a customer may have several rows."""

    def fit(self, table, tags, *, groups=None):
        return super().fit(table, tags)


class Inverted(StandIn):
    """Counts a customer's own tag against that customer, as a leave-one-out encoding does."""

    def fit(self, table, tags, *, groups):
        self.labelled_probability_ = np.zeros(len(tags))
        self.out_of_fold_ = np.random.default_rng(0).normal(size=len(tags)) - tags
        return self


@pytest.fixture
def stand_in(monkeypatch):
    StandIn.fitted = ()
    monkeypatch.setattr(planted, "AffluentFinder", StandIn)
    return StandIn


@pytest.fixture(scope="module")
def proof():
    table, tags, customers = bank()
    return prove(table, tags, table="bank.csv", capacities=[100, 400], groups=customers, seed=1, repeats=2, **QUICK)


def test_much_more_of_the_planted_comes_back_than_by_lot(proof):
    at_random, selectively = proof.recoveries
    assert (at_random.way, selectively.way) == ("random", "selective")
    for recovery in proof.recoveries:
        assert recovery.planted == round(0.3 * recovery.tagged)
        assert recovery.pool == ROWS - recovery.tagged + recovery.planted
        for point in (*recovery.at, recovery.at_planted):
            assert point.chance == point.capacity / recovery.pool
            assert point.recall.low > 1.5 * point.chance
            assert point.recall.low <= point.recall.value <= point.recall.high
            assert point.gain.value == pytest.approx(point.recall.value - point.labelled_recall.value)
        assert recovery.at_planted.recall.value > 2.5 * recovery.at_planted.chance
    assert [point.capacity for point in at_random.at] == [100, 400]
    assert at_random.at[0].recall.value < at_random.at[1].recall.value


def test_the_interval_holds_another_plantings_recall(proof):
    table, tags, customers = bank()
    other = plant_and_recover(
        table, tags, capacities=[400], groups=customers, seed=501, repeats=1, ways=("random",), **QUICK
    )
    recall = proof.recoveries[0].at[1].recall
    assert recall.low <= other[0].at[0].recall.value <= recall.high


def test_the_interval_holds_other_plantings_as_often_as_it_says(stand_in):
    table, tags, _ = bank()
    estimates = [
        plant_and_recover(table, tags, capacities=[300], seed=1_000 * seed, ways=("random",))[0].at[0]
        for seed in range(60)
    ]
    alone = [
        plant_and_recover(table, tags, capacities=[300], seed=1_000 * seed + 500, repeats=1, ways=("random",))[0].at[0]
        for seed in range(60)
    ]
    for figure, widest in (("recall", 0.3), ("labelled_recall", 0.3), ("gain", 0.4)):
        said = [(getattr(point, figure).low, getattr(point, figure).high) for point in estimates]
        came = [getattr(point, figure).value for point in alone]
        assert np.mean([low <= value <= high for (low, high), value in zip(said, came, strict=True)]) >= 0.85
        assert np.mean([high - low for low, high in said]) < widest


@pytest.mark.parametrize("drivers", [None, ["x0", "kind"]])
def test_coin_flips_pass_on_honest_code(drivers):
    table, tags, customers = bank(2, repeated=2)
    flips = coin_flips(table, tags, groups=customers, tag_drivers=drivers, seed=4, **QUICK)
    assert flips.passed
    assert flips.tagged + flips.untagged == ROWS // 2
    assert flips.low < 0.5 < flips.high
    assert flips.high - 0.5 == pytest.approx(5 * np.sqrt(1_001 / (12 * flips.tagged * flips.untagged)))


@pytest.mark.parametrize("cheat", [SeesItsOwn, SplitsRows, Inverted])
def test_coin_flips_catch_a_finder_that_knows_the_tags(monkeypatch, cheat):
    table, tags, customers = bank(2, repeated=4)
    monkeypatch.setattr(planted, "AffluentFinder", cheat)
    assert not coin_flips(table, tags, groups=customers, seed=4, **QUICK).passed


def test_a_proof_with_a_cheating_finder_says_so(monkeypatch):
    table, tags, _ = bank()
    monkeypatch.setattr(planted, "AffluentFinder", Inverted)
    caught = prove(table, tags, table="t", capacities=[9], repeats=1, tag_drivers=["x0"])
    assert not caught.passed
    assert caught.to_dict()["coin_flips"]["passed"] is False
    assert any("THE SCORES KNOW TAGS" in sentence for sentence in caught.sentences)


def test_coin_flips_keep_the_number_of_tagged_customers_and_shuffle_whole_ones(stand_in):
    table, tags, customers = bank(repeated=4)
    flips = coin_flips(table, tags, groups=customers, seed=4)
    (shuffled,) = stand_in.fitted
    assert flips.tagged == tags.sum() / 4 == shuffled.sum() / 4
    assert set(shuffled.reshape(-1, 4).mean(axis=1)) == {0, 1}
    assert (shuffled != tags).any()


def test_the_finder_never_learns_a_planted_tag_and_hides_whole_customers(stand_in):
    table, tags, customers = bank(repeated=2)
    (recovery,) = plant_and_recover(table, tags, capacities=[9], groups=customers, ways=("random",), repeats=2)
    assert len(stand_in.fitted) == 2
    for learned in stand_in.fitted:
        assert set(learned.reshape(-1, 2).mean(axis=1)) == {0, 1}
        assert (learned <= tags).all()
        assert (tags.sum() - learned.sum()) / 2 == recovery.planted
    assert (stand_in.fitted[0] != stand_in.fitted[1]).any()


@pytest.mark.parametrize("drivers", [None, ["x0"], [0]])
def test_selective_planting_hides_those_of_low_standing(stand_in, drivers):
    table, tags, customers = bank()
    standing = table["x0"] if drivers else table["x0"] + table["x1"] + table["x2"]
    plant_and_recover(table, tags, capacities=[9], groups=customers, ways=("selective",), tag_drivers=drivers)
    for learned in stand_in.fitted:
        hidden, kept = (standing.filter(pl.Series(rows)).mean() for rows in (tags > learned, learned == 1))
        assert hidden < kept - 0.5


def test_a_perfect_list_brings_back_all_and_a_lot_its_share(monkeypatch):
    table, tags, customers = bank()
    table = table.with_columns(truth=pl.Series(tags.astype(float)))
    monkeypatch.setattr(planted, "AffluentFinder", Perfect)
    (recovery,) = plant_and_recover(table, tags, capacities=[500], groups=customers, ways=("random",), repeats=5)
    assert recovery.at_planted.recall.value == recovery.at_planted.recall.high == 1
    assert recovery.at_planted.recall.low < 1
    assert recovery.at[0].labelled_recall.value == pytest.approx(recovery.at[0].chance, abs=0.1)
    assert recovery.at[0].gain.low > 0.3


def test_a_customer_with_several_records_counts_once_and_by_the_best(stand_in):
    table, tags, customers = bank()
    poor = table.with_columns(pl.col("x0") - 100, pl.col("x1") - 100)
    alone = plant_and_recover(table, tags, capacities=[100], groups=customers, ways=("random",))
    both = plant_and_recover(
        pl.concat([poor, table]),
        np.append(tags, tags),
        capacities=[100],
        groups=np.append(customers, customers),
        ways=("random",),
    )
    assert alone == both


def test_a_list_of_all_untagged_brings_back_all_and_a_longer_one_no_more(stand_in):
    table, tags, _ = bank()
    (recovery,) = plant_and_recover(table, tags, capacities=[10**9, 5, 5], ways=("random",))
    assert [point.capacity for point in recovery.at] == [5, recovery.pool]
    assert recovery.at[-1].recall.value == recovery.at[-1].chance == 1


def test_the_same_seed_gives_the_same_and_the_order_of_the_rows_does_not_matter(proof):
    table, tags, customers = bank()
    order = np.random.default_rng(0).permutation(ROWS)
    given = {"groups": customers[order], "seed": 1, **QUICK}
    again = plant_and_recover(table[order], tags[order], capacities=[400, 100], ways=("selective",), repeats=2, **given)
    assert again == proof.recoveries[1:]
    assert coin_flips(table[order], tags[order], **given) == proof.coin_flips
    other = coin_flips(table, tags, groups=customers, seed=2, **QUICK)
    assert other != proof.coin_flips


def test_the_input_stays_as_it_is():
    table, tags, customers = bank()
    before = table.clone()
    tags.flags.writeable = customers.flags.writeable = False
    plant_and_recover(table, tags, capacities=[9], groups=customers, repeats=1, tag_drivers=["x0"], **QUICK)
    assert table.equals(before)
    assert (tags == bank()[1]).all()


def test_the_proof_says_what_it_measured_and_goes_into_json(proof):
    told = json.loads(json.dumps(proof.to_dict()))
    assert told["coin_flips"]["passed"] is proof.passed is True
    assert told["recoveries"][0]["at_planted"]["recall"]["assumption"].startswith("mean of 2 plantings")
    first, *_ = proof.sentences
    assert all(word in first for word in ("bank.csv", "mode fast", "seed 1", "3 folds"))
    text = " ".join(proof.sentences)
    for words in ("at random", "selectively", "recall of tags, not of truly affluent", "may be wrong", "may differ"):
        assert words in text
    assert f"{proof.recoveries[0].at_planted.recall.value:.0%}" in text


def test_progress_is_told(stand_in, caplog):
    table, tags, _ = bank()
    with caplog.at_level(logging.INFO, logger=LOGGER_NAME):
        prove(table, tags, table="t", capacities=[9], repeats=2, tag_drivers=["x0"])
    told = [(record.done, record.total) for record in caplog.records if record.stage.startswith("Hiding")]
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert caplog.records[-1].stage == "Ranking shuffled tags"


def test_an_array_and_a_pandas_frame_will_do():
    table, tags, _ = bank()
    numbers = table.drop("kind")
    array, frame = (
        plant_and_recover(x, list(tags), capacities=[9], repeats=1, ways=("selective",), tag_drivers=drivers, **QUICK)
        for x, drivers in ((numbers.to_numpy(), [0]), (numbers.to_pandas(), ["x0"]))
    )
    assert array == frame


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"capacities": [0]}, "capacity is 0"),
        ({"capacities": [-3]}, "capacity is -3"),
        ({"capacities": [2.5]}, "capacity is 2.5"),
        ({"share": 0}, "between 0 and 1"),
        ({"share": 1.0}, "between 0 and 1"),
        ({"share": 0.01}, "at least 2000 are needed"),
        ({"repeats": 0}, "repeats is 0"),
        ({"ways": ("sideways",)}, "'sideways'"),
        ({"groups": [1, 2, 3]}, "groups has 3 entries"),
        ({"tag_drivers": ["wealth"]}, "'wealth' is no column"),
        ({"tag_drivers": [99]}, "99 is no column"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(stand_in, change, words):
    table, tags, _ = bank()
    with pytest.raises(UserError, match=words):
        plant_and_recover(table, tags, **{"capacities": [9], **change})
    assert not stand_in.fitted


@pytest.mark.parametrize("tagged", [0, 5, ROWS - 5, ROWS])
@pytest.mark.parametrize("proves", [coin_flips, lambda *given: plant_and_recover(*given, capacities=[9])])
def test_a_table_with_too_few_of_a_kind_is_refused(stand_in, proves, tagged):
    tags = (np.arange(ROWS) < tagged).astype(np.int8)
    with pytest.raises(UserError, match="at least 20 are needed"):
        proves(bank()[0], tags)


def test_tags_and_tables_that_do_not_fit_are_refused(stand_in):
    table, tags, _ = bank()
    with pytest.raises(UserError, match="X has 100 entries for 2000 tags"):
        coin_flips(table[:100], tags)
    with pytest.raises(UserError, match="other than 0 and 1"):
        coin_flips(table, tags + 1)


def test_an_area_far_below_chance_fails_too(proof):
    flips = proof.coin_flips
    assert not replace(flips, roc_auc=flips.low - 0.01).passed
    assert not replace(flips, labelled_roc_auc=flips.high + 0.01).passed

"""Segments: rules that place everybody, found again in halves, fewer where they are not."""

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import adjusted_rand_score

from affluence.data.contract import Contract
from affluence.decision.expected_finds import finds_by_rank
from affluence.decision.group_figures import AFFLUENT, NORMAL
from affluence.decision.population import FramePopulation
from affluence.decision.segment_profile import SMALLEST_CELL, Profile
from affluence.decision.segment_rules import AtLeast, Holds, Is, Rule
from affluence.decision.segments import QUESTIONS_A_PERSON, STABLE, segment_candidates
from affluence.decision.strategy import NO_CAMPAIGN, strategies
from affluence.errors import UserError
from affluence.pu.class_prior import HiddenCount
from affluence.pu.discovery import Discovery


def bank_contract() -> Contract:
    known = {
        "age_years": {"type": "integer", "unit": "years", "missing": "not_recorded"},
        "deposits_usd": {"type": "number", "unit": "USD", "missing": "does_not_hold", "product": "time deposits"},
        "cards": {"type": "integer", "missing": "does_not_hold", "product": "credit card"},
        "job": {"type": "category", "missing": "not_recorded"},
        "origin": {"type": "category", "missing": "not_recorded", "use": "forbidden"},
    }
    return Contract.model_validate(
        {
            "table": "bank",
            "title": "A bank of two kinds of people",
            "customer_id": {"source": "ID"},
            "tag": {"source": "SEG", "affluent": ["A"], "normal": ["N"]},
            "columns": [
                {"source": name.upper(), "name": name, "use": "speakable", "meaning": name, **keys}
                for name, keys in known.items()
            ],
        }
    )


def bank_customers(rows: int = 2_000, *, seed: int = 0) -> pl.DataFrame:
    """Old depositors without a card, and young people with a card and no deposits: truth that we made."""
    random = np.random.default_rng(seed)
    old = random.random(rows) < 0.4
    return pl.DataFrame(
        {
            "row": range(1, rows + 1),
            "customer_id": [f"C{number}" for number in range(rows)],
            "tag": (random.random(rows) < 0.2).astype(np.int8),
            "age_years": np.where(old, random.integers(60, 85, rows), random.integers(20, 45, rows)),
            "deposits_usd": pl.select(
                pl.when(pl.Series(old)).then(pl.Series(random.lognormal(11, 1, rows)))
            ).to_series(),
            "cards": pl.select(pl.when(pl.Series(~old)).then(pl.Series(random.integers(1, 4, rows)))).to_series(),
            "job": random.choice(["clerk", "doctor"], rows),
            "origin": random.choice(["here", "there"], rows),
        }
    )


CONTRACT = bank_contract()
CUSTOMERS = bank_customers()
OFFER_WORDS = ("offer", "opening", "need", "channel", "offer_reason")
RANKED = (
    CUSTOMERS.filter(pl.col("tag") == 0)
    .select("row")
    .with_columns(score=pl.Series(np.linspace(1.0, -4.0, CUSTOMERS.filter(pl.col("tag") == 0).height)))
)
LISTED = RANKED.head(800)


def bank(customers):
    """The customers as a population of which segments ask no scores."""
    return FramePopulation(customers, RANKED, RANKED)


def finds_of_ranked(*recalibrations: tuple[float, float]):
    """The finds of the ranking: a figure where there are recalibrations, a range between two counts without."""
    count = HiddenCount(50.0, 200.0, 100.0 if recalibrations else None, "made", 0.9 if recalibrations else None)
    discovery = Discovery("fast", (), 50, count, None, (), recalibrations=recalibrations)
    return finds_by_rank(RANKED["score"].to_numpy(), discovery)


@pytest.fixture(scope="module")
def found():
    finds = finds_of_ranked((-1.0, 1.2), (-0.5, 0.8))
    return segment_candidates(LISTED, bank(CUSTOMERS), CONTRACT, seed=0, finds=finds)


def test_the_two_kinds_of_people_that_were_made_are_told_apart():
    found = segment_candidates(LISTED, bank(CUSTOMERS), CONTRACT, seed=0, most=2)
    truth = LISTED.join(CUSTOMERS, on="row", maintain_order="left")["age_years"] >= 60
    assert len(found.segments) == 2
    assert adjusted_rand_score(truth.to_numpy(), found.frame["segment"].to_numpy()) == 1
    assert found.agreement.mean == 1


def test_the_rule_places_everybody_once_and_the_listed_where_they_are(found):
    newcomers = bank_customers(500, seed=9)
    taken = sum(newcomers.select(segment.rule.expression).to_series().cast(int) for segment in found.segments)
    assert set(taken) == {1}
    assert found.place(newcomers)["segment"].null_count() == 0
    assert found.place(CUSTOMERS.join(LISTED, on="row", how="semi")).sort("row").equals(found.frame.sort("row"))


def test_a_rule_asks_few_questions_and_names_are_unique(found):
    assert all(len(segment.rule.answers) <= QUESTIONS_A_PERSON for segment in found.segments)
    assert len({segment.name for segment in found.segments}) == len(found.segments) > 1
    assert sum(segment.people for segment in found.segments) == LISTED.height
    assert found.agreement.mean >= STABLE


def test_the_order_of_rows_changes_nothing(found):
    shuffled = segment_candidates(
        LISTED.sample(fraction=1, shuffle=True, seed=3),
        bank(CUSTOMERS.sample(fraction=1, shuffle=True, seed=4)),
        CONTRACT,
        seed=0,
    )
    assert [segment.name for segment in shuffled.segments] == [segment.name for segment in found.segments]
    assert shuffled.frame.sort("row").equals(found.frame.sort("row"))
    assert shuffled.map.equals(found.map)


def test_people_without_kinds_make_fewer_segments_than_asked_for_or_stable_ones():
    random = np.random.default_rng(1)
    noise = CUSTOMERS.with_columns(
        *(
            pl.Series(name, random.permutation(CUSTOMERS[name].to_numpy()))
            for name in ("age_years", "deposits_usd", "cards", "job")
        )
    ).with_columns(pl.col("deposits_usd").fill_nan(None), pl.col("cards").fill_nan(None))
    found = segment_candidates(LISTED, bank(noise), CONTRACT, seed=0)
    assert len(found.segments) == 1 or found.agreement.mean >= STABLE
    assert all(agreement.mean < STABLE for count, agreement in found.tried.items() if count > len(found.segments))


def test_another_seed_places_the_same_people_alike(found):
    other = segment_candidates(LISTED, bank(CUSTOMERS), CONTRACT, seed=1)
    assert adjusted_rand_score(found.frame["segment"].to_numpy(), other.frame["segment"].to_numpy()) >= STABLE


def test_k_means_stands_beside_and_explains_no_less(found):
    assert 0 < found.explained <= found.baseline.explained + 0.02
    assert found.baseline.agreement.lowest <= found.baseline.agreement.mean <= 1


def test_forbidden_columns_place_nobody():
    loud = CUSTOMERS.with_columns(
        origin=pl.when(pl.col("row") % 2 == 0).then(pl.lit("here")).otherwise(pl.lit("there"))
    )
    found = segment_candidates(LISTED, bank(loud), CONTRACT, seed=0)
    assert not any("origin" in segment.text for segment in found.segments)


def test_the_map_holds_two_thousand_points_and_nothing_of_the_customers():
    customers = bank_customers(3_000)
    found = segment_candidates(customers.select("row"), bank(customers), CONTRACT, seed=0, most=2)
    assert found.map.columns == ["x", "y", "segment"]
    assert found.map.height == 2_000
    assert found.map.null_count().sum_horizontal().item() == 0


@pytest.mark.parametrize("people", [1, 2, 30])
def test_a_handful_of_people_are_one_segment(people):
    found = segment_candidates(LISTED.head(people), bank(CUSTOMERS), CONTRACT, seed=0)
    assert [(segment.name, segment.people) for segment in found.segments] == [("Everybody", people)]
    assert found.map.height == people


def test_people_of_whom_nothing_is_known_are_one_segment():
    empty = CUSTOMERS.with_columns(
        pl.lit(None, dtype=CUSTOMERS[name].dtype).alias(name) for name in CUSTOMERS.columns[3:]
    )
    found = segment_candidates(LISTED, bank(empty), CONTRACT, seed=0)
    assert len(found.segments) == 1
    assert found.explained == 0


def test_several_rows_of_a_customer_and_a_table_without_tag_are_taken():
    repeated = CUSTOMERS.drop("tag").with_columns(customer_id=pl.col("row") // 2)
    assert segment_candidates(LISTED, bank(repeated), CONTRACT, seed=0, most=2).frame.height == LISTED.height


def test_nobody_listed_a_stranger_and_no_segment_are_refused():
    with pytest.raises(UserError, match="Nobody is listed"):
        segment_candidates(LISTED.clear(), bank(CUSTOMERS), CONTRACT, seed=0)
    with pytest.raises(UserError, match="800 rows are listed and 799"):
        segment_candidates(LISTED, bank(CUSTOMERS.filter(pl.col("row") != LISTED["row"][0])), CONTRACT, seed=0)
    with pytest.raises(UserError, match="0 segments"):
        segment_candidates(LISTED, bank(CUSTOMERS), CONTRACT, seed=0, most=0)


def test_the_profile_says_who_holds_what_beside_the_affluent(found):
    groups = found.profile.groups
    assert set(groups["group"]) == {segment.name for segment in found.segments} | {AFFLUENT, NORMAL}
    assert groups["people"].sum() == CUSTOMERS.height
    held = found.profile.figures.filter(
        (pl.col("group") == AFFLUENT) & (pl.col("subject") == "time deposits") & (pl.col("figure") == "holds")
    )
    tagged = CUSTOMERS.filter(pl.col("tag") == 1)
    assert held["value"].item() == pytest.approx(1 - tagged["deposits_usd"].null_count() / tagged.height)


def test_the_finds_of_the_segments_add_up_to_those_of_the_cut(found):
    groups = found.profile.groups
    of_cut = finds_of_ranked((-1.0, 1.2), (-0.5, 0.8)).between(0, LISTED.height).value
    assert len(found.segments) > 1
    assert groups["expected_finds"].sum() == pytest.approx(of_cut, rel=1e-3)
    assert groups.filter(pl.col("group").is_in([AFFLUENT, NORMAL]))["expected_finds"].null_count() == 2
    pages = strategies(found, LISTED.select("row", **dict.fromkeys(OFFER_WORDS, pl.lit("word"))), value_a_find=10.0)
    assert sum(page.expected_value for page in pages) == pytest.approx(10 * of_cut, rel=1e-3)


def test_a_segment_of_better_scores_is_expected_to_hold_more(found):
    placed = LISTED.join(found.frame, on="row")
    chances = {row["group"]: row["expected_finds"] / row["people"] for row in found.profile.groups.head(2).to_dicts()}
    scores = dict(placed.group_by(pl.col("segment").cast(pl.String)).agg(pl.col("score").mean()).iter_rows())
    assert max(chances, key=chances.get) == max(chances, key=scores.get)


@pytest.mark.parametrize("finds", [None, finds_of_ranked()])
def test_finds_are_unknown_where_nobody_was_checked(finds):
    found = segment_candidates(LISTED, bank(CUSTOMERS), CONTRACT, seed=0, most=2, finds=finds)
    assert found.profile.groups["expected_finds"].null_count() == found.profile.groups.height


def small_cells(cells: list[int]) -> Profile:
    names = [f"segment {number}" for number in range(len(cells))]
    people = [100] * len(cells)
    return Profile(
        groups=pl.DataFrame({"group": names, "people": people, "share": 0.25, "expected_finds": 1.0}),
        figures=pl.DataFrame(
            {"group": names, "subject": "cards", "figure": "holds", "value": 0.1, "people": people, "cell": cells}
        ),
    )


def test_small_cells_do_not_leave_and_one_alone_takes_the_next_smallest_along():
    assert small_cells([50, 40, 30]).for_leaving().figures["value"].null_count() == 0
    left = small_cells([SMALLEST_CELL - 1, 40, 30]).for_leaving().figures
    assert left["value"].is_null().to_list() == [True, False, True]
    assert left["cell"].is_null().to_list() == [True, False, True]
    left = small_cells([SMALLEST_CELL - 1, 0, 30]).for_leaving().figures
    assert left["value"].is_null().to_list() == [True, False, True]


def test_the_size_of_a_small_segment_does_not_leave():
    groups = small_cells([50, 50, 50]).groups.with_columns(people=pl.Series([5, 100, 40]))
    left = Profile(groups=groups, figures=small_cells([50]).figures).for_leaving().groups
    assert left["people"].to_list() == [None, 100, None]
    assert left["share"].null_count() == 2


def test_a_rule_says_every_case_and_leaves_out_what_goes_without_saying():
    age, job = CONTRACT.column("age_years"), CONTRACT.column("job")
    rule = Rule(((AtLeast(age, 20), True), (AtLeast(age, 50), True), (Is(job, "clerk"), False)))
    assert rule.name == "Age 50 and over, job not clerk"
    assert rule.text == "Age 50 and over; job not clerk, or not recorded"
    assert Rule(((AtLeast(age, 50), False),)).text == "Age under 50, or not recorded"
    assert Rule(((Holds("time deposits", pl.lit(True)), False),)).name == "No time deposits"


def test_a_strategy_takes_its_words_from_the_profile_and_the_offers(found):
    offers = LISTED.select("row").with_columns(*(pl.lit(word).alias(word) for word in OFFER_WORDS))
    campaign = pl.DataFrame({"segment": [found.segments[0].name], "contacted": [200], "found": [30], "lift": [2.5]})
    pages = strategies(found, offers, value_a_find=100.0, last_campaign=campaign)
    first, second = pages[:2]
    assert (first.need, first.channel, first.offer, first.opening, first.offer_share) == (
        "need",
        "channel",
        "offer",
        "opening",
        1,
    )
    assert first.last_campaign == "200 contacted, 30 found, lift 2.5"
    assert second.last_campaign == NO_CAMPAIGN
    assert first.expected_value == pytest.approx(100 * first.expected_finds)
    assert any(gap.startswith("credit card: ") for page in pages for gap in page.product_gap)

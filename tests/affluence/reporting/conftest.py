"""A small run made by hand, so that every number on the page is known."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from affluence.data.contract import Contract
from affluence.data.profiling import Bin, ColumnProfile, Spread
from affluence.data.reading import IntakeReport
from affluence.decision.campaign import Campaign, CampaignSettings
from affluence.decision.campaign_files import Provenance
from affluence.decision.capacity import Capacity, Cut, Economics, Gains, decide_cut, gains_of
from affluence.decision.outcomes import CampaignResult
from affluence.decision.power import check_power
from affluence.decision.reasons import Explanation
from affluence.decision.segments import Agreement, Baseline, Segment, Segmentation
from affluence.decision.strategy import Strategy
from affluence.evaluation.calibration import wilson
from affluence.evaluation.comparison import Beside, ModelComparison
from affluence.evaluation.fairness import FairReach, GroupReach, Swaps
from affluence.evaluation.results import (
    CapacityPoint,
    Confusion,
    Estimate,
    Evaluation,
    Importance,
    InSampleComparison,
    LearnerResult,
    Reliability,
    ReliabilityBin,
)
from affluence.pu.class_prior import HiddenCount
from affluence.pu.discovery import Discovery
from affluence.pu.release import ModelLabel
from affluence.reporting.deciding import Deciding
from affluence.reporting.run_report import ReportContent

ASSUMPTION = "customers are drawn anew from the same bank"
CUSTOMERS, TAGGED, CAPACITY = 10_000, 2_000, 1_000
LISTED = 400


def estimate(value: float, *, half: float = 0.005) -> Estimate:
    return Estimate(value, value - half, value + half, ASSUMPTION)


def made_learner(learner: str = "xgboost", *, recall: float = 0.389, behind: float | None = None) -> LearnerResult:
    return LearnerResult(
        learner=learner,
        title=f"The {learner} learner",
        roc_auc=estimate(0.9271, half=0.002),
        average_precision=estimate(0.8252),
        recall_at_capacity=estimate(recall),
        precision_at_capacity=estimate(0.778),
        log_loss=0.2813,
        difference=None if behind is None else estimate(behind, half=0.002),
    )


def made_point(capacity: int) -> CapacityPoint:
    share = capacity / CUSTOMERS
    recall = 1 - (1 - share) ** 4.65
    return CapacityPoint(
        capacity,
        share,
        estimate(recall),
        estimate(recall * TAGGED / capacity),
        estimate(recall / share, half=0.03),
    )


def made_evaluation(**changes: Any) -> Evaluation:
    capacities = [100, 250, 500, 750, 1_000, 1_500, 2_000, 3_000, 5_000, 7_500, 10_000]
    evaluation = Evaluation(
        table="made",
        customers=CUSTOMERS,
        rows=CUSTOMERS,
        tagged=TAGGED,
        folds=5,
        seed=17,
        capacity=CAPACITY,
        capacity_share=0.1,
        champion="xgboost",
        learners=(made_learner("logistic", recall=0.371, behind=0.018), made_learner()),
        curve=tuple(made_point(capacity) for capacity in capacities),
        confusion=Confusion(cut=1_000, tagged_above=778, candidates=222, tagged_below=1_222, unlabelled_below=7_778),
        reliability=Reliability(
            bins=(
                ReliabilityBin(6_000, 0.0612, estimate(0.0631)),
                ReliabilityBin(3_993, 0.4122, estimate(0.4077)),
                ReliabilityBin(7, 0.8765, estimate(0.8571)),
            ),
            expected_error=0.0064,
            tolerance=0.01,
            slope=1.02,
            intercept=-0.01,
        ),
        importances=(
            Importance("age_years", estimate(0.0143, half=0.002), 0.074),
            Importance("balance_usd", estimate(0.1174), 0.199),
        ),
        in_sample=InSampleComparison("200 rounds, 15 leaves", 0.9931, 0.9271, 31, 486, cut=1_000, shared=19),
    )
    return replace(evaluation, **changes)


def made_column(name: str, kind: str, *, use: str = "speakable", **more: Any) -> dict[str, Any]:
    meaning = f"The meaning of {name}"
    return {
        "source": f"SRC_{name.upper()}",
        "name": name,
        "type": kind,
        "missing": "not_recorded",
        "use": use,
        "meaning": meaning,
    } | more


COLUMNS = (
    made_column("balance_usd", "number", unit="USD", tag_driver=True),
    made_column("occupation", "category", missing="does_not_hold"),
    made_column("age_years", "integer", unit="years", use="internal"),
    made_column("origin", "category", use="forbidden"),
)


def made_contract(*columns: dict[str, Any], customer_id: str | None = "ID") -> Contract:
    return Contract.model_validate(
        {
            "table": "made",
            "title": "Made customers",
            "source_note": "Made for a test.",
            "customer_id": {"source": customer_id},
            "tag": {"source": "SEG", "affluent": ["AFFLUENT"], "normal": ["NORMAL"]},
            "columns": list(columns or COLUMNS),
        }
    )


def made_profile(contract: Contract, name: str, **changes: Any) -> ColumnProfile:
    """A column of 2,000 tagged and 8,000 unlabelled; a number has a spread and the bins have bounds."""
    column = contract.column(name)
    is_number = column.type != "category"
    bins = (
        Bin("0 to 99", None, 100.0, 200, 4_000) if is_number else Bin("clerk", None, None, 200, 4_000),
        Bin("100 to 199", 100.0, 200.0, 1_700, 3_500) if is_number else Bin("doctor", None, None, 1_700, 3_500),
        Bin("200 and more", 200.0, None, 7, 93) if is_number else Bin("others", None, None, 7, 93),
    )
    profile = ColumnProfile(
        name=name,
        source=column.source,
        type=column.type,
        unit=column.unit,
        use=column.use,
        tag_driver=column.tag_driver,
        meaning=column.meaning,
        missing_meaning=column.missing,
        rows_tagged=2_000,
        rows_unlabelled=8_000,
        missing_tagged=93,
        missing_unlabelled=407,
        distinct=3,
        tagged=Spread(151.5, 90.0, 120.0, 150.0, 180.0, 220.0) if is_number else None,
        unlabelled=Spread(88.25, 5.0, 40.0, 80.0, 120.0, 190.0) if is_number else None,
        bins=bins,
    )
    return replace(profile, **changes)


def made_candidates(rows: int = 40) -> pl.DataFrame:
    places = range(1, rows + 1)
    return pl.DataFrame(
        {
            "rank": list(places),
            "customer_id": [f"CUST-{place:05}" for place in places],
            "score": [1 - place / 1_000 for place in places],
            "labelled_probability": [0.95 - place / 1_000 for place in places],
            "balance_usd": [None if place == 3 else 12_345.0 + place for place in places],
            "occupation": [None if place == 2 else "doctor" for place in places],
            "age_years": list(places),
            "origin": ["elsewhere"] * rows,
        },
        schema_overrides={"customer_id": pl.String, "balance_usd": pl.Float64, "occupation": pl.String},
    )


def made_intake(**changes: Any) -> IntakeReport:
    intake = IntakeReport("made.csv", "ab" * 32, "CSV", "utf-8", ";", 10_000, 10_000, 6, ())
    return replace(intake, **changes)


def made_content(**changes: Any) -> ReportContent:
    contract = changes.get("contract") or made_contract()
    content = ReportContent(
        contract=contract,
        intake=made_intake(),
        profiles=tuple(made_profile(contract, column.name) for column in contract.columns),
        evaluation=made_evaluation(),
        candidates=made_candidates(),
        model=ModelLabel("affluence-made", "3", "challenger", {"rounds": "200", "leaves": "15"}),
        made_at="18 Nov 2026, 14:07",
        seconds=71.3,
        affluence_version="0.1.0",
    )
    return replace(content, **changes)


def made_explanation(*, said: bool = True, sentence: str = "balance of USD 5,000; others 20") -> Explanation:
    rows = list(range(LISTED))
    reasons = pl.DataFrame(
        {
            "row": [0, 0],
            "place": [1, 2],
            "column": ["balance_usd", "age_years"],
            "code": ["BALANCE_HIGH", "AGE_HIGH"],
            "sentence": [sentence, "[internal] age of 70"],
            "passes": [True, True],
            "audience": ["speakable", "internal"],
            "direction": ["for", "for"],
        }
    )
    wide = pl.DataFrame({"row": rows, "code_1": ["BALANCE_HIGH"] * (LISTED - 4) + ["OTHER"] * 4})
    shares = pl.DataFrame({"row": rows, "base": -2.0, "balance_usd": 1.0, "age_years": 0.5, "output": -0.5})
    return Explanation(reasons, wide, shares, "trees", LISTED, 0.98, 0.0, 0.9, pl.DataFrame(), said)


def made_segmentation(name: str = "Savers") -> Segmentation:
    names = [name] * 390 + ["Few"] * 10
    frame = pl.DataFrame({"row": list(range(LISTED)), "segment": names})
    places = pl.DataFrame({"x": [0.1] * LISTED, "y": [0.2] * LISTED, "segment": names})
    segments = tuple(Segment(each, (), f"rule of {each}", 1, 0.5) for each in (name, "Few"))
    same = Agreement(0.93, 0.9)
    return Segmentation(segments, frame, same, {2: same}, 0.5, Baseline(0.4, same), None, places)


def made_strategy(segment: str = "Savers", **changes: Any) -> Strategy:
    strategy = Strategy(
        segment=segment,
        rule=f"rule of {segment}",
        who=("390 people, 98% of the list", "balance: median 5,000 of those with one; of tagged affluent 9,000"),
        product_gap=("card: held by 22 points fewer than of the tagged affluent",),
        need="A second pillar",
        channel="by phone",
        offer="Investment talk",
        offer_share=0.9,
        opening="You keep deposits with us.",
        expected_finds=None,
        expected_value=None,
        expected_in_words="Unknown until some of the listed are checked by hand",
        last_campaign="No campaign yet",
    )
    return replace(strategy, **changes)


def made_reach(**changes: Any) -> FairReach:
    """Of 300 young and 690 old 9 and 120 are listed; of 12 not recorded nothing may be told."""
    share = wilson(9, 300), wilson(120, 690)
    groups = (
        GroupReach("age_years", "under 30", 300, 9, share[0], Estimate(0.17, 0.1, 0.3, "Katz", 0.9), None),
        GroupReach("age_years", "30 and over", 690, 120, share[1], Estimate(5.8, 3.3, 10.0, "Katz", 0.9), None),
        GroupReach("age_years", "not recorded", None, None, None, None, None),
    )
    swaps = Swaps("age_years", 0.2, leaving=(1, 2), entering=(3, 4), cost=1.5, in_finds=False)
    return replace(FairReach(wilson(130, 1_000), groups, (swaps,)), **changes)


def made_campaign(*, held: int = 40, excluded: Mapping[str, int] | None = None, **changes: Any) -> Campaign:
    """A campaign of 400, `held` of them held back, and so many excluded for each kind of reason."""
    kinds = [kind for kind, people in (excluded or {}).items() for _ in range(people)]
    people = pl.DataFrame(
        {
            "rank": range(1, LISTED + 1),
            "row": range(LISTED),
            "customer_id": [f"CUST-{row:05}" for row in range(LISTED)],
            "score": [2 - row / 100 for row in range(LISTED)],
            "segment": ["Savers"] * 300 + ["Few"] * 100,
            "hidden_type": ["type uncertain"] * LISTED,
            "offer": ["Investment talk"] * LISTED,
            "campaign": "abc123",
        }
    )
    left_out = pl.DataFrame({"kind": kinds, "customer_id": [f"GONE-{place}" for place in range(len(kinds))]})
    campaign = Campaign(
        key="abc123",
        settings=CampaignSettings(name="Spring", day=date(2026, 12, 1)),
        contacts=people.head(LISTED - held),
        control=people.tail(held),
        excluded=left_out.cast({"kind": pl.String}),
        asked=LISTED,
        lists=(),
        power=check_power(contacted=LISTED - held, control=held, base_rate=0.02, hoped_lift=0.02),
        warnings=(),
    )
    return replace(campaign, **changes)


def made_provenance() -> Provenance:
    return Provenance("affluence-made", "3", "ab" * 32, "cd" * 32, {"contacts": 400, "budget": None}, "0.1.0")


def made_cut(count: HiddenCount, *draws: tuple[float, float]) -> tuple[Cut, Gains]:
    """The first hundred of 400, after a review where `draws` of what it allows are given."""
    scores = pl.DataFrame({"score": [2 - place / 100 for place in range(LISTED)], "tag": [0] * LISTED})
    found = Discovery("fast", (), 50 if draws else 0, count, None, (), recalibrations=draws)
    gains = gains_of(ranked=scores, scores=scores, discovery=found)
    return decide_cut(Capacity(contacts=100), gains, Economics(cost_per_contact=2.0, value_per_find=50.0)), gains


def made_lift(value: float, low: float, high: float) -> Estimate:
    return Estimate(value, low, high, "made", 0.9)


def made_outcomes(**changes: Any) -> CampaignResult:
    take_up = pl.DataFrame(
        {
            "group": ["segment", "segment", "decile"],
            "value": ["Savers", "Few", "1"],
            "people": [200, None, 50],
            "took": [20, None, 0],
            "share": [0.1, None, 0.0],
        }
    )
    result = CampaignResult(
        contacted=360,
        control=40,
        heard_of=120,
        upgrades=made_lift(0.05, 0.01, 0.09),
        revenue=made_lift(120.0, -30.0, 270.0),
        opt_outs=made_lift(0.0, -0.02, 0.02),
        complaints=made_lift(-0.03, -0.05, -0.01),
        take_up=take_up,
        review=pl.DataFrame({"row": range(25), "customer_id": "CUST-1", "verdict": [1] * 15 + [0] * 10}),
        warnings=("A made warning.",),
    )
    return replace(result, **changes)


def made_beside(champion: float, challenger: float, *, half: float = 0.01) -> Beside:
    gap = challenger - champion
    return Beside(champion, challenger, Estimate(gap, gap - half, gap + half, "a made bootstrap", 0.9))


def made_comparison(**changes: Any) -> ModelComparison:
    comparison = ModelComparison(
        champion="version 1",
        challenger="version 2",
        customers=10_000,
        tagged=2_000,
        contacts=800,
        recall_of_tagged=made_beside(0.69, 0.67),
        average_precision=made_beside(0.8, 0.81),
        roc_auc=made_beside(0.9, 0.9),
        finds=None,
        reviewed=None,
        staying=700,
        exchanged=100,
        rank_agreement=0.8,
        verdict="Of the tagged the challenger reaches fewer; only a check by hand tells which is better.",
        moves=pl.DataFrame({"row": [1], "move": ["enters"]}),
    )
    return replace(comparison, **changes)


@pytest.fixture(scope="session")
def make() -> SimpleNamespace:
    """The makers, each of which takes what is to be different."""
    return SimpleNamespace(
        beside=made_beside,
        campaign=made_campaign,
        candidates=made_candidates,
        column=made_column,
        comparison=made_comparison,
        content=made_content,
        contract=made_contract,
        cut=made_cut,
        estimate=estimate,
        evaluation=made_evaluation,
        explanation=made_explanation,
        intake=made_intake,
        learner=made_learner,
        lift=made_lift,
        outcomes=made_outcomes,
        profile=made_profile,
        provenance=made_provenance,
        reach=made_reach,
        segmentation=made_segmentation,
        strategy=made_strategy,
    )


@pytest.fixture(scope="session")
def evaluation() -> Evaluation:
    return made_evaluation()


@pytest.fixture(scope="session")
def contract() -> Contract:
    return made_contract()


@pytest.fixture(scope="session")
def deciding() -> Deciding:
    cut, gains = made_cut(HiddenCount(20.0, 60.0, None, "made", None))
    listed = pl.DataFrame(
        {"row": range(LISTED), "rank": range(1, LISTED + 1), "customer_id": [f"CUST-{row:05}" for row in range(LISTED)]}
    )
    return Deciding(
        cut=cut,
        gains=gains,
        listed=listed,
        segmentation=made_segmentation(),
        types=pl.DataFrame({"row": range(LISTED), "hidden_type": ["type uncertain"] * LISTED}),
        explanation=made_explanation(),
        offers=pl.DataFrame({"offer": ["savings"] * LISTED}),
        reach=made_reach(),
    )

"""The finder's benchmark: it hides what it says, keeps the truth from the methods, and measures against what can be."""

import inspect
import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from benchmarks.finder.__main__ import main
from benchmarks.finder.baselines import BASELINES, estimated_prior, nnpu_gradients
from benchmarks.finder.counts import count_figures
from benchmarks.finder.data import LOADERS, Stream, Table, adult, bank, design_of, generator, load
from benchmarks.finder.harness import Case, TruthSeenError, answer_of, measure, require_blind, run
from benchmarks.finder.mechanisms import MECHANISMS, Hiding, driver_ranks
from benchmarks.finder.memory import peak_memory
from benchmarks.finder.methods import methods
from benchmarks.finder.metrics import figures, mean_and_error, pool_of
from benchmarks.finder.oracle import affluent_probability, hidden_probability
from benchmarks.finder.plan import FULL, SHORT, Cell, Plan
from benchmarks.finder.pulearn_ways import _installed, pulearn_methods
from benchmarks.finder.results import Results, Settings, Taken
from benchmarks.finder.reviewers import CAREFUL, CARELESS, Reviewer
from benchmarks.finder.timing import made_table
from benchmarks.finder.ways import Answer, Method, folds_of
from sklearn.metrics import roc_auc_score

ROWS = 1_500
KNOWN = ("SCAR", "SAR", "RULE", "ANY", "AND", "NOISY10", "NOISY35", "ODD", "BANDS")
SELECTIVE = ("SAR", "RULE", "ANY", "AND")
WRONG = {"NOISY10": 0.10, "NOISY35": 0.35}


@pytest.fixture(scope="module")
def table():
    return adult(0)


@pytest.fixture(scope="module")
def small():
    return adult(0, ROWS)


@pytest.fixture(scope="module")
def affluent(small):
    return affluent_probability(small, seed=0)


def constant(columns, tags, groups, *, drivers, review, seed):
    """A way that orders customers by their first column."""
    return Answer(columns[:, 0].cast(pl.Float64).to_numpy(), count=None, seconds={"fit": 0.0})


def peeking(columns, tags, groups, *, drivers, review, seed):
    """A way that looks for the truth where the harness holds it."""
    truth = inspect.currentframe().f_back.f_locals["table"].truth
    return Answer(truth.astype(np.float64), count=None, seconds={"fit": 0.0})


@pytest.mark.parametrize("name", LOADERS)
def test_a_loader_shows_no_truth_and_draws_by_its_seed(name):
    first, again, other = (load(name, seed=seed, rows=ROWS) for seed in (0, 0, 1))
    assert len(first) == first.columns.height == len(first.truth) == len(first.groups) == ROWS
    assert set(first.drivers) < set(first.columns.columns)
    assert first.columns.equals(again.columns)
    assert not first.columns.equals(other.columns)
    assert 0.05 < first.truth.mean() < 0.4
    ranks = driver_ranks(first)
    assert ranks.shape == (ROWS, len(first.drivers))
    assert ranks.min() > 0
    assert ranks.max() <= 1


def test_adult_is_the_one_that_we_know(table, monkeypatch, tmp_path):
    assert table.columns.shape == (20_000, 12)
    monkeypatch.setattr("benchmarks.finder.data.ADULT", tmp_path / "other.csv")
    pl.DataFrame({"income": [">50K", "<=50K"]}).write_csv(tmp_path / "other.csv")
    with pytest.raises(ValueError, match=r"holds 2 rows, 1 of them .* wanted 48,842 and 11,687"):
        adult(0)


def test_the_bank_keeps_its_own_tags_out_of_the_columns():
    made = bank(0, 2_000)
    assert made.own_tags is not None
    assert {"tag", "customer_id", "postal_code"}.isdisjoint(made.columns.columns)
    assert len(np.unique(made.groups)) < len(made)
    hiding = MECHANISMS["OWN"](made, hidden_share=0.5, seed=0)
    assert hiding.propensity is None
    assert ((hiding.tags == 1) & (made.truth == 0)).any()


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
@pytest.mark.parametrize("name", KNOWN)
def test_a_mechanism_hides_the_share_that_was_asked_for(table, name, share):
    hiding = MECHANISMS[name](table, hidden_share=share, seed=1)
    wrong = WRONG.get(name, 0.0)
    wanted = 1 - (1 - share) * (1 - wrong)
    assert abs((hiding.tags[table.truth == 1] == 0).mean() - wanted) < 0.02
    assert hiding.propensity[table.truth == 1].mean() == pytest.approx(1 - wanted)
    assert hiding.propensity.min() >= 0
    assert hiding.propensity.max() <= 1
    if name in {"ANY", "AND", "ODD", "BANDS"}:
        assert hiding.propensity.min() >= 0.05
        assert hiding.propensity.max() <= 0.95


@pytest.mark.parametrize("name", KNOWN)
def test_tags_are_wrong_only_where_they_are_meant_to_be(table, name):
    hiding = MECHANISMS[name](table, hidden_share=0.5, seed=2)
    of_tagged = table.truth[hiding.tags == 1]
    assert (of_tagged == 0).mean() == pytest.approx(WRONG.get(name, 0.0), abs=1e-3)
    if name in WRONG:
        right = MECHANISMS["SAR"](table, hidden_share=0.5, seed=2)
        assert hiding.tags.sum() == right.tags.sum()
        others = table.truth == 0
        assert hiding.wrong[others].sum() == pytest.approx((of_tagged == 0).sum())
        picked = right.propensity[others & (hiding.tags == 1)].mean()
        assert picked > right.propensity[others].mean()


@pytest.mark.parametrize("name", SELECTIVE)
def test_a_selective_mechanism_tags_those_who_stand_high(table, name):
    hiding = MECHANISMS[name](table, hidden_share=0.5, seed=0)
    of_affluent = driver_ranks(table).max(axis=1)[table.truth == 1]
    tagged = hiding.tags[table.truth == 1] == 1
    assert of_affluent[tagged].mean() > of_affluent[~tagged].mean()


def test_a_share_out_of_a_mechanisms_reach_is_refused(table):
    with pytest.raises(ValueError, match=r"To tag 0\.02 of the affluent; wanted between 0\.05 and 0\.95"):
        MECHANISMS["ANY"](table, hidden_share=0.98, seed=0)


def test_own_tags_are_refused_where_there_are_none(table):
    with pytest.raises(ValueError, match="adult came without tags"):
        MECHANISMS["OWN"](table, hidden_share=0.5, seed=0)


def test_equal_seeds_give_equal_tags_and_others_do_not(small):
    for mechanism in (MECHANISMS[name] for name in (*KNOWN, "COIN")):
        first, again, other = (mechanism(small, hidden_share=0.5, seed=seed).tags for seed in (3, 3, 4))
        assert (first == again).all()
        assert (first != other).any()


def test_the_oracle_knows_the_truth_out_of_fold_and_the_propensity(small, affluent):
    order = np.argsort(-affluent)
    assert small.truth[order[:100]].mean() > 0.8
    hiding = Hiding(small.truth, propensity=np.full(ROWS, 0.5))
    assert np.allclose(hidden_probability(affluent, hiding), affluent * 0.5 / (1 - affluent * 0.5))
    assert hidden_probability(affluent, Hiding(small.truth, propensity=None)) is affluent
    as_often = Hiding(small.truth, np.full(ROWS, 0.5), wrong=np.full(ROWS, 0.5))
    assert np.allclose(hidden_probability(affluent, as_often), affluent)


@pytest.mark.parametrize("name", KNOWN)
def test_the_ratio_of_the_oracle_to_itself_is_one(small, affluent, name):
    case = Case(small, MECHANISMS[name](small, hidden_share=0.5, seed=0), affluent, seed=0)
    reviewed = np.flatnonzero(case.hiding.tags == 0)[:40]
    measured = measure(hidden_probability(affluent, case.hiding), case, reviewed=reviewed)
    assert set(measured["ratio"].values()) == {1.0}
    assert measured["pool"] == (case.hiding.tags == 0).sum() - 40
    assert measured["hidden"] + measured["found_by_review"] == case.hidden.sum()


def test_figures_of_a_ranking_that_is_known():
    hidden = np.array([True] * 10 + [False] * 90)
    best = figures(-np.arange(100.0), hidden, seed=0)
    assert best == pytest.approx(
        {
            "recall_at_k": 1.0,
            "average_precision": 1.0,
            "recall_at_1_percent": 0.1,
            "recall_at_5_percent": 0.5,
            "recall_at_10_percent": 1.0,
        }
    )
    assert figures(np.arange(100.0), hidden, seed=0)["recall_at_k"] == 0
    assert figures(np.zeros(100), hidden, seed=0)["recall_at_k"] < 0.6


def test_the_pool_is_the_untagged_but_for_the_reviewed():
    assert pool_of(np.array([1, 0, 0, 0], dtype=np.int8), np.array([2])).tolist() == [1, 3]


def test_one_seed_has_no_standard_error():
    assert mean_and_error([0.5]) == (0.5, None)
    assert mean_and_error([0.4, 0.6]) == pytest.approx((0.5, 0.1))


def test_reviewers_tell_the_truth_and_careless_ones_less():
    truth = np.repeat(np.array([0, 1], dtype=np.int8), 5_000)
    sheet = pl.DataFrame({"row": np.arange(10_000)})
    assert (Reviewer(truth, CAREFUL, 0)(sheet)["verdict"].to_numpy() == truth).all()
    reviewer = Reviewer(truth, CARELESS, 0)
    said = reviewer(sheet)["verdict"].to_numpy()
    assert (said[truth == 1] == 0).mean() == pytest.approx(0.20, abs=0.02)
    assert (said[truth == 0] == 1).mean() == pytest.approx(0.03, abs=0.01)
    assert reviewer.rows == list(range(10_000))


def test_the_guard_lets_pass_who_does_not_see_the_truth_and_catches_who_does(small):
    tags = MECHANISMS["SCAR"](small, hidden_share=0.5, seed=0).tags
    blind, cheat = Method("By the first column", constant), Method("Peeking", peeking)
    require_blind([blind], small, tags, seed=0)
    with pytest.raises(TruthSeenError, match="Peeking: its answer changed when the truth was replaced by noise"):
        require_blind([blind, cheat], small, tags, seed=0)


def test_all_methods_of_a_mode_have_titles_of_their_own():
    offered = methods(modes=["fast", "accurate"], reviews=[50, 100], careless=True, left_out=True)
    titles = [method.title for method in offered]
    assert len(set(titles)) == len(titles)
    left_out = next(method for method in offered if "left out" in method.title)
    assert left_out.told(("a", "b")) == ("b",)
    assert offered[0].told(("a", "b")) is None


def test_counting_by_review_covers_the_truth(table):
    tags = MECHANISMS["SAR"](table, hidden_share=0.5, seed=0).tags
    scores = -table.columns["age"].cast(pl.Float64).to_numpy()
    counted = count_figures(scores, table.truth, tags, reviews=(100, 300), seed=0, draws=20)
    assert len(counted) == 4
    for figure in counted:
        assert figure["covered"] >= 0.7
        assert 0.7 < figure["estimate_to_truth"] < 1.3
    narrow, wide = (
        next(f for f in counted if f["purpose"] == "count" and f["reviewed"] == reviewed) for reviewed in (300, 100)
    )
    assert narrow["half_width_to_truth"] < wide["half_width_to_truth"]


def test_a_run_without_tags_that_say_anything_is_measured_for_leaks_alone(small, affluent):
    case = Case(small, MECHANISMS["COIN"](small, hidden_share=0.5, seed=0), affluent, seed=0, leak_alone=True)
    by_title = {method.title: method for method in BASELINES}
    in_sample, plain = (run(by_title[title], case) for title in ("In-sample way", "XGBoost, out of fold"))
    assert in_sample["tag_auc"] > 0.9
    assert abs(plain["tag_auc"] - 0.5) < 0.1
    assert "ratio" not in plain


def test_a_plan_runs_half_hidden_first_and_asks_once_what_is_not_told_how_many_to_hide():
    plan = Plan(("adult", "bank"), ("SAR", "OWN", "COIN"), (0, 1), (0.5, 0.3), (), ("fast",))
    cells = list(plan.cells())
    assert len(cells) == len(set(cells)) == 2 * 2 * 2 + 2 * 2 * 2
    assert [cell.share for cell in cells] == [0.5, None, None] * 4 + [0.3] * 4
    assert cells[0] == Cell("adult", "SAR", 0.5, 0)
    assert {cell.seed for cell in cells[:6]} == {0}


def test_the_full_plan_is_the_whole_protocol_and_the_short_one_a_part_of_it():
    assert set(FULL.mechanisms) == set(MECHANISMS)
    assert sorted(FULL.hidden_shares) == [0.3, 0.5, 0.7]
    assert FULL.seeds == (0, 1, 2, 3, 4)
    assert set(FULL.data) == set(LOADERS)
    assert SHORT.modes == ("fast",)
    assert {method.title for method in SHORT.methods} < {method.title for method in FULL.methods}


def test_methods_are_narrowed_by_the_beginnings_of_their_titles():
    plan = Plan(("adult",), ("SAR",), (0,), (0.5,), (50,), ("fast",), only=("XGBoost, ", "Finder (fast), drivers, 50"))
    titles = [method.title for method in plan.methods]
    assert titles == ["XGBoost, default settings", "XGBoost, out of fold", "Finder (fast), drivers, 50 reviewed"]


def test_the_timed_table_is_as_described():
    columns, truth, tags = made_table(2_000)
    assert columns.shape == (2_000, 40)
    assert sum(dtype == pl.String for dtype in columns.dtypes) == 10
    assert tags.mean() == pytest.approx(0.15, abs=0.01)
    assert (truth >= tags).all()
    assert columns.select(pl.selectors.float().is_nan().any()).row(0).count(True) == 10


@pytest.mark.parametrize("method", [*BASELINES[1:], *pulearn_methods()], ids=lambda method: method.title)
def test_a_baseline_ranks_the_hidden_and_keeps_a_customers_own_tag_from_the_score(method, small, monkeypatch):
    tags = MECHANISMS["SCAR"](small, hidden_share=0.5, seed=0).tags
    folds = folds_of(small.groups, tags, seed=0)
    monkeypatch.setattr("benchmarks.finder.baselines.folds_of", lambda *_, **__: folds)
    answer = answer_of(method, small, tags, review=None, seed=0)
    untagged = tags == 0
    assert roc_auc_score(small.truth[untagged], answer.scores[untagged]) > 0.65
    swapped = tags.copy()
    tagged, other = (np.flatnonzero((folds == 0) & (tags == tag))[0] for tag in (1, 0))
    swapped[tagged], swapped[other] = 0, 1
    again = answer_of(method, small, swapped, review=None, seed=0)
    assert np.array_equal(again.scores[folds == 0], answer.scores[folds == 0])
    assert not np.array_equal(again.scores, answer.scores)


@pytest.mark.parametrize("lift", [0.0, 4.0])
def test_the_gradient_of_the_non_negative_risk_is_that_of_its_formula(lift):
    """With the tagged lifted far above the others the second term is negative, and its gradient alone is climbed."""
    tagged = np.arange(40) < 10
    margins = np.random.default_rng(0).normal(size=40) + lift * tagged
    prior = 0.4

    def second(place: int, step: float) -> float:
        moved = margins.copy()
        moved[place] += step
        loss = np.logaddexp(0, moved)
        return loss[~tagged].mean() - prior * loss[tagged].mean()

    def first(place: int, step: float) -> float:
        moved = margins.copy()
        moved[place] += step
        return prior * np.logaddexp(0, -moved[tagged]).mean()

    gradient, curvature = nnpu_gradients(margins, tagged, prior)
    assert (curvature > 0).all()
    negative = second(0, 0.0) < 0
    assert negative == (lift > 0)
    for place in (0, 5, 15, 39):
        slope = (second(place, 1e-5) - second(place, -1e-5)) / 2e-5
        wanted = -slope if negative else slope + (first(place, 1e-5) - first(place, -1e-5)) / 2e-5
        assert gradient[place] / (~tagged).sum() == pytest.approx(wanted, abs=1e-6)


def test_the_prior_that_the_tags_suggest_is_near_the_truth_where_tags_are_random(table):
    tags = MECHANISMS["SCAR"](table, hidden_share=0.5, seed=0).tags
    prior = estimated_prior(design_of(table.columns), tags, seed=0)
    assert 0.5 < prior / table.truth[tags == 0].mean() < 2


def test_without_pulearn_its_rows_are_left_out_and_a_line_says_so(monkeypatch, capsys):
    monkeypatch.setattr("benchmarks.finder.pulearn_ways.find_spec", lambda name: None)
    _installed.cache_clear()
    try:
        assert pulearn_methods() == []
        assert "its rows are left out" in capsys.readouterr().out
        assert not any(method.title.startswith("pulearn") for method in methods(modes=["fast"], reviews=[]))
    finally:
        _installed.cache_clear()


def test_an_odd_rule_needs_a_category_and_tags_neither_the_high_nor_the_low(table):
    numbers = replace(table, columns=table.columns.select("age", "education_num", "hours_per_week", "capital_gain"))
    with pytest.raises(ValueError, match="adult holds no category; ODD needs one"):
        MECHANISMS["ODD"](numbers, hidden_share=0.5, seed=0)
    affluent = table.truth == 1
    for seed in range(3):
        propensity = MECHANISMS["ODD"](table, hidden_share=0.5, seed=seed).propensity[affluent]
        with_ranks = [abs(np.corrcoef(propensity, ranks)[0, 1]) for ranks in driver_ranks(table)[affluent].T]
        assert propensity.std() > 0.2
        # Half of them work forty hours, which leaves that driver one end.
        assert max(with_ranks) < 0.7
        assert sorted(with_ranks)[-2] < 0.3


def test_bands_tag_neither_the_high_nor_the_low(table):
    affluent = table.truth == 1
    for seed in range(3):
        propensity = MECHANISMS["BANDS"](table, hidden_share=0.5, seed=seed).propensity[affluent]
        assert propensity.std() > 0.2
        assert max(abs(np.corrcoef(propensity, ranks)[0, 1]) for ranks in driver_ranks(table)[affluent].T) < 0.6


def test_memory_is_that_of_a_process_of_its_own(small):
    megabytes = peak_memory(BASELINES[2], small, MECHANISMS["SCAR"](small, hidden_share=0.5, seed=0).tags, seed=0)
    assert megabytes is None or 20 < megabytes["began_mb"] <= megabytes["peak_mb"] < 2_000


def test_another_data_set_is_one_function_away(small, monkeypatch, tmp_path, capsys):
    def my_table(seed, rows=1_200):
        drawn = generator(seed, Stream.ROWS).choice(len(small), rows, replace=False)
        return Table("mine", small.columns[drawn], small.truth[drawn], ("age", "capital_gain"), small.groups[drawn])

    monkeypatch.setitem(LOADERS, "mine", my_table)
    words = [
        "--data",
        "mine",
        "--seeds",
        "3",
        "--hidden",
        "0.5",
        "--mechanisms",
        "SAR",
        "ODD",
        "OWN",
        "--modes",
        "fast",
    ]
    main([*words, "--only", "XGBoost, out", "--out", str(tmp_path)])
    assert "## Mine, 1,200 rows" in capsys.readouterr().out
    runs = Results.read(tmp_path / "results.json").runs
    assert {settings.mechanism for settings in runs} == {"SAR", "ODD"}
    assert all(run.measured["ratio"]["recall_at_k"] > 0.2 for run in runs.values())


def test_what_other_code_gave_is_run_again_only_when_asked(tmp_path):
    other = Results(tmp_path / "results.json", "other")
    settings = Settings("adult", 10, "SAR", 0.5, 0, "Any")
    other.add(settings, {"seconds": {"fit": 1.0}})
    other.add_memory(Taken("adult", 10, "Any"), {"began_mb": 1, "peak_mb": 2})
    results = Results.read(tmp_path / "results.json")
    assert results.runs == other.runs
    assert results.memory == other.memory
    assert results.outdated == 1
    assert results.holds(settings)
    assert not results.holds(settings, of_this_code=True)
    results.add(settings, {"seconds": {"fit": 2.0}})
    assert results.holds(settings, of_this_code=True)
    assert Results.read(tmp_path / "results.json").outdated == 0


@pytest.mark.slow
def test_a_short_run_writes_its_page_and_is_not_run_twice(tmp_path, capsys):
    words = [
        "--short",
        "--data",
        "adult",
        "--rows",
        str(ROWS),
        "--reviews",
        "50",
        "--careless",
        "--left-out",
        "--out",
        str(tmp_path),
    ]
    main([*words, "--seeds", "0", "--mechanisms", "SCAR", "COIN"])
    first = json.loads((tmp_path / "results.json").read_text())
    titles = {entry["settings"]["method"] for entry in first["runs"]}
    assert len(first["runs"]) == 2 * len(titles)
    page = (tmp_path / "results.md").read_text()
    assert all(f"| {title} |" in page for title in titles)
    by_method = {
        entry["settings"]["method"]: entry["measured"]
        for entry in first["runs"]
        if entry["settings"]["mechanism"] == "SCAR"
    }
    reviewed = by_method["Finder (fast), drivers, 50 reviewed"]
    assert reviewed["reviewed"] == 50
    assert reviewed["count"]["low"] < reviewed["count"]["value"] < reviewed["count"]["high"]
    assert {entry["reviewed"] for entry in by_method["Finder (fast), drivers"]["counting"]} == {50}
    assert by_method["Finder (fast), drivers"]["ratio"]["recall_at_k"] > 0.6
    capsys.readouterr()
    main([*words, "--seeds", "0", "--mechanisms", "SCAR", "COIN"])
    assert "of the oracle's" not in capsys.readouterr().out.split("# Hidden affluent")[0]
    assert json.loads((tmp_path / "results.json").read_text())["runs"] == first["runs"]

"""What the finder's benchmark says of its results: the page, the picture, and bars that no change may fall below."""

import json
import re
from itertools import product
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from benchmarks.finder.__main__ import HERE, main
from benchmarks.finder.baselines import BASELINES
from benchmarks.finder.data import ROOT, load
from benchmarks.finder.measured import Measured, comparable
from benchmarks.finder.mechanisms import MECHANISMS
from benchmarks.finder.metrics import FIGURES
from benchmarks.finder.picture import PANEL, PICTURE, draw
from benchmarks.finder.plan import FULL, SHORT
from benchmarks.finder.pulearn_ways import PULEARN
from benchmarks.finder.report import MARKS, page
from benchmarks.finder.results import Results, Run, Settings, Taken
from benchmarks.finder.targets import TARGETS

# Two seeds' mean moves by 0.01 to 0.02 with the version of a library or the processor, 0.03 is more than that. The
# small made bank hides few: between two processors the same code on the same rows moved by 0.04 there, and so did
# XGBoost with its default settings. Where customers are reviewed, who is drawn moves it by up to 0.06 more.
TOLERANCES = {"adult": 0.03, "bank": 0.06}
TOLERANCE_REVIEWED = 0.09
# With 2,400 tags among 20,000 rows the AUC of a ranking that knows nothing has a standard error of 0.006.
COIN_TOLERANCE = 0.02
WHERE = "benchmarks/finder/short/results.json"
ORACLE = {"recall_at_k": 0.6, "average_precision": 0.7}
ORACLE |= dict.fromkeys(("recall_at_1_percent", "recall_at_5_percent", "recall_at_10_percent"), 0.5)


def a_run(method: str, ratio: float, *, mechanism: str = "SAR", seed: int = 0, data: str = "adult", share=0.5) -> Run:
    measured = {"seconds": {"fit": 1.0}, "load": 0.5, "reviewed": 0, "oracle": ORACLE}
    measured["ratio"] = dict.fromkeys(ORACLE, ratio)
    return Run(Settings(data, 100, mechanism, share, seed, method), "code", measured)


@pytest.fixture
def results(tmp_path) -> Results:
    runs = [
        a_run(method, ratio + 0.02 * seed, mechanism=mechanism, seed=seed, data=data, share=share)
        for method, ratio in {
            "In-sample way": 0.5,
            "XGBoost, out of fold": 0.7,
            "Finder (fast), drivers": 0.9,
            "Finder (fast), drivers, 100 reviewed": 0.93,
        }.items()
        for seed, data in product((0, 1), ("adult", "bank"))
        for mechanism, share in (("SCAR", 0.5), ("SAR", 0.5), ("SAR", 0.3), ("OWN", None))
        if mechanism != "OWN" or data == "bank"
    ]
    return Results(tmp_path / "results.json", "code", {run.settings: run for run in runs})


def plain(text: object) -> str:
    """The text with spaces that may break."""
    return str(text).replace("\N{NO-BREAK SPACE}", " ")


def test_ours_stands_beside_the_best_of_the_others(results):
    measured = Measured.of(results, data="adult", rows=100, mechanism="SAR", share=0.5)
    assert plain(measured.best_other("recall_at_k")) == "0.710 ± 0.010"
    assert measured.best_other("recall_at_k").method == "XGBoost, out of fold"
    assert plain(measured.ours("drivers", "recall_at_k")) == "0.910 ± 0.010"
    assert measured.ours("nothing declared", "recall_at_k") is None
    line = "| SAR | 50% | 0.710 ± 0.010 (XGBoost, out of fold) | - | 0.910 ± 0.010 | 0.940 ± 0.010 | fast, 2 |"
    assert line in plain(page(results, order=[]))


def test_a_method_that_was_run_under_fewer_seeds_says_so_and_is_not_the_best(results):
    run = a_run("nnPU boosting, estimated prior", 0.99)
    results.runs[run.settings] = run
    measured = Measured.of(results, data="adult", rows=100, mechanism="SAR", share=0.5)
    assert measured.best_other("recall_at_k").method == "XGBoost, out of fold"
    assert "| nnPU boosting, estimated prior | - | 0.990 (1 of 2 seeds) |" in page(results, order=[])
    assert "nnPU" not in draw(results)


def test_a_seed_that_ours_has_not_finished_does_not_count_yet(results):
    for method in ("In-sample way", "Finder (fast), nothing declared"):
        run = a_run(method, 0.1, seed=2)
        results.runs[run.settings] = run
    best = Measured.of(comparable(results), data="adult", rows=100, mechanism="SAR", share=0.5).best_other(
        "recall_at_k"
    )
    assert (best.method, best.seeds) == ("XGBoost, out of fold", 2)
    assert "of 3 seeds" not in page(results, order=[])


def test_own_tags_stand_once(results):
    bank = page(results, order=[]).split("\n## Bank, 100 rows")[1]
    heads = [line for line in bank.splitlines() if line.startswith("| method | ") and "fit" not in line]
    assert len(heads) == 2 * len(FIGURES)
    assert sum("OWN" in line for line in heads) == len(FIGURES)


def test_ours_is_in_the_mode_that_was_run_under_more_seeds(results):
    for mode, seeds, ratio in (("accurate", 1, 0.99), ("fast", 2, 0.90)):
        for seed in range(seeds):
            run = a_run(f"Finder ({mode}), drivers", ratio, seed=seed)
            results.runs[run.settings] = run
    wanted = {"data": "adult", "rows": 100, "mechanism": "SAR", "share": 0.5}
    assert Measured.of(results, **wanted).ours("drivers", "recall_at_k").mode == "fast"
    run = a_run("Finder (accurate), drivers", 0.99, seed=1)
    results.runs[run.settings] = run
    assert Measured.of(results, **wanted).ours("drivers", "recall_at_k").mode == "accurate"


def test_both_modes_have_rows_of_their_own(results):
    run = a_run("Finder (accurate), drivers", 0.95)
    results.runs[run.settings] = run
    written = plain(page(results, order=[]))
    assert "\n| Finder (accurate), drivers | " in written
    assert "\n| Finder (fast), drivers | " in written


def test_a_target_says_what_was_wanted_and_whether_it_was_reached(results):
    written = plain(page(results, order=[]))
    goals = written.split(MARKS[2])[1].split(MARKS[3])[0]
    assert goals.count("\n| ") == len(TARGETS) + 1
    assert "| SAR, drivers | ≥ 0.900 | **0.910 ± 0.010** | - |" in goals
    assert "| SAR, drivers, 300 reviewed | ≥ 0.945 | - | - |" in goals
    assert "| SCAR, drivers declared all the same | ≥ 0.920 | 0.910 ± 0.010 | - |" in goals
    assert "| SCAR, what a review of 100 does | ≥ -0.002 | **+0.030 ± 0.000** | - |" in goals


def test_what_carelessness_costs_is_held_against_careful_reviewers_under_the_same_seeds(results):
    for seed, ratio in ((0, 0.90), (7, 0.10)):
        run = a_run("Finder (fast), drivers, 100 reviewed carelessly", ratio, seed=seed)
        results.runs[run.settings] = run
    goals = plain(page(results, order=[]))
    assert "| SAR, what careless verdicts do, 100 reviewed | ≥ -0.010 | -0.030 | - |" in goals


def test_the_gap_closed_on_the_bank_is_a_share_of_what_the_stack_leaves(results):
    run = a_run("Stack (fast), labelled probability", 0.88, data="bank")
    results.runs[run.settings] = run
    goals = plain(page(results, order=[]))
    assert "| SAR, gap from the plain stack closed, 100 reviewed | ≥ 60% | - | 50% |" in goals
    assert "| RULE, gap from the plain stack closed, 100 reviewed | ≥ 60% | - | - |" in goals


def test_counts_are_aimed_at_too_on_average_and_where_they_hold_least(results):
    entry = {"purpose": "count", "reviewed": 100, "draws": 40, "estimate_to_truth": 1.0, "half_width_to_truth": 0.5}
    for mechanism, seed, covered in (("RULE", 0, 0.8), ("RULE", 1, 0.9), ("SAR", 0, 0.97)):
        run = a_run("Finder (fast), drivers", 0.9, mechanism=mechanism, seed=seed)
        run.measured["counting"] = [entry | {"covered": covered}]
        results.runs[run.settings] = run
    written = plain(page(results, order=[]))
    assert "| 90 % intervals that hold the count, 100 reviewed | ≥ 90% | **91.0%** | - |" in written
    assert "| the same, under the mechanism where fewest do | ≥ 87% | 85.0% | - |" in written
    assert "| half-width of the interval, 100 reviewed | ≤ 40% | 50.0% | - |" in written


def test_results_of_another_machine_are_joined(results, tmp_path, capsys):
    (tmp_path / "other").mkdir()
    other = Results(tmp_path / "other" / "results.json", "code")
    other.add(Settings("adult", 100, "RULE", 0.5, 7, "In-sample way"), a_run("", 0.25).measured)
    other.add_memory(Taken("adult", 100, "In-sample way"), {"began_mb": 100, "peak_mb": 140})
    main(["--page", "--take", str(other.path), "--out", str(tmp_path)])
    assert "| In-sample way | 40 | 140 |" in capsys.readouterr().out
    joined = Results.read(tmp_path / "results.json")
    assert joined.runs.keys() == other.runs.keys()
    assert joined.memory == other.memory


def marks(svg: str) -> list[tuple[ET.Element, list[str]]]:
    """Every mark with what its title says: table, mechanism, method, figure."""
    root = ET.fromstring(svg)  # noqa: S314 (it is ours)
    title = "{http://www.w3.org/2000/svg}title"
    return [(mark, mark.find(title).text.split(" | ")) for mark in root.iter() if mark.find(title) is not None]


def test_the_picture_puts_every_figure_where_it_belongs(results):
    drawn = marks(draw(results))
    assert {(said[0].split(",")[0], said[1]) for _, said in drawn} == {
        *product(("Adult", "A made bank"), ("SCAR", "SAR")),
        ("A made bank", "OWN"),
    }
    rings = [(mark, said) for mark, said in drawn if mark.tag.endswith("circle") and said[:2] == drawn[0][1][:2]]
    places = {said[2]: float(mark.get("cx")) for mark, said in rings}
    assert places["XGBoost, out of fold"] - places["In-sample way"] == pytest.approx(0.2 * PANEL, abs=0.2)
    kinds = {said[2]: mark.get("class") for mark, said in rings}
    assert kinds == {"XGBoost, out of fold": "best", "In-sample way": "other"}
    diamonds = {said[2]: mark.get("class") for mark, said in drawn if mark.tag.endswith("polygon")}
    assert diamonds == {"Finder (fast), drivers": "without", "Finder (fast), drivers, 100 reviewed": "with"}


def test_the_picture_is_readable_on_light_and_dark_pages_and_fetches_nothing():
    svg = PICTURE.read_text()
    assert "prefers-color-scheme: dark" in svg
    assert set(re.findall(r"https?://[^\"' ]+", svg)) == {"http://www.w3.org/2000/svg"}
    assert PICTURE.stat().st_size < 100_000


def test_the_picture_agrees_with_the_page_of_results():
    """Both are written together. `python -m benchmarks.finder --page` writes them again."""
    sections = re.split(r"^## ", (HERE / "results.md").read_text(), flags=re.MULTILINE)
    drawn = marks(PICTURE.read_text())
    assert len(drawn) > 10
    for _, (table, mechanism, method, figure) in drawn:
        section = next(part for part in sections if part.startswith("Adult," if table.startswith("Adult") else "Bank,"))
        lines = section.split("as are hidden), 50% hidden", 1)[1].splitlines()
        titles = next(line for line in lines if line.startswith("| method |")).split(" | ")
        cells = next(line for line in lines if line.startswith(f"| {method} |")).strip("| ").split(" | ")
        cell = cells[titles.index(mechanism) if mechanism in titles else -1]
        assert cell.split(" (")[0] == figure, (table, mechanism, method)


def test_the_page_of_the_benchmark_tells_every_mechanism_and_every_other_way():
    told = (ROOT / "docs" / "explanation" / "benchmark.md").read_text()
    listed = {
        cell.strip() for line in re.findall(r"^\| ([^|]+) \|", told, flags=re.MULTILINE) for cell in line.split(",")
    }
    assert set(MECHANISMS) <= listed
    for method in (*BASELINES, *PULEARN):
        assert f"| {method.title} |" in told
    for mark in MARKS:
        assert told.count(mark) == 1
        assert page(Results(HERE / "none.json", "code"), order=[]).count(mark) == 1


def ratios(path: Path) -> dict[tuple[str, str, str], float]:
    """The mean over seeds of the ratio of recall at k, by table, mechanism and method of ours."""
    found: dict[tuple[str, str, str], list[float]] = {}
    for entry in json.loads(path.read_text())["runs"]:
        settings = entry["settings"]
        if settings["method"].startswith("Finder") and "ratio" in entry["measured"]:
            case = settings["data"], settings["mechanism"], settings["method"]
            found.setdefault(case, []).append(entry["measured"]["ratio"]["recall_at_k"])
    return {case: float(np.mean(values)) for case, values in found.items()}


def coin_figures(path: Path) -> dict[tuple[str, str], float]:
    """The mean over seeds of the AUC of tags that say nothing, by table and method."""
    found: dict[tuple[str, str], list[float]] = {}
    for entry in json.loads(path.read_text())["runs"]:
        if "tag_auc" in entry["measured"]:
            case = entry["settings"]["data"], entry["settings"]["method"]
            found.setdefault(case, []).append(entry["measured"]["tag_auc"])
    return {case: float(np.mean(values)) for case, values in found.items()}


def test_what_is_kept_of_the_short_form_is_whole():
    kept = Results.read(HERE / "short" / "results.json")
    for cell in SHORT.cells():
        rows = SHORT.rows.get(cell.data) or len(load(cell.data, seed=cell.seed))
        for method in SHORT.methods:
            assert kept.holds(Settings(cell.data, rows, cell.mechanism, cell.share, cell.seed, method.title))
    assert {method.title for method in SHORT.methods} <= {method.title for method in FULL.methods}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_short_form_does_not_fall_below_what_was_kept(tmp_path, capsys):
    """Two minutes. Kept anew by `python -m benchmarks.finder --short --again`, if a fall is meant."""
    main(["--short", "--out", str(tmp_path)])
    said = capsys.readouterr().out
    assert f"Guard: {len(SHORT.methods)} methods answer the same when the truth is noise." in said
    ours, kept = ratios(tmp_path / "results.json"), ratios(HERE / "short" / "results.json")
    assert ours.keys() == kept.keys()
    for case, ratio in ours.items():
        allowed = TOLERANCE_REVIEWED if "reviewed" in case[2] else TOLERANCES[case[0]]
        assert ratio >= kept[case] - allowed, f"{case}: {ratio:.3f}; {WHERE} says {kept[case]:.3f}"
    coins = coin_figures(tmp_path / "results.json")
    assert {data for data, _ in coins} == set(SHORT.data)
    for (data, method), figure in coins.items():
        assert abs(figure - 0.5) < COIN_TOLERANCE, f"{data}, {method}: {figure:.3f}"

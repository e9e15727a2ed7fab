"""Learns the rule of hidden types on made banks, judges it on others, and writes what the product then uses.

python -m benchmarks.hidden_types [--folder FOLDER]

A finder is trained on each of sixteen made banks, about a minute of one processor each, and kept in FOLDER; a run that
is there is not run again. Writes results.json and results.md beside this file, and the rule itself to
src/affluence/decision/learned_types.py.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.hidden_types.banks import ROOT, Bank, seen
from benchmarks.hidden_types.ceiling import ceilings
from benchmarks.hidden_types.judge import Judged, against_ceiling, confusion, figures, with_precision
from benchmarks.hidden_types.learn import LISTED_SHARE, learn, ranked
from benchmarks.hidden_types.page import page

from affluence.data.reference_bank import Scenario
from affluence.decision.type_rule import TypeRule

HERE = Path(__file__).parent
LEARNED = ROOT / "src" / "affluence" / "decision" / "learned_types.py"
PUBLISHED = 66_083
CHANGED = 33_000

LEARNED_ON = [Bank("as published", seed, Scenario(), PUBLISHED) for seed in (101, 102, 103, 104)]
JUDGED_ON = [Bank("as published", seed, Scenario(), PUBLISHED) for seed in range(201, 209)]
OTHERS = [
    Bank("more money elsewhere", 301, Scenario(wallet=0.7), CHANGED),
    Bank("more drift", 302, Scenario(drift=0.6), CHANGED),
    Bank("twice as many hidden", 303, Scenario(hidden_share=0.1), CHANGED),
]
REFERENCE = Bank("as published", 0, Scenario(), PUBLISHED)


def main(arguments: Sequence[str] | None = None) -> None:
    """Train what is missing, learn, judge, write, and print the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hidden_types", description=__doc__)
    parser.add_argument(
        "--folder", type=Path, default=ROOT / "data" / "hidden_types", help="where what a finder says of a bank is kept"
    )
    folder: Path = parser.parse_args(arguments).folder
    lists = [ranked(seen(bank, folder)).first(LISTED_SHARE) for bank in LEARNED_ON]
    tried = learn(lists, learned_on=[f"{bank.name}, seed {bank.seed}" for bank in LEARNED_ON])
    published, changed, reference = (_judged(banks, folder) for banks in (JUDGED_ON, OTHERS, [REFERENCE]))
    rule = with_precision(tried, published, changed)
    results = _results(tried, rule, published=published, changed=changed, reference=reference)
    (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    (HERE / "results.md").write_text(page(results), encoding="utf-8")
    _write_rule(rule)
    print(page(results))


def _judged(banks: Sequence[Bank], folder: Path) -> list[Judged]:
    people = [ranked(seen(bank, folder)) for bank in banks]
    return [Judged(bank, each, ceilings(bank, each, folder)) for bank, each in zip(banks, people, strict=True)]


def _results(
    tried: TypeRule, rule: TypeRule, *, published: list[Judged], changed: list[Judged], reference: list[Judged]
) -> dict[str, Any]:
    return {
        "learned_on": rule.learned_on,
        "judged_on": rule.judged_on,
        "tried_thresholds": {told.name: told.at_least for told in tried.types},
        "types": [asdict(told) for told in rule.types],
        "against_ceiling": against_ceiling(tried, published),
        "against_ceiling_changed": against_ceiling(tried, changed),
        "confusion_forced": confusion(rule, published, forced=True).to_dicts(),
        "confusion_named": confusion(rule, published, forced=False).to_dicts(),
        "confusion_reference_forced": confusion(rule, reference, forced=True).to_dicts(),
        "confusion_reference_named": confusion(rule, reference, forced=False).to_dicts(),
        "banks_with_tried_thresholds": [figures(tried, each) for each in (*published, *changed, *reference)],
        "banks": [figures(rule, each) for each in (*published, *changed, *reference)],
    }


def _write_rule(rule: TypeRule) -> None:
    written = f'''"""The rule of hidden types as learned on simulated customers by `python -m benchmarks.hidden_types`.

Written by that command, not by hand; what was measured stands in benchmarks/hidden_types/results.md.
"""

from affluence.decision.type_rule import TypePrecision, TypeRule
from affluence.evaluation.results import Estimate

LEARNED = {rule!r}
'''
    LEARNED.write_text(written, encoding="utf-8")
    subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", str(LEARNED)], check=True)  # noqa: S603


if __name__ == "__main__":
    main()

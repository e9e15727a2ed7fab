"""Whether a tag driver that a bank forgot to declare is proposed, because it is nearly the same as a declared one.

    python -m benchmarks.finder.near_twins [--seeds 0 1 2 3 4] [--out FILE]

Each driver is left out in turn. Nothing is learned here: what is proposed depends on the columns and the tags alone.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks.finder.data import LOADERS, Table, design_of, load
from benchmarks.finder.markdown import head, row
from benchmarks.finder.mechanisms import MECHANISMS

from affluence.pu.finder_warnings import near_twins
from affluence.pu.learners.protocol import Tags

COMMAND = "`python -m benchmarks.finder.near_twins`; tags under SAR, half hidden."
TITLES = ("data", "left out", "is proposed", "proposed beside it")
NOTHING_LEFT_OUT = "nothing"


def proposals(table: Table, tags: Tags) -> dict[str, tuple[str, ...]]:
    """What is proposed when each driver is left out, by its name, and when none is."""
    design = design_of(table.columns)
    found = {}
    for left_out in (NOTHING_LEFT_OUT, *table.drivers):
        declared = [design.names.index(name) for name in table.drivers if name != left_out]
        found[left_out] = near_twins(design, tags, declared)
    return found


def lines_of(data: str, seeds: Sequence[int]) -> list[str]:
    """A line for each driver of the table, counted over the seeds."""
    by_driver: dict[str, Counter[str]] = {}
    for seed in seeds:
        table = load(data, seed=seed)
        tags = MECHANISMS["SAR"](table, hidden_share=0.5, seed=seed).tags
        for left_out, names in proposals(table, tags).items():
            by_driver.setdefault(left_out, Counter()).update(names)
    return [_line(data, left_out, counts, len(seeds)) for left_out, counts in by_driver.items()]


def _line(data: str, left_out: str, counts: Counter[str], seeds: int) -> str:
    own = "" if left_out == NOTHING_LEFT_OUT else f"{counts[left_out]} of {seeds} seeds"
    others = ", ".join(f"{name} ({counts[name]})" for name in sorted(counts) if name != left_out)
    return row([data, left_out, own, others])


def main() -> None:
    """Print the table, or write it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=range(5))
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    lines = ["# Forgotten tag drivers that are proposed", "", COMMAND, "", *head(TITLES)]
    lines += [line for data in LOADERS for line in lines_of(data, asked.seeds)]
    text = "\n".join(lines) + "\n"
    if asked.out:
        asked.out.write_text(text, encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()

"""The results as a page."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from affluence.decision.type_rule import TYPES


def page(results: Mapping[str, Any]) -> str:
    """What was measured, in Markdown."""
    return "\n".join(_lines(results)) + "\n"


def _lines(results: Mapping[str, Any]) -> Iterator[str]:
    yield "# Hidden types on made banks\n"
    yield "Written by `python -m benchmarks.hidden_types`. All customers are simulated.\n"
    yield f"Learned on: {'; '.join(results['learned_on'])}. Judged on: {'; '.join(results['judged_on'])}.\n"
    yield "Macro F1 is the mean of the F1 of the four types when each of the listed, the first tenth of the unlabelled"
    yield "as ranked, must be given a type. The ceiling is boosting on the true types, cross-fitted by customer;"
    yield "of four ways to train it the best on average over these banks counts. 'The truly hidden' are those of the"
    yield "listed who are affluent, each given one of the three hidden types: how well these are told apart where it is"
    yield "known who is hidden, which no bank knows. Types drawn by lot, each as often as it is true, reach 0.250 and"
    yield "0.333.\n"
    yield from _table(
        ("banks", "over", "macro F1", "ceiling", "ratio", "90 % interval over banks"),
        [
            (f"{title} ({told['banks']})", said, told["macro_f1"], told["ceiling"], told["ratio"], _interval(told))
            for said, over in (("all listed, four types", "listed"), ("the truly hidden, three types", "hidden"))
            for title, told in (
                ("as published", results["against_ceiling"][over]),
                ("changed", results["against_ceiling_changed"][over]),
            )
        ],
    )
    yield "## Where a type may be named\n"
    yield "Precision of the threshold tried, over the listed of the published banks judged; wanted: 70 %, and wrong at"
    yield "most half as often as naming everybody so would be. It must reach 70 % on the changed banks, too. Base is"
    yield "the type's share of all listed; 'of the listed' is the share at or above the threshold tried.\n"
    yield from _table(
        ("type", "base", "wanted", "threshold tried", "precision (90 %)", "of the listed", "named"),
        [_of_type(told, results["tried_thresholds"]) for told in results["types"]],
    )
    for key, title in (
        ("confusion_forced", "published banks judged, a type must be chosen"),
        ("confusion_named", "published banks judged, named or uncertain"),
        ("confusion_reference_forced", "reference bank (seed 0), a type must be chosen"),
        ("confusion_reference_named", "reference bank (seed 0), named or uncertain"),
    ):
        yield f"## Confusion: {title}\n"
        yield "Rows are the true types, columns the types given; counts under 10 are not shown, nor others from which"
        yield "with the totals one of them could be had.\n"
        rows = results[key]
        yield from _table(
            tuple(rows[0]), [tuple("" if cell is None else cell for cell in row.values()) for row in rows]
        )
    yield "## By bank and length of the list\n"
    yield "With the thresholds tried: right of those named so. The first tenth also has the ceiling.\n"
    yield from _table(
        ("bank", "listed", "macro F1", "ceiling (best way there)", *TYPES),
        [line for told in results["banks_with_tried_thresholds"] for line in _of_bank(told)],
    )


def _of_type(told: Mapping[str, Any], tried: Mapping[str, float | None]) -> tuple[Any, ...]:
    precision = told["precision"]
    return (
        told["name"],
        f"{told['base']:.3f}",
        f"{told['wanted']:.3f}",
        "none was right often enough" if tried[told["name"]] is None else tried[told["name"]],
        "" if precision is None else f"{precision['value']:.3f} ({precision['low']:.3f} to {precision['high']:.3f})",
        f"{told['named']:.4f}",
        "never" if told["at_least"] is None else "yes",
    )


def _of_bank(told: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    for depth, there in told["by_depth"].items():
        ceiling = f"{max(told['ceilings']['listed'].values()):.3f}" if depth == "10%" else ""
        named = [f"{each['right']} of {each['named']}" if each["named"] else "" for each in there["precision"].values()]
        yield told["bank"], f"{depth} ({there['listed']:,})", f"{there['macro_f1']:.3f}", ceiling, *named


def _interval(told: Mapping[str, Any]) -> str:
    low, high = told["interval"]
    return f"{low:.3f} to {high:.3f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(str(cell) for cell in row)} |"
    yield ""

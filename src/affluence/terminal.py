"""What a terminal shows: progress while something runs, and a short summary at the end."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from affluence.progress import LOGGER_NAME

if TYPE_CHECKING:
    from affluence.data.reading import IntakeReport
    from affluence.evaluation.results import Estimate, Evaluation
    from affluence.pu.release import ModelLabel

_out = Console(highlight=False, soft_wrap=True)
_err = Console(highlight=False, soft_wrap=True, stderr=True)


def say(sentence: str) -> None:
    """Print a sentence."""
    _out.print(sentence, markup=False)


def complain(sentences: str) -> None:
    """Print what went wrong, to standard error."""
    _err.print(sentences, style="red", markup=False)


@contextmanager
def progress() -> Iterator[None]:
    """Show the progress that is told while the block runs: bars on a terminal, lines elsewhere."""
    logger = logging.getLogger(LOGGER_NAME)
    bars = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=_err
    )
    handler = _Bars(bars) if _err.is_terminal else _Lines()
    before, propagated = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        with bars:
            yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
        logger.propagate = propagated


def show_intake(report: "IntakeReport") -> None:
    """Print what was found in a table, and whether its contract accepts it."""
    say(f"{report.file}: {report.rows_read:,} rows and {report.columns} columns, {report.format}.")
    for sentence in report.sentences():
        say(f"- {sentence}")
    left_out = (
        f"; {report.rows_read - report.rows_kept:,} rows are left out" if report.rows_kept < report.rows_read else ""
    )
    say("The contract refuses it; nothing was written." if report.refused else f"The contract accepts it{left_out}.")


def show_evaluation(evaluation: "Evaluation") -> None:
    """Print how the learners compare, out of fold and against the tag."""
    share = f"{evaluation.capacity_share:.0%}"
    table = Table(box=None, pad_edge=False, title="Out of fold, against the tag (90 % intervals)", title_justify="left")
    table.add_column("", no_wrap=True)
    for heading in ("ROC AUC", f"recall at {share}", f"precision at {share}"):
        table.add_column(heading, justify="right", no_wrap=True)
    for result in evaluation.learners:
        chosen = result.learner == evaluation.champion
        cells = (result.roc_auc, result.recall_at_capacity, result.precision_at_capacity)
        table.add_row(result.title + (" *" if chosen else ""), *map(_short, cells), style="bold" if chosen else None)
    _out.print(table)
    say(f"* chosen: it finds most of the tagged among the first {evaluation.capacity:,} of {evaluation.rows:,} rows.")


def show_model(label: "ModelLabel", *, table: str) -> None:
    """Print which model of `table` was registered, and what it takes to make it champion."""
    say(f"Model: {label.name} version {label.version}, {label.alias or 'without alias'}")
    if label.alias == "challenger":
        say(f"Another version is champion. To approve this one: affluence promote {label.version} --contract {table}")


def show_run(data: Path) -> None:
    """Print the summary of a run from what it left in `data`."""
    import polars as pl
    from pydantic import TypeAdapter

    from affluence.evaluation.results import Evaluation
    from affluence.pu.release import ModelLabel

    results = data / "07_model_output"
    evaluation = TypeAdapter(Evaluation).validate_json((results / "evaluation.json").read_bytes())
    label = ModelLabel(**json.loads((results / "model_label.json").read_text(encoding="utf-8")))
    candidates = pl.scan_parquet(results / "candidates.parquet").select(pl.len()).collect().item()
    say("")
    show_evaluation(evaluation)
    say("")
    within = evaluation.confusion
    say(f"Candidates: {candidates:,} customers who are not tagged, ranked; {within.candidates:,} of them stand among")
    say(f"            the first {within.cut:,} of the whole table, beside {within.tagged_above:,} tagged affluent.")
    compared = evaluation.in_sample
    say(
        f"At a score of 0.5: {compared.candidates_out_of_fold:,} candidates out of fold; "
        f"{compared.candidates_in_sample:,} the in-sample way, which remembers the tags it is asked about."
    )
    show_model(label, table=evaluation.table)
    say(f"List:   {results / 'candidates.csv'}")
    say(f"Report: {data / '08_reporting' / 'run_report.html'}")


def _short(estimate: "Estimate") -> str:
    return f"{estimate.value:.3f} ({estimate.low:.3f}-{estimate.high:.3f})"


class _Bars(logging.Handler):
    """One bar for each stage that is told of."""

    def __init__(self, bars: Progress) -> None:
        super().__init__()
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def emit(self, record: logging.LogRecord) -> None:
        stage, done, total = vars(record)["stage"], vars(record)["done"], vars(record)["total"]
        if stage not in self._tasks:
            self._tasks[stage] = self._bars.add_task(stage, total=total)
        self._bars.update(self._tasks[stage], completed=done, total=total)


class _Lines(logging.Handler):
    """One line when a stage begins and when a part of it is finished, where nobody watches a bar."""

    def emit(self, record: logging.LogRecord) -> None:
        done, total = vars(record)["done"], vars(record)["total"]
        if total > 1:
            _err.print(record.getMessage(), markup=False)
        elif not done:
            _err.print(vars(record)["stage"], markup=False)

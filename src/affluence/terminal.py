"""What a terminal shows: progress while something runs, and a short summary at the end."""

import json
import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from affluence.progress import LOGGER_NAME

if TYPE_CHECKING:
    import polars as pl

    from affluence.data.doctor import Finding
    from affluence.data.reading import IntakeReport
    from affluence.data.reference_bank import Comparison
    from affluence.evaluation.results import Estimate, Evaluation
    from affluence.evaluation.stability import Stability
    from affluence.evaluation.truth import TruthComparison
    from affluence.pu.discovery import Discovery
    from affluence.pu.honesty import Honesty
    from affluence.pu.release import ModelLabel
    from affluence.pu.tuning_record import Tuning

# Wide enough for every figure with its interval, where a file or a pipe takes the output.
WIDEST_TABLE = 100

_out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else WIDEST_TABLE)
_err = Console(highlight=False, soft_wrap=True, stderr=True)


def say(sentence: str) -> None:
    """Print a sentence."""
    _out.print(sentence, markup=False)


def print_table(table: Table) -> None:
    """Print a table."""
    _out.print(table)


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
        with bars if _err.is_terminal else nullcontext():
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


def show_findings(findings: "Sequence[Finding]", *, file: str, table: "pl.DataFrame") -> None:
    """Print what the doctor found in a table, the worst first, each with its remedy."""
    from affluence.reporting.finding_views import TITLES, in_a_sentence

    say(f"{file}: {table.height:,} rows and {table.width} columns. {in_a_sentence(findings)}")
    styles = {"stops": "bold red", "warns": "yellow", "notes": "cyan"}
    for finding in findings:
        decided = "" if finding.decision == "open" else f" [{finding.decision}]"
        say("")
        _out.print(f"{finding.severity:5}", style=styles[finding.severity], markup=False, end=" ")
        say(f"{TITLES[finding.kind]} ({finding.kind}){decided}")
        say(f"      {finding.sentence}")
        say(f"      -> {finding.remedy.sentence}")


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
    say(f"* its ranking becomes the list; the capacity is {evaluation.capacity:,} of {evaluation.rows:,} rows.")


def show_discovery(discovery: "Discovery") -> None:
    """Print how many are hidden, under which assumption, and what the table cannot tell."""
    count = discovery.hidden_count
    if count.value is None:
        say(f"Hidden affluent: between {count.low:,.0f} and {count.high:,.0f}; {count.assumption}.")
    else:
        say(f"Hidden affluent: {count.value:,.0f} (90 %: {count.low:,.0f} to {count.high:,.0f}); {count.assumption}.")
    for group in discovery.reliability:
        found = group.observed
        say(
            f"Of {group.customers} checked and believed affluent at {group.predicted:.0%}, {found.value:.0%} are "
            f"(90 %: {found.low:.0%} to {found.high:.0%})."
        )
    for warning in discovery.warnings:
        say(f"- {warning}")


def show_honesty(proof: "Honesty") -> None:
    """Print what came back of the planted at each capacity, and what the proof says and does not say."""
    for recovery in proof.recoveries:
        title = f"{recovery.planted:,} tags hidden ({recovery.way}): share brought back, 90 % intervals"
        table = Table(box=None, pad_edge=False, title=title, title_justify="left")
        for heading in ("first of the list", "finder", "labelled probability alone", "chance"):
            table.add_column(heading, justify="right", no_wrap=True)
        for point in (*recovery.at, recovery.at_planted):
            shares = _short(point.recall), _short(point.labelled_recall), f"{point.chance:.3f}"
            table.add_row(f"{point.capacity:,}", *shares)
        _out.print(table)
    for sentence in proof.sentences:
        say(f"- {sentence}")


def show_tuning(tunings: "Sequence[Tuning]", *, file: Path) -> None:
    """Print how the best of each search did against the default settings on folds dealt anew, and what is used."""
    title = "On folds dealt anew, out of fold, against the tag (90 % intervals)"
    table = Table(box=None, pad_edge=False, title=title, title_justify="left")
    table.add_column("", no_wrap=True)
    for heading in ("trials", "recall, default", "recall, tuned", "difference"):
        table.add_column(heading, justify="right", no_wrap=True)
    for tuning in tunings:
        judged = tuning.judgement
        table.add_row(
            tuning.title,
            str(len(tuning.trials)),
            *map(_short, (judged.default, judged.tuned)),
            _gain(judged.difference),
        )
    _out.print(table)
    for tuning in tunings:
        failed = f", {tuning.count('failed')} failed or broken off" if tuning.count("failed") else ""
        ended = f"Trials: {len(tuning.trials)}, of which {tuning.count('pruned')} ended early{failed}."
        say(f"{tuning.title}: {tuning.outcome} {ended}")
    say(f"Settings and figures stand in {file}")
    if any(tuning.settings for tuning in tunings):
        say(f"To use them: affluence train --contract {tunings[0].ground.table} --tuned {file}")


def show_model(label: "ModelLabel", *, table: str) -> None:
    """Print which model of `table` was registered, and what it takes to make it champion."""
    say(f"Model: {label.name} version {label.version}, {label.alias or 'without alias'}")
    if label.alias == "challenger":
        say(f"Another version is champion. To approve this one: affluence promote {label.version} --contract {table}")


def show_stability(stability: "Stability | None") -> None:
    """Print the light of a scored table: how far it and its scores moved from what the model learned from."""
    if stability is None:
        say("How far the table moved is not known: the model was trained before its table was kept as counts.")
    else:
        say(f"The table is {stability.light}. {stability.sentence}")


def show_run(data: Path, *, in_parts: bool = False) -> None:
    """Print the summary of a run from what it left in `data`; `in_parts` says that Spark wrote the ranking."""
    import polars as pl
    from pydantic import TypeAdapter

    from affluence.evaluation.results import Evaluation
    from affluence.evaluation.truth import TruthComparison
    from affluence.pu.discovery import Discovery
    from affluence.pu.release import ModelLabel
    from affluence.pu.watching import Watched

    results = data / "07_model_output"
    evaluation = TypeAdapter(Evaluation).validate_json((results / "evaluation.json").read_bytes())
    label = ModelLabel(**json.loads((results / "model_label.json").read_text(encoding="utf-8")))
    ranking = results / "candidates_in_parts" / "*.parquet" if in_parts else results / "candidates.parquet"
    candidates = pl.scan_parquet(ranking).select(pl.len()).collect().item()
    say("")
    show_evaluation(evaluation)
    say("")
    within = evaluation.confusion
    say(f"Candidates: {candidates:,} customers who are not tagged, ranked; {within.candidates:,} of them stand among")
    say(f"            the first {within.cut:,} of the whole table, beside {within.tagged_above:,} tagged affluent.")
    show_discovery(TypeAdapter(Discovery).validate_json((results / "discovery.json").read_bytes()))
    _show_truth(TypeAdapter(TruthComparison).validate_json((results / "known_truth.json").read_bytes()))
    compared = evaluation.in_sample
    say(
        f"At a score of 0.5: {compared.candidates_out_of_fold:,} candidates out of fold; "
        f"{compared.candidates_in_sample:,} the in-sample way, which remembers the tags it is asked about."
    )
    show_stability(TypeAdapter(Watched).validate_json((results / "watched.json").read_bytes()).stability)
    show_model(label, table=evaluation.table)
    say(f"Everyone ranked:    {ranking.parent if in_parts else results / 'candidates.csv'}")
    say(f"List, with reasons: {results / 'list.csv'}")
    say(f"Report: {data / '08_reporting' / 'run_report.html'}")


def show_comparison(comparison: "Comparison") -> None:
    """Print the made bank beside the published one: every figure, then how many of each group are within tolerance."""
    for (group,), figures in comparison.figures.group_by("group", maintain_order=True):
        table = Table(box=None, pad_edge=False, title=f"{group}, SIMULATED beside published", title_justify="left")
        for heading in ("column", "of", "figure"):
            table.add_column(heading, no_wrap=True)
        for heading in ("published", "simulated", "tolerance", ""):
            table.add_column(heading, no_wrap=True, justify="right")
        for row in figures.iter_rows(named=True):
            words, numbers = ("column", "segment", "figure"), ("published", "generated", "tolerance")
            cells = [*(row[name] for name in words), *(f"{row[name]:,.4g}" for name in numbers)]
            table.add_row(*cells, "" if row["within"] else "outside")
        _out.print(table)
    for row in comparison.summary().iter_rows(named=True):
        say(f"{row['group']}: {row['within']} of {row['figures']} within tolerance")


def _show_truth(comparison: "TruthComparison") -> None:
    if not comparison.known:
        return
    say(f"SIMULATED: these customers were made, so it is known that {comparison.hidden:,} unlabelled are affluent.")
    table = Table(box=None, pad_edge=False, title="Hidden affluent found (90 % intervals)", title_justify="left")
    for heading in ("first of the list", "ours", "the in-sample way", "chance"):
        table.add_column(heading, justify="right", no_wrap=True)
    for point in comparison.points:
        table.add_row(f"{point.share:.0%}", _short(point.found), _short(point.found_in_sample), f"{point.share:.3f}")
    _out.print(table)


def _gain(estimate: "Estimate") -> str:
    return f"{estimate.value:+.4f} ({estimate.low:+.4f} to {estimate.high:+.4f})"


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
        shown = f"{stage}: {vars(record)['note']}" if vars(record)["note"] else stage
        self._bars.update(self._tasks[stage], completed=done, total=total, description=shown)


class _Lines(logging.Handler):
    """One line when a stage begins and when a part of it is finished, where nobody watches a bar."""

    def emit(self, record: logging.LogRecord) -> None:
        done, total = vars(record)["done"], vars(record)["total"]
        if total > 1 or vars(record)["note"]:
            _err.print(record.getMessage(), markup=False)
        elif not done:
            _err.print(vars(record)["stage"], markup=False)

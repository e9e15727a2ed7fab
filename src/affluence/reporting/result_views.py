"""What the evaluation, the intake and the ranking say, in the words and places that the report needs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from affluence.data.contract import Action, Column, ColumnType, Contract
from affluence.data.reading import IntakeReport
from affluence.evaluation.results import Estimate, Evaluation, Importance, InSampleComparison, LearnerResult
from affluence.reporting import wording
from affluence.reporting.tracks import Mark, Tick, axis_over

CANDIDATES_SHOWN = 20
_COLUMNS_SHOWN = 5
_IMPORTANCES_SHOWN = 15
_LONGEST_SENTENCE = 200
_DONE: Mapping[Action, str] = {
    "refuse": "The table was refused.",
    "drop": "Left out.",
    "set_missing": "Set to missing.",
    "unlabelled": "Counted as unlabelled.",
    "ignore": "Ignored.",
    "keep": "Kept as they are.",
}
_SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}


@dataclass(frozen=True)
class CandidateColumn:
    """A column of the contract in the table of candidates."""

    title: str
    unit: str | None
    is_number: bool


@dataclass(frozen=True)
class CandidateRow:
    """One candidate as the report shows it, the customer's id masked."""

    rank: str
    customer: str
    score: str
    probability: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class CandidateTable:
    """The strongest candidates with the columns that may be spoken of."""

    columns: tuple[CandidateColumn, ...]
    rows: tuple[CandidateRow, ...]
    masked: bool


@dataclass(frozen=True)
class MarkedRow:
    """A row of a table with a small chart in it: the thing itself, and where its mark stands."""

    item: LearnerResult | Importance
    title: str
    mark: Mark
    chosen: bool = False


@dataclass(frozen=True)
class MarkedTable:
    """Rows over one axis; `rest` stands folded below the first ones."""

    ticks: tuple[Tick, ...]
    zero: float | None
    rows: tuple[MarkedRow, ...]
    rest: tuple[MarkedRow, ...] = ()


@dataclass(frozen=True)
class ViolationView:
    """One finding of the intake, its lines cut to the first ten; `count` is empty when no rows are meant."""

    column: str
    count: str
    finding: str
    lines: str
    action: str
    remedy: str


def view_candidates(
    candidates: pl.DataFrame, *, contract: Contract, importances: Sequence[Importance]
) -> CandidateTable:
    """The first twenty candidates with the speakable columns that matter most to the ranking.

    Customer ids are masked where the contract takes them from the table; a row number names nobody and stays.
    """
    columns = _spoken_columns(candidates, contract=contract, importances=importances)
    titles = wording.titles(contract.columns)
    shown = candidates.head(CANDIDATES_SHOWN)
    masks = contract.customer_id.source is not None
    return CandidateTable(
        columns=tuple(_candidate_column(column, title=titles[column.name]) for column in columns),
        rows=tuple(_candidate(row, columns=columns, masks=masks) for row in shown.iter_rows(named=True)),
        masked=masks,
    )


def masked(customer_id: object) -> str:
    """A customer's id with all but its ends hidden: C••7, never more than half of it shown."""
    text = wording.visible(customer_id)
    kept = min(3, len(text) // 4)
    return f"{text[:kept]}••{text[-1:] if kept else ''}"


def view_learners(evaluation: Evaluation) -> MarkedTable:
    """The learners, the chosen first, over one axis of recall at capacity."""
    results = sorted(evaluation.learners, key=lambda result: result.learner != evaluation.champion)
    axis = axis_over([result.recall_at_capacity for result in results])
    rows = [
        MarkedRow(
            result,
            result.title,
            axis.mark(result.recall_at_capacity),
            chosen=result.learner == evaluation.champion,
        )
        for result in results
    ]
    return MarkedTable(axis.ticks(_tick_percent), zero=None, rows=tuple(rows))


def view_importances(importances: Sequence[Importance], *, contract: Contract) -> MarkedTable:
    """The columns, the largest fall in recall first, over one axis with its zero."""
    titles = wording.titles(contract.columns)
    axis = axis_over([importance.fall for importance in importances], include=(0.0,))
    ordered = sorted(importances, key=lambda importance: -importance.fall.value)
    rows = tuple(
        MarkedRow(each, titles.get(each.column, wording.title(each.column)), axis.mark(each.fall)) for each in ordered
    )
    return MarkedTable(axis.ticks(_tick_points), axis.place(0.0), rows[:_IMPORTANCES_SHOWN], rows[_IMPORTANCES_SHOWN:])


def view_violations(intake: IntakeReport) -> tuple[ViolationView, ...]:
    """What the intake found, with the first ten line numbers of each finding."""
    return tuple(
        ViolationView(
            column=wording.shortened(violation.column or "The table"),
            count=wording.count(violation.count) if violation.lines else "",
            finding=wording.shortened(violation.finding, longest=_LONGEST_SENTENCE),
            lines=wording.listed([wording.count(line) for line in violation.lines]),
            action=_DONE[violation.action],
            remedy=wording.shortened(violation.remedy, longest=_LONGEST_SENTENCE),
        )
        for violation in intake.violations
    )


def view_intake(intake: IntakeReport) -> tuple[tuple[str, str], ...]:
    """What was read, as terms and facts."""
    facts = {
        "File": intake.file,
        "Format": intake.format,
        "Encoding": intake.encoding,
        "Separator": _SEPARATORS.get(str(intake.separator), intake.separator),
        "Rows read": wording.count(intake.rows_read),
        "Rows kept": wording.count(intake.rows_kept),
        "Columns": wording.count(intake.columns),
    }
    return tuple((term, wording.shortened(fact)) for term, fact in facts.items() if fact)


def in_sample_bars(comparison: InSampleComparison) -> tuple[float, float]:
    """The lengths of the two counts of candidates, in-sample and ours, in per cent of the longer."""
    counts = (comparison.candidates_in_sample, comparison.candidates_out_of_fold)
    longest = max(1, *counts)
    return round(100 * counts[0] / longest, 2), round(100 * counts[1] / longest, 2)


def view_parameters(parameters: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """The model's parameters as terms and facts; nested ones as JSON."""
    return tuple((wording.shortened(name), _parameter(value)) for name, value in parameters.items())


def assumptions(estimates: Sequence[Estimate]) -> str:
    """The assumptions behind the intervals, each said once."""
    return "; ".join(dict.fromkeys(wording.visible(estimate.assumption) for estimate in estimates))


def _tick_percent(share: float) -> str:
    return wording.short(round(100 * share, 6))


def _tick_points(fall: float) -> str:
    return wording.short(round(100 * fall, 6))


def _parameter(value: object) -> str:
    if isinstance(value, str | int | float | bool) or value is None:
        return wording.shortened(value, longest=_LONGEST_SENTENCE)
    return wording.shortened(json.dumps(value, default=str, ensure_ascii=False), longest=_LONGEST_SENTENCE)


def _spoken_columns(candidates: pl.DataFrame, *, contract: Contract, importances: Sequence[Importance]) -> list[Column]:
    """A few speakable columns that the candidates carry, those with the largest fall in recall first."""
    falls = {importance.column: importance.fall.value for importance in importances}
    present = [column for column in contract.speakable_columns if column.name in candidates.columns]
    return sorted(present, key=lambda column: -falls.get(column.name, 0.0))[:_COLUMNS_SHOWN]


def _candidate_column(column: Column, *, title: str) -> CandidateColumn:
    said = column.unit is not None and title.casefold().endswith(column.unit.casefold())
    return CandidateColumn(title, None if said else column.unit, column.type is not ColumnType.CATEGORY)


def _candidate(row: Mapping[str, object], *, columns: Sequence[Column], masks: bool) -> CandidateRow:
    score, probability = row.get("score"), row.get("labelled_probability")
    customer = row["customer_id"]
    return CandidateRow(
        rank=wording.visible(row["rank"]),
        customer=masked(customer) if masks else wording.shortened(customer),
        score=wording.number(_as_float(score), decimals=3),
        probability=wording.percent(_as_float(probability)),
        cells=tuple(wording.cell(row[column.name], missing=column.missing) for column in columns),
    )


def _as_float(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None

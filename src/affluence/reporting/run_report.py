"""The report of one run: a single page that opens offline and brings its own charts, styles and script."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from affluence.data.contract import Contract
from affluence.data.doctor import Account, Finding
from affluence.data.profiling import ColumnProfile
from affluence.data.reading import IntakeReport
from affluence.evaluation.results import Estimate, Evaluation
from affluence.evaluation.stability import Stability
from affluence.evaluation.truth import UNKNOWN, TruthComparison
from affluence.pu.discovery import Discovery
from affluence.pu.release import ModelLabel
from affluence.reporting import curve_views, figures, result_views
from affluence.reporting.column_views import view_columns
from affluence.reporting.deciding import Deciding, expected, view_deciding
from affluence.reporting.finding_views import view_accounts, view_findings
from affluence.reporting.page import environment, source_hash, template_text
from affluence.reporting.truth_view import view_truth

_STYLES = ("tokens.css", "base.css", "report.css", "findings.css", "deciding.css")


@dataclass(frozen=True)
class ReportContent:
    """Everything that the report of a run says.

    `candidates` are the unlabelled, ranked: rank, customer_id, score, labelled_probability and the contract's
    columns; the first twenty are enough. `made_at` is the time of the run in the words to be shown; `seconds` is
    how long the run took.
    `findings` are what the table doctor found in the table, `accounts` what its applied remedies did.
    `discovery` is how many are hidden, under which assumption, and what the table cannot tell.
    `deciding` is the cut and what is said of the listed; None leaves these sections out.
    `stability` is the scored table beside the one that the model learned from; None leaves that section out.
    `simulated` marks every page of a report on customers that do not exist, of whom `truth` may be known.
    """

    contract: Contract
    intake: IntakeReport
    profiles: tuple[ColumnProfile, ...]
    evaluation: Evaluation
    candidates: pl.DataFrame
    model: ModelLabel
    made_at: str
    seconds: float | None
    affluence_version: str
    simulated: bool = False
    truth: TruthComparison = UNKNOWN
    findings: tuple[Finding, ...] = ()
    accounts: tuple[Account, ...] = ()
    discovery: Discovery | None = None
    deciding: Deciding | None = None
    stability: Stability | None = None


def render_run_report(content: ReportContent) -> str:
    """The report as one HTML page that loads nothing from anywhere.

    Its content security policy forbids every load and every script but its own two, so that even a hostile
    cell can do no more than be read. It shows twenty candidates at most and no group under ten customers.
    """
    scripts = (Markup(get_plotlyjs()), template_text("report.js"))  # noqa: S704
    template = environment().get_template("run_report.html.j2")
    return template.render(
        content=content,
        contract=content.contract,
        evaluation=content.evaluation,
        chosen=content.evaluation.champion_result,
        styles=[template_text(name) for name in _STYLES],
        scripts=scripts,
        script_hashes=[source_hash(script) for script in scripts],
        palette={colour: f"--{role}" for role, colour in figures.palette().items()},
        **_views(content),
    )


def _views(content: ReportContent) -> dict[str, Any]:
    """What the sections show, by the name that the templates use."""
    contract, evaluation = content.contract, content.evaluation
    return {
        "curves": curve_views.view_curves(evaluation),
        "at_cut": curve_views.point_at_cut(evaluation),
        "candidates": result_views.view_candidates(
            content.candidates, contract=contract, importances=evaluation.importances
        ),
        "learners": result_views.view_learners(evaluation),
        "importances": result_views.view_importances(evaluation.importances, contract=contract),
        "in_sample_bars": result_views.in_sample_bars(evaluation.in_sample),
        "findings": view_findings(content.findings),
        "accounts": view_accounts(content.accounts),
        "violations": result_views.view_violations(content.intake),
        "intake_facts": result_views.view_intake(content.intake),
        "column_groups": view_columns(content.profiles, contract=contract),
        "truth": view_truth(content.truth),
        "discovery": content.discovery,
        "decided": view_deciding(content.deciding, contract=contract) if content.deciding else None,
        "expected": expected,
        "parameters": result_views.view_parameters(content.model.parameters),
        "assumptions": result_views.assumptions(_estimates(evaluation)),
    }


def _estimates(evaluation: Evaluation) -> Sequence[Estimate]:
    chosen = evaluation.champion_result
    return [
        chosen.recall_at_capacity,
        chosen.roc_auc,
        *(group.observed for group in evaluation.reliability.bins),
    ]

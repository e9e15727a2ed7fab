"""The table doctor: what is wrong with a table, all at once, with the evidence and a remedy for each."""

from affluence.data.doctor.cell_rules import CellRule, apply_cell_rules
from affluence.data.doctor.cells import read_cells
from affluence.data.doctor.examining import examine
from affluence.data.doctor.findings import Decision, Fact, Finding, Form, Remedy, RemedyAction, Severity
from affluence.data.doctor.subject import subject_of
from affluence.data.doctor.treatment import Account, Treatment, cell_rules, to_apply, treat

__all__ = [
    "Account",
    "CellRule",
    "Decision",
    "Fact",
    "Finding",
    "Form",
    "Remedy",
    "RemedyAction",
    "Severity",
    "Treatment",
    "apply_cell_rules",
    "cell_rules",
    "examine",
    "read_cells",
    "subject_of",
    "to_apply",
    "treat",
]

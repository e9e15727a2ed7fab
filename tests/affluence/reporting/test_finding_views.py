from dataclasses import replace

import polars as pl
import pytest

from affluence.data.doctor import Decision, Fact, Finding, Form, Remedy, RemedyAction, Severity, examine, treat
from affluence.data.finding_kinds import FindingKind
from affluence.reporting.finding_views import (
    LOOKED_FOR,
    TITLES,
    in_a_sentence,
    view_accounts,
    view_findings,
    view_looked_for,
)

FINDING = Finding(
    kind=FindingKind.SENTINEL_VALUE,
    severity=Severity.WARNS,
    columns=("PC",),
    rows=2_082,
    sentence="PC holds a value that stands for none.",
    evidence=(
        Fact("rows", 2_082),
        Fact("share", 0.0317, Form.SHARE),
        Fact("few", 0.00002, Form.SHARE),
        Fact("nearly all", 0.99999, Form.SHARE),
        Fact("ROC AUC", 0.9975, Form.NUMBER),
        Fact("factor", 12.0, Form.NUMBER),
    ),
    remedy=Remedy("Set it to missing.", RemedyAction.SET_MISSING, ("PC",), values=(0.0,)),
)


def of(*severities: Severity) -> list[Finding]:
    return [replace(FINDING, severity=severity) for severity in severities]


def test_every_kind_has_a_title_of_its_own_and_is_looked_for_once():
    assert set(TITLES) == set(FindingKind)
    assert len(set(TITLES.values())) == len(TITLES)
    listed = [kind for group in LOOKED_FOR.values() for kind in group]
    assert sorted(listed) == sorted(FindingKind)


def test_figures_are_read_as_what_they_are():
    (group,) = view_findings([FINDING])
    assert [figure for _, figure in group.findings[0].facts] == [
        "2,082",
        "3.2\u202f%",
        "under 0.1\u202f%",
        "over 99.9\u202f%",
        "0.9975",
        "12",
    ]


def test_findings_stand_by_severity_the_worst_first_each_at_an_anchor_of_its_own():
    groups = view_findings(of(Severity.STOPS, Severity.NOTES, Severity.NOTES))
    assert [(group.title, len(group.findings)) for group in groups] == [("Stops", 1), ("Notes", 2)]
    anchors = [view.anchor for group in groups for view in group.findings]
    assert len(set(anchors)) == 3


@pytest.mark.parametrize(
    ("severities", "said"),
    [
        ([], "Nothing was found"),
        ([Severity.STOPS], "1 finding: 1 stops."),
        ([Severity.NOTES] * 2, "2 findings: 2 note."),
        ([Severity.STOPS, Severity.WARNS, *[Severity.NOTES] * 3], "5 findings: 1 stops, 1 warns and 3 note."),
    ],
)
def test_the_whole_is_said_in_a_sentence(severities, said):
    assert in_a_sentence(of(*severities)).startswith(said)


@pytest.mark.parametrize("decision", Decision)
def test_what_the_contract_decided_is_said(decision):
    (group,) = view_findings([replace(FINDING, decision=decision)])
    said = {"open": "Open", "apply": "Remedy applied", "leave": "Left as it is", "settled": "Settled by the contract"}
    assert group.findings[0].decision == said[decision]


def test_what_was_looked_for_in_vain_is_said_too():
    looked = {group.title: group for group in view_looked_for([FINDING, FINDING])}
    assert looked["Values that cannot be"].found == ((TITLES[FindingKind.SENTINEL_VALUE], "2"),)
    assert len(looked["Words"].not_found) == 3
    assert sum(len(group.found) + len(group.not_found) for group in looked.values()) == len(FindingKind)


def test_an_account_says_before_and_after():
    numbers = [0.5 * number for number in range(600)]
    table = pl.DataFrame({"amount": [*numbers, *numbers[:50]], "other": [*numbers, *numbers[:50]]})
    copies = [each for each in examine(table) if each.kind is FindingKind.DUPLICATE_ROWS]
    (account,) = view_accounts(treat(table, findings=copies).accounts)
    assert account.rows == "650 → 600"
    assert account.done == "Copies dropped"


def test_hostile_headers_lose_what_cannot_be_seen():
    (group,) = view_findings([replace(FINDING, columns=("A\u202eB",), sentence="A\u202eB")])
    assert group.findings[0].columns == ("A\ufffdB",)
    assert group.findings[0].sentence == "A\ufffdB"

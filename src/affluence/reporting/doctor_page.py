"""The doctor's page: what was found in a table, as one page that opens offline."""

from dataclasses import dataclass

from affluence.data.doctor import Decision, Finding, Treatment
from affluence.reporting import wording
from affluence.reporting.finding_views import (
    SeverityGroup,
    in_a_sentence,
    view_accounts,
    view_findings,
    view_looked_for,
)
from affluence.reporting.page import environment, source_hash, template_text

_STYLES = ("tokens.css", "base.css", "report.css", "findings.css")


@dataclass(frozen=True)
class DoctorContent:
    """Everything that the doctor's page says.

    `title` names the table, `file` is where it stands; `contract` is the contract's title, None without one.
    `customer_id` and `tag` are the headers that were taken for such. `treatment` is what the remedies that the
    contract applies made of the table. `made_at` is the time in the words to be shown.
    """

    title: str
    file: str
    rows: int
    columns: int
    contract: str | None
    customer_id: str | None
    tag: str | None
    findings: tuple[Finding, ...]
    treatment: Treatment | None
    made_at: str
    affluence_version: str
    simulated: bool = False


def render_doctor_page(content: DoctorContent) -> str:
    """The page as HTML that loads nothing from anywhere; no value on it belongs to fewer than ten customers."""
    script = template_text("report.js")
    groups = view_findings(content.findings)
    undecided = [finding for finding in content.findings if finding.decision is Decision.OPEN]
    return (
        environment()
        .get_template("doctor_page.html.j2")
        .render(
            content=content,
            contents=_contents(groups, treated=content.treatment is not None),
            groups_of_findings=groups,
            answer=in_a_sentence(content.findings),
            undecided=undecided,
            open_sentence=in_a_sentence(undecided) if undecided else "Nothing waits for a decision.",
            touched=len({column for finding in content.findings for column in finding.columns}),
            looked_for=view_looked_for(content.findings),
            accounts=view_accounts(content.treatment.accounts) if content.treatment else (),
            excluded=_excluded(content.treatment),
            styles=[template_text(name) for name in _STYLES],
            script=script,
            script_hash=source_hash(script),
        )
    )


def _contents(groups: tuple[SeverityGroup, ...], *, treated: bool) -> list[tuple[str, list[tuple[str, str]]]]:
    """The entries of the navigation by group: anchor and words."""
    found = [(group.anchor, f"{group.title} ({len(group.findings)})") for group in groups]
    after = [("treatment", "Before and after")] if treated else []
    return [
        ("The table", [("answer", "In a sentence"), *([("index", "All findings")] if groups else [])]),
        *([("The findings", found)] if found else []),
        ("The examination", [*after, ("looked-for", "What was looked for"), ("reading", "How to read this")]),
    ]


def _excluded(treatment: Treatment | None) -> str:
    return wording.listed([wording.shortened(name) for name in treatment.excluded], most=30) if treatment else ""

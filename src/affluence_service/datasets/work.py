"""The check of a dataset: read under its contract, examined by the doctor, and kept as the customers in it."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from affluence.data.visible_text import visible
from affluence.errors import UserError
from affluence_service.datasets import services
from affluence_service.datasets.contracts import contract_named
from affluence_service.datasets.models import Dataset
from affluence_service.datasets.selectors import CUSTOMERS, INTAKE, PAGE, known_as, upload_of
from affluence_service.jobs.models import Job
from affluence_service.jobs.work import Task

if TYPE_CHECKING:
    import polars as pl

    from affluence.data.contract import Contract
    from affluence.data.doctor import Finding
    from affluence.data.reading import IntakeReport, Reading

# The database keeps the places that a person looks up; the file beside the customers keeps all of them.
SHOWN_LINES = 100


class Check:
    """Reads an uploaded file once; whoever works with the dataset afterwards reads the customers that it wrote."""

    def do(self, task: Task) -> Mapping[str, Any]:
        """What was found; of an accepted table its customers, the report and the doctor's page are in the folder."""
        dataset = Dataset.objects.get(id=task.subject)
        contract = contract_named(dataset.contract)
        upload = upload_of(dataset)
        try:
            reading = _read(upload, dataset, contract, scratch=task.folder)
            told = {"format": reading.report.format, "report": _told(reading.report, contract)}
            if reading.report.refused:
                return {"accepted": False, "found": {**told, "problem": _refusal(reading.report)}}
            findings = _keep(reading, dataset, contract, task.folder)
        except UserError as error:
            return {"accepted": False, "found": {"problem": _sentence(error, upload)}}
        return {"accepted": True, "found": {**told, **_counts(reading.customers), "findings": findings}}

    def publish(self, job: Job, result: Mapping[str, Any]) -> None:
        """Accept or refuse the dataset."""
        end = services.accept if result["accepted"] else services.refuse
        end(job, result["found"])

    def give_up(self, job: Job, sentence: str) -> None:
        """Refuse the dataset: it was not checked."""
        services.give_up(job, sentence)


def _read(upload: Path, dataset: Dataset, contract: "Contract", *, scratch: Path) -> "Reading":
    from affluence.data.reading import read_table

    reading = read_table(
        upload,
        contract=contract,
        tag_required=False,
        known_as=known_as(dataset.team_id, dataset.contract),
        max_bytes=settings.ENVIRONMENT.max_upload_bytes,
        max_rows=settings.ENVIRONMENT.max_rows,
        scratch=scratch,
    )
    return replace(reading, report=replace(reading.report, file=dataset.name))


def _keep(reading: "Reading", dataset: Dataset, contract: "Contract", folder: Path) -> list[Mapping[str, Any]]:
    """What the doctor found. Writes the customers, the report and the doctor's page."""
    from affluence.data.doctor import examine
    from affluence.data.writing import write_parquet, write_text

    findings = examine(reading.customers, contract=contract)
    write_text(_page(reading.customers, dataset, contract, findings), folder / PAGE)
    write_text(json.dumps(reading.report.to_dict()), folder / INTAKE)
    write_parquet(reading.customers, folder / CUSTOMERS)
    return [_finding(finding) for finding in findings]


def _page(customers: "pl.DataFrame", dataset: Dataset, contract: "Contract", findings: "tuple[Finding, ...]") -> str:
    from affluence.data.doctor import to_apply, treat
    from affluence.reporting.doctor_page import DoctorContent, render_doctor_page

    return render_doctor_page(
        DoctorContent(
            title=contract.title,
            file=dataset.name,
            rows=customers.height,
            columns=customers.width,
            contract=contract.table,
            customer_id=contract.customer_id.source,
            tag=contract.tag.source if "tag" in customers.columns else None,
            findings=findings,
            treatment=treat(customers, findings=to_apply(findings), contract=contract),
            made_at=f"{datetime.now(UTC):%-d %B %Y, %H:%M} UTC",
            affluence_version=version("affluence"),
            simulated=contract.simulated,
        )
    )


def _counts(customers: "pl.DataFrame") -> Mapping[str, int | None]:
    tagged = int(customers["tag"].sum()) if "tag" in customers.columns else None
    return {"rows": customers.height, "tagged": tagged}


def _told(report: "IntakeReport", contract: "Contract") -> Any:
    """The report for the database and the API: a sentence with each violation, and the first of its lines."""
    whole = report.to_dict()
    place = "line" if report.format.startswith("CSV") else "row"
    told = [
        asdict(violation)
        | {
            "lines": violation.lines[:SHOWN_LINES],
            "sentence": violation.sentence(rows=report.rows_read, place=place),
        }
        for violation in sorted(report.violations, key=lambda violation: violation.action != "refuse")
    ]
    return _as_json({**whole, "violations": told, "fingerprint": contract.fingerprint()})


def _refusal(report: "IntakeReport") -> str:
    many = sum(violation.action == "refuse" for violation in report.violations)
    what = "1 fault" if many == 1 else f"{many:,} faults"
    return f"The table does not keep its contract: {what}. Mend what the report names, and upload it again."


def _finding(finding: "Finding") -> Any:
    named = ("kind", "severity", "decision", "columns", "rows", "sentence")
    told = {name: getattr(finding, name) for name in named}
    evidence = [asdict(fact) for fact in finding.evidence]
    return _as_json({**told, "evidence": evidence, "remedy": finding.remedy.sentence})


def _sentence(error: UserError, upload: Path) -> str:
    """What the core says of a file, without the name that the file has with us."""
    said = str(error).removeprefix(f"{upload.name}: ")
    return said[:1].upper() + said[1:]


def _as_json(value: Any) -> Any:
    """The value as every database takes it: text without marks that cannot be seen, numbers that are finite."""
    if isinstance(value, Mapping):
        return {str(key): _as_json(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(inner) for inner in value]
    if isinstance(value, str):
        return visible(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value

"""What `affluence compare` and `affluence train --challenge` do: a version of a model held beside the champion."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from affluence import workspace, workspace_training
from affluence.workspace_deciding import Asked, ScoredTable, score

if TYPE_CHECKING:
    from affluence.deciding import Version
    from affluence.evaluation.challenge import Challenge
    from affluence.evaluation.comparison import ModelComparison
    from affluence.pu.release import ModelLabel


def compare(
    file: Path | None,
    contract: str,
    *,
    champion: str | None,
    challenger: str,
    reviews: Sequence[Path],
    capacity: Asked,
    economics: Asked,
    out: Path | None,
    page: Path | None = None,
) -> "ModelComparison":
    """Two versions of a table's model on the same customers; verdicts of `reviews` judge both lists.

    Into `out`, where it is named, goes who enters and leaves; into `page` what an approver reads.
    """
    from affluence import deciding

    first, second = (score(file, contract, version=version) for version in (champion, challenger))
    reviewed = deciding.verdicts_on(workspace_training.read_sheets(reviews), first.customers)
    comparison = deciding.compare(_version(first), _version(second), capacity, economics, reviewed)
    _write(comparison, first, out, page)
    return comparison


def challenge(
    file: Path | None,
    contract: str,
    options: workspace_training.TrainingOptions,
    *,
    reviews: Sequence[Path],
    do_not_train: Path | None,
) -> "tuple[Challenge, ModelLabel]":
    """A model trained and held beside the champion on the same table; a tag in the registry says if it is proposed.

    The page, the figures, and who would enter and leave go into data/08_reporting. Nothing is promoted.

    Errors: UserError, before anything is trained, when there is no champion to challenge.
    """
    from affluence import deciding
    from affluence.data.contract import load_contract
    from affluence.data.writing import write_text

    loaded, root = load_contract(workspace.contract_path(contract)), workspace.project_root()
    models = workspace.registry()
    champion = models.load(f"affluence-{loaded.table}").label
    _, _, label = workspace_training.train(file, contract, options, reviews=reviews, do_not_train=do_not_train)
    stem = root / "data" / "08_reporting" / f"challenge_{loaded.table}_{label.version}"
    first, second = (score(file, contract, version=version) for version in (champion.version, label.version))
    reviewed = deciding.verdicts_on(workspace_training.read_sheets(reviews), first.customers)
    comparison = deciding.compare(_version(first), _version(second), {}, {}, reviewed)
    _write(comparison, first, stem.with_suffix(".csv"), stem.with_suffix(".html"))
    judged = deciding.judge(comparison, _version(first), _version(second), first.customers, workspace.limits())
    told = {
        "model": label.name,
        "champion": champion.version,
        "challenger": label.version,
        "proposed": judged.proposed,
        "because": judged.because,
        "comparison": comparison.to_dict(),
        "stability": judged.stability and judged.stability.to_dict(),
    }
    write_text(json.dumps(told, indent=1), stem.with_suffix(".json"))
    if judged.proposed:
        models.propose(label.name, label.version, because=judged.because)
    return judged, label


def _version(table: ScoredTable) -> "Version":
    from affluence.deciding import Version

    return Version(table.label.version, table.model, table.scores, table.candidates)


def _write(comparison: "ModelComparison", accepted: ScoredTable, out: Path | None, page: Path | None) -> None:
    from affluence.data.writing import write_csv, write_text
    from affluence.reporting.comparison_page import ComparisonContent, render_comparison_page

    if out:
        write_csv(comparison.moves, out)
    if page:
        content = ComparisonContent(
            comparison=comparison,
            model=accepted.label.name,
            title=accepted.contract.title,
            data_hash=accepted.intake.data_hash,
            day=workspace.today(),
            simulated=accepted.contract.simulated,
        )
        write_text(render_comparison_page(content), page)

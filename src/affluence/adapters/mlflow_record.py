"""What MLflow keeps of a release beside the model: parameters, metrics and documents. It knows releases, not MLflow."""

import json
from dataclasses import asdict

from affluence.evaluation.results import Estimate, Evaluation
from affluence.pu.release import Release
from affluence.reporting.figures import figures_page


def parameters_of(release: Release) -> dict[str, object]:
    """What was learned from, how, and with which settings, by the names that MLflow shows."""
    evaluation = release.evaluation
    return {
        "table": evaluation.table,
        "simulated": release.model.contract.simulated,
        "data_hash": release.intake.data_hash,
        "contract": release.model.contract.fingerprint(),
        "rows": evaluation.rows,
        "customers": evaluation.customers,
        "tagged": evaluation.tagged,
        "folds": evaluation.folds,
        **_discovery_parameters(release),
        "seed": evaluation.seed,
        "capacity_share": evaluation.capacity_share,
        "champion": evaluation.champion,
        "learners": ",".join(result.learner for result in evaluation.learners),
        **{f"setting_{key}": value for key, value in release.model.learner.settings.items()},
    }


def _discovery_parameters(release: Release) -> dict[str, object]:
    discovery = release.model.discovery
    return {
        "tag_drivers": ",".join(discovery.drivers) or "none declared",
        "reviewed": discovery.reviewed,
        "hidden_low": round(discovery.hidden_count.low),
        "hidden_high": round(discovery.hidden_count.high),
        "do_not_train": release.left_out.listed,
    }


def metrics_of(evaluation: Evaluation) -> dict[str, float]:
    """Each learner's figures with the ends of their intervals, and the calibration error of the champion."""
    metrics = {"expected_calibration_error": evaluation.reliability.expected_error}
    for result in evaluation.learners:
        metrics[f"{result.learner}.log_loss"] = result.log_loss
        for name in ("roc_auc", "average_precision", "recall_at_capacity", "precision_at_capacity"):
            estimate: Estimate = getattr(result, name)
            stem = f"{result.learner}.{name}"
            metrics |= {stem: estimate.value, f"{stem}.low": estimate.low, f"{stem}.high": estimate.high}
    return metrics


def documents_of(release: Release) -> dict[str, str]:
    """The files that are kept with the run, by name."""
    return {
        "evaluation.json": json.dumps(release.evaluation.to_dict(), indent=1),
        "intake.json": json.dumps(release.intake.to_dict(), indent=1),
        "contract.json": release.model.contract.model_dump_json(indent=1),
        "do_not_train.json": json.dumps(release.left_out.manifest(release.model.fold_map), indent=1),
        "discovery.json": json.dumps(asdict(release.model.discovery), indent=1),
        "figures.html": figures_page(release.evaluation, simulated=release.model.contract.simulated),
    }

"""Reporting: everything a run found, on one page that opens offline."""

from kedro.pipeline import Pipeline, node

from affluence import steps


def create_pipeline() -> Pipeline:
    """The pipeline from a run's results to its report."""
    return Pipeline(
        [
            node(
                steps.report,
                inputs={
                    "contract": "contract_in_use",
                    "customers": "customers",
                    "intake_report": "intake_report",
                    "examination": "examination",
                    "evaluation": "evaluation",
                    "known_truth": "known_truth",
                    "candidates": "candidates",
                    "model_label": "model_label",
                    "discovery": "discovery",
                    "made_at": "params:made_at",
                },
                outputs="run_report",
                name="write_report",
            )
        ]
    )

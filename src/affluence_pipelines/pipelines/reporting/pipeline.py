"""Reporting: everything a run found, on one page that opens offline."""

from kedro.pipeline import Pipeline, node

from affluence import deciding, steps


def create_pipeline() -> Pipeline:
    """The pipeline from a run's results to its report."""
    return _telling() + Pipeline(
        [
            node(
                steps.report,
                inputs={
                    "contract": "contract_in_use",
                    "customers": "customers@frame",
                    "intake_report": "intake_report",
                    "examination": "examination",
                    "evaluation": "evaluation",
                    "known_truth": "known_truth",
                    "candidates": "candidates@frame",
                    "model_label": "model_label",
                    "discovery": "discovery",
                    "made_at": "params:made_at",
                    "deciding": "deciding_pages",
                    "watched": "watched",
                },
                outputs="run_report",
                name="write_report",
            )
        ]
    )


def _telling() -> Pipeline:
    """What the report tells of the decision: who the listed are by group, and all that is said of them."""
    return Pipeline(
        [
            node(
                deciding.as_learned,
                inputs={"model": "worded_model", "customers": "customers@frame"},
                outputs="customers_as_learned",
                name="read_as_learned",
            ),
            node(
                deciding.reach,
                inputs={
                    "model": "worded_model",
                    "customers": "customers_as_learned",
                    "candidates": "candidates@frame",
                    "gains": "gains",
                    "listed": "listed",
                },
                outputs="reach",
                name="measure_reach_of_list",
            ),
            node(
                deciding.for_report,
                inputs={
                    "made_cut": "cut",
                    "gains": "gains",
                    "listed": "listed",
                    "described": "described",
                    "economics": "params:economics",
                    "truth": "truth",
                    "reach": "reach",
                },
                outputs="deciding_pages",
                name="tell_decision",
            ),
        ]
    )

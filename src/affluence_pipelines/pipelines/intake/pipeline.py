"""Intake: the bank's table, held to its contract."""

from kedro.pipeline import Pipeline, node

from affluence import steps


def create_pipeline() -> Pipeline:
    """The pipeline from the raw table to accepted customers."""
    return Pipeline(
        [
            node(
                steps.intake,
                inputs={"reading": "raw_table"},
                outputs=["customers", "intake_report"],
                name="accept_table",
            )
        ]
    )

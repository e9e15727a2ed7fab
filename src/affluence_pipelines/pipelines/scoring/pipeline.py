"""Scoring: a registered model and customers, to ranked candidates. This is inference."""

from kedro.pipeline import Pipeline, node

from affluence import steps
from affluence_pipelines import engines


def opening() -> Pipeline:
    """The pipeline that opens a registered model."""
    return Pipeline(
        [
            node(
                steps.open_release,
                inputs={"released": "registered_model"},
                outputs=["model", "model_label"],
                name="open_model",
            )
        ]
    )


def create_pipeline() -> Pipeline:
    """The pipeline from a registered model and customers to candidates."""
    return opening() + Pipeline(
        [
            node(
                engines.score,
                inputs={"engine": "engine", "model": "model", "customers": "customers@table"},
                outputs="scores@table",
                name="score_customers",
            ),
            node(
                engines.candidates,
                inputs={"engine": "engine", "model": "model", "scores": "scores@table"},
                outputs="candidates@table",
                name="rank_candidates",
            ),
        ]
    )

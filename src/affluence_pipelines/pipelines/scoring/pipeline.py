"""Scoring: a registered model and customers, to ranked candidates. This is inference."""

from kedro.pipeline import Pipeline, node

from affluence import steps
from affluence.evaluation.stability_limits import limits_of
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


def watching() -> Pipeline:
    """The scored table beside the one that the model learned from."""
    return Pipeline(
        [
            node(
                limits_of,
                inputs={"stability": "params:stability"},
                outputs="stability_limits",
                name="read_limits",
            ),
            node(
                engines.beside_training,
                inputs={
                    "engine": "engine",
                    "model": "model",
                    "customers": "customers@table",
                    "scores": "scores@table",
                    "limits": "stability_limits",
                },
                outputs="watched",
                name="watch_table",
            ),
        ]
    )


def create_pipeline() -> Pipeline:
    """The pipeline from a registered model and customers to candidates, and how far these customers moved."""
    return (
        opening()
        + watching()
        + Pipeline(
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
    )

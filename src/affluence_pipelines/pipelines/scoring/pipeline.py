"""Scoring: a registered model and customers, to ranked candidates. This is inference."""

from kedro.pipeline import Pipeline, node

from affluence import steps


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
                steps.score,
                inputs={"model": "model", "customers": "customers"},
                outputs="scores",
                name="score_customers",
            ),
            node(
                steps.candidates,
                inputs={"model": "model", "scores": "scores"},
                outputs="candidates",
                name="rank_candidates",
            ),
        ]
    )

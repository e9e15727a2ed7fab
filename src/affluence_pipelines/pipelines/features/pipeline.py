"""Features: row by row, from the customers' columns."""

from kedro.pipeline import Pipeline, node

from affluence import steps


def create_pipeline() -> Pipeline:
    """The pipeline from customers to features."""
    return Pipeline(
        [
            node(
                steps.build_features,
                inputs={"customers": "learned_from", "contract": "contract_in_use"},
                outputs="features",
                name="build_features",
            )
        ]
    )

"""Training: every learner cross-fitted on one deal of folds."""

from kedro.pipeline import Pipeline, node

from affluence import steps


def create_pipeline() -> Pipeline:
    """The pipeline from features to cross-fitted learners."""
    return Pipeline(
        [
            node(
                steps.train,
                inputs={
                    "customers": "customers",
                    "features": "features",
                    "contract": "contract_in_use",
                    "examination": "examination",
                    "learners": "params:learners",
                    "folds": "params:folds",
                    "seed": "params:seed",
                },
                outputs="training",
                name="cross_fit_learners",
            )
        ]
    )

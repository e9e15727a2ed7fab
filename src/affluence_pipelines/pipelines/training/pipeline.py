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
                    "customers": "learned_from",
                    "features": "features",
                    "contract": "contract_in_use",
                    "examination": "examination",
                    "review": "review",
                    "tuned": "tuned",
                    "learners": "params:learners",
                    "folds": "params:folds",
                    "seed": "params:seed",
                    "mode": "params:mode",
                },
                outputs="training",
                name="cross_fit_learners",
            )
        ]
    )

"""Evaluation: out of fold, at the campaign's capacity; the champion's model goes to the registry."""

from kedro.pipeline import Pipeline, node

from affluence import steps


def create_pipeline() -> Pipeline:
    """The pipeline from cross-fitted learners to a registered model."""
    return _measuring() + _releasing()


def _measuring() -> Pipeline:
    """What the learners are worth, against the tag and, where it is known, against the truth."""
    return Pipeline(
        [
            node(
                steps.score_in_sample,
                inputs={"training": "training", "features": "features"},
                outputs="in_sample_scores",
                name="score_in_sample",
            ),
            node(
                steps.evaluate,
                inputs={
                    "training": "training",
                    "customers": "learned_from",
                    "in_sample_scores": "in_sample_scores",
                    "capacity_share": "params:capacity_share",
                    "champion": "params:champion",
                },
                outputs="evaluation",
                name="evaluate_learners",
            ),
            node(
                steps.hold_against_truth,
                inputs={
                    "training": "training",
                    "evaluation": "evaluation",
                    "in_sample_scores": "in_sample_scores",
                    "customers": "learned_from",
                    "truth": "truth",
                },
                outputs="known_truth",
                name="hold_against_truth",
            ),
        ]
    )


def _releasing() -> Pipeline:
    """The champion's model, with the evidence for it, into the registry."""
    return Pipeline(
        [
            node(
                steps.choose,
                inputs={"training": "training", "evaluation": "evaluation"},
                outputs=["chosen_model", "discovery"],
                name="choose_learner",
            ),
            node(
                steps.reach,
                inputs={"training": "training", "evaluation": "evaluation", "customers": "learned_from"},
                outputs="reach_of_model",
                name="measure_reach",
            ),
            node(
                steps.release,
                inputs={
                    "model": "chosen_model",
                    "evaluation": "evaluation",
                    "intake_report": "intake_report",
                    "left_out": "left_out",
                    "reach": "reach_of_model",
                },
                outputs="registered_model",
                name="register_model",
            ),
        ]
    )

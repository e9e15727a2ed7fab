"""Intake: the bank's table, held to its contract, and for training examined by the doctor."""

from kedro.pipeline import Pipeline, node

from affluence_pipelines import engines


def create_pipeline() -> Pipeline:
    """The pipeline from the raw table to customers that can be learned from."""
    return accept("accepted_customers") + Pipeline(
        [
            node(
                engines.examine,
                inputs={"engine": "engine", "accepted_customers": "accepted_customers", "contract": "contract"},
                outputs=["all_customers", "contract_in_use", "examination"],
                name="examine_table",
            ),
            node(
                engines.leave_out,
                inputs={
                    "engine": "engine",
                    "customers": "all_customers",
                    "do_not_train": "do_not_train",
                    "seed": "params:seed",
                    "score_left_out": "params:score_left_out",
                },
                outputs=["learned_from", "customers@table", "left_out"],
                name="leave_out",
            ),
        ]
    )


def accept(customers: str) -> Pipeline:
    """The pipeline from the raw table to the accepted customers, which it calls `customers`."""
    return Pipeline(
        [
            node(
                engines.intake,
                inputs={"engine": "engine", "reading": "raw_table"},
                outputs=[customers, "intake_report"],
                name="accept_table",
            )
        ]
    )

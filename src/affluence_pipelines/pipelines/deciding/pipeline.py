"""Deciding: from ranked candidates to a list at the bank's capacity, with reasons, types, segments and offers."""

from kedro.pipeline import Pipeline, node

from affluence import deciding
from affluence_pipelines import engines


def create_pipeline() -> Pipeline:
    """The pipeline from candidates to the list."""
    return cutting() + Pipeline(
        [
            node(
                deciding.list_candidates,
                inputs={"population": "population", "made_cut": "cut"},
                outputs="listed",
                name="list_candidates",
            ),
            node(
                deciding.describe,
                inputs={
                    "model": "worded_model",
                    "population": "population",
                    "gains": "gains",
                    "listed": "listed",
                    "offers": "offers",
                    "seed": "params:seed",
                },
                outputs="described",
                name="describe_listed",
            ),
            node(
                deciding.write_list,
                inputs={"listed": "listed", "described": "described"},
                outputs="list",
                name="write_list",
            ),
        ]
    )


def cutting() -> Pipeline:
    """The pipeline from candidates to the cut."""
    return Pipeline(
        [
            node(
                deciding.as_worded_now,
                inputs={"model": "model", "contract": "contract"},
                outputs="worded_model",
                name="read_words",
            ),
            node(
                engines.population,
                inputs={
                    "engine": "engine",
                    "model": "worded_model",
                    "customers": "customers@table",
                    "scores": "scores@table",
                    "candidates": "candidates@table",
                },
                outputs="population",
                name="gather_population",
            ),
            node(
                deciding.prepare_cuts,
                inputs={"model": "worded_model", "population": "population"},
                outputs="gains",
                name="prepare_cuts",
            ),
            node(
                deciding.cut,
                inputs={
                    "gains": "gains",
                    "contract": "contract",
                    "capacity": "params:capacity",
                    "economics": "params:economics",
                },
                outputs="cut",
                name="cut_at_capacity",
            ),
        ]
    )

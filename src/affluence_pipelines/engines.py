"""The steps that touch every customer, done by the engine that the catalog names: a frame in memory, or Spark.

`affluence.steps` is the one, `affluence.adapters.spark_engine` the other; a node gives its inputs on. What is decided
asks the engine's population; everything else is learned and told on frames, whichever engine there is.
"""

from collections.abc import Collection
from typing import Any, Protocol

import polars as pl

from affluence.data.contract import Contract
from affluence.data.examination import Examination
from affluence.data.intake_report import IntakeReport
from affluence.decision.population import Population
from affluence.evaluation.stability_limits import Limits
from affluence.pu.fold_models import TrainedModel
from affluence.pu.left_out import LeftOut
from affluence.pu.watching import Watched

# A frame or Spark's table; only its engine looks into it.
Table = Any


class Engine(Protocol):
    """What an engine does; each step is described in `affluence.steps`."""

    def intake(self, reading: Any, /) -> tuple[Table, IntakeReport]: ...  # noqa: D102

    def examine(self, customers: Table, contract: Contract, /) -> tuple[Table, Contract, Examination]: ...  # noqa: D102

    def leave_out(  # noqa: D102
        self, customers: Table, do_not_train: Collection[str], /, *, seed: int, score_left_out: bool
    ) -> tuple[pl.DataFrame, Table, LeftOut]: ...

    def score(self, model: TrainedModel, customers: Table, /) -> Table: ...  # noqa: D102

    def candidates(self, model: TrainedModel, scores: Table, /) -> Table: ...  # noqa: D102

    def population(  # noqa: D102
        self, model: TrainedModel, customers: Table, scores: Table, candidates: Table, /
    ) -> Population: ...

    def beside_training(  # noqa: D102
        self, model: TrainedModel, customers: Table, scores: Table, limits: Limits, /
    ) -> Watched: ...


def intake(engine: Engine, reading: Any) -> tuple[Table, IntakeReport]:
    """The customers that the contract accepts, and what was found."""
    return engine.intake(reading)


def examine(engine: Engine, accepted_customers: Table, contract: Contract) -> tuple[Table, Contract, Examination]:
    """The treated customers, the contract that now holds, and all that the doctor found and did."""
    return engine.examine(accepted_customers, contract)


def leave_out(
    engine: Engine, customers: Table, do_not_train: Collection[str], *, seed: int, score_left_out: bool
) -> tuple[pl.DataFrame, Table, LeftOut]:
    """Those who are learned from, those who are scored, and what is on record of the do-not-train list."""
    return engine.leave_out(customers, do_not_train, seed=seed, score_left_out=score_left_out)


def score(engine: Engine, model: TrainedModel, customers: Table) -> Table:
    """The scores of everyone."""
    return engine.score(model, customers)


def candidates(engine: Engine, model: TrainedModel, scores: Table) -> Table:
    """The unlabelled, ranked."""
    return engine.candidates(model, scores)


def population(engine: Engine, model: TrainedModel, customers: Table, scores: Table, candidates: Table) -> Population:
    """Everyone who was scored, for what is decided; it holds the tables where they are."""
    return engine.population(model, customers, scores, candidates)


def beside_training(engine: Engine, model: TrainedModel, customers: Table, scores: Table, limits: Limits) -> Watched:
    """How far the customers and their scores moved from those that the model learned from."""
    return engine.beside_training(model, customers, scores, limits)

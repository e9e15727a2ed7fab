"""A trained model with the evidence for it, and the label by which the registry knows it."""

from collections.abc import Mapping
from dataclasses import dataclass

from affluence.data.reading import IntakeReport
from affluence.evaluation.fairness import NO_GROUPS, FairReach
from affluence.evaluation.results import Evaluation
from affluence.pu.fold_models import TrainedModel
from affluence.pu.left_out import NOBODY_LEFT_OUT, LeftOut


@dataclass(frozen=True)
class Release:
    """What goes to the registry: the model, what was measured about it, the table it learned from, and who was not.

    `reach` is whom the first of its candidates are, as large a share of them as `evaluation.capacity_share`, by the
    groups that the contract names.
    """

    model: TrainedModel
    evaluation: Evaluation
    intake: IntakeReport
    left_out: LeftOut = NOBODY_LEFT_OUT
    reach: FairReach = NO_GROUPS


@dataclass(frozen=True)
class ModelLabel:
    """The registry's name for a model: `alias` is champion, challenger or empty; `parameters` are its settings."""

    name: str
    version: str
    alias: str
    parameters: Mapping[str, str]


@dataclass(frozen=True)
class ReleasedModel:
    """A model as it came out of the registry."""

    model: TrainedModel
    label: ModelLabel

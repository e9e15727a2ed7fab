"""A scored table beside the one that its model learned from: the part of `evaluation.stability` that knows models."""

from dataclasses import dataclass

import polars as pl

from affluence.data.doctor import apply_cell_rules
from affluence.errors import UserError
from affluence.evaluation.sketches import SCORE, Sketch, sketch_like
from affluence.evaluation.stability import Stability, compare_sketches, expected_recall
from affluence.evaluation.stability_limits import Limits
from affluence.pu.fold_models import TrainedModel

CAPACITY_SHARE = 0.1


@dataclass(frozen=True)
class Watched:
    """How far a scored table moved; `stability` is None where the model was trained before sketches were kept."""

    stability: Stability | None


def sketch_of(model: TrainedModel, customers: pl.DataFrame, scores: pl.DataFrame) -> Sketch:
    """The sketch of scored customers, or of a batch of them: those of batches add up (`+`) to the whole table's.

    `scores` are those of `customers`, row by row. Cells are treated as those of the training table were.

    Errors: UserError for a model that was trained before sketches were kept.
    """
    if model.sketch is None:
        raise UserError(
            "The model was trained before sketches of the training table were kept, so that nothing can be held "
            "against it. Train a new version (affluence train)."
        )
    treated = apply_cell_rules(customers, model.rules)
    return sketch_like(model.sketch, treated.with_columns(scores["score"].alias(SCORE)))


def watch(model: TrainedModel, customers: pl.DataFrame, scores: pl.DataFrame, limits: Limits) -> Stability | None:
    """The scored table held against the training table, in the time of one reading of the scored one.

    None for a model that was trained before sketches were kept: whoever shows it says so.
    """
    return None if model.sketch is None else compare(model, sketch_of(model, customers, scores), scores, limits)


def compare(model: TrainedModel, sketch: Sketch, scores: pl.DataFrame, limits: Limits) -> Stability | None:
    """The same from a sketch that was summed; `scores` may be empty, and no recall is then expected."""
    if model.sketch is None:
        return None
    known = scores["labelled_probability"].drop_nulls() if "labelled_probability" in scores.columns else pl.Series([])
    recall = expected_recall(known.to_numpy(), share=CAPACITY_SHARE) if len(known) else None
    return compare_sketches(model.sketch, sketch, limits, expected_recall=recall)

"""From a trained model and customers to scores, and from scores to ranked candidates."""

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit

from affluence.errors import UserError
from affluence.pu.cross_fitting import customer_digests
from affluence.pu.fold_models import ALL_MODELS, Scored, TrainedModel

TIE_BREAK = "tie_break"
UNSEEN = "%s: %d cells hold a category that the training table did not; read as missing"


def require_columns(model: TrainedModel, customers: pl.DataFrame) -> None:
    """Nothing. Errors: UserError when the customers lack a column that the model was trained on."""
    missing = sorted({name for feature in model.features for name in feature.inputs} - set(customers.columns))
    if missing:
        raise UserError(
            f"The table lacks {', '.join(missing)}, on which the model was trained. Map these columns in the "
            "contract, or train a model on a table like this one."
        )


def score_table(model: TrainedModel, customers: pl.DataFrame, scored: Scored) -> pl.DataFrame:
    """One row a row of `customers`, in their order: row, id, tag where there is one, score, labelled probability.

    The score is what candidates are ranked by: the log-odds of being affluent without a tag, which a learner of the
    tag alone takes to be those of the tag. `affluent_probability` is P(affluent given x, not tagged), and missing
    throughout unless verdicts told how many are hidden. `labelled_probability` is P(s = 1 given x), and missing
    throughout when the model's log-odds were not found to be calibrated. `scored_by_fold` is the fold whose model never
    saw the customer, missing for a customer no model saw.
    """
    shift = model.discovery.shift
    fold = pl.Series("scored_by_fold", scored.fold)
    return pl.DataFrame(
        [
            *(customers[name] for name in ("row", "customer_id", "tag") if name in customers.columns),
            pl.Series("score", scored.hidden),
            _column("affluent_probability", None if shift is None else expit(scored.hidden + shift), len(fold)),
            _column("labelled_probability", expit(scored.log_odds) if model.calibrated else None, len(fold)),
            fold.set(fold == ALL_MODELS, None),
        ]
    )


def _column(name: str, values: NDArray[np.float64] | None, rows: int) -> pl.Series:
    """These numbers; missing throughout where there are none."""
    if values is None:
        return pl.Series(name, [None], dtype=pl.Float64).new_from_index(0, rows)
    return pl.Series(name, values)


def rank_candidates(scores: pl.DataFrame, *, key: int) -> pl.DataFrame:
    """The unlabelled of `scores`, the highest score first: `rank` from 1, row, customer, score, labelled probability.

    Equal scores are ordered by the keyed digest of the customer: at random, and the same in any order of the table.
    Where the table has no tag everyone is a candidate. A customer with several rows stands once for each.
    """
    return (
        best_first(with_tie_break(unlabelled(scores), key=key))
        .with_row_index("rank", offset=1)
        .drop("tag", TIE_BREAK, "scored_by_fold", strict=False)
    )


def unlabelled(scores: pl.DataFrame) -> pl.DataFrame:
    """Those without the tag; everyone where the table has none."""
    return scores.filter(pl.col("tag") == 0) if "tag" in scores.columns else scores


def with_tie_break(scores: pl.DataFrame, *, key: int) -> pl.DataFrame:
    """The scores with each customer's keyed digest beside them, by which equal ones are put in order."""
    return scores.with_columns(pl.Series(TIE_BREAK, customer_digests(scores["customer_id"], key=key)))


def best_first(scores: pl.DataFrame) -> pl.DataFrame:
    """Scores with their digests from the highest on; of equal ones the smaller digest, then the earlier row."""
    return scores.sort("score", TIE_BREAK, descending=[True, False], maintain_order=True)

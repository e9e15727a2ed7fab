"""Which type of hidden customer a candidate is, named only where naming was right often enough.

Mis-tagged: the balances here say affluent already. About to cross: they stand just under the line. Money elsewhere:
other things say affluent, the balances here do not. Look-alike: not affluent, and alike. No bank knows the types of its
customers, so the rule was learned on made ones; on a bank its precision is not known until people are checked by hand.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.linalg import null_space
from scipy.stats import norm

from affluence.data.offer_table import UNCERTAIN
from affluence.data.reference_bank.truth import NOT_HIDDEN
from affluence.decision.learned_types import LEARNED
from affluence.decision.population import Population
from affluence.decision.type_rule import LOOK_ALIKE, TYPES, TypePrecision, TypeRule, rule_inputs, standing
from affluence.errors import UserError
from affluence.pu.fold_models import TrainedModel
from affluence.pu.two_views import has_two_views, two_views

# So many customers say where one stands among all to a few thousandths, and cost a second.
MOST_COMPARED = 20_000
FEWEST_SHOWN = 10
# A direction in which a cell moves no further than that is rounding.
ROUNDING = 1e-9

_NO_VIEWS = (
    "The champion does not tell apart what the balances here say and what everything else says: only a finder that was "
    "told the tag drivers does. Name them in the contract (tag_driver: true) and train the finder."
)
_NO_LINE = (
    "No customer in the table is tagged, or all are, so there is no line that balances could stand under. "
    "Score a table with its tags."
)


@dataclass(frozen=True)
class TypeBasis:
    """What the types rest on: how right each is on made banks, and from which the rule was learned and judged.

    `why_none` is the sentence that says why no type can be named, or missing.
    """

    types: tuple[TypePrecision, ...]
    learned_on: tuple[str, ...]
    judged_on: tuple[str, ...]
    why_none: str | None = None

    @property
    def never_named(self) -> tuple[str, ...]:
        """The types that are never named, for no chance of them was right often enough."""
        return tuple(told.name for told in self.types if told.at_least is None)


@dataclass(frozen=True)
class HiddenTypes:
    """The types of the listed, and what they rest on. Both frames have the rows of the list, in its order.

    `types`: row, hidden_type. `views`, for analysts: row; `here` and `elsewhere`, the log-odds of the tag in two parts;
    `from_line`, how far the balances stand from the line, in standard normal deviations of all customers; the chance of
    each type by its name. All but the row are missing where no type can be named.
    """

    types: pl.DataFrame
    views: pl.DataFrame
    basis: TypeBasis

    @property
    def named(self) -> float:
        """The share of the listed whose type is named; 0 of an empty list."""
        return self.types.filter(pl.col("hidden_type") != UNCERTAIN).height / max(1, self.types.height)


def hidden_types(
    model: TrainedModel,
    population: Population,
    listed: pl.DataFrame,
    *,
    rule: TypeRule = LEARNED,
) -> HiddenTypes:
    """The types of `listed` (a frame with `row`): each as models see them that never saw that customer.

    `population` are those that were scored. A customer's standing is that among at most
    `MOST_COMPARED` of all the scored, drawn by the digest of the id. The tag of the listed is not looked at.

    Errors: UserError when someone listed was not scored, or is not in the table.
    """
    scores = population.scores
    _require_scored(scores, listed)
    why_none = _why_none(model, scores)
    basis = TypeBasis(rule.types, rule.learned_on, rule.judged_on, why_none)
    if why_none is not None or not listed.height:
        return _nothing_named(listed, basis)
    line = float(norm.ppf(1 - scores.filter(pl.col("tag") == 1).height / scores.height))
    compared = population.compared(MOST_COMPARED, key=model.fold_map.key)
    views = _seen(model, population, listed["row"])
    others = _seen(model, population, compared)
    stands = {
        name: standing(views[name].to_numpy(), others[name].to_numpy()) for name in ("score", "here", "elsewhere")
    }
    inputs = rule_inputs(**stands, line=line)
    chances = rule.chances(inputs)
    return HiddenTypes(
        types=listed.select("row").with_columns(hidden_type=pl.Series(rule.named(chances), dtype=pl.String)),
        views=views.select("row", "here", "elsewhere").with_columns(
            pl.Series("from_line", stands["here"] - line),
            *(pl.Series(name, chances[:, place]) for place, name in enumerate(TYPES)),
        ),
        basis=basis,
    )


def confusion_table(types: pl.DataFrame, truth: pl.DataFrame) -> pl.DataFrame:
    """How many of each true type were named how: `true type`, then a column for each name, counts.

    `types` has row and hidden_type, `truth` row, affluent and hidden_type of a made bank. Counts under 10 but above 0
    are missing, so that no small group leaves, and as many more, the smallest first, as it takes that no totals of rows
    and columns tell one of them; a count of 0 only where there is nothing else.

    Errors: UserError when someone's truth is not known.
    """
    known = types.join(
        truth.select("row", pl.col("hidden_type").replace(NOT_HIDDEN, LOOK_ALIKE).alias("true type")),
        on="row",
        how="left",
    )
    if missing := known["true type"].null_count():
        raise UserError(
            f"The truth of {missing:,} of {types.height:,} listed customers is not known: of another table?"
        )
    names = (*TYPES, UNCERTAIN)
    cells = Counter(known.select("true type", "hidden_type").iter_rows())
    counts = np.array([[cells[true, name] for name in names] for true in TYPES])
    hidden = _hidden(counts)
    shown = {
        name: [None if away else count for away, count in zip(hidden[:, place], counts[:, place].tolist(), strict=True)]
        for place, name in enumerate(names)
    }
    return pl.DataFrame({"true type": TYPES, **shown}, schema_overrides=dict.fromkeys(names, pl.Int64))


def _hidden(counts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which cells do not leave: the small ones, and as many more as it takes that the totals tell none of them."""
    hidden: NDArray[np.bool_] = (counts > 0) & (counts < FEWEST_SHOWN)
    while True:
        alone_in_row = hidden.sum(axis=1, keepdims=True) == 1
        alone_in_column = hidden.sum(axis=0, keepdims=True) == 1
        helps = (alone_in_row.astype(np.int64) + alone_in_column) * ~hidden
        if not helps.any():
            told = _told_by_totals(hidden)
            helps = (told.any(axis=1, keepdims=True) | told.any(axis=0, keepdims=True)) * ~hidden
        if not helps.any():
            return hidden
        # Nobody is no cover: a reader who guesses that a hidden count is 0 would know the other.
        order = (counts, -helps.astype(np.int64), counts == 0, helps == 0)
        hidden.flat[np.lexsort([key.ravel() for key in order])[0]] = True


def _told_by_totals(hidden: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which hidden cells have one value alone with which the totals of all rows and columns add up."""
    rows, columns = np.nonzero(hidden)
    lines = [rows == row for row in range(len(hidden))] + [columns == column for column in range(hidden.shape[1])]
    told = np.zeros_like(hidden)
    told[rows, columns] = ~(np.abs(null_space(np.array(lines, dtype=np.float64))) > ROUNDING).any(axis=1)
    return told


def _require_scored(scores: pl.DataFrame, listed: pl.DataFrame) -> None:
    with_score = listed.select("row").join(scores.select("row", "score"), on="row", how="left")
    missing = with_score["score"].null_count()
    if missing or with_score.height != listed.height:
        raise UserError(
            f"{missing:,} of {listed.height:,} listed customers have no score in this table, or some have two. "
            "Make the list again from this table (affluence score)."
        )


def _why_none(model: TrainedModel, scores: pl.DataFrame) -> str | None:
    if not has_two_views(model):
        return _NO_VIEWS
    if "tag" not in scores.columns or scores["tag"].drop_nulls().n_unique() < 2:
        return _NO_LINE
    return None


def _nothing_named(listed: pl.DataFrame, basis: TypeBasis) -> HiddenTypes:
    missing = [pl.lit(None, dtype=pl.Float64).alias(name) for name in ("here", "elsewhere", "from_line", *TYPES)]
    return HiddenTypes(
        types=listed.select("row", pl.lit(UNCERTAIN).alias("hidden_type")),
        views=listed.select("row", *missing),
        basis=basis,
    )


def _seen(model: TrainedModel, population: Population, rows: pl.Series) -> pl.DataFrame:
    """A line for each of `rows`: row, score, here and elsewhere."""
    views = two_views(model, population.people(rows))
    known = population.scores.select("row", "score")
    scored = rows.rename("row").to_frame().join(known, on="row", how="left", maintain_order="left")
    return scored.with_columns(here=pl.Series(views.here), elsewhere=pl.Series(views.elsewhere))

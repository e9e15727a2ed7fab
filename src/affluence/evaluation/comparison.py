"""Champion against challenger: two models on the same customers, and what a change of model would do to the list.

Figures against the tag reward whoever repeats the tagging. A model that is corrected for selective tagging may find
fewer of the tagged and more of the hidden; only a check by hand tells. The comparison says so and decides nothing.
"""

from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import binomtest, norm, spearmanr
from sklearn.metrics import average_precision_score, roc_auc_score

from affluence.errors import UserError
from affluence.evaluation.calibration import wilson
from affluence.evaluation.paired import ASSUMPTION, paired_draws
from affluence.evaluation.ranking import LEVEL, Draws, around
from affluence.evaluation.results import Estimate

RanksBy = Literal["tag", "affluence"]
Side = Literal["champion", "challenger"]
Flags = NDArray[np.bool_]

FINDS_ASSUMPTION = "each model's own chances taken as true, normal approximation over customers; models and lists fixed"
REVIEWED_ASSUMPTION = "exact binomial over those whom one list holds and the other does not; only the reviewed compared"


@dataclass(frozen=True)
class Contender:
    """A model that is compared: its name, what it ranks by, the scores of everybody, and its ranked candidates.

    `ranks_by` is "tag" where the learner fits the tag as it is, "affluence" where it is corrected for selective
    tagging. `scores` has row, score, and where there are any tag, customer_id and affluent_probability, each score from
    models that never saw the customer; `ranked` are the untagged, best first: rank, row.
    """

    name: str
    ranks_by: RanksBy
    scores: pl.DataFrame
    ranked: pl.DataFrame


@dataclass(frozen=True)
class Beside:
    """A figure of both models, and the challenger's less the champion's."""

    champion: float
    challenger: float
    difference: Estimate


@dataclass(frozen=True)
class Finds:
    """Expected finds of both lists, each by its own model's chances, and what each model thinks of the exchange.

    `by_champion` and `by_challenger` are the finds that the challenger's list adds by one model's chances: never more
    than zero by the champion's, whose own list is the best it knows, and never less by the challenger's.
    """

    beside: Beside
    by_champion: float
    by_challenger: float


@dataclass(frozen=True)
class Reviewed:
    """Both lists among candidates checked by hand: `confirmed` affluent, and `refuted`.

    `recall` is the share of the confirmed who are listed, None where nobody was confirmed. Precision is the share of
    the reviewed on a list who were confirmed, None where none of them is on it.
    """

    confirmed: int
    refuted: int
    recall: Beside | None
    champion_precision: Estimate | None
    challenger_precision: Estimate | None


@dataclass(frozen=True)
class ModelComparison:
    """Two models on the same customers, with lists of `contacts`; every difference is challenger less champion.

    `recall_of_tagged` is the share of the tagged who score as high as the last on the list. Figures of the tag are
    None without tags, `finds` without affluent probabilities of both. Of the list `staying` would stay, and `exchanged`
    would leave for as many who enter. `rank_agreement` is Spearman's over those on either list, None under three; it is
    below zero where the lists share few, since whoever stands on one alone stands low on the other.
    `moves` has a row for each of them: row, champion_rank, challenger_rank, move (stays, enters or leaves).
    """

    champion: str
    challenger: str
    customers: int
    tagged: int
    contacts: int
    recall_of_tagged: Beside | None
    average_precision: Beside | None
    roc_auc: Beside | None
    finds: Finds | None
    reviewed: Reviewed | None
    staying: int
    exchanged: int
    rank_agreement: float | None
    verdict: str
    moves: pl.DataFrame = field(repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """The comparison without any customer, ready for JSON."""
        plain = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "moves"}
        return {name: value if _is_plain(value) else asdict(value) for name, value in plain.items()}


def compare_models(
    champion: Contender,
    challenger: Contender,
    *,
    contacts: int,
    reviewed: pl.DataFrame | None = None,
    seed: int = 0,
) -> ModelComparison:
    """The challenger beside the champion where each lists its first `contacts` candidates.

    `reviewed` has row and verdict (1 affluent, 0 not) of candidates checked by hand; verdicts on tagged customers are
    left out, and those on the champion's list alone would favour the champion. More contacts than candidates list all.

    Errors: UserError when the two did not score the same customers, or nobody can be listed.
    """
    scores = _beside(champion, challenger)
    moves = _moves(champion, challenger, scores, contacts)
    listed = moves.filter(pl.col("champion_rank") <= contacts).height
    tags = scores["tag"].to_numpy()
    of_tag = _against_the_tag(scores, listed, seed=seed)
    recall, precision, area = of_tag or (None, None, None)
    checked = None if reviewed is None else _reviewed(reviewed, scores, moves)
    exchanged = moves.filter(pl.col("move") == "enters").height
    return ModelComparison(
        champion=champion.name,
        challenger=challenger.name,
        customers=len(tags),
        tagged=int(tags.sum()),
        contacts=listed,
        recall_of_tagged=recall,
        average_precision=precision,
        roc_auc=area,
        finds=_finds(scores, moves),
        reviewed=checked,
        staying=listed - exchanged,
        exchanged=exchanged,
        rank_agreement=_agreement(moves),
        verdict=_verdict(champion, challenger, recall, checked, exchanged),
        moves=moves,
    )


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, str | int | float)


def _beside(champion: Contender, challenger: Contender) -> pl.DataFrame:
    """One row a customer: row, tag (0 without), and the score and chance of either model."""
    first, second = _checked(champion), _checked(challenger)
    apart = first.join(second, on="row", how="anti").height + second.join(first, on="row", how="anti").height
    if apart:
        raise UserError(
            f"{champion.name} scored {first.height:,} rows and {challenger.name} {second.height:,}, and {apart:,} rows "
            "have the score of one only. Score the same table with both."
        )
    both = first.join(second, on="row", suffix="_challenger", maintain_order="left")
    for name in ("tag", "customer_id"):
        other = int((both[name].ne_missing(both[f"{name}_challenger"])).sum())
        if other:
            raise UserError(
                f"{other:,} of {both.height:,} rows have another {name} in the scores of {challenger.name} than in "
                f"those of {champion.name}. Score the same table with both."
            )
    return both.rename({"score": "score_champion", "chance": "chance_champion"}).drop(
        "tag_challenger", "customer_id", "customer_id_challenger"
    )


def _checked(contender: Contender) -> pl.DataFrame:
    scores = contender.scores
    repeated = scores.height - scores["row"].n_unique()
    missing = int((~scores["score"].cast(pl.Float64).is_finite().fill_null(value=False)).sum())
    for count, what in ((repeated, "repeat a row"), (missing, "have no score")):
        if count:
            raise UserError(
                f"{count:,} of {scores.height:,} rows scored by {contender.name} {what}. Score the table again."
            )
    known = {name: pl.col(name) if name in scores.columns else pl.lit(None) for name in _KNOWN}
    return scores.select(
        "row",
        pl.col("score").cast(pl.Float64),
        tag=known["tag"].cast(pl.Int8).fill_null(0),
        customer_id=known["customer_id"].cast(pl.String),
        chance=known["affluent_probability"].cast(pl.Float64),
    ).sort("row")


_KNOWN = ("tag", "customer_id", "affluent_probability")


def _moves(champion: Contender, challenger: Contender, scores: pl.DataFrame, contacts: int) -> pl.DataFrame:
    """Those on either list, by the challenger's rank: row, both ranks, and what becomes of them."""
    untagged = scores.filter(pl.col("tag") == 0).select("row")
    if contacts < 1 or untagged.is_empty():
        raise UserError(
            f"Nobody can be listed: {contacts:,} contacts for {untagged.height:,} candidates. Give one or more."
        )
    ranks = untagged
    for side, contender in (("champion", champion), ("challenger", challenger)):
        ranked = contender.ranked.select("row", pl.col("rank").cast(pl.Int64).alias(f"{side}_rank"))
        ranks = ranks.join(ranked, on="row", how="inner")
        if not ranked.height == untagged.height == ranks.height:
            raise UserError(
                f"{contender.name} ranks {ranked.height:,} candidates, and {untagged.height:,} of those scored are "
                "untagged. Rank the candidates from the same scores."
            )
    before, after = pl.col("champion_rank") <= contacts, pl.col("challenger_rank") <= contacts
    move = pl.when(before & after).then(pl.lit("stays")).when(after).then(pl.lit("enters")).otherwise(pl.lit("leaves"))
    return ranks.filter(before | after).with_columns(move=move).sort("challenger_rank")


def _against_the_tag(scores: pl.DataFrame, listed: int, *, seed: int) -> tuple[Beside, Beside, Beside] | None:
    """Recall of the tagged, average precision and ROC AUC of both; None where nobody is tagged."""
    tags = scores["tag"].to_numpy()
    if not tags.any():
        return None
    first, second = (scores[f"score_{side}"].to_numpy() for side in ("champion", "challenger"))
    draws = paired_draws(first, second, tags, seed=seed)
    share = listed / int((tags == 0).sum())

    def recall(model: NDArray[np.float64]) -> float:
        last = -np.partition(-model[tags == 0], listed - 1)[listed - 1]
        return float((model[tags == 1] >= last).mean())

    def drawn_recall(of: Draws) -> NDArray[np.float64]:
        drawn: NDArray[np.float64] = of.tagged_above_last_listed(share) / np.maximum(1, of.tagged.sum(axis=1))
        return drawn

    return (
        _difference(recall(first), recall(second), *map(drawn_recall, draws)),
        _difference(
            float(average_precision_score(tags, first)),
            float(average_precision_score(tags, second)),
            *map(Draws.average_precision, draws),
        ),
        _difference(float(roc_auc_score(tags, first)), float(roc_auc_score(tags, second)), *map(Draws.roc_auc, draws)),
    )


def _difference(
    champion: float, challenger: float, drawn_champion: NDArray[np.float64], drawn_challenger: NDArray[np.float64]
) -> Beside:
    spread = around(challenger - champion, drawn_challenger - drawn_champion)
    return Beside(champion, challenger, Estimate(spread.value, spread.low, spread.high, ASSUMPTION, LEVEL))


def _finds(scores: pl.DataFrame, moves: pl.DataFrame) -> Finds | None:
    chances = moves.join(scores, on="row", how="left")
    if chances["chance_champion"].null_count() or chances["chance_challenger"].null_count():
        return None
    before, after = _lists(chances)
    champion, challenger = (chances[f"chance_{side}"].to_numpy() for side in ("champion", "challenger"))
    own = after * challenger - before * champion
    reach = float(norm.ppf(0.5 + LEVEL / 2) * np.sqrt((own**2).sum()))
    value = float(own.sum())
    change = after.astype(np.int8) - before.astype(np.int8)
    return Finds(
        Beside(
            float(champion[before].sum()),
            float(challenger[after].sum()),
            Estimate(value, value - reach, value + reach, FINDS_ASSUMPTION, LEVEL),
        ),
        by_champion=float((change * champion).sum()),
        by_challenger=float((change * challenger).sum()),
    )


def _lists(moves: pl.DataFrame) -> tuple[Flags, Flags]:
    """Whether a row is on the champion's list, and whether on the challenger's."""
    return (moves["move"].is_in(["stays", "leaves"])).to_numpy(), (moves["move"].is_in(["stays", "enters"])).to_numpy()


def _agreement(moves: pl.DataFrame) -> float | None:
    if moves.height < 3:
        return None
    return float(spearmanr(moves["champion_rank"], moves["challenger_rank"]).statistic)


def _reviewed(reviewed: pl.DataFrame, scores: pl.DataFrame, moves: pl.DataFrame) -> Reviewed:
    _require_verdicts(reviewed, scores)
    untagged = scores.filter(pl.col("tag") == 0).select("row")
    checked = reviewed.select("row", pl.col("verdict").cast(pl.Int8)).join(untagged, on="row")
    placed = checked.join(moves, on="row", how="left").with_columns(pl.col("move").fill_null("neither"))
    affluent = placed["verdict"].to_numpy() == 1
    before, after = _lists(placed)
    return Reviewed(
        confirmed=int(affluent.sum()),
        refuted=int((~affluent).sum()),
        recall=_recall_of_confirmed(before[affluent], after[affluent]) if affluent.any() else None,
        champion_precision=_precision(affluent[before]),
        challenger_precision=_precision(affluent[after]),
    )


def _precision(affluent: Flags) -> Estimate | None:
    return wilson(int(affluent.sum()), len(affluent), level=LEVEL) if len(affluent) else None


def _require_verdicts(reviewed: pl.DataFrame, scores: pl.DataFrame) -> None:
    strangers = reviewed.join(scores, on="row", how="anti").height
    repeated = reviewed.height - reviewed["row"].n_unique()
    unclear = int((~reviewed["verdict"].cast(pl.Float64).is_in([0.0, 1.0]).fill_null(value=False)).sum())
    for count, what in (
        (strangers, "are of no scored customer"),
        (repeated, "repeat a row"),
        (unclear, "are neither 1 nor 0"),
    ):
        if count:
            raise UserError(
                f"{count:,} of {reviewed.height:,} verdicts {what}. Give each row of the table once, 1 or 0."
            )


def _recall_of_confirmed(before: Flags, after: Flags) -> Beside:
    """Exact over the discordant (McNemar): a normal interval would call three against none a difference."""
    gained, lost, confirmed = int((after & ~before).sum()), int((before & ~after).sum()), len(before)
    apart = gained + lost
    value = (gained - lost) / confirmed
    low = high = value
    if apart:
        sure = binomtest(gained, apart).proportion_ci(LEVEL)
        low, high = ((2 * float(end) - 1) * apart / confirmed for end in (sure.low, sure.high))
    return Beside(float(before.mean()), float(after.mean()), Estimate(value, low, high, REVIEWED_ASSUMPTION, LEVEL))


def _verdict(
    champion: Contender, challenger: Contender, recall: Beside | None, reviewed: Reviewed | None, exchanged: int
) -> str:
    """One sentence: what the tag says, what that is worth, and what was found by hand or is left to be."""
    parts = [_of_the_tag(champion, challenger, recall)]
    if reviewed is not None and reviewed.recall is not None:
        parts.append(
            f"of {reviewed.confirmed:,} found affluent by hand the challenger "
            f"{_more_or_fewer(reviewed.recall.difference)}"
        )
    elif exchanged:
        parts.append(f"only a check by hand of the {exchanged:,} who enter and as many who leave tells which is better")
    else:
        parts.append("both make the same list")
    return "; ".join(parts) + "."


def _of_the_tag(champion: Contender, challenger: Contender, recall: Beside | None) -> str:
    if recall is None:
        return "There is no tag to hold the two against"
    told = f"Of the tagged the challenger {_more_or_fewer(recall.difference)}"
    if champion.ranks_by == challenger.ranks_by:
        return f"{told}, which rewards whoever repeats the tagging"
    corrected = next(one for one in (champion, challenger) if one.ranks_by == "affluence")
    return (
        f"{told}, which is no measure of the hidden, for {corrected.name} is corrected for selective tagging and may "
        "find fewer tagged and more hidden"
    )


def _more_or_fewer(difference: Estimate) -> str:
    points = f"{100 * difference.value:+.1f} points, 90 %: {100 * difference.low:+.1f} to {100 * difference.high:+.1f}"
    if difference.low == difference.high:
        return "reaches the same"
    if difference.low > 0:
        return f"reaches more ({points})"
    if difference.high < 0:
        return f"reaches fewer ({points})"
    return f"reaches neither surely more nor fewer ({points})"

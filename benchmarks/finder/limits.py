"""What stands between the finder and the oracle: learners who are told more than a finder can know.

    python -m benchmarks.finder.limits [--data adult bank] [--seeds 0 1 2 3] [--out FILE]

Half of the affluent are hidden. Two questions, each answered as a share of the oracle's figures on the same untagged:

- Tags at random (SCAR): what do learners find who know the truth of a part of the customers, and no tags? Half of the
  affluent untagged is a loss of knowledge, and these rows say how much of the distance to the oracle it explains.
- Selective tags (SAR, RULE): what do the finder's own learners find when they are told the true label propensity? What
  is missing then, no better guess at how the bank tags can bring.

Three boosters and a scorecard, out of fold by customer, on folds that neither methods nor oracle use.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from benchmarks.finder import metrics, oracle
from benchmarks.finder.data import LOADERS, Stream, Table, design_of, generator, load
from benchmarks.finder.markdown import head, row
from benchmarks.finder.measured import cell_text
from benchmarks.finder.mechanisms import MECHANISMS, Hiding
from benchmarks.finder.ways import FOLDS, folds_of
from numpy.typing import NDArray

from affluence.features.preprocessing import Design
from affluence.pu.learners.effort import EFFORTS
from affluence.pu.learners.gradient_boosting import GRADIENT_BOOSTING
from affluence.pu.learners.logistic import LOGISTIC
from affluence.pu.learners.protocol import LogOdds, Tags
from affluence.pu.learners.under_propensity import Evidence, fit_booster, fit_scorecard
from affluence.pu.second_layer import LEAST_PROPENSITY, MOST_PROPENSITY
from affluence.pu.side_by_side import side_by_side

Floats = NDArray[np.float64]
Figures = dict[str, float]
Rows = NDArray[np.bool_]
ScoresOf = Callable[[Rows, Rows], LogOdds]

KNOWN_SHARES = (0.5, 0.7, 1.0)
HIDDEN_SHARE = 0.5
REPEATS = 3
# The scorecard's share of the log-odds: about what the finder's blend gives it.
SCORECARD = 0.2
# Far from the folds of the methods and of the oracle.
SEED_STRIDE = 200_000
COMMAND = "`python -m benchmarks.finder.limits`; half hidden, mean over seeds and its standard error."
TITLES = ("data", "hidden by", "told", "recall at k", "average precision", "seeds")


def knowing_truth(design: Design, truth: Tags, scored: Design, *, share: float, seed: int) -> LogOdds:
    """The log-odds of being affluent by learners who know the truth of a random `share` of these customers."""
    known = generator(seed, Stream.ROWS, 1).random(len(truth)) < share
    there, told = design.rows(known), truth[known]
    boosted = [GRADIENT_BOOSTING.fit(there, told, seed=seed + repeat).log_odds(scored) for repeat in range(REPEATS)]
    return _blended(boosted, LOGISTIC.fit(there, told, seed=seed).log_odds(scored))


def knowing_propensity(design: Design, tags: Tags, propensity: Floats, scored: Design, *, seed: int) -> LogOdds:
    """The log-odds of being affluent by the finder's learners of the true class under the true label propensity."""
    evidence = Evidence(tags, propensity.clip(LEAST_PROPENSITY, MOST_PROPENSITY), np.full(len(tags), np.nan))
    effort = EFFORTS["accurate"]
    boosters = [fit_booster(design, evidence, effort=effort, seed=seed + repeat) for repeat in range(REPEATS)]
    carded = fit_scorecard(design, evidence, of_tag=LOGISTIC.fit(design, tags, seed=seed), effort=effort)
    return _blended([fitted.log_odds(scored) for fitted in boosters], carded.log_odds(scored))


def limits_of(table: Table, *, seed: int) -> dict[tuple[str, str], Figures]:
    """By mechanism and what was told: the figures as shares of the oracle's."""
    design, affluent = design_of(table.columns), oracle.affluent_probability(table, seed=seed)
    found: dict[tuple[str, str], Figures] = {}
    random = MECHANISMS["SCAR"](table, hidden_share=HIDDEN_SHARE, seed=seed)
    for share in KNOWN_SHARES:

        def by_truth(inside: Rows, held_out: Rows, share: float = share) -> LogOdds:
            there, scored = design.rows(inside), design.rows(held_out)
            return knowing_truth(there, table.truth[inside], scored, share=share, seed=seed)

        scores = _out_of_fold(table, seed, by_truth)
        found["SCAR", f"the truth of {share:.0%} of the customers"] = _figures(scores, table, random, affluent, seed)
    for mechanism in ("SAR", "RULE"):
        hiding = MECHANISMS[mechanism](table, hidden_share=HIDDEN_SHARE, seed=seed)
        tags, propensity = hiding.tags, np.asarray(hiding.propensity)

        def by_propensity(inside: Rows, held_out: Rows, tags: Tags = tags, known: Floats = propensity) -> LogOdds:
            there, scored = design.rows(inside), design.rows(held_out)
            return knowing_propensity(there, tags[inside], known[inside], scored, seed=seed)

        hidden = _out_of_fold(table, seed, by_propensity) + np.log1p(
            -propensity.clip(LEAST_PROPENSITY, MOST_PROPENSITY)
        )
        found[mechanism, "the label propensity of every customer"] = _figures(hidden, table, hiding, affluent, seed)
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.finder.limits", description=__doc__)
    parser.add_argument("--data", nargs="+", choices=tuple(LOADERS), default=list(LOADERS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3])
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "limits.md")
    chosen = parser.parse_args(arguments)
    lines = ["# What stands between the finder and the oracle", "", COMMAND, "", *head(TITLES)]
    for name in chosen.data:
        by_seed = []
        for seed in chosen.seeds:
            by_seed.append(limits_of(load(name, seed=seed), seed=seed))
            print(f"{name} seed {seed}: done", flush=True)
        lines += [_row(name, key, [found[key] for found in by_seed]) for key in by_seed[0]]
    chosen.out.write_text("\n".join([*lines, ""]), encoding="utf-8")
    print("\n".join(lines))


def _out_of_fold(table: Table, seed: int, scores_of: ScoresOf) -> LogOdds:
    folds = folds_of(table.groups, table.truth, seed=SEED_STRIDE + seed)

    def score(fold: int) -> LogOdds:
        return scores_of(folds != fold, folds == fold)

    out_of_fold = np.empty(len(table))
    for fold, scores in enumerate(side_by_side(score, range(FOLDS), stage=None)):
        out_of_fold[folds == fold] = scores
    return out_of_fold


def _blended(boosted: Sequence[LogOdds], carded: LogOdds) -> LogOdds:
    blended: LogOdds = (1 - SCORECARD) * np.mean(boosted, axis=0) + SCORECARD * carded
    return blended


def _figures(scores: LogOdds, table: Table, hiding: Hiding, affluent: Floats, seed: int) -> Figures:
    pool = hiding.tags == 0
    hidden = (table.truth == 1)[pool]
    best = metrics.figures(oracle.hidden_probability(affluent, hiding)[pool], hidden, seed=seed)
    return metrics.ratios(metrics.figures(scores[pool], hidden, seed=seed), best)


def _row(data: str, key: tuple[str, str], of_seeds: Sequence[Figures]) -> str:
    cells = [metrics.mean_and_error([found[name] for found in of_seeds]) for name in metrics.FIGURES[:2]]
    return row([data, *key, *(cell_text(mean, error) for mean, error in cells), str(len(of_seeds))])


if __name__ == "__main__":
    main()

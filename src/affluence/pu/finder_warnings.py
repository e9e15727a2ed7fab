"""What a table cannot tell, in sentences: which assumption a ranking stands on, and what would test it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from affluence.evaluation.calibration import wilson
from affluence.features.preprocessing import Design
from affluence.pu.class_prior import top_purity
from affluence.pu.driver_ranks import fit_driver_ranks, rank_matrix
from affluence.pu.learners.protocol import Tags
from affluence.pu.review import Review

# Under tags given at random the surest rows are tagged at the share of affluent who are tagged. Near one, either next
# to nothing is hidden or the tag follows a rule. At half hidden 0.33 to 0.61 was measured under random, 0.71 to 1 under
# selective tagging.
SUSPICIOUS_PURITY = 0.7
TWIN_CORRELATION = 0.85
ENOUGH_ROWS = 5_000
WORTH_REVIEWING = 50


def warnings_about(
    *,
    design: Design,
    tags: Tags,
    labelled: NDArray[np.float64],
    drivers: Sequence[int],
    review: Review | None,
    tags_of_reviewed: Tags | None,
) -> tuple[str, ...]:
    """The sentences, the gravest first; `labelled` are out-of-fold labelled probabilities."""
    purity = top_purity(labelled, tags)
    reviewed = 0 if tags_of_reviewed is None else int((tags_of_reviewed == 0).sum())
    sentences = [*_about_selection(purity, drivers, reviewed), *_about_twins(near_twins(design, tags, drivers))]
    if review is not None and tags_of_reviewed is not None:
        sentences += _about_tags(review.verdicts[tags_of_reviewed == 1])
    return tuple(sentences)


def _about_selection(purity: float, drivers: Sequence[int], reviewed: int) -> list[str]:
    check = f"Checking {WORTH_REVIEWING} customers by hand (affluence review suggest) would test it."
    if reviewed:
        few = f" Only {reviewed} were checked; {WORTH_REVIEWING} tell more." if reviewed < WORTH_REVIEWING else ""
        sentence = f"The ranking follows the tags and the verdicts on {reviewed} customers without one.{few}"
    elif drivers:
        sentence = (
            "The ranking assumes that the declared tag drivers are all that tagging looked at, and that their part in "
            f"affluence is smooth. {check}"
        )
    elif purity > SUSPICIOUS_PURITY:
        sentence = (
            f"TAGGING LOOKS SELECTIVE: {purity:.0%} of the customers surest to be tagged are tagged. Either next to "
            "nobody is hidden, or the tag follows what the bank sees and the hidden look different; these tags cannot "
            f"tell which. Declare the columns that tagging looked at (tag_drivers). {check}"
        )
    else:
        sentence = (
            f"The ranking assumes that tags were given at random among the affluent, which no tag can show. {check}"
        )
    return [sentence]


def near_twins(design: Design, tags: Tags, drivers: Sequence[int]) -> tuple[str, ...]:
    """The undeclared columns so close to a declared driver that they carry what it was used for.

    Close is an absolute correlation of ranks over 0.85, on at most 5,000 customers evenly through the table.
    """
    others = [place for place in range(len(design.names)) if place not in drivers]
    if not drivers or not others:
        return ()
    some = np.unique(np.linspace(0, len(tags) - 1, min(len(tags), ENOUGH_ROWS)).round().astype(np.intp))
    thinned = design.rows(some)
    ranks = rank_matrix(fit_driver_ranks(thinned, tags[some], drivers=[*drivers, *others]), thinned)
    ranks = (ranks - ranks.mean(axis=0)) / np.maximum(ranks.std(axis=0), 1e-9)
    closest = np.abs(ranks[:, : len(drivers)].T @ ranks[:, len(drivers) :]).max(axis=0) / len(ranks)
    return tuple(design.names[place] for place, close in zip(others, closest, strict=True) if close > TWIN_CORRELATION)


def _about_twins(twins: Sequence[str]) -> list[str]:
    return [f"Nearly the same as a declared tag driver, so perhaps one too: {', '.join(twins)}."] if twins else []


def _about_tags(verdicts: NDArray[np.int8]) -> list[str]:
    if not len(verdicts):
        return []
    right = wilson(int(verdicts.sum()), len(verdicts))
    sentence = (
        f"Of {len(verdicts)} tagged customers checked, {len(verdicts) - int(verdicts.sum())} were not affluent: "
        f"{right.low:.0%} to {right.high:.0%} of the tags are right. What plant-and-recover measures is recall of tags."
    )
    return [sentence]

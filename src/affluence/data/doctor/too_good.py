"""Too good to be true: a small model, never asked about rows it saw, that all but knows the tag."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from affluence.data.doctor.findings import Fact, Finding, Form, Remedy, Severity, listed
from affluence.data.doctor.leaks import has_both, rank_auc
from affluence.data.doctor.plain import ID, TAG
from affluence.data.doctor.subject import Floats, Subject
from affluence.data.finding_kinds import FindingKind

TOO_GOOD = 0.99
_FOLDS = 3
_ROUNDS = 40
_FEWEST_ROWS = 300
_TOLD = 3


def too_good(subject: Subject, *, without: frozenset[str]) -> Iterator[Finding]:
    """A finding when boosted trees rank the tag almost perfectly out of fold, without the columns that are known to.

    Assumption: no honest table separates the tag with a ROC AUC above 0.99. Rows of one customer stay in one fold.
    """
    columns = [name for name in subject.columns if name not in without and subject.is_feature(name)]
    if not has_both(subject) or subject.known_sample.height < _FEWEST_ROWS or not columns:
        return
    features = _features(subject, columns)
    tag = subject.known_sample[TAG].to_numpy()
    auc, gains = _cross_fitted(features, tag, folds=_folds(subject), seed=subject.seed)
    if auc <= TOO_GOOD:
        return
    strongest = [columns[place] for place in np.argsort(-gains)[:_TOLD] if gains[place] > 0]
    yield Finding(
        kind=FindingKind.TOO_GOOD,
        severity=Severity.STOPS,
        columns=tuple(strongest),
        rows=subject.rows,
        sentence=(
            f"A small model ranks the tag with a ROC AUC of {auc:.4f} on rows that it never saw. The tag stands in the "
            f"columns: it leans on {listed(strongest)}."
        ),
        evidence=(
            Fact("ROC AUC out of fold", round(auc, 4), Form.NUMBER),
            Fact("rows it was measured on" + (" (a sample)" if subject.sampled else ""), len(tag)),
            Fact("columns", len(columns)),
        ),
        remedy=Remedy(
            f"Find out how {listed(strongest)} are made. What was written down with the tag, or after it, goes."
        ),
    )


def _features(subject: Subject, columns: list[str]) -> Floats:
    """The columns of the sample as numbers; categories by how common they are, so that no tag flows in."""
    sample = subject.known_sample
    return np.column_stack([_numbers(sample[name]) for name in columns])


def _numbers(series: pl.Series) -> Floats:
    if series.dtype == pl.Float64:
        return series.to_numpy()
    if series.dtype == pl.String:
        return series.rank("dense").cast(pl.Float64).to_numpy()
    return series.to_physical().cast(pl.Float64).to_numpy()


def _folds(subject: Subject) -> npt.NDArray[np.int64]:
    """The fold of each row of the sample, drawn by customer where there is an id."""
    sample = subject.known_sample
    if ID not in sample.columns:
        return np.random.default_rng(subject.seed).integers(0, _FOLDS, sample.height)
    folds: npt.NDArray[np.int64] = (sample[ID].hash(seed=subject.seed) % _FOLDS).cast(pl.Int64).to_numpy()
    return folds


def _cross_fitted(
    features: Floats, tag: npt.NDArray[np.bool_], *, folds: npt.NDArray[np.int64], seed: int
) -> tuple[float, Floats]:
    """The mean ROC AUC out of fold, and the gain of each column over all folds."""
    import xgboost

    parameters = {"objective": "binary:logistic", "max_depth": 4, "eta": 0.3, "max_bin": 64, "nthread": 1, "seed": seed}
    aucs, gains = [], np.zeros(features.shape[1])
    for fold in range(_FOLDS):
        seen, asked = folds != fold, folds == fold
        if len(np.unique(tag[asked])) < 2 or len(np.unique(tag[seen])) < 2:
            continue
        booster = xgboost.train(parameters, xgboost.DMatrix(features[seen], tag[seen]), _ROUNDS)
        aucs.append(rank_auc(booster.predict(xgboost.DMatrix(features[asked])), tag[asked]))
        for name, gain in booster.get_score(importance_type="total_gain").items():
            gains[int(name[1:])] += gain if isinstance(gain, float) else 0.0
    return (float(np.mean(aucs)) if aucs else 0.5), gains

"""The models that others published on the bank's rows, run again on a made bank.

Honest ones are scored on rows they never saw; dishonest ones on rows they did see, as they were published.
"""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, precision_recall_curve, precision_score, recall_score, roc_auc_score
from sklearn.model_selection import StratifiedKFold, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier

from affluence import steps
from affluence.data.contract import load_contract
from affluence.data.reading import read_table
from affluence.data.reference_bank import ReferenceBank

Matrix = NDArray[np.float64]
Flags = NDArray[np.bool_]
Tags = NDArray[np.int64]

CONTRACT = Path(__file__).resolve().parents[2] / "conf" / "base" / "contract_reference_bank.yml"
LEFT_OUT = ("C_seg", "C_ID", "ANN_TRN_AMT")  # the tag, a dummy number, twelve times another column
FIRST_SHARES = (0.01, 0.05, 0.10)


@dataclass(frozen=True)
class Rows:
    """A made bank as the models see it: raw columns, the tag, and who is hidden (known to the benchmark alone)."""

    columns: Matrix
    tagged: Tags
    hidden: Flags

    @property
    def filled(self) -> Matrix:
        """Columns with -1 for missing, for forests."""
        return np.nan_to_num(self.columns, nan=-1.0)

    @property
    def scaled(self) -> Matrix:
        """Signed logarithms and flags of what is missing, for linear models and networks."""
        logs = np.sign(self.columns) * np.log1p(np.abs(self.columns))
        return np.hstack([np.nan_to_num(logs), np.isnan(self.columns).astype(np.float64)])


@dataclass(frozen=True)
class Measured:
    """How a way does against the tag and, since the bank is made, against the truth.

    `candidates`: rows tagged NORMAL that it calls affluent. `hidden_first_*`: share of the hidden affluent among its
    first 1, 5, 10 % of the NORMAL rows that it scored.
    """

    precision: float
    recall: float
    f1: float
    best_f1: float
    roc_auc: float
    candidates: int
    normals: int
    hidden_first_1_percent: float
    hidden_first_5_percent: float
    hidden_first_10_percent: float

    def as_dict(self) -> dict[str, float]:
        """The figures by name, rounded to four digits."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


def rows_of(bank: ReferenceBank) -> Rows:
    """The bank's rows for a learner: categories as ordered codes, missing as not a number."""
    table = bank.table.drop(LEFT_OUT)
    codes = [pl.col(name).rank("dense") for name, kind in table.schema.items() if kind == pl.String]
    columns = table.with_columns(codes).cast(pl.Float64).fill_null(np.nan).to_numpy()
    tagged = (bank.table["C_seg"] == "AFFLUENT").cast(pl.Int64).to_numpy()
    return Rows(columns, tagged, (bank.truth["hidden_type"] != "none").to_numpy())


def measure(scores: Matrix, tagged: Tags, hidden: Flags, *, threshold: float = 0.5) -> Measured:
    """The figures of one way on the rows that it scored."""
    called = scores > threshold
    precision, recall, _ = precision_recall_curve(tagged, scores)
    normal = tagged == 0
    ranked = hidden[normal][np.argsort(-scores[normal], kind="stable")]
    first = [float(ranked[: round(share * len(ranked))].sum() / max(1, ranked.sum())) for share in FIRST_SHARES]
    return Measured(
        precision=float(precision_score(tagged, called, zero_division=0)),
        recall=float(recall_score(tagged, called)),
        f1=float(f1_score(tagged, called)),
        best_f1=float((2 * precision * recall / np.maximum(precision + recall, 1e-9)).max()),
        roc_auc=float(roc_auc_score(tagged, scores)),
        candidates=int(called[normal].sum()),
        normals=int(normal.sum()),
        hidden_first_1_percent=first[0],
        hidden_first_5_percent=first[1],
        hidden_first_10_percent=first[2],
    )


def boosting(trees: int = 100, depth: int = 6, rate: float = 0.3) -> XGBClassifier:
    """XGBoost on one thread; the defaults are the library's."""
    return XGBClassifier(n_estimators=trees, max_depth=depth, learning_rate=rate, max_bin=128, n_jobs=1)


def forest() -> RandomForestClassifier:
    """A balanced random forest."""
    return RandomForestClassifier(
        100, min_samples_leaf=10, class_weight="balanced_subsample", max_samples=0.5, n_jobs=1, random_state=0
    )


def holdout(rows: Rows, model: object, columns: Matrix) -> tuple[Matrix, Tags, Flags]:
    """Scores, tags and truth of a fifth of the rows, which the model never saw."""
    train, test = train_test_split(np.arange(len(rows.tagged)), test_size=0.2, stratify=rows.tagged, random_state=0)
    model.fit(columns[train], rows.tagged[train])  # type: ignore[attr-defined]
    scores = model.predict_proba(columns[test])[:, 1]  # type: ignore[attr-defined]
    return scores, rows.tagged[test], rows.hidden[test]


def out_of_fold(
    rows: Rows, make: Callable[[], object], columns: Matrix, *, folds: int, resampled: bool = False
) -> Matrix:
    """Scores of all rows, each by a model that never saw it.

    `resampled`: tagged training rows are repeated until both segments have as many.
    """
    scores = np.zeros(len(rows.tagged))
    for train, test in StratifiedKFold(folds, shuffle=True, random_state=0).split(columns, rows.tagged):
        chosen = _evened(train, rows.tagged) if resampled else train
        model = make()
        model.fit(columns[chosen], rows.tagged[chosen])  # type: ignore[attr-defined]
        scores[test] = model.predict_proba(columns[test])[:, 1]  # type: ignore[attr-defined]
    return scores


def _evened(train: Tags, tagged: Tags) -> Tags:
    """The training rows with tagged ones drawn again until both segments have as many."""
    more = int((tagged[train] == 0).sum() - tagged[train].sum())
    again = np.random.default_rng(0).choice(train[tagged[train] == 1], more)
    return np.concatenate([train, again])


def remembering() -> XGBClassifier:
    """XGBoost tuned until it remembers."""
    return boosting(100, 12)


def in_sample(rows: Rows) -> Measured:
    """The model that remembers, asked about the rows it was trained on."""
    model = remembering().fit(rows.columns, rows.tagged)
    return measure(model.predict_proba(rows.columns)[:, 1], rows.tagged, rows.hidden)


def oversampled_before_the_split(rows: Rows) -> Measured:
    """Copies of tagged rows on both sides of the split."""
    copied = _evened(np.arange(len(rows.tagged)), rows.tagged)
    doubled = Rows(rows.columns[copied], rows.tagged[copied], rows.hidden[copied])
    scores = out_of_fold(doubled, lambda: boosting(100, 10), doubled.columns, folds=5)
    return measure(scores, doubled.tagged, doubled.hidden)


def our_way(bank: ReferenceBank, *, learner: str = "xgboost") -> Measured:
    """Our own way on the same rows: read through the contract, cross-fitted by customer, nothing tuned to this bank."""
    contract = load_contract(CONTRACT)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bank.parquet"
        bank.table.write_parquet(path)
        accepted, _ = steps.intake(read_table(path, contract=contract))
    customers, used, examination = steps.examine(accepted, contract)
    features = steps.build_features(customers, used)
    training = steps.train(customers, features, used, examination, learners=[learner], folds=5, seed=0)
    hidden = (bank.truth["hidden_type"] != "none").to_numpy()
    return measure(expit(training.fits[0].out_of_fold), training.tags.astype(np.int64), hidden)


def honest(rows: Rows) -> Iterator[tuple[str, Measured]]:
    """The honest published ways, named as they were published."""
    filled, scaled = rows.filled, rows.scaled
    held = holdout(rows, forest(), filled)
    yield "random forest, threshold 0.6, 20% holdout", measure(*held, threshold=0.6)
    yield "random forest, threshold 0.5, 20% holdout", measure(*held)
    linear = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=300))
    yield "logistic regression, threshold 0.6, 20% holdout", measure(*holdout(rows, linear, scaled), threshold=0.6)
    extra = ExtraTreesClassifier(100, min_samples_leaf=10, class_weight="balanced", n_jobs=1, random_state=0)
    yield "extra trees, threshold 0.5, 20% holdout", measure(*holdout(rows, extra, filled))
    network = make_pipeline(
        StandardScaler(), MLPClassifier((32,), alpha=1e-3, max_iter=12, batch_size=512, random_state=0)
    )
    yield "multi-layer perceptron, threshold 0.5, 20% holdout", measure(*holdout(rows, network, scaled))
    resampled = out_of_fold(rows, boosting, rows.columns, folds=10, resampled=True)
    yield "XGBoost 100 trees, resampled training folds, 10-fold", measure(resampled, rows.tagged, rows.hidden)
    trees = out_of_fold(rows, _small_forest, filled, folds=10, resampled=True)
    yield "random forest 100 trees, resampled training folds, 10-fold", measure(trees, rows.tagged, rows.hidden)
    plain = out_of_fold(rows, boosting, rows.columns, folds=5)
    yield "XGBoost, 5-fold, no resampling", measure(plain, rows.tagged, rows.hidden)


def _small_forest() -> RandomForestClassifier:
    """A forest of deep trees; few rows for each keep it quick."""
    return RandomForestClassifier(100, max_samples=0.15, max_features=0.3, n_jobs=1, random_state=0)


def dishonest(rows: Rows) -> Iterator[tuple[str, Measured]]:
    """The dishonest published ways, named as they were published."""
    yield "tuned XGBoost, predicted on the rows it was trained on", in_sample(rows)
    yield "XGBoost, 5-fold, oversampled before the split", oversampled_before_the_split(rows)

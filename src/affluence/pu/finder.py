"""`AffluentFinder`: finds those who are affluent among the customers nobody tagged, as a scikit-learn estimator."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit, logit
from scipy.stats import rankdata
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags as EstimatorTags
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from affluence.features.preprocessing import Design, Preprocessing, fit_preprocessing
from affluence.pu.belief import Reviewers, believe, count_hidden
from affluence.pu.class_prior import HiddenCount
from affluence.pu.cross_fitting import (
    UNKNOWN_FOLD,
    CrossFit,
    FoldMap,
    canonical_order,
    customer_digests,
    deal_folds,
    map_folds,
    score_by_folds,
)
from affluence.pu.discovery import Discovery
from affluence.pu.finder_input import FEWEST_FOLDS, places_of, possible_folds, read_groups, read_tags
from affluence.pu.finder_method import FinderMethod
from affluence.pu.finder_warnings import warnings_about
from affluence.pu.finding import Found, find, find_again
from affluence.pu.frames import described, features_of_frame, is_frame, require_same_kinds
from affluence.pu.label_propensity import Verdicts
from affluence.pu.learners.effort import EFFORTS, Effort, Mode, effort_of
from affluence.pu.recalibration import recalibrations
from affluence.pu.review import BATCH_STRIDE, Purpose, Review, join_reviews, read_review, sample_review
from affluence.pu.score_errors import score_errors
from affluence.pu.second_layer import FoldFinder

Floats = NDArray[np.float64]
Table = Any


class AffluentFinder(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Ranks customers by how likely they are affluent though not tagged, and says how sure it is.

    `y` is the tag: 1 for tagged affluent, 0 for unlabelled, which is not negative. Every customer in the training
    table is scored by models that never saw that customer's tag or verdict, in any of their rows.

    Parameters
    ----------
    mode : "accurate" averages several slow boosters, "fast" takes one of each kind, with fewer and larger steps.
    tag_drivers : names (positions for an array) of the columns that the tagging looked at; None when nobody knows.
        Declare generously: one left out costs more than two too many.
    cv : the number of folds, at least 3; fewer where fewer customers are tagged.
    random_state : fixes folds, samples and review sheets.
    boosting, scorecard : tuned settings of the boosters (those of XGBoost) and of the scorecards (those of the logistic
        regression), by name; None for their own.
    missed, wrongly_named : how careless reviewers are: the share of affluent customers whom they call otherwise, and of
        others whom they call affluent.

    Attributes
    ----------
    out_of_fold_ : (n,) scores by which to rank: log-odds of being affluent for a customer without a tag.
    labelled_probability_ : (n,) P(tagged | x), out of fold.
    affluent_probability_ : (n,) what is believed of each row: for an unlabelled one P(affluent | x, not tagged), for a
        tagged one the share of tags that are right. With a counting review the unlabelled sum to `hidden_count_`;
        without, the numbers hold under the assumption in `warnings_`.
    hidden_count_ : HiddenCount(low, high, value, assumption), over the unlabelled rows.
    reliability_ : believed against found, in bins of the reviewed; empty without a review.
    folds_ : (n,) the fold of each row.
    warnings_ : sentences: what the data cannot tell.

    Notes
    -----
    Without tag drivers the tags are taken to be given at random among the affluent (Elkan & Noto 2008). With them the
    label propensity is learned beside the affluence (`affluence.pu.label_propensity`), which assumes that the drivers
    are all that tagging looked at; verdicts on customers checked by hand test and correct it.

    """

    def __init__(
        self,
        mode: Mode = "accurate",
        tag_drivers: Sequence[str | int] | None = None,
        cv: int = 5,
        random_state: int = 0,
        missed: float = 0.0,
        wrongly_named: float = 0.0,
        boosting: Mapping[str, float] | None = None,
        scorecard: Mapping[str, float] | None = None,
    ) -> None:
        self.mode = mode
        self.tag_drivers = tag_drivers
        self.cv = cv
        self.random_state = random_state
        self.missed = missed
        self.wrongly_named = wrongly_named
        self.boosting = boosting
        self.scorecard = scorecard

    def __sklearn_tags__(self) -> EstimatorTags:
        """What scikit-learn should know: two classes, missing values welcome."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        return tags

    def fit(self, X: Table, y: Any, *, groups: Any = None, review: Any = None) -> Self:  # noqa: N803
        """Learn from a table and its tags.

        `X` is a Polars or pandas frame (numbers, strings, missing) or an array; `groups` the customer ids, by default
        each row its own customer; `review` a frame of `row`, `verdict` and, from `suggest_review`, `weight` and
        `stratum`. Errors: ValueError for what scikit-learn refuses, UserError for a faulty review.
        """
        effort = self._effort()
        features = self._read(X, reset=True)
        self.classes_, tags = read_tags(y, rows=features.height)
        self._preprocessing: Preprocessing = fit_preprocessing(features, features=described(features))
        drivers = places_of(self.tag_drivers, columns=features.columns)
        ids = np.arange(features.height) if groups is None else read_groups(groups, rows=features.height)
        digests = customer_digests(ids, key=int(self.random_state))
        self.folds_ = deal_folds(digests, tags, folds=possible_folds(digests, tags, wanted=self.cv))
        self._fold_map: FoldMap = map_folds(digests, self.folds_, key=int(self.random_state))
        self._order = canonical_order(digests, features)
        self._back = np.argsort(self._order)
        self._design: Design = self._preprocessing.design(features).rows(self._order)
        self._tags, self._drivers = tags, drivers
        self._review: Review | None = None if review is None else read_review(review, table_rows=len(tags))
        self._found: Found = find(
            self._design,
            tags[self._order],
            self.folds_[self._order],
            drivers=drivers,
            effort=effort,
            seed=self.random_state,
            verdicts=self._verdicts(),
        )
        self._unreviewed: Found | None = self._found if self._review is None else None
        self._conclude(self._found.finders)
        return self

    def update(self, review: Any) -> Self:
        """Learn from verdicts, in seconds: the frame of `suggest_review` with a column `verdict` (1 affluent, 0 not).

        Verdicts add to those given before; a second one on the same row replaces the first. Rows without one are left
        out. Errors: UserError that lists every fault of the frame; nothing is changed then.
        """
        self._require_training("update")
        given = read_review(review, table_rows=len(self._tags))
        joined = join_reviews(self._review, given)
        # Refuses what cannot be counted with, before anything is changed.
        count_hidden(self.labelled_probability_, self._tags, joined, reviewers=self._reviewers, seed=self.random_state)
        self._review = joined
        verdicts = self._verdicts()
        if verdicts is None:
            return self
        self._found = find_again(
            self._unreviewed or self._found,
            self._design,
            self._tags[self._order],
            self.folds_[self._order],
            drivers=self._drivers,
            effort=self._effort(),
            seed=self.random_state,
            verdicts=verdicts,
        )
        self._conclude(self._found.finders)
        return self

    def suggest_review(self, n: int, purpose: Purpose = "find") -> pl.DataFrame:
        """`n` unlabelled customers worth checking by hand: `row` (position in X), `stratum`, `weight`.

        "find" draws most from the top of the ranking and improves the list most; "count" spreads wider and narrows
        the interval of the count. Customers reviewed before are not drawn again.
        """
        self._require_training("suggest_review")
        open_rows = self._tags == 0
        if self._review is not None:
            open_rows[self._review.rows] = False
        rows = np.flatnonzero(open_rows)
        batch = self._batch()
        return sample_review(
            self.review_order()[rows],
            rows,
            n=n,
            purpose=purpose,
            seed=self.random_state + batch,
            first_stratum=BATCH_STRIDE * batch,
        )

    def review_order(self) -> Floats:
        """(n,) by what review sheets are drawn: halfway between the plain and the corrected ranking, out of fold.

        Where the two disagree a verdict tells most of which is right.
        """
        self._require_training("review_order")
        both = (self._found.labelled, self._found.corrected)
        order: Floats = np.sum([rankdata(log_odds) for log_odds in both], axis=0)[self._back] / len(self._tags)
        return order

    def decision_function(self, X: Table, *, groups: Any = None) -> Floats:  # noqa: N803
        """The log-odds of being affluent, of customers whose tag is not known; `groups` as in `predict_proba`."""
        probability = self.predict_proba(X, groups=groups)[:, 1]
        log_odds: Floats = logit(probability.clip(1e-12, 1 - 1e-12))
        return log_odds

    def predict_proba(self, X: Table, *, groups: Any = None) -> Floats:  # noqa: N803
        """(n, 2): probabilities of being otherwise and of being affluent, of customers whose tag is not known.

        New customers are scored by all fold models; with `groups` (customer ids) those of the training table are
        recognised and scored by the models that never saw them.
        """
        check_is_fitted(self)
        labelled, hidden = self._score(X, groups)
        tagged = expit(labelled)
        affluent = tagged * self._tags_right + (1 - tagged) * expit(hidden + self._shift)
        return np.stack([1 - affluent, affluent], axis=1)

    def predict(self, X: Table, *, groups: Any = None) -> NDArray[Any]:  # noqa: N803
        """The likelier class of customers whose tag is not known, as `y` named it."""
        check_is_fitted(self)
        affluent = self.predict_proba(X, groups=groups)[:, 1] > 0.5
        likelier: NDArray[Any] = self.classes_[affluent.astype(int)]
        return likelier

    def rank_score(self, X: Table, *, groups: Any = None) -> Floats:  # noqa: N803
        """What `out_of_fold_` is, for any customers: the log-odds of being affluent without a tag."""
        check_is_fitted(self)
        return self._score(X, groups)[1]

    def cross_fit(self) -> CrossFit:
        """The finder cross-fitted on its training table, row by row, as any other method of ours."""
        self._require_training("cross_fit")
        labelled = self._found.labelled[self._back]
        method = FinderMethod(self.mode, boosting=self.boosting or {}, scorecard=self.scorecard or {})
        return CrossFit(method, self._finders, labelled, hidden=self.out_of_fold_)

    def discovery(self) -> Discovery:
        """What was learned beside the ranking: the count, its assumption, and from how many verdicts."""
        check_is_fitted(self)
        return Discovery(
            mode=self.mode,
            drivers=tuple(self._preprocessing.features[place] for place in self._drivers),
            reviewed=0 if self._review is None else len(self._review),
            hidden_count=self.hidden_count_,
            shift=None if self.hidden_count_.value is None else self._shift,
            warnings=self.warnings_,
            reliability=self.reliability_,
            recalibrations=self._recalibrations(),
            score_errors=score_errors(
                self._found.layers.scores,
                [finder.blend for finder in self._finders],
                self.folds_[self._order],
                self._found.hidden,
            ),
            counted_among=int((self._tags == 0).sum()),
        )

    def save(self, folder: Path | str) -> None:
        """Write the fitted finder into `folder`: XGBoost's own format, JSON and Parquet; no pickle, no customer id.

        What is read back scores new customers the same to the last bit. The training table stays out of it, so a
        finder that was read back takes no new verdicts.
        """
        from affluence.pu.storage import save_finder

        check_is_fitted(self)
        save_finder(self._state(), self._finders, self._fold_map, Path(folder))

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """The finder that `save` wrote. Errors: UserError when the folder holds none."""
        from affluence.pu.storage import load_finder

        state, finders, fold_map = load_finder(Path(folder))
        return cls(**state["parameters"])._restore(state, finders, fold_map)  # noqa: SLF001

    def _effort(self) -> Effort:
        if self.mode not in EFFORTS:
            raise ValueError(f"mode is {self.mode!r}; wanted one of {', '.join(EFFORTS)}.")
        if not isinstance(self.cv, int | np.integer) or self.cv < FEWEST_FOLDS:
            raise ValueError(f"cv is {self.cv!r}; wanted a whole number of folds, at least {FEWEST_FOLDS}.")
        if not isinstance(self.random_state, int | np.integer):
            raise ValueError(  # noqa: TRY004
                f"random_state is {self.random_state!r}; wanted a whole number, for equal results."
            )
        return effort_of(self.mode, boosting=self.boosting, scorecard=self.scorecard)

    def _read(self, table: Table, *, reset: bool) -> pl.DataFrame:
        if not is_frame(table):
            table = check_array(table, dtype=np.float64, ensure_all_finite="allow-nan", estimator=self, input_name="X")
        validate_data(self, table, reset=reset, skip_check_array=True)
        return features_of_frame(table)

    def _verdicts(self) -> Verdicts | None:
        if self._review is None or not len(self._review):
            return None
        places = self._back[self._review.rows].astype(np.intp)
        order = np.argsort(places)
        return replace(self._reviewers.verdicts(self._review).those(order), rows=places[order])

    def _recalibrations(self) -> tuple[tuple[float, float], ...]:
        """What the verdicts on the unlabelled allow the chances to be; nothing where they cannot be counted with."""
        if self._review is None or self.hidden_count_.value is None:
            return ()
        told = self._review.those(self._tags[self._review.rows] == 0)
        verdicts = self._reviewers.verdicts(told)
        return recalibrations(self.out_of_fold_[told.rows], verdicts, seed=int(self.random_state))

    @property
    def _reviewers(self) -> Reviewers:
        return Reviewers(self.missed, self.wrongly_named)

    def _batch(self) -> int:
        """The number of the next review sheet."""
        if self._review is None or not (self._review.strata >= 0).any():
            return 0
        return int(self._review.strata.max()) // BATCH_STRIDE + 1

    def _conclude(self, finders: Sequence[FoldFinder]) -> None:
        """Set what is learned about each row, and about all of them."""
        self._finders = tuple(finders)
        self.out_of_fold_ = self._found.hidden[self._back]
        self.labelled_probability_ = expit(self._found.labelled[self._back])
        belief = believe(
            self.out_of_fold_,
            self.labelled_probability_,
            self._tags,
            self._review,
            reviewers=self._reviewers,
            seed=self.random_state,
        )
        self._tags_right, self._shift = belief.tags_right, belief.shift
        self.hidden_count_ = belief.count
        self.affluent_probability_ = belief.affluent
        self.reliability_ = belief.reliability
        self.warnings_ = warnings_about(
            design=self._design,
            tags=self._tags[self._order],
            labelled=expit(self._found.labelled),
            drivers=self._drivers,
            review=self._review,
            tags_of_reviewed=None if self._review is None else self._tags[self._review.rows],
        )

    def _score(self, table: Table, groups: Any) -> tuple[Floats, Floats]:
        features = self._read(table, reset=False)
        require_same_kinds(features, self._preprocessing)
        design = self._preprocessing.design(features)
        ids = None if groups is None else read_groups(groups, rows=len(design))
        folds = np.full(len(design), UNKNOWN_FOLD) if ids is None else self._fold_map.folds_of(ids)
        return score_by_folds(self._finders, design, folds)

    def _require_training(self, what: str) -> None:
        check_is_fitted(self)
        if not hasattr(self, "_design"):
            raise ValueError(
                f"{what} needs the training table, which a finder that was read back does not hold: fit again."
            )

    def _state(self) -> dict[str, Any]:
        drivers = None if self.tag_drivers is None else list(self.tag_drivers)
        tuned = {
            "boosting": dict(self.boosting) if self.boosting else None,
            "scorecard": dict(self.scorecard) if self.scorecard else None,
        }
        return {
            "parameters": {**self.get_params(), "tag_drivers": drivers, **tuned},
            "classes": self.classes_.tolist(),
            "n_features_in": self.n_features_in_,
            "feature_names_in": getattr(self, "feature_names_in_", np.array([])).tolist(),
            "features": self._preprocessing.features,
            "vocabularies": dict(self._preprocessing.vocabularies),
            "shift": self._shift,
            "tags_right": self._tags_right,
            "hidden_count": vars(self.hidden_count_),
            "warnings": self.warnings_,
        }

    def _restore(self, state: Mapping[str, Any], finders: Sequence[FoldFinder], fold_map: FoldMap) -> Self:
        self.classes_ = np.array(state["classes"])
        self.n_features_in_ = state["n_features_in"]
        if state["feature_names_in"]:
            self.feature_names_in_ = np.array(state["feature_names_in"], dtype=object)
        self._preprocessing = Preprocessing(
            features=tuple(state["features"]),
            vocabularies={name: tuple(known) for name, known in state["vocabularies"].items()},
        )
        self._finders, self._fold_map = tuple(finders), fold_map
        self._shift, self._tags_right = state["shift"], state["tags_right"]
        self.hidden_count_ = HiddenCount(**state["hidden_count"])
        self.warnings_ = tuple(state["warnings"])
        return self

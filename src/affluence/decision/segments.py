"""Segments of the listed: a few kinds of people, each described by a rule by which anybody can be placed.

A shallow tree parts the listed at round numbers so that people of one leaf are as alike as can be in everything that
the bank knows of them (a predictive clustering tree: Blockeel, De Raedt and Ramon 1998). It minimises what k-means
minimises, but its groups are rules from the start, so the rule is no summary of the segments: it is them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score
from sklearn.model_selection import GroupShuffleSplit
from sklearn.tree import DecisionTreeRegressor
from threadpoolctl import threadpool_limits

from affluence.data.contract import Contract
from affluence.decision.expected_finds import FindsByRank
from affluence.decision.population import Population
from affluence.decision.segment_measures import Matrix, Measures, answers, measure
from affluence.decision.segment_profile import Profile, profile
from affluence.decision.segment_rules import Question, Rule, place
from affluence.errors import UserError

STABLE = 0.8
"""The mean adjusted Rand index that a number of segments must reach: the same people fall together again."""
HALVES = 8
"""As many halves of the listed, each with a seed of its own, are segmented anew."""
QUESTIONS_A_PERSON = 3
"""More questions than that nobody answers from memory."""
SMALLEST_SHARE, SMALLEST_PEOPLE = 0.05, 20
"""A smaller segment is not worth a page, and hides nobody."""
POINTS_ON_THE_MAP = 2_000

Labels = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Segment:
    """One segment: name, rule, the rule in words, how many of the listed are in it and their share."""

    name: str
    rule: Rule
    text: str
    people: int
    share: float


@dataclass(frozen=True)
class Agreement:
    """How far segmentations of halves of the listed place everybody as that of all does (adjusted Rand index)."""

    mean: float
    lowest: float


@dataclass(frozen=True)
class Baseline:
    """What k-means makes of the same people, with as many groups but without rules."""

    explained: float
    agreement: Agreement


@dataclass(frozen=True)
class Segmentation:
    """The segments of the listed, and how far they can be trusted.

    `frame` has row, segment; `explained` is the share of the listed's variance that lies between segments;
    `tried` the agreement of every number of segments that was tried, the most first; `map` has x, y, segment of
    2,000 people at most and nothing else of them.
    """

    segments: tuple[Segment, ...]
    frame: pl.DataFrame
    agreement: Agreement
    tried: Mapping[int, Agreement]
    explained: float
    baseline: Baseline
    profile: Profile
    map: pl.DataFrame

    def place(self, customers: pl.DataFrame) -> pl.DataFrame:
        """The segment of each of `customers` (row, segment) by the rules alone; who is new is placed alike."""
        names = [segment.name for segment in self.segments]
        placed = place(customers, names, [segment.rule for segment in self.segments])
        return customers.select("row").with_columns(placed)


def segment_candidates(
    listed: pl.DataFrame,
    population: Population,
    contract: Contract,
    *,
    seed: int,
    most: int = 6,
    finds: FindsByRank | None = None,
) -> Segmentation:
    """The segments of the `listed` (rows of the ranking), at most `most`, fewer where more would not be stable.

    The `population` has the columns of the contract, with `tag` where there is one. The answer does not depend on
    the order of rows. A number of segments is stable when segmentations of halves of the listed, no customer in both
    halves, agree with that of all by 0.8 or more in the mean of the adjusted Rand index (Hubert and Arabie 1985).
    With `finds`, those of the ranking, the profile says how many to expect in each; the listed have their score then.

    Errors: UserError when nobody is listed, a listed row is not among the customers, or `most` is below 1.
    """
    people = _people(listed, population, most=most)
    measures = measure(people, contract)
    halves = list(_halves(people, seed=seed))
    tried: dict[int, Agreement] = {}
    for count in range(most, 0, -1):
        rules = _rules(measures, people, count=count, seed=seed)
        if len(rules) < count and count > 1:
            continue
        tried[count] = _agreement(_labels(people, rules), _again(people, contract, halves, count=count, seed=seed))
        if tried[count].mean >= STABLE:
            break
    labels = _labels(people, rules)
    segments = _segments(rules, labels)
    frame = _placed(people, segments)
    return Segmentation(
        segments=segments,
        frame=listed.select("row").join(frame, on="row", how="left", maintain_order="left"),
        agreement=tried[count],
        tried=tried,
        explained=_explained(measures.points, labels),
        baseline=_baseline(measures.points, halves, count=len(rules), seed=seed),
        profile=profile(frame, listed=listed, population=population, contract=contract, finds=finds),
        map=_map(measures.points, frame, seed=seed),
    )


def _people(listed: pl.DataFrame, population: Population, *, most: int) -> pl.DataFrame:
    if most < 1:
        raise UserError(f"{most} segments were asked for. Ask for 1 or more.")
    if listed.is_empty():
        raise UserError("Nobody is listed, so there are no segments. Ask for more contacts.")
    people = population.people(listed["row"]).sort("row")
    if people.height != listed.height:
        raise UserError(
            f"{listed.height:,} rows are listed and {people.height:,} of them stand once among the customers. "
            "Give the table that was scored."
        )
    return people


def _rules(measures: Measures, people: pl.DataFrame, *, count: int, seed: int) -> list[Rule]:
    """The rules of at most `count` segments, in the order of the tree."""
    smallest = max(SMALLEST_PEOPLE, round(SMALLEST_SHARE * people.height))
    if count == 1 or people.height < 2 * smallest or not measures.questions or not measures.points.shape[1]:
        return [Rule()]
    tree = DecisionTreeRegressor(
        max_leaf_nodes=count, max_depth=QUESTIONS_A_PERSON, min_samples_leaf=smallest, random_state=seed
    ).fit(answers(people, measures.questions), measures.points)
    return list(_paths(tree.tree_, measures.questions))


def _paths(tree: object, questions: tuple[Question, ...], node: int = 0, path: Rule | None = None) -> Iterator[Rule]:
    path = path or Rule()
    no, yes = tree.children_left[node], tree.children_right[node]  # type: ignore[attr-defined]
    if no == yes:
        yield path
        return
    question = questions[tree.feature[node]]  # type: ignore[attr-defined]
    for child, answer in ((yes, True), (no, False)):
        yield from _paths(tree, questions, child, Rule((*path.answers, (question, answer))))


def _labels(people: pl.DataFrame, rules: list[Rule]) -> Labels:
    names = [str(number) for number in range(len(rules))]
    return place(people, names, rules).cast(pl.Int64).to_numpy()


def _halves(people: pl.DataFrame, *, seed: int) -> Iterator[Labels]:
    """Halves of the people by their places; all rows of a customer are in the same half."""
    customers = people["customer_id"] if "customer_id" in people.columns else people["row"]
    if customers.n_unique() > 1:
        splits = GroupShuffleSplit(n_splits=HALVES, train_size=0.5, random_state=seed)
        yield from (np.sort(half) for half, _ in splits.split(people["row"], groups=customers.to_numpy()))


def _again(
    people: pl.DataFrame, contract: Contract, halves: list[Labels], *, count: int, seed: int
) -> Iterator[Labels]:
    """Everybody placed by segmentations that know a half of them."""
    for number, half in enumerate(halves, start=1):
        known = people[half]
        yield _labels(people, _rules(measure(known, contract), known, count=count, seed=seed + number))


def _agreement(labels: Labels, others: Iterator[Labels]) -> Agreement:
    indices = [float(adjusted_rand_score(labels, other)) for other in others] or [1.0]
    return Agreement(mean=float(np.mean(indices)), lowest=min(indices))


def _segments(rules: list[Rule], labels: Labels) -> tuple[Segment, ...]:
    sizes = np.bincount(labels, minlength=len(rules))
    return tuple(
        Segment(name=rule.name, rule=rule, text=rule.text, people=int(size), share=float(size / len(labels)))
        for rule, size in zip(rules, sizes, strict=True)
    )


def _placed(people: pl.DataFrame, segments: tuple[Segment, ...]) -> pl.DataFrame:
    placed = place(people, [segment.name for segment in segments], [segment.rule for segment in segments])
    return people.select("row").with_columns(placed)


def _explained(points: Matrix, labels: Labels) -> float:
    total = float(((points - points.mean(axis=0)) ** 2).sum())
    groups = [points[labels == label] for label in np.unique(labels)]
    within = sum(float(((group - group.mean(axis=0)) ** 2).sum()) for group in groups)
    return 1 - within / total if total else 0.0


def _baseline(points: Matrix, halves: list[Labels], *, count: int, seed: int) -> Baseline:
    if count == 1:
        return Baseline(explained=0.0, agreement=Agreement(1.0, 1.0))

    def grouped(seed: int) -> Callable[[Matrix], Labels]:
        return lambda known: KMeans(count, n_init=10, random_state=seed).fit(known).predict(points).astype(np.int64)

    with threadpool_limits(1):  # the threads of small k-means wait for each other longer than they work
        labels = grouped(seed)(points)
        others = [grouped(seed + number)(points[half]) for number, half in enumerate(halves, start=1)]
    return Baseline(explained=_explained(points, labels), agreement=_agreement(labels, iter(others)))


def _map(points: Matrix, frame: pl.DataFrame, *, seed: int) -> pl.DataFrame:
    """Where people stand on the two axes along which they differ most, in no order that tells who they are."""
    shown = np.random.default_rng(seed).permutation(len(points))[:POINTS_ON_THE_MAP]
    wide = np.hstack([points, np.zeros((len(points), 2))])
    varies = np.ptp(wide, axis=0).any()
    places = PCA(2, svd_solver="full").fit(wide).transform(wide[shown]) if varies else wide[shown, -2:]
    return pl.DataFrame({"x": places[:, 0], "y": places[:, 1], "segment": frame["segment"].gather(shown)})

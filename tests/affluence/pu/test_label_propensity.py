"""The label propensity: what tags and verdicts say about how the bank tags."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.special import expit, logit

from affluence.features.preprocessing import Design
from affluence.pu import label_propensity
from affluence.pu.label_propensity import (
    CONSTANT,
    FAMILIES,
    Verdicts,
    _affluence_inputs,
    _Problem,
    fit_label_propensity,
)

ROWS = 4_000


def made(rows=ROWS, *, seed=0, slope=4.0):
    """A design of two drivers, what the rest says, tags, the truth, and the label propensity that made the tags."""
    random = np.random.default_rng(seed)
    drivers = random.normal(size=(rows, 2)).astype(np.float32)
    rest = random.normal(size=rows) * 2
    truth = (random.random(rows) < expit(2 * rest + drivers.sum(axis=1) - 1.5)).astype(np.int8)
    propensity = expit(slope * (drivers.sum(axis=1) - 0.3))
    tags = (truth * (random.random(rows) < propensity)).astype(np.int8)
    return Design(drivers, ("salary", "deposit"), (0, 0), {}), rest, tags, truth, propensity


def told(truth, tags, *, count=150, **careless) -> Verdicts:
    rows = np.flatnonzero(tags == 0)[:count]
    return Verdicts(rows, truth[rows].astype(float), **careless)


@pytest.fixture(scope="module")
def data():
    return made()


@pytest.fixture(scope="module")
def fitted(data):
    design, rest, tags, *_ = data
    return fit_label_propensity(design, rest, tags, drivers=[0, 1])


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("careless", [{}, {"missed": 0.2, "wrongly_named": 0.1}], ids=["careful", "careless"])
def test_the_gradients_are_the_finite_differences(family, careless):
    random = np.random.default_rng(4)
    ranks = random.random((80, 3))
    inputs = _affluence_inputs((ranks - 0.5) * 3, random.normal(size=80))
    tags = random.integers(0, 2, 80).astype(np.int8)
    verdicts = Verdicts(np.arange(0, 80, 3), random.integers(0, 2, 27).astype(float), **careless)
    problem = _Problem.of(inputs, ranks, tags, verdicts)
    looks_at = np.hstack([np.ones((80, 1)), FAMILIES[family](ranks)])
    parameters = random.normal(0, 0.4, inputs.shape[1] + looks_at.shape[1])
    for part, seen in ((problem._tags, looks_at), (problem._verdicts, looks_at[verdicts.rows])):
        slope = part(parameters, seen)[1]
        by_steps = approx_fprime(parameters, lambda at, part=part, seen=seen: part(at, seen)[0], 1e-6)
        assert slope == pytest.approx(by_steps, rel=1e-3, abs=1e-3)
        assert np.abs(slope).max() > 0.1


def test_the_whole_objective_and_its_gradient_agree_beliefs_included(data, monkeypatch):
    design, rest, tags, truth, _ = data
    seen = []

    def watched(objective, start, **settings):
        seen.append((objective, start + np.random.default_rng(0).normal(0, 0.1, len(start))))
        return minimize(objective, start, **settings)

    minimize = label_propensity.minimize
    monkeypatch.setattr(label_propensity, "minimize", watched)
    verdicts = told(truth, tags, missed=0.1, wrongly_named=0.05)
    fit_label_propensity(design, rest, tags, drivers=[0, 1], verdicts=verdicts)
    assert len(seen) == len(FAMILIES)
    for objective, parameters in seen:
        by_steps = approx_fprime(parameters, lambda at, objective=objective: objective(at)[0], 1e-6)
        assert objective(parameters)[1] == pytest.approx(by_steps, rel=2e-3, abs=2e-2)


def test_weights_sum_to_one_and_the_constant_family_needs_verdicts(data, fitted):
    design, rest, tags, truth, _ = data
    reviewed = fit_label_propensity(design, rest, tags, drivers=[0, 1], verdicts=told(truth, tags))
    assert sum(family.weight for family in fitted.families) == pytest.approx(1)
    assert sum(family.weight for family in reviewed.families) == pytest.approx(1)
    assert [family.name for family in fitted.families] == [name for name in FAMILIES if name != CONSTANT]
    assert [family.name for family in reviewed.families] == list(FAMILIES)


def test_it_grows_with_the_driver_that_made_the_tag(data, fitted):
    design, *_ = data
    steps = np.linspace(-2, 2, 30).astype(np.float32)
    for place in (0, 1):
        matrix = np.zeros((30, 2), dtype=np.float32)
        matrix[:, place] = steps
        propensity, _ = fitted.posterior(Design(matrix, design.names, (0, 0), {}), np.zeros(30))
        assert (np.diff(propensity) >= 0).all()
        assert propensity[-1] > propensity[0] + 0.3


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_it_recovers_the_propensity_of_the_affluent(seed):
    design, rest, tags, truth, propensity = made(seed=seed)
    learned, hidden = fit_label_propensity(design, rest, tags, drivers=[0, 1]).posterior(design, rest)
    affluent = truth == 1
    assert learned[affluent].mean() == pytest.approx(propensity[affluent].mean(), abs=0.1)
    assert np.abs(learned - propensity)[affluent].mean() < 0.15
    assert np.corrcoef(learned[affluent], propensity[affluent])[0, 1] > 0.85
    untagged = tags == 0
    assert hidden[untagged].mean() == pytest.approx(truth[untagged].mean(), abs=0.06)


def test_verdicts_teach_that_tagging_was_random_after_all():
    random = np.random.default_rng(7)
    design, rest, _, truth, _ = made(seed=7)
    tags = (truth * (random.random(ROWS) < 0.5)).astype(np.int8)
    reviewed = fit_label_propensity(design, rest, tags, drivers=[0, 1], verdicts=told(truth, tags, count=400))
    weights = {family.name: family.weight for family in reviewed.families}
    propensity, _ = reviewed.posterior(design, rest)
    assert propensity[truth == 1].mean() == pytest.approx(0.5, abs=0.1)
    assert propensity.std() < 0.2
    assert weights[CONSTANT] > 0.02


def test_verdicts_narrow_what_tags_leave_open(data, fitted):
    design, rest, tags, truth, _ = data
    verdicts = told(truth, tags, count=400)
    reviewed = fit_label_propensity(design, rest, tags, drivers=[0, 1], verdicts=verdicts)
    open_rows = np.setdiff1d(np.flatnonzero(tags == 0), verdicts.rows)

    def loss(learned) -> float:
        hidden = learned.posterior(design, rest)[1][open_rows].clip(1e-6, 1 - 1e-6)
        return -float((truth[open_rows] * logit(hidden) + np.log1p(-hidden)).mean())

    assert loss(reviewed) < loss(fitted) + 0.01


@pytest.mark.parametrize(
    "column",
    [
        np.full(ROWS, 3.0),
        np.full(ROWS, np.nan),
        np.where(np.arange(ROWS) % 2, np.nan, 1.0),
    ],
    ids=["constant", "all missing", "half missing"],
)
def test_a_driver_that_tells_nothing_does_no_harm(data, column):
    design, rest, tags, truth, _ = data
    matrix = np.column_stack([design.matrix, column]).astype(np.float32)
    wider = Design(matrix, ("salary", "deposit", "empty"), (0, 0, 0), {})
    for verdicts in (None, told(truth, tags)):
        learned = fit_label_propensity(wider, rest, tags, drivers=[0, 1, 2], verdicts=verdicts)
        propensity, hidden = learned.posterior(wider, rest)
        assert ((propensity > 0) & (propensity < 1)).all()
        assert ((hidden >= 0) & (hidden <= 1)).all()
        plain = fit_label_propensity(design, rest, tags, drivers=[0, 1], verdicts=verdicts)
        assert np.corrcoef(hidden, plain.posterior(design, rest)[1])[0, 1] > 0.9


@pytest.mark.parametrize("column", [np.full(ROWS, 3.0), np.full(ROWS, np.nan)], ids=["constant", "all missing"])
def test_one_driver_alone_that_tells_nothing(data, column):
    _, rest, tags, *_ = data
    design = Design(column[:, None].astype(np.float32), ("empty",), (0,), {})
    propensity, hidden = fit_label_propensity(design, rest, tags, drivers=[0]).posterior(design, rest)
    assert np.ptp(propensity) < 1e-6
    assert np.isfinite(hidden).all()


def test_one_driver_alone(data):
    design, rest, tags, *_ = data
    learned = fit_label_propensity(design, rest, tags, drivers=[1])
    propensity, _ = learned.posterior(design, rest)
    assert np.corrcoef(propensity, design.matrix[:, 1])[0, 1] > 0.8
    assert len(learned.ranks) == 1


def test_a_category_may_be_a_driver(data):
    _, rest, _, truth, _ = data
    random = np.random.default_rng(5)
    branch = random.integers(0, 3, ROWS)
    propensity = np.array([0.1, 0.9, 0.4])[branch]
    tags = (truth * (random.random(ROWS) < propensity)).astype(np.int8)
    design = Design(branch[:, None].astype(np.float32), ("branch",), (3,), {})
    learned, _ = fit_label_propensity(design, rest, tags, drivers=[0]).posterior(design, rest)
    least, most, between = (learned[branch == code].mean() for code in range(3))
    assert least < between < most
    assert most - least > 0.3


def test_a_rest_that_says_nothing_is_borne(data):
    design, _, tags, *_ = data
    learned = fit_label_propensity(design, np.zeros(ROWS), tags, drivers=[0, 1])
    assert np.isfinite(np.concatenate(learned.posterior(design, np.zeros(ROWS)))).all()


def test_a_row_is_read_alone_to_the_bit(data, fitted):
    design, rest, *_ = data
    whole = np.stack(fitted.posterior(design, rest))
    order = np.random.default_rng(0).permutation(ROWS)
    assert (np.stack(fitted.posterior(design.rows(order), rest[order])) == whole[:, order]).all()
    for row in range(50):
        alone = np.stack(fitted.posterior(design.rows(np.array([row])), rest[[row]]))
        assert (alone[:, 0] == whole[:, row]).all()


def test_tags_count_as_those_of_so_many_customers_however_large_the_table(data, monkeypatch):
    design, rest, tags, *_ = data
    monkeypatch.setattr(label_propensity, "MOST_ROWS", 2_000)
    thinned = fit_label_propensity(design, rest, tags, drivers=[0, 1])
    assert np.isfinite(thinned.posterior(design, rest)[0]).all()
    inputs = _affluence_inputs(np.zeros((ROWS, 1)), rest)
    problem = _Problem.of(inputs, np.zeros((ROWS, 1)), tags, None)
    assert len(problem.tags) == 2_000
    assert problem.weight == 1
    monkeypatch.setattr(label_propensity, "EFFECTIVE_CUSTOMERS", 500.0)
    assert _Problem.of(inputs, np.zeros((ROWS, 1)), tags, None).weight == pytest.approx(0.25)


def test_the_truth_after_a_verdict_is_bayes():
    before = np.array([0.5, 0.5, 0.1, 0.9])
    careful = Verdicts(np.arange(4), np.array([1.0, 0.0, 1.0, 0.0]))
    assert careful.truth(before) == pytest.approx([1, 0, 1, 0])
    careless = Verdicts(np.arange(4), np.array([1.0, 0.0, 1.0, 0.0]), missed=0.2, wrongly_named=0.1)
    assert careless.truth(before) == pytest.approx([0.4 / 0.45, 0.1 / 0.55, 0.08 / (0.08 + 0.09), 0.18 / (0.18 + 0.09)])
    assert careless.seen_probability(before) == pytest.approx([0.45, 0.45, 0.17, 0.73])


def test_verdicts_among_some_customers_stand_at_their_places():
    verdicts = Verdicts(np.array([2, 5, 9]), np.array([1.0, 0.0, 1.0]), missed=0.1)
    among = verdicts.among(np.array([1, 2, 9, 11]))
    assert among.rows.tolist() == [1, 2]
    assert among.affluent.tolist() == [1, 1]
    assert among.missed == 0.1
    assert verdicts.among(np.array([], dtype=np.intp)).rows.tolist() == []
    assert verdicts.those(np.array([False, True, False])).rows.tolist() == [5]

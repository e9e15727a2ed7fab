"""Clean made tables of several kinds, into which the tests plant one fault at a time."""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

ROWS = 2_500


def _tag(wealth: np.ndarray, random: np.random.Generator, *, noise: float = 1.0) -> pl.Series:
    shown = (wealth - wealth.mean()) / wealth.std() + noise * random.normal(size=len(wealth))
    return pl.Series(np.where(shown > np.quantile(shown, 0.8), "AFFLUENT", "NORMAL"))


def _ids(rows: int, random: np.random.Generator) -> list[str]:
    return [f"C{number:07}" for number in random.permutation(10 * rows)[:rows]]


def correlated(random: np.random.Generator, rows: int = ROWS) -> pl.DataFrame:
    """Columns that go together as a bank's do: income, spending and savings over one wealth."""
    wealth = random.normal(size=rows)
    noise = random.normal(size=(3, rows))
    return pl.DataFrame(
        {
            "customer_id": _ids(rows, random),
            "segment": _tag(wealth, random),
            "age_years": random.normal(48, 11, rows).clip(18, 99).round(),
            "income": np.exp(8 + 0.5 * wealth + 0.3 * noise[0]).round(2),
            "spending": np.exp(7 + 0.5 * wealth + 0.2 * noise[1]).round(2),
            "savings": np.exp(9 + 0.8 * wealth + 0.6 * noise[2]).round(2),
            "children": random.poisson(1.3, rows),
            "region": random.choice(["north", "south", "east", "west"], rows, p=[0.4, 0.3, 0.2, 0.1]),
        }
    )


def heavy_tailed(random: np.random.Generator, rows: int = ROWS) -> pl.DataFrame:
    """Amounts over many orders of magnitude, some with zeros, one around 0."""
    wealth = random.normal(size=rows)
    return pl.DataFrame(
        {
            "customer_id": _ids(rows, random),
            "segment": _tag(wealth, random),
            "balance": np.exp(8 + 2 * wealth + random.normal(size=rows)).round(2),
            "turnover": (random.pareto(1.2, rows) * 1_000 + 10).round(2),
            "gain": np.where(random.random(rows) < 0.9, 0.0, random.lognormal(8, 1.5, rows).round(2)),
            "change": (1_000 * random.standard_t(3, rows)).round(2),
            "visits": random.negative_binomial(1, 0.05, rows),
        }
    )


def with_gaps(random: np.random.Generator, rows: int = ROWS) -> pl.DataFrame:
    """Values that are missing at random, each column by itself."""
    table = correlated(random, rows)
    gaps = {"income": 0.4, "spending": 0.1, "savings": 0.25, "region": 0.3, "children": 0.05}
    return table.with_columns(
        pl.when(pl.Series(random.random(rows) > share)).then(pl.col(name)).alias(name) for name, share in gaps.items()
    )


def well_told(random: np.random.Generator, rows: int = ROWS) -> pl.DataFrame:
    """A strong but honest predictor: the tag's ROC AUC by it alone is about 0.9; others add to it."""
    wealth = random.normal(size=rows)
    return pl.DataFrame(
        {
            "customer_id": _ids(rows, random),
            "segment": _tag(wealth, random, noise=0.75),
            "wealth_index": (50 + 10 * wealth).round(3),
            "products": (3 + wealth + 0.5 * random.normal(size=rows)).clip(0, 8).round(),
            "hint": (wealth + random.normal(size=rows)).round(4),
            "job": np.where(random.random(rows) < 0.3, "doctor", np.where(wealth > 0.5, "lawyer", "clerk")),
        }
    )


def rounded(random: np.random.Generator, rows: int = ROWS) -> pl.DataFrame:
    """Heaps as people make them: some round to hundreds, some to thousands; prices and weights on a grid."""
    wealth = random.normal(size=rows)
    income = np.exp(10 + 0.6 * wealth)
    step = random.choice([1.0, 100.0, 1_000.0], rows, p=[0.4, 0.3, 0.3])
    return pl.DataFrame(
        {
            "customer_id": _ids(rows, random),
            "segment": _tag(wealth, random),
            "income": (income / step).round() * step,
            "price": (np.exp(12 + 0.4 * wealth) / 5_000).round() * 5_000,
            "height_cm": random.normal(172, 9, rows).round(),
            "limit": random.choice([500, 1_000, 2_000, 5_000, 10_000], rows, p=[0.2, 0.3, 0.2, 0.2, 0.1]),
            "level": random.integers(1, 9, rows),
        }
    )


def categories(random: np.random.Generator, rows: int = ROWS) -> pl.DataFrame:
    """Hardly anything but categories, so that equal rows are no wonder; no id."""
    wealth = random.normal(size=rows)
    return pl.DataFrame(
        {
            "segment": _tag(wealth, random),
            "sex": random.choice(["f", "m"], rows),
            "job": random.choice(["clerk", "baker", "farmer", "none"], rows, p=[0.5, 0.2, 0.2, 0.1]),
            "town": random.choice([f"town {letter}" for letter in "abcdefghijkl"], rows),
            "grade": np.where(wealth > 1, "A", np.where(wealth > -0.5, "B", "C")),
            "owner": random.integers(0, 2, rows),
        }
    )


def grouped(random: np.random.Generator, rows: int = ROWS) -> pl.DataFrame:
    """No id under a telling header, products of a few kinds held by some, shares between 0 and 1, a day."""
    wealth = random.normal(size=rows)
    days = pl.Series(random.integers(0, 9_000, rows)).cast(pl.Int32).cast(pl.Date)
    return pl.DataFrame(
        {
            "segment": _tag(wealth, random),
            "card_share": random.beta(2, 5, rows).round(4),
            "debit_ratio": random.lognormal(0, 0.6, rows).round(4),
            "opened_on": days,
            "logins": random.poisson(40, rows),
            "score": random.integers(300, 850, rows),
            "zip": random.integers(10_000, 99_999, rows),
        }
    )


KINDS: dict[str, Callable[..., pl.DataFrame]] = {
    make.__name__: make for make in (correlated, heavy_tailed, with_gaps, well_told, rounded, categories, grouped)
}
SEEDS = range(3)


@pytest.fixture(params=KINDS)
def kind(request) -> Callable[..., pl.DataFrame]:
    """Each way to make a clean table."""
    return KINDS[request.param]


@pytest.fixture(params=SEEDS)
def random(request) -> np.random.Generator:
    """A few streams of random numbers."""
    return np.random.default_rng(request.param)


@pytest.fixture(scope="session")
def kinds() -> dict[str, Callable[..., pl.DataFrame]]:
    """All the ways to make a clean table, by name."""
    return KINDS


@pytest.fixture
def clean(random) -> pl.DataFrame:
    """The clean table of correlated columns."""
    return correlated(random)

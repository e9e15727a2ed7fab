import pytest

from affluence.data.reference_bank import ReferenceBank, simulate

SEEDS = range(4)


@pytest.fixture(scope="session")
def banks() -> list[ReferenceBank]:
    """Banks of the published size, one for each of four seeds."""
    return [simulate(seed=seed) for seed in SEEDS]


@pytest.fixture(scope="session")
def bank(banks: list[ReferenceBank]) -> ReferenceBank:
    return banks[0]


@pytest.fixture(scope="session")
def small() -> ReferenceBank:
    return simulate(customers=3_000, seed=1)

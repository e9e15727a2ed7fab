"""A job of the tests' own, whose work is a few lines."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from affluence_service.jobs import services
from affluence_service.jobs.models import Job
from affluence_service.jobs.work import work_of

KIND = "tests' work"


@pytest.fixture(autouse=True)
def _tests_work(settings: Any) -> Iterator[None]:
    settings.JOBS = {KIND: "tests.affluence_service.jobs.tiny_work.Tiny"}
    work_of.cache_clear()
    yield
    work_of.cache_clear()


@pytest.fixture
def wait(db: None) -> Callable[..., Job]:
    """Makes a job that waits; its parameters say what becomes of it."""

    def waiting(**parameters: Any) -> Job:
        return services.enqueue(KIND, uuid4(), parameters=parameters)

    return waiting

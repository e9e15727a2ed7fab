"""The champion's process, as every test finds it: nothing loaded yet."""

from collections.abc import Iterator

import pytest

from affluence_service.registry.serving import SERVING


@pytest.fixture(autouse=True)
def _nothing_loaded() -> Iterator[None]:
    SERVING.forget()
    yield
    SERVING.forget()

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from affluence.data.contract import Contract

SMALL: dict[str, Any] = {
    "table": "small",
    "title": "A small bank",
    "missing_marks": ["", "NA"],
    "customer_id": {"source": "ID"},
    "tag": {"source": "SEG", "affluent": ["AFFLUENT"], "normal": ["NORMAL"]},
    "columns": [
        {
            "source": "AGE",
            "name": "age_years",
            "type": "integer",
            "unit": "years",
            "range": [0, 120],
            "missing": "not_recorded",
            "use": "internal",
            "meaning": "Age",
        },
        {
            "source": "BAL",
            "name": "balance_usd",
            "type": "number",
            "unit": "USD",
            "missing": "does_not_hold",
            "use": "speakable",
            "tag_driver": True,
            "meaning": "Balance",
        },
        {
            "source": "JOB",
            "name": "job",
            "type": "category",
            "categories": ["clerk", "baker"],
            "missing": "not_recorded",
            "use": "forbidden",
            "meaning": "Work",
        },
    ],
}

MakeContract = Callable[..., Contract]
Save = Callable[..., Path]


@pytest.fixture
def make_contract() -> MakeContract:
    """The contract of a small table, with keys replaced."""

    def make(**replaced: Any) -> Contract:
        return Contract.model_validate(SMALL | replaced)

    return make


@pytest.fixture
def contract(make_contract: MakeContract) -> Contract:
    return make_contract()


@pytest.fixture
def save(tmp_path: Path) -> Save:
    """A file with that content, text or bytes, and its path."""

    def saved(content: str | bytes, name: str = "table.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode(encoding) if isinstance(content, str) else content)
        return path

    return saved

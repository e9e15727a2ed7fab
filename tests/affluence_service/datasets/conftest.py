"""A project with one small contract, and tables sent in under it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings as live
from rest_framework.response import Response
from tests.affluence.data.conftest import SMALL

from affluence_service.datasets.models import Dataset

HEADER = "ID,SEG,AGE,BAL,JOB\n"
GOOD = HEADER + "".join(f"c{row},{'AFFLUENT' if row < 3 else 'NORMAL'},{30 + row},{row}.5,clerk\n" for row in range(12))

Send = Callable[..., Response]


@pytest.fixture(autouse=True)
def project(tmp_path: Path, settings: Any) -> Path:
    """A project of the test's own with the contract `small`."""
    folder = tmp_path / "project"
    (folder / "conf/base").mkdir(parents=True)
    (folder / "conf/base/contract_small.yml").write_text(yaml.safe_dump(SMALL))
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, project=folder, default_contract="small")
    return folder


@pytest.fixture
def send(acting: Any) -> Send:
    """Sends bytes in as the body."""

    def sent(person: Any, content: str | bytes, *, kind: str = "application/octet-stream", **query: str) -> Response:
        body = content.encode() if isinstance(content, str) else content
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        answer: Response = acting(person).post(f"/api/v1/datasets?{asked}", data=body, content_type=kind)
        return answer

    return sent


@pytest.fixture
def checked(send: Send, analyst: Any, work_off: Callable[[], int]) -> Callable[..., Dataset]:
    """The dataset of what was sent in, after its check."""

    def done(content: str | bytes, **query: str) -> Dataset:
        answer = send(analyst, content, **query)
        assert answer.status_code == 202, answer.content
        assert work_off() == 1
        return Dataset.objects.get(id=answer.json()["id"])

    return done


def files_left() -> list[str]:
    """Every file that the service holds beside its database and its static ones."""
    folder = live.ENVIRONMENT.folder
    places = (folder / name for name in ("arriving", "datasets", "work"))
    return sorted(path.name for place in places for path in place.rglob("*") if path.is_file())

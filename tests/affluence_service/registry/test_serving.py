"""The loaded champion: changed without restart, kept where the new one does not load, one a table."""

import shutil
import threading
import uuid

import pytest
import yaml
from django.conf import settings

from affluence.pu import fold_models
from affluence_service.registry import serving, shelf
from affluence_service.registry.models import Champion, ModelVersion
from affluence_service.registry.serving import SERVING

pytestmark = pytest.mark.django_db
NAME = "affluence-made"


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test moves on."""

    class Clock:
        now = 1_000.0

        def monotonic(self) -> float:
            return self.now

    made = Clock()
    monkeypatch.setattr(serving, "time", made)
    return made


@pytest.fixture
def second(champion):
    """Another version on the shelf, which does not serve yet."""
    home = settings.ENVIRONMENT.folder
    shutil.copytree(home / champion.folder, home / f"models/{NAME}/2")
    return ModelVersion.objects.create(
        name=NAME, number=2, contract="made", folder=f"models/{NAME}/2", usable=True, id=uuid.uuid4()
    )


def move_to(version: ModelVersion) -> None:
    Champion.objects.update(version=version)


def test_the_champion_is_loaded_once(champion, clock, django_assert_num_queries) -> None:
    first = SERVING.champion(NAME)
    with django_assert_num_queries(0):
        assert SERVING.champion(NAME) is first


def test_a_moved_champion_serves_within_a_second(champion, second, clock) -> None:
    assert SERVING.champion(NAME).version == champion
    move_to(second)
    assert SERVING.champion(NAME).version == champion
    clock.now += 1.1
    assert SERVING.champion(NAME).version == second


def test_where_nothing_moved_nothing_is_loaded_again(champion, clock) -> None:
    first = SERVING.champion(NAME)
    clock.now += 1.1
    assert SERVING.champion(NAME) is first


def test_a_version_that_does_not_load_leaves_the_old_one_serving_and_says_why(champion, second, clock) -> None:
    assert SERVING.champion(NAME).version == champion
    (settings.ENVIRONMENT.folder / second.folder / "model" / "fold_0").write_bytes(b"no booster")
    move_to(second)
    clock.now += 1.1
    assert SERVING.champion(NAME).version == champion
    second.refresh_from_db()
    assert second.problem.startswith("The model's files are damaged")


def test_a_model_has_scored_before_it_serves_and_one_that_cannot_leaves_the_old_one(
    champion, second, clock, monkeypatch
) -> None:
    scored, whole = [], fold_models.score_customers

    def counted(model, customers):
        scored.append(customers.height)
        return whole(model, customers)

    monkeypatch.setattr(fold_models, "score_customers", counted)
    assert SERVING.champion(NAME).version == champion
    assert scored == [1]

    def broken(model, customers):
        raise ValueError("a tree too few")

    monkeypatch.setattr(fold_models, "score_customers", broken)
    move_to(second)
    clock.now += 1.1
    assert SERVING.champion(NAME).version == champion
    second.refresh_from_db()
    assert second.problem.startswith("The model's files are damaged (ValueError)")


def test_a_contract_that_no_longer_fits_leaves_the_old_one_serving(champion, small_project, clock) -> None:
    held = SERVING.champion(NAME)
    file = small_project / "conf/base/contract_made.yml"
    content = yaml.safe_load(file.read_text())
    changed = [column | {"use": "forbidden"} if column["name"] == "job" else column for column in content["columns"]]
    file.write_text(yaml.safe_dump(content | {"columns": changed}))
    clock.now += 1.1
    assert SERVING.champion(NAME) is held
    champion.refresh_from_db()
    assert "job is not in the project's, is forbidden there" in champion.problem


def test_a_version_that_failed_is_not_tried_at_every_look(champion, second, clock, monkeypatch) -> None:
    SERVING.champion(NAME)
    tried = []
    whole = shelf.load

    def counted(folder):
        tried.append(folder)
        return whole(folder)

    monkeypatch.setattr(shelf, "load", counted)
    (settings.ENVIRONMENT.folder / second.folder / "model" / "model.json").unlink()
    move_to(second)
    for _ in range(5):
        clock.now += 1.1
        SERVING.champion(NAME)
    assert len(tried) == 1
    clock.now += serving.TRY_AGAIN_SECONDS
    SERVING.champion(NAME)
    assert len(tried) == 2


def test_while_one_thread_loads_the_new_one_others_are_answered_by_the_old(
    champion, second, clock, monkeypatch
) -> None:
    old = SERVING.champion(NAME)
    move_to(second)
    clock.now += 1.1
    seen = []

    def load(version, stamp):
        # Another request, in the middle of the loading.
        other = threading.Thread(target=lambda: seen.append(SERVING.champion(NAME)))
        other.start()
        other.join(timeout=30)
        return serving.Served(version, old.model, old.reader, stamp)

    monkeypatch.setattr(serving, "load", load)
    assert SERVING.champion(NAME).version == second
    assert seen == [old]


def test_without_a_champion_there_is_none(small_project, db) -> None:
    assert SERVING.champion(NAME) is None


def test_of_versions_asked_for_by_name_only_a_few_are_held(champion, small_project) -> None:
    home = settings.ENVIRONMENT.folder
    for number in range(2, 3 + serving.MOST_NAMED):
        place = f"models/{NAME}/{number}"
        shutil.copytree(home / champion.folder, home / place)
        made = ModelVersion.objects.create(name=NAME, number=number, contract="made", folder=place, usable=True)
        assert SERVING.version(made).version == made
    assert len(SERVING._named) == serving.MOST_NAMED

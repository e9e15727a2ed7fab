"""The models that this process scores with: the champion of each table, loaded once, and changed when it moves.

Whether it moved is asked at most once a second. One request loads the new one; others are answered by the old one
meanwhile, and go on to be where the new one does not load or does not fit the contract.
"""

import logging
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings

from affluence.errors import UserError
from affluence_service.datasets.contracts import contract_folders, contract_named
from affluence_service.registry import services, shelf
from affluence_service.registry.models import ModelVersion
from affluence_service.registry.selectors import serving

if TYPE_CHECKING:
    from affluence.data.row_reading import RowReader
    from affluence.pu.fold_models import TrainedModel

_logger = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 1.0
# A version that did not load is tried again after so long: somebody may have mended the contract.
TRY_AGAIN_SECONDS = 60.0
# Versions that were asked for by name and are held at a time, beside the champions.
MOST_NAMED = 2


@dataclass(frozen=True)
class Served:
    """A version that can score, and what reads its customers; `stamp` is when its contract's file was last changed."""

    version: ModelVersion
    model: "TrainedModel"
    reader: "RowReader"
    stamp: int


class Serving:
    """What is loaded in this process; safe to ask from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._champions: dict[str, Served] = {}
        self._named: OrderedDict[UUID, Served] = OrderedDict()
        self._looked: dict[str, float] = {}
        self._failed: dict[tuple[UUID, int], float] = {}

    def champion(self, name: str) -> Served | None:
        """The champion of the models of that name, or the one before it while the new one cannot serve; None without.

        `name` is the registry's name for a table's models.
        """
        now = time.monotonic()
        held = self._champions.get(name)
        if held is not None and now - self._looked.get(name, -LOOK_EVERY_SECONDS) < LOOK_EVERY_SECONDS:
            return held
        # Where there is one to answer with, nobody waits for another's loading.
        if self._lock.acquire(blocking=held is None):
            try:
                self._look(name, now)
            finally:
                self._lock.release()
        return self._champions.get(name)

    def version(self, version: ModelVersion) -> Served:
        """A version that was asked for by name. Errors: UserError when it cannot serve."""
        stamp = _stamp(version.contract)
        with self._lock:
            held = self._named.get(version.id)
            if held is None or held.stamp != stamp:
                held = load(version, stamp)
            self._named[version.id] = held
            self._named.move_to_end(version.id)
            while len(self._named) > MOST_NAMED:
                self._named.popitem(last=False)
        return held

    def forget(self) -> None:
        """Hold nothing."""
        with self._lock:
            for held in (self._champions, self._named, self._looked, self._failed):
                held.clear()

    def _look(self, name: str, now: float) -> None:
        """Load what the table of champions says, unless it is loaded."""
        champion = serving().filter(name=name).first()
        self._looked[name] = now
        if champion is None:
            self._champions.pop(name, None)
            return
        version, held = champion.version, self._champions.get(name)
        stamp = _stamp(version.contract)
        if held is not None and (held.version.id, held.stamp) == (version.id, stamp):
            return
        if now - self._failed.get((version.id, stamp), -TRY_AGAIN_SECONDS) < TRY_AGAIN_SECONDS:
            return
        try:
            self._champions[name] = load(version, stamp)
            self._failed.clear()
        except UserError as error:
            self._failed[version.id, stamp] = now
            _logger.error("%s does not serve: %s", version, error)  # noqa: TRY400  (the sentence says it all)
            services.note_problem(version, str(error))


def load(version: ModelVersion, stamp: int) -> Served:
    """The version from the shelf, held to its contract. Errors: UserError when it cannot serve."""
    from affluence.data.row_reading import RowReader

    model = shelf.load(settings.ENVIRONMENT.folder / version.folder)
    return Served(version, model, RowReader(contract_named(version.contract)), stamp)


def _stamp(contract: str) -> int:
    """When the contract's file was last changed; 0 where there is none."""
    files = (folder / f"contract_{contract}.yml" for folder in contract_folders())
    return max(map(_changed, files))


def _changed(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0


SERVING = Serving()

"""The log of a run: what its job was doing when, and what the core warned of, in words for the user."""

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from affluence_service.runs.results import LOG

CORE = "affluence"


class _Keeper(logging.Handler):
    """Writes a line when a stage begins, when it ends, and for each warning."""

    def __init__(self, file: TextIO) -> None:
        super().__init__(logging.INFO)
        self.file, self.began, self.stage = file, time.monotonic(), ""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line, if the record tells something new."""
        stage = str(getattr(record, "stage", ""))
        if stage:
            told = record.__dict__
            if stage == self.stage and told["done"] != told["total"]:
                return
            self.stage = stage
        elif record.levelno < logging.WARNING:
            return
        line = {"seconds": round(time.monotonic() - self.began, 1), "level": record.levelname.lower()}
        self.file.write(json.dumps(line | {"message": record.getMessage()}) + "\n")
        self.file.flush()


@contextmanager
def kept_in(folder: Path) -> Iterator[None]:
    """What the core tells inside of the block, written down in `folder` as it goes."""
    core = logging.getLogger(CORE)
    with (folder / LOG).open("w", encoding="utf-8") as file:
        keeper = _Keeper(file)
        core.addHandler(keeper)
        try:
            yield
        finally:
            core.removeHandler(keeper)


def read_log(folder: Path) -> list[dict[str, object]]:
    """The lines in `folder`: seconds since the work began, level, message; none where nothing was written."""
    file = folder / LOG
    if not file.is_file():
        return []
    # The last line may be half written while the work goes on.
    whole = [line for line in file.read_text(encoding="utf-8").splitlines(keepends=True) if line.endswith("\n")]
    return [json.loads(line) for line in whole]

"""Progress of long work, told to whoever listens.

The core knows no screen. It tells its progress to a logger, and the terminal, Kedro's hooks and the service each
attach a handler of their own: logging is the one channel that already crosses threads and frameworks.
"""

import logging

LOGGER_NAME = "affluence.progress"

_logger = logging.getLogger(LOGGER_NAME)


def report(stage: str, *, done: int, total: int, note: str = "") -> None:
    """Tell listeners that `done` of `total` parts of `stage` are finished, in the words of `note` if it has any.

    The record carries `stage`, `done`, `total` and `note` as attributes, so that a listener can draw a bar from them.
    """
    words = note or f"{done} of {total}"
    _logger.info("%s: %s", stage, words, extra={"stage": stage, "done": done, "total": total, "note": note})

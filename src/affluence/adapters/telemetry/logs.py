"""Log lines without customers: as JSON with the trace they belong to, and sent where traces are.

An error's own words may hold a value of a table; its kind and where it came from do not. What other libraries fill into
their messages is not known either, so of theirs the message is sent unfilled.
"""

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Any

from opentelemetry import trace

from affluence.adapters.telemetry.names import Key

OURS = ("affluence", "affluence_service", "affluence_pipelines")


class Careful(logging.Formatter):
    """Lines for people (`plain`) or for programs (`json`), of errors the kind and the places alone."""

    def __init__(self, *, lines: str = "plain") -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._as_json = lines == "json"

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        if not self._as_json:
            return super().format(record)
        return json.dumps(as_fields(record), ensure_ascii=False)

    def formatException(self, ei: Any) -> str:  # noqa: N802  (the library's)
        """Where an error came from, and of which kind it is."""
        return where(ei[1])


def as_fields(record: logging.LogRecord) -> dict[str, Any]:
    """A record as the fields of a document, named as Elastic's common schema and OpenTelemetry name them."""
    fields: dict[str, Any] = {
        "@timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "log.level": record.levelname.lower(),
        str(Key.LOGGER): record.name,
        "message": said(record),
    }
    here = trace.get_current_span().get_span_context()
    if here.is_valid:
        fields |= {"trace.id": f"{here.trace_id:032x}", "span.id": f"{here.span_id:016x}"}
    return fields | fault_of(record)


def fault_of(record: logging.LogRecord) -> dict[str, str]:
    """Kind and places of the error that a record tells of; nothing where it tells of none."""
    error = record.exc_info[1] if record.exc_info else None
    return {} if error is None else {str(Key.ERROR): type(error).__name__, str(Key.STACK): where(error)}


def said(record: logging.LogRecord) -> str:
    """What a record says: ours as it is filled, of others the message before anything was filled into it."""
    return record.getMessage() if record.name.split(".")[0] in OURS else str(record.msg)


def where(error: BaseException | None) -> str:
    """The places that an error came through and the kinds of it and of its causes, without their words."""
    parts = []
    while error is not None:
        parts.append("".join(traceback.format_tb(error.__traceback__)) + type(error).__name__)
        error = error.__cause__ or error.__context__
    return "\n".join(reversed(parts))

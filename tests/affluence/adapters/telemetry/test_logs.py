"""Log lines tell where and what kind, and of others no value."""

import json
import logging

import pytest

from affluence.adapters.telemetry import Careful, where

CUSTOMER = "C-4711"


def record(name: str, message: str, *filled: object, error: BaseException | None = None) -> logging.LogRecord:
    told = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord(name, logging.WARNING, __file__, 1, message, filled, told)


def looked_up() -> str:
    return {}[CUSTOMER]


def raised() -> Exception:
    try:
        try:
            looked_up()
        except KeyError as error:
            raise ValueError(f"no {CUSTOMER}") from error
    except ValueError as error:
        return error


def test_a_line_for_programs_holds_its_fields():
    line = json.loads(Careful(lines="json").format(record("affluence_service.jobs", "job %s: done", 7)))
    assert line["message"] == "job 7: done"
    assert (line["log.level"], line["log.logger"]) == ("warning", "affluence_service.jobs")
    assert line["@timestamp"].endswith("+00:00")
    assert "trace.id" not in line


def test_what_others_fill_into_a_message_is_left_out_of_what_programs_get():
    line = json.loads(Careful(lines="json").format(record("django.request", "%s: %s", "Not Found", f"/x/{CUSTOMER}")))
    assert line["message"] == "%s: %s"


@pytest.mark.parametrize("lines", ["plain", "json"])
def test_an_error_is_told_by_its_kind_and_place_without_its_words(lines):
    said = Careful(lines=lines).format(record("affluence", "it failed", error=raised()))
    assert CUSTOMER not in said
    assert "ValueError" in said
    assert "KeyError" in said
    assert "test_logs.py" in said


def test_the_innermost_cause_stands_first():
    assert where(raised()).index("KeyError") < where(raised()).index("ValueError")
    assert where(None) == ""

"""The log of a run: stages as they begin and end, warnings, and nothing half-written."""

import logging

from affluence import progress
from affluence_service.runs.results import LOG, digest_of, plain
from affluence_service.runs.run_log import kept_in, read_log


def test_a_stage_is_told_when_it_begins_and_when_it_ends_and_a_warning_at_once(tmp_path, caplog) -> None:
    caplog.set_level(logging.INFO, progress.LOGGER_NAME)
    with kept_in(tmp_path):
        for done in range(5):
            progress.report("Scoring", done=done, total=4)
        logging.getLogger("affluence.steps").warning("3 cells are new")
        logging.getLogger("affluence.steps").info("of no interest")
        logging.getLogger("elsewhere").warning("of no interest")
    progress.report("Afterwards", done=0, total=1)
    told = [(line["level"], line["message"]) for line in read_log(tmp_path)]
    assert told == [
        ("info", "Scoring: 0 of 4"),
        ("info", "Scoring: 4 of 4"),
        ("warning", "3 cells are new"),
    ]


def test_a_line_that_is_being_written_is_left_for_later(tmp_path) -> None:
    (tmp_path / LOG).write_text('{"seconds": 1.0, "level": "info", "message": "whole"}\n{"seconds": 2.')
    assert [line["message"] for line in read_log(tmp_path)] == ["whole"]
    assert read_log(tmp_path / "nowhere") == []


def test_the_digest_is_over_names_and_contents_and_not_over_the_log(tmp_path) -> None:
    (tmp_path / "a").write_bytes(b"1")
    first = digest_of(tmp_path)
    (tmp_path / LOG).write_text("at some time")
    assert digest_of(tmp_path) == first
    (tmp_path / "a").rename(tmp_path / "b")
    renamed = digest_of(tmp_path)
    (tmp_path / "b").write_bytes(b"2")
    assert len({first, renamed, digest_of(tmp_path)}) == 3


def test_what_is_no_finite_number_is_null_at_any_depth() -> None:
    assert plain({"a": [float("nan"), 1.5, (float("inf"), "nan")], "b": None}) == {
        "a": [None, 1.5, [None, "nan"]],
        "b": None,
    }

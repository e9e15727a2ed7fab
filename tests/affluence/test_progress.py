import logging

from affluence import progress


def test_listeners_get_the_stage_and_how_far_it_is(caplog):
    with caplog.at_level(logging.INFO, logger=progress.LOGGER_NAME):
        progress.report("Counting", done=2, total=5)
    (record,) = caplog.records
    assert (record.stage, record.done, record.total, record.note) == ("Counting", 2, 5, "")
    assert record.getMessage() == "Counting: 2 of 5"


def test_a_note_says_more_than_how_far_it_is(caplog):
    with caplog.at_level(logging.INFO, logger=progress.LOGGER_NAME):
        progress.report("Looking", done=2, total=5, note="nothing yet")
    assert caplog.records[0].note == "nothing yet"
    assert caplog.records[0].getMessage() == "Looking: nothing yet"

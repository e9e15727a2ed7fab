"""A body that breaks off is never taken for a whole one."""

import io

import pytest

from affluence_service.whole_bodies import BrokenOff, WholeBody


def test_a_whole_body_is_read_as_it_is():
    body = WholeBody(io.BytesIO(b"one\ntwo"), length=7)
    assert (body.readline(100), body.read(2), body.read(0), body.read(10), body.read(10)) == (
        b"one\n", b"tw", b"", b"o", b"",
    )  # fmt: skip


@pytest.mark.parametrize("read", [WholeBody.read, WholeBody.readline])
def test_a_body_that_breaks_off_raises_where_it_ends(read):
    body = WholeBody(io.BytesIO(b"one"), length=7)
    assert read(body, 10) == b"one"
    with pytest.raises(BrokenOff, match="4 bytes before its end"):
        read(body, 10)

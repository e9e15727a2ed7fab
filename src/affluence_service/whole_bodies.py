"""A request's body, of which a part is never taken for the whole."""

from collections.abc import Callable
from typing import Any

Wsgi = Callable[[dict[str, Any], Any], Any]


class BrokenOff(OSError):  # noqa: N818  (what happened)
    """The body ended before the length that was announced."""


class WholeBody:
    """Reads `body` as it is, but raises `BrokenOff` where it ends before `length` bytes."""

    def __init__(self, body: Any, *, length: int) -> None:
        self.body = body
        self.left = length

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes."""
        return self._counted(self.body.read(size), size)

    def readline(self, size: int = -1) -> bytes:
        """A line of at most `size` bytes."""
        return self._counted(self.body.readline(size), size)

    def _counted(self, piece: bytes, size: int) -> bytes:
        self.left -= len(piece)
        if not piece and size != 0 and self.left > 0:
            raise BrokenOff(f"the body ended {self.left:,} bytes before its end")
        return piece


def whole_bodies(application: Wsgi) -> Wsgi:
    """The application, which never sees a body that breaks off as one that has ended.

    A server hands on what came before a client broke off; the framework would take it for a shorter file.
    """

    def answer(environ: dict[str, Any], start_response: Any) -> Any:
        length = str(environ.get("CONTENT_LENGTH") or "")
        if not length.isdecimal():
            return application(environ, start_response)
        body = WholeBody(environ["wsgi.input"], length=int(length))
        return application({**environ, "wsgi.input": body}, start_response)

    return answer

"""What comes with every request and every answer beside its content."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from affluence_service.api_errors import plain

Answering = Callable[[HttpRequest], HttpResponse]
UNREADABLE = "The address holds a NUL character, which no text has. Leave it out."


def careful(get_response: Answering) -> Answering:
    """The middleware by which nothing that the service answers is kept on the way, or opens a device of the reader.

    An address with a NUL character, which PostgreSQL takes in no text, is refused before anybody looks for it.
    """

    def answer(request: HttpRequest) -> HttpResponse:
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            response: HttpResponse = plain(400, "bad_request", UNREADABLE)
        else:
            response = get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        return response

    return answer

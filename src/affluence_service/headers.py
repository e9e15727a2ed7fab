"""What every answer says to browsers and proxies beside its content."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

Answering = Callable[[HttpRequest], HttpResponse]


def careful(get_response: Answering) -> Answering:
    """The middleware by which nothing that the service answers is kept on the way, or opens a device of the reader."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        return response

    return answer

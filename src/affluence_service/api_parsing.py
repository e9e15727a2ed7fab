"""How the body of a request to the API is read."""

from collections.abc import Mapping
from typing import Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

TOO_DEEP = "The JSON is nested deeper than anything that is asked for here."


class Json(JSONParser):
    """As the framework's, to which a body of brackets in brackets without end is a fault of the server's."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """What the body says. Errors: ParseError when it is no JSON, or nested too deeply to be read."""
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise ParseError(TOO_DEEP) from error

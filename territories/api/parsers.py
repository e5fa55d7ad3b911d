"""The JSON that the public API is sent."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

UNREADABLE = "Ce texte n'est pas du JSON lisible, en UTF-8."


class FrenchJSONParser(JSONParser):
    """A parser that answers unreadable JSON, or JSON nested too deeply, with a French sentence."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The values of the body. Raises ``ParseError``."""
        try:
            return super().parse(stream, media_type, parser_context)
        except (ParseError, RecursionError) as error:
            raise ParseError(UNREADABLE) from error

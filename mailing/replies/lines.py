"""A mail's words as lines, each known to be quoted or not."""

from dataclasses import dataclass

# Our mails carry it on top: what stands above it in an answer was typed by its author.
DELIMITER = "— Répondez au-dessus de cette ligne —"


@dataclass(frozen=True)
class Line:
    text: str
    is_quoted: bool = False


def plain_lines(text: str) -> list[Line]:
    """The lines of a text mail; those that begin with ">" are quoted."""
    return [
        Line(line.lstrip("> "), is_quoted=True) if line.startswith(">") else Line(line)
        for line in text.split("\n")
    ]

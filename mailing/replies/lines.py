"""A mail's words as lines, each known to be quoted or not."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

# Our mails carry it on top: what stands above it in an answer was typed by its author.
DELIMITER = "— Répondez au-dessus de cette ligne —"
# How the HTML version of our mails ends; what stands below it is not ours any more.
FOOTER = "Relais Entreprises, le service public"
# A longer line is a paragraph: neither a mark nor part of a signature.
MARK_AT_MOST = 300
# Beyond, nobody typed it; it stays in the original.
LINES_AT_MOST = 5_000
SPACES = re.compile(r"\s+")


@dataclass(frozen=True)
class Line:
    """One line of what a mail shows; a whole paragraph when its author's client did not cut it."""

    text: str
    is_quoted: bool = False
    """Shown as a quotation by the mail's own HTML. A ">" typed before a line proves nothing yet."""
    is_signature: bool = False
    """Set apart as a signature by the mail's own HTML."""
    opens_quote: bool = False
    """An invisible mark: what follows is the mail that is answered."""

    @cached_property
    def is_blank(self) -> bool:
        return not self.text.strip("> \t")

    @property
    def has_angle(self) -> bool:
        return self.text.startswith((">", " >"))

    @cached_property
    def folded(self) -> str:
        """The line as marks are looked for: no case, accents, emphasis, quote marks; "" for a paragraph."""
        return fold(self.text.lstrip("> \t")) if len(self.text) <= MARK_AT_MOST else ""


def fold(text: str) -> str:
    """``text`` without case, accents, typographic apostrophes, emphasis marks and runs of spaces."""
    plain = text.casefold().replace("’", "'").replace("*", "")
    if not plain.isascii():
        split = unicodedata.normalize("NFKD", plain)
        plain = "".join(character for character in split if not unicodedata.combining(character))
    return SPACES.sub(" ", plain).strip()


def plain_lines(text: str) -> list[Line]:
    """The lines of a text mail."""
    return [Line(line) for line in text.split("\n", LINES_AT_MOST)[:LINES_AT_MOST]]


def unfold(text: str, *, deletes_space: bool) -> str:
    """``text`` with its paragraphs whole again (RFC 3676: a line that ends with a space goes on)."""
    unfolded: list[str] = []
    goes_on, depth = False, 0
    for line in text.split("\n"):
        bare = line.lstrip(">")
        was_depth, depth = depth, len(line) - len(bare)
        bare = bare.removeprefix(" ")
        if goes_on and depth == was_depth and bare != "-- ":
            unfolded.append(bare)
        else:
            unfolded.append("\n" * bool(unfolded) + ">" * depth + " " * bool(depth) + bare)
        goes_on = bare.endswith(" ") and bare != "-- "
        if goes_on and deletes_space:
            unfolded[-1] = unfolded[-1][:-1]
    return "".join(unfolded)

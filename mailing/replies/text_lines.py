"""The text of a mail as lines, with marks for quotations and signatures."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

# Our mails begin with this line: in an answer, the author typed what is above it.
DELIMITER = "— Répondez au-dessus de cette ligne —"
# The last paragraph of our HTML mails; text below it is not ours.
FOOTER = "Relais Entreprises, le service public"
# A longer line is a paragraph, not the beginning of a quotation or part of a signature.
MAX_MARK_LENGTH = 300
# Further lines are ignored; staff can still read them in the original.
MAX_LINES = 5_000
SPACES = re.compile(r"\s+")


@dataclass(frozen=True)
class TextLine:
    """One line of a mail; a whole paragraph when the mail client did not wrap it."""

    text: str
    is_quoted: bool = False
    """Marked as a quotation by the HTML. A ">" before the line is not enough."""
    is_signature: bool = False
    """Marked as a signature by the HTML."""
    opens_quote: bool = False
    """Invisible mark of Outlook: the quoted mail follows."""

    @cached_property
    def is_blank(self) -> bool:
        return not self.text.strip("> \t")

    @property
    def has_angle(self) -> bool:
        return self.text.startswith((">", " >"))

    @cached_property
    def folded(self) -> str:
        """The line for comparisons: normalised by ``fold``, without quote marks; "" for a paragraph."""
        return fold(self.text.lstrip("> \t")) if len(self.text) <= MAX_MARK_LENGTH else ""


def fold(text: str) -> str:
    """``text`` without case, accents, typographic apostrophes, emphasis marks and runs of spaces."""
    plain = text.casefold().replace("’", "'").replace("*", "")
    if not plain.isascii():
        split = unicodedata.normalize("NFKD", plain)
        plain = "".join(character for character in split if not unicodedata.combining(character))
    return SPACES.sub(" ", plain).strip()


def plain_lines(text: str) -> list[TextLine]:
    """The lines of a text mail."""
    return [TextLine(line) for line in text.split("\n", MAX_LINES)[:MAX_LINES]]


def unwrap_flowed(text: str, *, deletes_space: bool) -> str:
    """``text`` with each paragraph on one line (RFC 3676: a line that ends with a space continues).

    ``deletes_space``: the parameter ``DelSp=yes`` of the part's type, which drops that space.
    """
    unwrapped: list[str] = []
    goes_on, depth = False, 0
    for line in text.split("\n"):
        bare = line.lstrip(">")
        was_depth, depth = depth, len(line) - len(bare)
        bare = bare.removeprefix(" ")
        if goes_on and depth == was_depth and bare != "-- ":
            unwrapped.append(bare)
        else:
            unwrapped.append("\n" * bool(unwrapped) + ">" * depth + " " * bool(depth) + bare)
        goes_on = bare.endswith(" ") and bare != "-- "
        if goes_on and deletes_space:
            unwrapped[-1] = unwrapped[-1][:-1]
    return "".join(unwrapped)

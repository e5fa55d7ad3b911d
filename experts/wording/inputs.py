"""Validation of a text to suggest subjects for, in a French sentence. Pure."""

from experts.batches import InvalidInput, parse_line
from experts.wording.features import MAX_TEXT

EMPTY = "Écrivez votre besoin en quelques mots."
TOO_LONG = f"Écrivez {MAX_TEXT:,} caractères au plus.".replace(",", " ")


def read_line(line: bytes) -> str:
    """Read the text of one line of a batch. Raises ``InvalidInput``."""
    return read(parse_line(line).get("text"))


def read(text: object) -> str:
    """Check a text. Raises ``InvalidInput`` when it is empty or too long."""
    if not isinstance(text, str):
        raise InvalidInput("text : indiquez un texte.")
    if not text.strip():
        raise InvalidInput(f"text : {EMPTY}")
    if len(text) > MAX_TEXT:
        raise InvalidInput(f"text : {TOO_LONG}")
    return text

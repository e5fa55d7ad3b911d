"""Text as people type or paste it: invisible characters are removed, accents are composed."""

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

# Format characters (zero-width spaces, soft hyphens, marks of direction, byte order marks) and others that
# show nothing: fillers, the blank of Braille, the joiner of graphemes.
INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\ud800-\udfff"
    "\U000e0000-\U000e0fff]"
)
# Inside an emoji, the joiner and the selector of its colours are part of the picture.
EMOJI = "\u2190-\u21ff\u2300-\u27bf\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
KEPT = re.compile(f"(?<=[{EMOJI}\ufe0f])\u200d(?=[{EMOJI}])")
LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
# Letters of French domain names beyond a to z.
DOMAIN_LETTERS = frozenset("ßàáâãäåæçèéêëìíîïñòóôõöùúûüýÿœ")
ALPHABETS = {
    "CYRILLIC": "une lettre cyrillique",
    "GREEK": "une lettre grecque",
    "FULLWIDTH": "un caractère pleine chasse",
}


def clean_text(text: str) -> str:
    """The text with normal line ends and composed accents, without invisible characters."""
    pieces = KEPT.split(LINE_ENDS.sub("\n", text))
    return unicodedata.normalize("NFC", "\u200d".join(INVISIBLE.sub("", piece) for piece in pieces))


def clean_line(text: str) -> str:
    """The text on one line, with single spaces, cleaned like ``clean_text``."""
    return " ".join(clean_text(text).replace("\ufe0f", "").split())


def clean_address(text: str) -> str:
    """An email address that a mail server can be given.

    Raises ``ValidationError``: its code is "look_alike" when a character was taken for another, "invalid"
    otherwise.
    """
    address = clean_line(text).replace(" ", "") if text.count("@") == 1 else clean_line(text)
    local, at, domain = address.rpartition("@")
    strange = [character for character in local + at if not character.isascii()]
    strange += [one for one in domain if not one.isascii() and one.lower() not in DOMAIN_LETTERS]
    if strange:
        sentence = f"Retapez l'adresse au clavier : « {strange[0]} » y est {_kind(strange[0])}."
        raise ValidationError(sentence, code="look_alike")
    validate_email(address)
    return address


def _kind(character: str) -> str:
    """« un tiret qui n'est pas celui du clavier », after the character's Unicode name and category."""
    category, name = unicodedata.category(character), unicodedata.name(character, "")
    for alphabet, kind in ALPHABETS.items():
        if name.startswith(alphabet):
            return kind
    if category == "Pd" or "HYPHEN" in name or "MINUS" in name:
        return "un tiret qui n'est pas celui du clavier"
    if category.startswith("P"):
        return "un signe qui n'est pas celui du clavier"
    if category.startswith("L") and name.startswith("LATIN"):
        return "une lettre que les adresses n'ont pas"
    return "un caractère que les adresses n'ont pas"

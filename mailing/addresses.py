"""Email addresses as people type them: cleaned, and refused when a mail server would not know them."""

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from mailing.senders import is_portal
from mailing.text_cleaning import clean_line

# Letters of French domain names beyond a to z.
DOMAIN_LETTERS = frozenset("ßàáâãäåæçèéêëìíîïñòóôõöùúûüýÿœ")
ALPHABETS = {
    "CYRILLIC": "une lettre cyrillique",
    "GREEK": "une lettre grecque",
    "FULLWIDTH": "un caractère pleine chasse",
}

# What comes along when an address is copied: a link, the name beside it, the sentence around it.
NAMED = re.compile(r"[^<>@]*<\s*(?:mailto:\s*)?([^<>]*)>[\s.,;]*")
LINK = re.compile(r"mailto:\s*([^?]*)(?:\?.*)?", re.IGNORECASE)
# An address inside other words, encoded for a link or not.
WRITTEN = re.compile(r"[^\s<>()«»,;:]*(?:@|%40)[^\s<>()«»,;:]*", re.IGNORECASE)
AROUND = "\"'«»“”‘’()[]<> \t.,;:"


def clean_address(text: str) -> str:
    """An email address that a mail server can be given.

    Raises ``ValidationError``: its code is "look_alike" when a character was taken for another, "portal" for
    an address of ours, which a mail of ours was copied from, "invalid" otherwise.
    """
    line = _without_surroundings(clean_line(text))
    address = line.replace(" ", "") if line.count("@") == 1 else line
    local, at, domain = address.rpartition("@")
    refuse_look_alikes(local + at)
    refuse_look_alikes(domain, allowed=DOMAIN_LETTERS)
    validate_email(address)
    if domain.startswith("[") or "." not in domain:  # a machine of ours, not a mailbox of the Internet
        raise ValidationError(validate_email.message, code="invalid")
    if is_portal(address):
        raise ValidationError(
            "C'est une adresse de notre service : indiquez une adresse où vous lisez vos courriels.",
            code="portal",
        )
    return address


def refuse_look_alikes(text: str, *, allowed: frozenset[str] = frozenset()) -> None:
    """Raise ``ValidationError`` that names the first character which no keyboard gives, nor ``allowed``."""
    strange = next((one for one in text if not one.isascii() and one.lower() not in allowed), "")
    if strange:
        sentence = f"Retapez l'adresse au clavier : « {strange} » y est {_kind(strange)}."
        raise ValidationError(sentence, code="look_alike")


def _without_surroundings(line: str) -> str:
    """« mailto:nom@exemple.fr », « Nom <nom@exemple.fr> » or « nom@exemple.fr. » give « nom@exemple.fr »."""
    if named := NAMED.fullmatch(line):
        line = named[1]
    line = line.strip(AROUND)
    link = LINK.fullmatch(line)
    return link[1].strip(AROUND) if link else line


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


def strip_addresses(text: str) -> str:
    """The text without what looks like an email address."""
    return " ".join(WRITTEN.sub(" ", text).split()).strip(" –-·") if WRITTEN.search(text) else text

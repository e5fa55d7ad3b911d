"""SIRET numbers as people type them."""

import re

from stdnum.exceptions import ValidationError
from stdnum.fr import siren, siret

SEPARATORS = re.compile(r"[\s.,:;_/\-\u2010-\u2015\u200b-\u200d\u2060\ufeff]+")
PREFIX = re.compile(r"^(?:n°|num[ée]ro)?(?:siret|siren)(?:n°)?", re.IGNORECASE)
VAT_NUMBER = re.compile(r"^FR[0-9A-Z]{2}[0-9]{9}$", re.IGNORECASE)


class InvalidSiret(ValueError):
    """The typed text is not a SIRET; the message is a sentence that says what to do."""


def clean_siret(text: str) -> str:
    """The fourteen digits of a SIRET, with its checksum verified (La Poste's own rule included).

    Raises ``InvalidSiret``.
    """
    typed = PREFIX.sub("", SEPARATORS.sub("", text))
    if not typed:
        raise InvalidSiret("Indiquez un numéro SIRET, il compte 14 chiffres.")
    if VAT_NUMBER.match(typed):
        raise InvalidSiret(
            "Ce numéro est celui de la TVA. Indiquez le SIRET : il compte 14 chiffres, sans lettre."
        )
    if not (typed.isascii() and typed.isdigit()):
        raise InvalidSiret("Un numéro SIRET ne contient que des chiffres : indiquez ses 14 chiffres.")
    if len(typed) != 14:
        raise InvalidSiret(_wrong_length(typed))
    if not is_siret(typed):
        raise InvalidSiret(
            "Ce numéro SIRET contient une erreur. Vérifiez ses 14 chiffres sur une facture ou votre avis de "
            "situation."
        )
    return typed


def is_siret(digits: str) -> bool:
    """True for fourteen digits with a valid checksum."""
    try:
        return bool(siret.validate(digits) == digits)
    except ValidationError:
        return False


def display(digits: str) -> str:
    """The SIRET as people read it: « 356 000 000 00048 »."""
    return f"{digits[:3]} {digits[3:6]} {digits[6:9]} {digits[9:]}"


def _wrong_length(digits: str) -> str:
    if len(digits) == 9 and siren.is_valid(digits):
        return (
            "Vous avez indiqué un SIREN (9 chiffres). Indiquez le SIRET : le SIREN suivi des 5 chiffres de "
            "l'établissement."
        )
    return f"Un numéro SIRET compte 14 chiffres ; vous en avez indiqué {len(digits)}."

"""Phone numbers of business owners, French ones first: validation, display and international format."""

import re

from companies.foreign_phones import read_foreign

PUNCTUATION = re.compile(r"[\s.,_:\-/()\u2010-\u2015\u200b-\u200f\u202a-\u202e]")
# An optional country code, with the zero that many people keep after it, then nine digits. Guadeloupe and the
# islands beside it, Guyane, Martinique, La Réunion and Mayotte have country codes of their own.
FRANCE = re.compile(r"(?:(?:\+|00)(?:33|590|594|596|262)0?|0|33)([1-9][0-9]{8})")
LABEL = re.compile(
    r"^\W*(?:tel|t[ée]l[ée]phone|tél|portable|port|mobile|fixe|n°|num[ée]ro)\b\W*(?=[+(0-9])", re.IGNORECASE
)
SAINT_PIERRE = re.compile(r"(?:(?:\+|00)508|0508)([0-9]{6})")
PACIFIC = re.compile(r"(?:\+|00)((?:681|687)[0-9]{6}|689[0-9]{8})")
PACIFIC_ALONE = re.compile(r"[2-9][0-9]{5}|[48][0-9]{7}")
COUNTRY = re.compile(r" \([^()\d]+\)$")  # as ``read_foreign`` writes it
ABROAD = re.compile(r"(?:\+|00)(?!33|590|594|596|262|508|681|687|689)[1-9]")
# Refused too: 083 to 088, which are closed or answered by machines, not premium-rate as 081, 082 and 089.
PREMIUM_OR_CLOSED = tuple(f"08{digit}" for digit in range(1, 10))
COUNTRY_CODES = {
    **dict.fromkeys(("0590", "0690", "0691"), "590"),
    **dict.fromkeys(("0594", "0694"), "594"),
    **dict.fromkeys(("0596", "0696", "0697"), "596"),
    **dict.fromkeys(("0262", "0263", "0269", "0639", "0692", "0693"), "262"),
}


class InvalidPhone(ValueError):
    """Not a number that can be called back; the message is a sentence that says what to do."""


def clean_phone(text: str) -> str:
    """The number as people write it: « 06 12 34 56 78 », « +41 79 123 45 67 (Suisse) ».

    Raises ``InvalidPhone``.
    """
    text = LABEL.sub("", text)
    typed = PUNCTUATION.sub("", COUNTRY.sub("", text))
    number = read_foreign(typed) if ABROAD.match(typed) else read_number(text)
    if number is None:
        raise InvalidPhone(_refusal(typed))
    if is_premium_or_closed(number):
        raise InvalidPhone("Ce numéro est surtaxé : indiquez celui d'une ligne fixe ou d'un mobile.")
    return number


def is_premium_or_closed(number: str) -> bool:
    """True for a premium-rate French number, and for those that reach no person."""
    return number.replace(" ", "").startswith(PREMIUM_OR_CLOSED)


def read_number(text: str) -> str | None:
    """A complete number of France as people write it, those refused too; ``None`` for anything else.

    New Caledonia, Wallis and Futuna and Polynesia: « +687 26 12 34 ». All others: « 06 12 34 56 78 ».
    """
    typed = PUNCTUATION.sub("", text)
    if match := PACIFIC.fullmatch(typed):
        return f"+{match[1][:3]} {_pairs(match[1][3:])}"
    if match := SAINT_PIERRE.fullmatch(typed):
        return _pairs(f"0508{match[1]}")
    if match := FRANCE.fullmatch(typed):
        return _pairs(f"0{match[1]}")
    return None


def e164(phone: str) -> str:
    """A number from ``clean_phone`` in the international format of ``tel:`` links: « +33612345678 »."""
    digits = COUNTRY.sub("", phone).replace(" ", "")
    if not digits.startswith("0"):
        return digits
    if digits.startswith("0508"):
        return f"+508{digits[4:]}"
    return f"+{COUNTRY_CODES.get(digits[:4], '33')}{digits[1:]}"


def _refusal(typed: str) -> str:
    if not typed:
        return "Indiquez un numéro de téléphone, par exemple 06 12 34 56 78."
    if PACIFIC_ALONE.fullmatch(typed):
        return "Commencez par l'indicatif de votre territoire, par exemple +687 26 12 34."
    if ABROAD.match(typed):
        return "Indiquez un numéro de France ou d'un pays voisin, par exemple 06 12 34 56 78."
    return "Indiquez un numéro à 10 chiffres, par exemple 06 12 34 56 78."


def _pairs(digits: str) -> str:
    return " ".join(digits[start : start + 2] for start in range(0, len(digits), 2))

"""Phone numbers of the countries that touch France, overseas included; many owners near a border have one."""

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

NEIGHBOURS = {
    "BE": "Belgique",
    "LU": "Luxembourg",
    "DE": "Allemagne",
    "CH": "Suisse",
    "IT": "Italie",
    "MC": "Monaco",
    "ES": "Espagne",
    "AD": "Andorre",
    "GB": "Royaume-Uni",
    "GG": "Guernesey",
    "JE": "Jersey",
    "SX": "Sint Maarten",
    "BR": "Brésil",
    "SR": "Suriname",
}
CALLED_BACK = {
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE,
    PhoneNumberType.VOIP,
}


def read_foreign(typed: str) -> str | None:
    """A neighbour's number as it is shown, « +41 79 123 45 67 (Suisse) »; ``None`` for anything else.

    ``typed`` has its country code. Premium and shared-cost numbers give ``None``.
    """
    try:
        number = phonenumbers.parse(f"+{typed.removeprefix('00').removeprefix('+')}")
    except phonenumbers.NumberParseException:
        return None
    country = NEIGHBOURS.get(phonenumbers.region_code_for_number(number) or "")
    if country is None or phonenumbers.number_type(number) not in CALLED_BACK:
        return None
    shown = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL).replace("-", " ")
    return f"{shown} ({country})"

"""Codes of new offices, made by the portal."""

from collections.abc import Container

from territories.names import normalise

MAX_LENGTH = 60


def new_code(institution: str, name: str, taken: Container[str]) -> str:
    """A code that nobody has, readable in an address: « pe-dijon-nord », « pe-dijon-nord-2 »."""
    base = "-".join(normalise(f"{institution} {name}").split())[:MAX_LENGTH].strip("-")
    code, number = base, 1
    while code in taken:
        number += 1
        code = f"{base}-{number}"
    return code

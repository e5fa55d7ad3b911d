"""Phone numbers of offices and experts: ordinary French ones, and the short ones of public services."""

import re
from functools import lru_cache

from companies.phones import PUNCTUATION, InvalidPhone, read_number

# For example 3949.
SHORT = re.compile(r"[13][0-9]{3}")

__all__ = ["InvalidPhone", "clean_phone"]


@lru_cache(maxsize=4096)
def clean_phone(text: str) -> str:
    """Return the number as it is displayed, « 03 53 01 00 01 » or « 3949 ». Raises ``InvalidPhone``."""
    typed = PUNCTUATION.sub("", text)
    number = typed if SHORT.fullmatch(typed) else read_number(text)
    if number is None:
        raise InvalidPhone(text)
    return number

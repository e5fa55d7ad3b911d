"""French phone numbers, overseas included."""

import re
from functools import lru_cache

PUNCTUATION = re.compile(r"[\s.\-/()]")
# Overseas départements share the numbering of France, behind a prefix of their own.
NATIONAL = re.compile(r"(?:(?:\+|00)(?:33|262|590|594|596)0?|0)([1-9][0-9]{8})")
SAINT_PIERRE = re.compile(r"(?:\+|00)508([0-9]{6})")
PACIFIC = re.compile(r"(?:\+|00)(681[0-9]{6}|687[0-9]{6}|689[0-9]{8})")
# Numbers of public services, such as 3949.
SHORT = re.compile(r"[13][0-9]{3}")


class InvalidPhone(ValueError):
    """The text is not a French phone number."""


@lru_cache(maxsize=4096)
def clean_phone(text: str) -> str:
    """The number as people write it, « 03 53 01 00 01 » or « +687 25 12 34 ». Raises ``InvalidPhone``."""
    digits = PUNCTUATION.sub("", text)
    if match := NATIONAL.fullmatch(digits):
        return _pairs("0" + match[1])
    if match := SAINT_PIERRE.fullmatch(digits):
        return _pairs("0508" + match[1])
    if match := PACIFIC.fullmatch(digits):
        return f"+{match[1][:3]} {_pairs(match[1][3:])}"
    if SHORT.fullmatch(digits):
        return digits
    raise InvalidPhone(text)


def _pairs(digits: str) -> str:
    """Two figures at a time."""
    return " ".join(digits[start : start + 2] for start in range(0, len(digits), 2))

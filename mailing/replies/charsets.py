"""Decodes bytes of any charset to text that PostgreSQL can store and a page can show."""

import codecs

from mailing.text_cleaning import clean_text

# Latin-1 as Windows and browsers read it; five of its bytes are undefined.
LATIN = "cp1252"
LATIN_NAMES = ("iso8859-1", "cp1252", "ascii")
# Python codecs that are not charsets of mails: slow, or meant for source code.
NO_CHARSETS = {"punycode", "idna", "unicode-escape", "raw-unicode-escape", "undefined"}


def decode(data: bytes, charset: str) -> str:
    """Decode as UTF-8 when valid, else in the declared charset, else in Windows-1252.

    Latin-1 text is almost never valid UTF-8, and mails often declare one and contain the other.
    """
    name = _codec(charset)
    if name in ("", "utf-8", *LATIN_NAMES):
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            return data.decode(LATIN, "replace")
    try:
        return data.decode(name, "replace")
    except (UnicodeError, LookupError, ValueError):
        return data.decode(LATIN, "replace")


def clean(text: str) -> str:
    """``text`` with normal line ends and spaces, composed accents, and no invisible character."""
    return clean_text(text).replace("\xa0", " ")


def _codec(charset: str) -> str:
    try:
        name = codecs.lookup(charset.strip()).name
    except (LookupError, ValueError):
        return ""
    return "" if name in NO_CHARSETS else name

"""Decodes bytes of any charset to text that PostgreSQL can store and a page can show."""

import codecs
import re
import unicodedata

# Latin-1 as Windows and browsers read it; five of its bytes are undefined.
LATIN = "cp1252"
LATIN_NAMES = ("iso8859-1", "cp1252", "ascii")
# Python codecs that are not charsets of mails: slow, or meant for source code.
NO_CHARSETS = {"punycode", "idna", "unicode-escape", "raw-unicode-escape", "undefined"}
# Control characters, surrogates, byte order marks, and characters that change the text direction.
UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff\u202a-\u202e\u2066-\u2069]"
)


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
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ")
    return unicodedata.normalize("NFC", UNWANTED.sub("", text))


def _codec(charset: str) -> str:
    try:
        name = codecs.lookup(charset.strip()).name
    except (LookupError, ValueError):
        return ""
    return "" if name in NO_CHARSETS else name

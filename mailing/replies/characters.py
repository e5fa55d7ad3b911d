"""From bytes of any charset, or of none, to text that a database takes and a page shows."""

import codecs
import re
import unicodedata

# Latin-1 as Windows and every browser read it; five of its bytes mean nothing.
LATIN = "cp1252"
LATIN_NAMES = ("iso8859-1", "cp1252", "ascii")
# Codecs of Python that are no charset of mails: slow, or made to write code.
NO_CHARSETS = {"punycode", "idna", "unicode-escape", "raw-unicode-escape", "undefined"}
# Control characters, halves of surrogate pairs, byte order marks, and what turns the direction of a page.
UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff\u202a-\u202e\u2066-\u2069]"
)


def decode(data: bytes, charset: str) -> str:
    """``data`` as text: in UTF-8 when it is, then in the charset it declares, then in Windows-1252.

    Latin bytes are almost never UTF-8 by accident, and mails often declare one and carry the other.
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
    """``text`` with plain line ends and spaces, composed accents, and without what no page shows."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ")
    return unicodedata.normalize("NFC", UNWANTED.sub("", text))


def _codec(charset: str) -> str:
    try:
        name = codecs.lookup(charset.strip()).name
    except (LookupError, ValueError):
        return ""
    return "" if name in NO_CHARSETS else name

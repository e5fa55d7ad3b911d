"""Text as people type or paste it: invisible characters are removed, accents are composed. Pure."""

import re
import unicodedata

# Format characters (zero-width spaces, soft hyphens, marks of direction, byte order marks) and others that
# show nothing: fillers, the blank of Braille, the joiner of graphemes.
INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\ud800-\udfff"
    "\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# Inside an emoji, the joiner and the selector of its colours are part of the picture.
EMOJI = "\u2190-\u21ff\u2300-\u27bf\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
KEPT = re.compile(f"(?<=[{EMOJI}\ufe0f])\u200d(?=[{EMOJI}])")
LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")


def clean_text(text: str) -> str:
    """The text with normal line ends and composed accents, without invisible characters."""
    pieces = KEPT.split(LINE_ENDS.sub("\n", text))
    return unicodedata.normalize("NFC", "\u200d".join(INVISIBLE.sub("", piece) for piece in pieces))


def clean_line(text: str) -> str:
    """The text on one line, with single spaces, cleaned like ``clean_text``."""
    return " ".join(clean_text(text).replace("\ufe0f", "").split())

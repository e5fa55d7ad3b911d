"""Keywords of a text, for searches: without accents, in the singular, without stop words."""

import re
import unicodedata

NOT_WORDS = re.compile(r"[^a-z0-9]+")
# "nca" is « non classé ailleurs » in the labels of the NAF.
STOP_WORDS = {
    "artisan", "au", "aux", "avec", "ce", "cet", "cette", "chez", "dans", "de", "des", "du", "en",
    "entreprise", "est", "et", "il", "je", "la", "le", "les", "leur", "ma", "mes", "metier", "mon", "nca",
    "nos", "notre", "nous", "ou", "par", "pour", "que", "qui", "sa", "sans", "ses", "societe", "son", "suis",
    "sur", "un", "une", "vos", "votre",
}  # fmt: skip


def extract(text: str) -> list[str]:
    """The keywords of a text: « Je suis maçon » gives ``["macon"]``."""
    words = NOT_WORDS.split(plain(text))
    return [_singular(word) for word in words if len(word) > 1 and word not in STOP_WORDS]


def plain(text: str) -> str:
    """Lower case, without accents nor ligatures."""
    text = text.lower().replace("œ", "oe").replace("æ", "ae")
    return "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word[-1] in "sx" else word

"""Comparison of commune names as people type them: normalisation and typos. Pure."""

import re
import unicodedata

_LIGATURES = {"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "’": "'"}
# Letters of other alphabets that look like ours: they come with what is copied.
_CYRILLIC = dict(zip("аеіјорсухѕԁһАВЕІЈКМНОРСТХЅ", "aeijopcyxsdhABEIJKMHOPCTXS", strict=True))
_GREEK = dict(zip("οινΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "oivABEZHIKMNOPTYX", strict=True))
_LETTERS = str.maketrans(_LIGATURES | _CYRILLIC | _GREEK)
_ABBREVIATIONS = {
    "st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes", "mt": "mont", "nd": "notre dame",
}  # fmt: skip
_ORDINAL = re.compile(
    r"\b0*([0-9]{1,2})(?:er|ere|e|eme|ieme|nd|nde)?(?: (?:arrondissement|arrdt|ardt|arr))?\b"
)
_CEDEX = re.compile(r"\bcedex\b.*")
_ON = re.compile(r"\bs/ ?")
MAX_LETTERS = 5_000
_DIGIT = re.compile(r"[0-9]")
_WORD = re.compile(r"[a-z0-9]+")


class _Seen(dict[int, int | None]):
    """A table for ``str.translate`` without accents, soft hyphens and zero-width spaces; filled when used."""

    def __missing__(self, code: int) -> int | None:
        seen = None if unicodedata.category(chr(code)) in {"Mn", "Cf"} else code
        if len(self) < MAX_LETTERS:  # visitors may type any of a million
            self[code] = seen
        return seen


_SEEN = _Seen()


def normalise(text: str) -> str:
    """The name in lower case, without accents: "St-Étienne s/ Loire" → "saint etienne sur loire".

    Arrondissements keep their number only ("Lyon 3ème arr." → "lyon 3"), a CEDEX is left out.
    """
    plain = text
    if not text.isascii():
        plain = unicodedata.normalize("NFKD", text.translate(_LETTERS)).translate(_SEEN)
    plain = plain.lower()
    # Sheets are compared with the 36,000 names of the country: what is rare is looked for first.
    if "s/" in plain:
        plain = _ON.sub("sur ", plain)
    joined = " ".join([_ABBREVIATIONS.get(word, word) for word in _WORD.findall(plain)])
    if "cedex" in joined:
        joined = _CEDEX.sub("", joined)
    if _DIGIT.search(joined):
        joined = _ORDINAL.sub(r"\1", joined)
    return joined.strip()


def plain_digits(text: str) -> str:
    """The text with the digits of other alphabets and widths as those of the keyboard."""
    if text.isascii():
        return text
    wide = unicodedata.normalize("NFKC", text)
    return "".join(str(unicodedata.decimal(one)) if one.isdecimal() else one for one in wide)


def is_one_typo(typed: str, name: str) -> bool:
    """True when the difference is one letter added, missing or wrong, or two neighbours swapped."""
    same = next((i for i, (a, b) in enumerate(zip(typed, name, strict=False)) if a != b), None)
    at = min(len(typed), len(name)) if same is None else same
    return typed != name and (
        typed[at + 1 :] == name[at + 1 :]
        or typed[at + 1 :] == name[at:]
        or typed[at:] == name[at + 1 :]
        or (typed[at : at + 2] == name[at : at + 2][::-1] and typed[at + 2 :] == name[at + 2 :])
    )


def starts_with_one_typo(typed: str, name: str) -> bool:
    """True when ``typed`` is the beginning of ``name``, with exactly one typo."""
    return any(is_one_typo(typed, name[: len(typed) + extra]) for extra in (-1, 0, 1))

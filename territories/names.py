"""How names of communes are compared: as people type them, not as they are written. Pure."""

import re
import unicodedata

_LIGATURES = str.maketrans({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "’": "'"})
_ABBREVIATIONS = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}
_ORDINAL = re.compile(
    r"\b0*([0-9]{1,2})(?:er|ere|e|eme|ieme|nd|nde)?(?: (?:arrondissement|arrdt|ardt|arr))?\b"
)
_CEDEX = re.compile(r"\bcedex\b.*")
_ON = re.compile(r"\bs/ ?")


def normalise(text: str) -> str:
    """The name in small plain letters and single spaces: "St-Étienne s/ Loire" → "saint etienne sur loire".

    Arrondissements keep their number only ("Lyon 3ème arr." → "lyon 3"), a CEDEX is left out.
    """
    decomposed = unicodedata.normalize("NFKD", text.translate(_LIGATURES))
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter)).lower()
    words = re.findall(r"[a-z0-9]+", _ON.sub("sur ", plain))
    joined = " ".join(_ABBREVIATIONS.get(word, word) for word in words)
    return _ORDINAL.sub(r"\1", _CEDEX.sub("", joined)).strip()


def is_one_typo(typed: str, name: str) -> bool:
    """Whether one letter too many, missing, wrong, or two neighbours swapped explain the difference."""
    same = next((i for i, (a, b) in enumerate(zip(typed, name, strict=False)) if a != b), None)
    at = min(len(typed), len(name)) if same is None else same
    return typed != name and (
        typed[at + 1 :] == name[at + 1 :]
        or typed[at + 1 :] == name[at:]
        or typed[at:] == name[at + 1 :]
        or (typed[at : at + 2] == name[at : at + 2][::-1] and typed[at + 2 :] == name[at + 2 :])
    )


def starts_with_one_typo(typed: str, name: str) -> bool:
    """Whether ``typed`` is, but for one typo, the beginning of ``name``."""
    return any(is_one_typo(typed, name[: len(typed) + extra]) for extra in (-1, 0, 1))

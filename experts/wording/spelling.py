"""Words as people type them: accents, abbreviations of text messages, stems, sounds, typos. Pure."""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from string import ascii_lowercase

MAX_WORD = 40  # longer words are cut: no French word is
MIN_TYPO = 5  # short words often differ by one letter only: CDD, CDI
MIN_ELIDED = 4
MIN_JOINED = 3  # burnout, autoentrepreneur
# Letters typed without their apostrophe: "jcherche", "dargent", "lurssaf", "quil".
ELISIONS = re.compile(r"(qu|[cdjlmnst])(.+)")
# Usual spellings of text messages, and abbreviations.
ABBREVIATIONS = {
    "1er": "premier", "1ere": "premiere", "ac": "avec", "asap": "vite", "auj": "aujourd hui",
    "bcp": "beaucoup", "bjr": "bonjour", "bsr": "bonsoir", "chui": "je suis", "chuis": "je suis",
    "cmt": "comment", "dc": "donc", "ds": "dans", "g": "j ai", "gt": "j etais", "jai": "j ai",
    "jamai": "jamais", "jms": "jamais", "jsai": "je sais", "jsais": "je sais", "jspr": "j espere",
    "jsuis": "je suis", "kan": "quand", "ke": "que", "kelkun": "quelqu un", "kelquun": "quelqu un",
    "keske": "qu est ce que", "ki": "qui", "koi": "quoi", "mnt": "maintenant", "mtn": "maintenant",
    "ns": "nous", "nrj": "energie", "pa": "pas", "pb": "probleme", "pbs": "problemes", "pck": "parce que",
    "pcq": "parce que", "pdt": "pendant", "pkoi": "pourquoi", "pq": "pourquoi", "pr": "pour",
    "ptit": "petit", "qd": "quand", "qlq": "quelque", "qlqn": "quelqu un", "qqch": "quelque chose",
    "qqn": "quelqu un", "qqun": "quelqu un", "qq": "quelque", "rdv": "rendez vous", "rv": "rendez vous",
    "slt": "salut", "stp": "svp", "tjrs": "toujours", "tjs": "toujours", "tt": "tout", "ts": "tous",
    "vrmt": "vraiment", "vs": "vous", "ya": "y a", "yen": "y en",
}  # fmt: skip
_ENDING = re.compile(
    r"(.{3,}?)(?:issements?|ements?|ations?|itions?|ateurs?|atrices?|euses?|eures?|eurs?|ures?|rices?|ages?"
    r"|antes?|ants?|ees?|ent|iers?|ieres?|ies?|ait|aient|ais|ons|ont|er|es|ez|e|s|x)"
)
# Spellings that sound alike, each replaced by one sign, in this order.
_SOUNDS = [
    (re.compile(pattern), sound)
    for pattern, sound in (
        ("ti(?=on|el)", "si"),
        ("ph", "f"),
        ("h", ""),
        ("qu|q|ck|c(?=[aoukrlt])|c$", "k"),
        ("ce(?=[ao])|c(?=[eiy])", "s"),
        ("g(?=[eiy])", "j"),
        ("gu(?=[eiy])", "g"),
        ("eaux?|aux?", "o"),
        ("(?:ai|ei)[nm](?![aeiouy])|i[nm](?![aeiouynm])|un(?![aeiouyn])", "1"),
        ("oi", "2"),
        ("ou", "3"),
        ("[ae][nm](?![aeiouynm])", "4"),
        ("o[nm](?![aeiouynm])", "5"),
        ("ai|ei|er$|ez$|et$|es$|ee?s?$|ent$", "e"),
        ("o?eu", "6"),
        ("y|ill?", "i"),
        ("z", "s"),
        (r"(.)\1+", r"\1"),
        ("[sxtdp]+$", ""),
        ("e$", ""),
    )
]
_LIGATURES = str.maketrans({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae"})


@lru_cache(maxsize=16384)
def plain_words(word: str) -> tuple[str, ...]:
    """Lower-case words without accents that a typed word stands for: "Été" → ete, "qqn" → quelqu, un."""
    decomposed = unicodedata.normalize("NFKD", word.translate(_LIGATURES).lower())
    plain = re.sub("[^a-z0-9]", "", decomposed)[:MAX_WORD]
    return tuple(ABBREVIATIONS.get(plain, plain).split())


@lru_cache(maxsize=16384)
def stem(word: str) -> str:
    """Stem shared by the forms of a word: recruter, recrutement, recrutons → recrut."""
    match = _ENDING.fullmatch(word)
    return match[1] if match else word


@lru_cache(maxsize=16384)
def sound(word: str) -> str:
    """Rough pronunciation, the same for "apprenti" and "apranti"; for comparison only."""
    for pattern, sign in _SOUNDS:
        word = pattern.sub(sign, word)
    return word


def corrected(word: str, counts: Mapping[str, int]) -> tuple[str, ...]:
    """Known words that an unknown one stands for: its apostrophe missing, two in one, a typo; else itself.

    ``counts`` holds the known words; the most used one is kept when several are possible.
    """
    elided = ELISIONS.fullmatch(word)
    if elided and len(elided[2]) >= MIN_ELIDED and elided[2] in counts:
        return elided[1], elided[2]
    if len(word) < MIN_TYPO:
        return (word,)
    for at in range(MIN_JOINED, len(word) - MIN_JOINED + 1):
        if word[:at] in counts and word[at:] in counts:
            return word[:at], word[at:]
    near = [other for other in _one_typo_away(word) if other in counts]
    return (max(near, key=lambda other: (counts[other], other), default=word),)


def _one_typo_away(word: str) -> set[str]:
    """The words with one letter more, less or other, or two neighbours swapped."""
    halves = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    fewer = {left + right[1:] for left, right in halves if right}
    swapped = {left + right[1] + right[0] + right[2:] for left, right in halves if len(right) > 1}
    other = {left + letter + right[1:] for left, right in halves if right for letter in ascii_lowercase}
    more = {left + letter + right for left, right in halves for letter in ascii_lowercase}
    return fewer | swapped | other | more

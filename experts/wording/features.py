"""Words of a text, and their features: stems, sounds, groups of letters, pairs of neighbours. Pure."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from experts.wording import spelling
from mailing.text_cleaning import clean_text

MAX_TEXT = 4_000
MAX_CORRECTED = 30  # each takes a fifth of a millisecond
MIN_SOUND = 4  # the sound of a shorter word is that of too many others
LETTERS = 4
WORD = re.compile(r"[^\W_]+")
STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        """a ai aider aidez alors au aussi aux avec avez avons bien bonjour bonsoir c ca ce cela ces cet
        cette comme d dans de deja des donc du elle en encore est et etes etre fait faire ici il ils j je
        l la le les leur leurs lui m ma mais madame me meme merci mes moi mon monsieur n nos notre nous on
        ont ou par pas plus pour qu que qui quoi s sa salut se ses si son sont suis sur svp t ta te tes
        toi ton tous tout tres tu un une va vais vos votre vous y""",
    )
)


@dataclass(frozen=True, slots=True)
class Word:
    """A plain word, and the typed word that it comes from."""

    plain: str
    typed: str


def clean(text: str) -> str:
    """The text with one code per letter, without invisible ones, cut at ``MAX_TEXT`` characters."""
    return unicodedata.normalize("NFKC", clean_text(text[:MAX_TEXT]))[:MAX_TEXT]


def words(text: str) -> list[Word]:
    """The words of a clean text, in order; one typed word may stand for several."""
    return [Word(plain, typed) for typed in WORD.findall(text) for plain in spelling.plain_words(typed)]


def corrected(typed: Sequence[Word], counts: Mapping[str, int]) -> list[Word]:
    """The same words; those that are not in ``counts`` are replaced by the known ones that they stand for."""
    found: list[Word] = []
    tries = MAX_CORRECTED
    for word in typed:
        if word.plain in counts or word.plain in STOP_WORDS or not tries:
            found.append(word)
            continue
        tries -= 1
        found += [Word(plain, word.typed) for plain in spelling.corrected(word.plain, counts)]
    return found


@lru_cache(maxsize=16384)
def of_word(word: str) -> tuple[str, ...]:
    """Features of a plain word: its stem, its sound, its groups of letters.

    A stop word has its stem only.
    """
    if word in STOP_WORDS:
        return (spelling.stem(word),)
    framed = f"<{word}>"
    groups = [f"-{framed[start : start + LETTERS]}" for start in range(max(1, len(framed) - LETTERS + 1))]
    sounds = [f"={spelling.sound(word)}"] if len(word) >= MIN_SOUND else []
    return (spelling.stem(word), *sounds, *groups)


def is_letters(name: str) -> bool:
    """Return whether a feature is a group of letters."""
    return name.startswith("-")


def is_pair(name: str) -> bool:
    """Return whether a feature is a pair of words."""
    return " " in name


def of_pairs(plain: Sequence[str]) -> list[str]:
    """Features of the pairs of neighbouring words; « plus de » or « pas de » say much."""
    stems = [spelling.stem(word) for word in plain]
    return [f"{first} {second}" for first, second in pairwise(stems)]


def counted(plain: Sequence[str]) -> Counter[str]:
    """Number of times that each feature of these plain words is met."""
    found = Counter(of_pairs(plain))
    for word in plain:
        found.update(of_word(word))
    return found

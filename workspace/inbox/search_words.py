"""Words that somebody types in a search, as the indexes of requests and messages spell them."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q

from solicitations.models.request_words import ACCENTED, CONFIG, PLACE, PLAIN
from territories.models import Commune
from territories.names import normalise

LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss"})
WORD = re.compile(r"[^\W_]+")
SHORT = 4  # letters; shorter words begin too many: they must match whole
MAX_WORDS, MAX_PLACES = 12, 50
BEGIN_LIGATURES = {"o": "œŒ", "a": "æÆ"}


def _spellings() -> dict[str, str]:
    """The regular expression of each letter that may bear an accent, and of each two that may be one."""
    spelled = dict.fromkeys(PLAIN, "")
    for accented, plain in zip(ACCENTED, PLAIN, strict=True):
        spelled[plain] += accented
    letters = {plain: f"[{plain}{others}]" for plain, others in spelled.items()}
    pairs = {
        f"{first}e": f"(?:{letters[first]}{letters['e']}|[{both}])" for first, both in BEGIN_LIGATURES.items()
    }
    return letters | pairs


SPELLINGS = _spellings()
LETTERS = re.compile("[ao]e|.")
SEPARATOR = f"[^[:alnum:]{ACCENTED}œŒæÆ]"  # whether a letter with an accent is one depends on the database


def typed_words(text: str) -> list[str]:
    """The words that somebody typed, as the indexes spell them."""
    decomposed = unicodedata.normalize("NFKD", text.lower().translate(LIGATURES))
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return WORD.findall(plain)[:MAX_WORDS]


@dataclass(frozen=True)
class TypedWords:
    """Words that a text must all say, by their beginnings.

    Each has ``places``, the codes of the communes of its name; so has the whole that was typed, ``whole``.
    """

    words: tuple[str, ...]
    places: Mapping[str, Sequence[str]]
    whole: str

    @classmethod
    def read(cls, text: str, *, with_places: bool = True) -> "TypedWords | None":
        """Read what somebody typed; ``None`` without any word."""
        words, whole = typed_words(text), normalise(text)
        if not words:
            return None
        return cls(tuple(words), _places(whole, words) if with_places else {}, whole)

    @property
    def query(self) -> SearchQuery:
        """The search in an index of words."""
        every_word = " & ".join(
            f"({_any([_term(word), *map(_quoted, self.places.get(word, ()))])})" for word in self.words
        )
        whole = map(_quoted, self.places.get(self.whole, ()))
        return SearchQuery(_any([f"({every_word})", *whole]), search_type="raw", config=CONFIG)

    def spelled_in(self, column: str) -> Q:
        """The same search in a text as it is stored: cheaper than making the words of each text."""
        name = f"{column}__iregex"
        condition = Q()
        for word in self.words:
            condition &= Q(
                **{name: _one_of([*map(_pattern, _sharp(word)), *map(_whole, self.places.get(word, ()))])}
            )
        whole = self.places.get(self.whole, ())
        return condition | Q(**{name: _one_of(map(_whole, whole))}) if whole else condition


def _sharp(word: str) -> list[str]:
    """The word, and the same with « ß », which indexes keep as it is written."""
    return list(dict.fromkeys((word, word.replace("ss", "ß"))))


def _term(word: str) -> str:
    end = "" if len(word) < SHORT else ":*"
    return _any(f"{_quoted(spelled)}{end}" for spelled in _sharp(word))


def _quoted(word: str) -> str:
    return f"'{word}'"


def _any(terms: Iterable[str]) -> str:
    return " | ".join(terms)


def _one_of(patterns: Iterable[str]) -> str:
    """The regular expression of a text in which a word begins like one of these."""
    return f"(?:^|{SEPARATOR})(?:{'|'.join(patterns)})"


def _pattern(word: str) -> str:
    """The regular expression of a word, whatever its accents and ligatures."""
    is_short = len(word.replace("ß", "ss")) < SHORT
    spelled = LETTERS.sub(lambda letter: SPELLINGS.get(letter[0], letter[0]), word)
    if is_short:
        return _whole(spelled)
    begun = BEGIN_LIGATURES.get(word[-1])  # « mano » begins « manœuvre »
    return f"{spelled.removesuffix(']')}{begun}]" if begun else spelled


def _whole(pattern: str) -> str:
    return f"{pattern}(?:$|{SEPARATOR})"


def _places(typed: str, words: Iterable[str]) -> dict[str, list[str]]:
    """The codes of the communes named by each word, and of those whose name begins with the whole."""
    named = Q(search_name__in=words)
    if len(typed) >= SHORT:
        named |= Q(search_name__startswith=typed)
    found: dict[str, list[str]] = {}
    rows = Commune.objects.current().filter(named).order_by("-population", "pk")
    for name, code in rows.values_list("search_name", "pk")[:MAX_PLACES]:
        for key in {name, typed if name.startswith(typed) else name}:
            found.setdefault(key, []).append(f"{PLACE}{code.lower()}")
    return found

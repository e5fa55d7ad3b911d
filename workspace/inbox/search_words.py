"""Words that somebody types in a search, as the indexes of requests and messages spell them."""

import re
import unicodedata
from collections.abc import Iterable

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q

from solicitations.models.request_words import CONFIG, PLACE
from territories.models import Commune
from territories.names import normalise

LIGATURES = str.maketrans({"œ": "oe", "æ": "ae"})
WORD = re.compile(r"[^\W_]+")
SHORT = 4  # letters; shorter words begin too many: they must match whole
MOST_WORDS, MOST_PLACES = 12, 50


def typed_words(text: str) -> list[str]:
    """The words that somebody typed, as the indexes spell them."""
    decomposed = unicodedata.normalize("NFKD", text.lower().translate(LIGATURES))
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return WORD.findall(plain)[:MOST_WORDS]


def words_query(text: str, *, with_places: bool = True) -> SearchQuery | None:
    """The search for all these words, by their beginnings; ``None`` without any word.

    A word may also be the name of a commune, and all of them together its beginning.
    """
    words = typed_words(text)
    if not words:
        return None
    name = normalise(text)
    places = _places(name, words) if with_places else {}
    said = " & ".join(f"({_any([_term(word), *places.get(word, ())])})" for word in words)
    return SearchQuery(_any([f"({said})", *places.get(name, ())]), search_type="raw", config=CONFIG)


def _term(word: str) -> str:
    return f"'{word}'" if len(word) < SHORT else f"'{word}':*"


def _any(terms: Iterable[str]) -> str:
    return " | ".join(terms)


def _places(typed: str, words: Iterable[str]) -> dict[str, list[str]]:
    """The codes of the communes named by each word, and of those whose name begins with the whole."""
    named = Q(search_name__in=words)
    if len(typed) >= SHORT:
        named |= Q(search_name__startswith=typed)
    found: dict[str, list[str]] = {}
    rows = Commune.objects.current().filter(named).order_by("-population", "pk")
    for name, code in rows.values_list("search_name", "pk")[:MOST_PLACES]:
        for key in {name, typed if name.startswith(typed) else name}:
            found.setdefault(key, []).append(f"'{PLACE}{code.lower()}'")
    return found

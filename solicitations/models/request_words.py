"""Words of requests and messages, compared without accents nor capitals: expressions of indexes, no copy."""

import re
import unicodedata
from collections.abc import Iterable

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import Func, Q, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Lower

from territories.models import Commune
from territories.names import normalise

# Capitals too: whether the database lowers them depends on its locale.
ACCENTED = "àáâãäåçèéêëìíîïñòóôõöùúûüýÿÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÑÒÓÔÕÖÙÚÛÜÝŸ"
PLAIN = "aaaaaaceeeeiiiinooooouuuuyy" * 2
LIGATURES = str.maketrans({"œ": "oe", "æ": "ae"})
CONFIG = "simple"
# A commune is found by its code among the words of a request: its name is in another table.
PLACE = "insee"
WORD = re.compile(r"[^\W_]+")
SHORT = 4  # letters; shorter words begin too many: they must match whole
MOST_WORDS, MOST_PLACES = 12, 50


def plain_words(text: Combinable) -> SearchVector:
    """The words of a text, in small letters without accents; anything else separates them."""
    spelled: Func = Lower(text)
    for ligature, letters in (("œ", "oe"), ("æ", "ae")):
        spelled = _text("replace", spelled, ligature, letters)
    plain = _text("translate", spelled, ACCENTED, PLAIN)
    return SearchVector(_text("regexp_replace", plain, "[^[:alnum:]]+", " ", "g"), config=CONFIG)


def _text(function: str, text: Combinable, *arguments: str) -> Func:
    values = [Value(argument) for argument in arguments]
    return Func(text, *values, function=function, output_field=TextField())


def joined(*parts: str | Combinable) -> Func:
    """The texts of these columns, which are never null, one after the other."""
    return Func(*parts, arg_joiner=" || ", template="(%(expressions)s)", output_field=TextField())


# What a line of a list shows of a request: its company and its place.
LINE_WORDS = plain_words(joined("company_name", Value(f" {PLACE}"), "commune_id"))
REQUEST_WORDS = plain_words(
    joined(
        "company_name", Value(f" {PLACE}"), "commune_id", Value(" "), "contact_name", Value(" "), "reference",
        Value(" "), "siret", Value(" "), "description",
    )
)  # fmt: skip
MESSAGE_WORDS = plain_words(joined("body"))
NOT_CONFIDENTIAL = Q(is_confidential=False)


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

"""Words of requests and messages, compared without accents nor capitals: expressions of indexes, no copy."""

from django.contrib.postgres.search import SearchVector
from django.db.models import Func, Q, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Lower

# Capitals too: whether the database lowers them depends on its locale.
ACCENTED = "àáâãäåçèéêëìíîïñòóôõöùúûüýÿÀÁÂÃÄÅÇÈÉÊËÌÍÎÏÑÒÓÔÕÖÙÚÛÜÝŸ"
PLAIN = "aaaaaaceeeeiiiinooooouuuuyy" * 2
CONFIG = "simple"
# A commune is found by its code among the words of a request: its name is in another table.
PLACE = "insee"


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
LINE_TEXT = joined("company_name", Value(f" {PLACE}"), "commune_id")
REQUEST_TEXT = joined(
    "company_name", Value(f" {PLACE}"), "commune_id", Value(" "), "contact_name", Value(" "), "reference",
    Value(" "), "siret", Value(" "), "description",
)  # fmt: skip
REQUEST_WORDS = plain_words(REQUEST_TEXT)
MESSAGE_WORDS = plain_words(joined("body"))
NOT_CONFIDENTIAL = Q(is_confidential=False)

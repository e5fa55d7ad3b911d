"""A word is found alike by the index of texts and by reading them one by one."""

import pytest
from django.db.models import F, TextField, Value
from hypothesis import given
from hypothesis import strategies as st

from solicitations.models.request_words import plain_words
from territories.models import Commune
from workspace.inbox.search_words import TypedWords

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db]
LETTERS = "aeiosßzéèêàçœŒæÉÀ019"
TEXTS = st.text(alphabet=LETTERS + " -'._,\n²", max_size=30)
TYPED = st.text(alphabet=LETTERS + " '", min_size=1, max_size=9)


def is_found(text: str, typed: str) -> tuple[bool, bool]:
    """Search a text by the index, and by reading it: whether each finds what was typed."""
    words = TypedWords.read(typed)
    one_row = Commune.objects.filter(pk="21231").annotate(text=Value(text, output_field=TextField()))
    assert words is not None
    by_index = one_row.alias(indexed_words=plain_words(F("text"))).filter(indexed_words=words.query)
    return by_index.exists(), one_row.filter(words.spelled_in("text")).exists()


@given(TEXTS, TYPED.filter(lambda typed: typed.strip(" '")))
def test_any_word_is_found_by_both_or_by_none(text, typed):
    by_index, by_reading = is_found(text, typed)
    assert by_index == by_reading


@pytest.mark.parametrize(
    ("text", "typed", "expected"),
    [
        ("Un local pour l'été", "ete", True),
        ("Ils vont acheter", "ete", False),
        ("répétés", "ete", False),
        ("vol_ete_2026", "ete", True),
        ("Trésorerie tendue", "tresor", True),
        ("la sous-trésorerie", "tresorerie", True),
        ("manœuvres", "manoe", True),
        ("manœuvres", "œuvre", False),
        ("à Dijon", "dijon", True),
        ("Weiße & fils", "weisse", True),
        ("Weisse et fils", "WEIß", True),
        ("Straßenbau", "strasse", True),
        ("Strasbourg", "straße", False),
    ],
)
def test_short_words_match_whole_and_longer_ones_by_their_beginning(text, typed, expected):
    assert is_found(text, typed) == (expected, expected)

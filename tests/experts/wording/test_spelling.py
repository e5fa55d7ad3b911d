"""Words as people type them."""

from collections import Counter

import pytest

from experts.wording.features import Word, corrected, words
from experts.wording.spelling import plain_words, sound, stem


def plain(text: str) -> list[str]:
    return [word.plain for word in words(text)]


def test_words_are_compared_without_accents_ligatures_or_case():
    assert plain("Main-d'ŒUVRE à l’été") == ["main", "d", "oeuvre", "a", "l", "ete"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("g", ["j", "ai"]), ("qqn", ["quelqu", "un"]), ("1er", ["premier"]), ("pb", ["probleme"])],
)
def test_abbreviations_of_text_messages_are_read_as_words(typed, meant):
    assert plain(typed) == meant


@pytest.mark.parametrize("word", ["recruter", "recrutement", "recrutements", "recruteur"])
def test_forms_of_a_word_share_a_stem(word):
    assert stem(word) == "recrut"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("apranti", "apprenti"),
        ("anbauche", "embauche"),
        ("kotisassion", "cotisation"),
        ("trezorerie", "tresorerie"),
        ("licensiement", "licenciement"),
        ("farmacie", "pharmacie"),
    ],
)
def test_words_that_sound_alike_are_the_same(typed, meant):
    assert sound(typed) == sound(meant)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("jembauche", ["j", "embauche"]),
        ("lurssaf", ["l", "urssaf"]),
        ("quembauche", ["qu", "embauche"]),
        ("urssafembauche", ["urssaf", "embauche"]),
        ("urssafe", ["urssaf"]),
        ("embuache", ["embauche"]),
        ("embuche", ["embauche"]),
        ("cdx", ["cdx"]),
        ("xylophone", ["xylophone"]),
    ],
)
def test_unknown_words_are_read_as_the_known_ones_that_they_stand_for(typed, meant):
    counts = Counter({"embauche": 3, "urssaf": 2, "cdd": 5})

    assert [word.plain for word in corrected(words(typed), counts)] == meant
    assert {word.typed for word in corrected(words(typed), counts)} == {typed}


def test_most_used_word_is_kept_when_several_are_one_typo_away():
    counts = Counter({"vendre": 1, "rendre": 2})

    assert corrected([Word("xendre", "xendre")], counts)[0].plain == "rendre"


def test_endless_word_is_cut():
    assert len(plain_words("a" * 4_000)[0]) == 40

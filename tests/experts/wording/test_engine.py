"""Suggestion of subjects from a few texts."""

import json
import os
import subprocess
import sys

import pytest

from experts.wording.engine import Catalogue, SubjectTexts, suggest
from tests.databases import ROOT

BAKERY = Catalogue.of(
    [
        SubjectTexts(
            "recruter",
            ("Recruter un apprenti", "apprenti", "CFA"),
            "On vous aide à trouver un apprenti.",
            ("je cherche un jeune à former", "il me faut un apprenti boulanger pour septembre"),
        ),
        SubjectTexts(
            "dettes",
            ("Étaler mes cotisations", "dette Urssaf", "échéancier"),
            "On vous aide à demander un délai.",
            ("l'urssaf me réclame de l'argent", "je peux pas payer mes cotisations ce mois-ci"),
        ),
        SubjectTexts(
            "parler",
            ("Faire un point confidentiel", "fatigue du dirigeant", "échéancier"),
            "Quelqu'un vous écoute.",
            ("ça va mal dans ma boîte", "je suis perdu et je ne sais plus quoi faire"),
        ),
        SubjectTexts("ouvrir", ("Ouvrir le dimanche",), "", ()),
    ]
)


def slugs(text: str, **options) -> list[str]:
    return [found.slug for found in suggest(BAKERY, text, **options).subjects]


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("apranti boulanger", "recruter"),
        ("lurssaf me reclame des sous", "dettes"),
        ("payé les kotisation", "dettes"),
        ("jcherche un jeune", "recruter"),
        ("dimanche", "ouvrir"),
    ],
)
def test_likeliest_subject_comes_first(text, slug):
    assert slugs(text)[0] == slug


def test_keyword_alone_finds_its_subject_whatever_its_form():
    assert slugs("CFA")[0] == slugs("les cfa")[0] == "recruter"
    assert set(slugs("échéancier")[:2]) == {"dettes", "parler"}


def test_keyword_comes_before_one_that_only_shares_its_stem():
    driver = SubjectTexts("conduire", ("chauffeur",), "", ())
    warmth = SubjectTexts("chauffer", ("chauffage",), "", ())

    assert suggest(Catalogue.of([driver, warmth]), "Chauffage").subjects[0].slug == "chauffer"
    assert suggest(Catalogue.of([warmth, driver]), "un chauffeur").subjects[0].slug == "conduire"


def test_invisible_characters_cut_no_word():
    assert slugs("appren\u00adti\u200b") == slugs("apprenti")


def test_each_need_of_a_text_has_its_subject():
    text = "Il me faut un apprenti pour septembre. Et l'Urssaf me réclame des cotisations."

    assert set(slugs(text)[:2]) == {"recruter", "dettes"}


def test_words_that_spoke_for_a_subject_are_told_as_they_were_typed():
    found = suggest(BAKERY, "Bonjour, je cherche un APRANTI boulanger").subjects[0]

    assert "APRANTI" in found.because
    assert "boulanger" in found.because
    assert "Bonjour" not in found.because
    assert "un" not in found.because


def test_scores_are_shares_in_decreasing_order():
    scores = [found.score for found in suggest(BAKERY, "urssaf, cotisations, apprenti").subjects]

    assert scores == sorted(scores, reverse=True)
    assert 0.99 < sum(scores) < 1.01


@pytest.mark.parametrize("text", ["apprenti", "un apprenti boulanger pour septembre"])
def test_clear_text_raises_no_doubt(text):
    suggestions = suggest(BAKERY, text)

    assert suggestions.is_confident
    assert suggestions.doubts == ()


@pytest.mark.parametrize("text", ["échéancier", "argent, jeune", "xylophone ukulélé hippocampe apprenti"])
def test_unclear_text_says_its_doubts_in_sentences(text):
    suggestions = suggest(BAKERY, text)

    assert suggestions.subjects
    assert not suggestions.is_confident
    assert all(doubt.endswith(".") for doubt in suggestions.doubts)


@pytest.mark.parametrize(
    "text", ["", "   ", "les", "???", "🙂🙂", "\x00\x07", "zzzz", "x" * 5000, "مرحبا", "\ud800"]
)
def test_words_that_say_nothing_find_nothing(text):
    suggestions = suggest(BAKERY, text)

    assert suggestions.subjects == ()
    assert not suggestions.is_confident


def test_only_so_many_are_suggested():
    assert len(slugs("apprenti urssaf mal dimanche", limit=2)) == 2


def test_person_in_distress_is_seen_and_finds_who_listens():
    suggestions = suggest(BAKERY, "l'urssaf me réclame des cotisations, j'en peux plus, je craque")

    assert suggestions.is_distress
    assert "parler" in [found.slug for found in suggestions.subjects[:3]]
    assert "parler" in slugs("j'ai envie de mourir")[:3]
    assert not suggest(BAKERY, "l'urssaf me réclame des cotisations").is_distress


FRESH = """
import json, sys
from experts.wording.engine import suggest
from tests.experts.wording.test_engine import BAKERY
print(json.dumps([suggest(BAKERY, text).as_json() for text in sys.argv[1:]]))
"""


def test_each_process_learns_the_same_whatever_its_hash_seed():
    texts = ["lurssaf me reclame des sous et jcherche un jeune", "échéancier", "dimanche, apranti, argent"]

    answers = {
        subprocess.run(  # noqa: S603 (fixed commands)
            [sys.executable, "-c", FRESH, *texts],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4294967295")
    }

    assert len(answers) == 1


def test_method_needs_no_library_nor_file():
    """Nothing is downloaded or built: Python's own library, and texts of the catalogue."""
    code = "import sys, experts.wording.engine; print(*{name.partition('.')[0] for name in sys.modules})"

    done = subprocess.run(  # noqa: S603 (fixed commands)
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, '.'); {code}"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )

    assert set(done.stdout.split()) - set(sys.stdlib_module_names) - {"__main__"} <= {"experts", "mailing"}


def test_catalogue_without_subject_finds_nothing():
    assert suggest(Catalogue.of([]), "apprenti, je craque").subjects == ()


@pytest.mark.parametrize(
    "text",
    [
        "a" * 4_000,
        "apprenti " * 500,
        "é\u0301\u200b" * 1_000,
        "\ufdfa" * 4_000,
        "qwx zkv " * 500,
        "." * 4_000,
    ],
)
def test_odd_texts_are_answered(text):
    json.dumps(suggest(BAKERY, text).as_json())


def test_what_is_beyond_4000_characters_is_not_read():
    assert slugs("dimanche " + " " * 4_000 + "apprenti apprenti") == slugs("dimanche")


def test_json_has_the_keys_of_the_contract():
    answer = suggest(BAKERY, "un apprenti").as_json()

    assert answer.keys() == {"subjects", "confident", "doubts"}
    assert answer["subjects"][0].keys() == {"slug", "score", "because"}

"""Search of subjects."""

import pytest

from experts.models import Subject
from experts.subject_search import plain_words, search_subjects, stem

pytestmark = [pytest.mark.django_db, pytest.mark.reference]


def slugs(text: str, **options) -> list[str]:
    return [subject.slug for subject in search_subjects(text, **options)]


@pytest.mark.parametrize(
    ("typed", "slug"),
    [
        ("je trouve personne", "metier-tension"),
        ("Je ne trouve pas de candidats", "trouver-candidats"),
        ("CHÔMAGE PARTIEL", "activite-partielle"),
        ("chomage partiel", "activite-partielle"),
        ("licensiement", "licenciement"),
        ("licenciemant", "licenciement"),
        ("saisoniers", "saisonniers"),
        ("trésorrerie", "tresorerie"),
        ("virer quelqu'un", "licenciement"),
        ("coiffeur", "prevention-metier"),
        ("mal de dos", "penibilite"),
        ("burnout", "qualite-vie-travail"),
        ("burn out", "qualite-vie-travail"),
        ("dettes à l'Urssaf", "dettes-urssaf"),
        ("je veux me mettre a mon compte", "creer"),
        ("main d'oeuvre", "trouver-candidats"),
        ("pole emploi", "trouver-candidats"),
        ("1er salarié", "premier-salarie"),
        ("soudeur", "metier-tension"),
    ],
)
def test_likeliest_subject_comes_first(typed, slug):
    assert slugs(typed)[0] == slug


@pytest.mark.parametrize("typed", ["embaucher un aprenti", "recruter un apprenti", "apprentis"])
def test_every_form_of_hiring_an_apprentice_is_understood(typed):
    assert "recruter-apprenti" in slugs(typed)[:3]


def test_former_name_of_an_institution_finds_its_subjects():
    assert slugs("Direccte")


@pytest.mark.parametrize(
    "typed", ["", "   ", "les", "comment faire", "zzzz", "château gonflable", "???", "x" * 5000]
)
def test_words_that_say_nothing_find_nothing(typed):
    assert slugs(typed) == []


def test_only_so_many_are_shown():
    assert len(slugs("formation", limit=3)) == 3


def test_subject_that_left_the_catalogue_is_not_found(now):
    Subject.objects.filter(slug="activite-partielle").update(dropped_at=now)

    assert "activite-partielle" not in slugs("chômage partiel")


def test_same_words_give_the_same_answer():
    assert slugs("aide") == slugs("aide")


def test_number_of_queries_is_fixed(django_assert_num_queries):
    with django_assert_num_queries(2):
        slugs("recruter")


def test_words_are_compared_without_accents_ligatures_or_case():
    assert plain_words("Main-d'ŒUVRE à l'été") == ("main", "d", "oeuvre", "a", "l", "ete")


@pytest.mark.parametrize("word", ["recruter", "recrutement", "recrutements"])
def test_forms_of_a_word_share_a_stem(word):
    assert stem(word) == "recrut"

"""Suggestions from the whole catalogue."""

import pytest

from experts.models import Subject, SubjectExamples
from experts.wording import loading

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]


@pytest.fixture
def few_subjects(now, monkeypatch) -> None:
    """A catalogue that is learnt in one step; the whole one stays known for the next test."""
    Subject.objects.exclude(slug__in=["activite-partielle", "energie", "tresorerie"]).update(dropped_at=now)
    monkeypatch.setattr(loading, "_last", [])


def slugs(text: str) -> list[str]:
    return [found.slug for found in loading.suggest(text).subjects]


@pytest.mark.parametrize(
    ("typed", "slug"),
    [
        ("je trouve personne", "metier-tension"),
        ("CHÔMAGE PARTIEL", "activite-partielle"),
        ("chomage partiel", "activite-partielle"),
        ("licensiement", "licenciement"),
        ("licenciemant", "licenciement"),
        ("saisoniers", "saisonniers"),
        ("trésorrerie", "tresorerie"),
        ("virer quelqu'un", "licenciement"),
        ("mal de dos", "penibilite"),
        ("burnout", "qualite-vie-travail"),
        ("burn out", "qualite-vie-travail"),
        ("dettes à l'Urssaf", "dettes-urssaf"),
        ("je veux me mettre a mon compte", "creer"),
        ("main d'oeuvre", "trouver-candidats"),
        ("1er salarié", "premier-salarie"),
        ("je peux plus payer mes salaires", "tresorerie"),
        ("je ferme ma boite", "procedure-collective"),
        ("je veux monter ma boîte", "creer"),
        ("travail au noir", "obligations-employeur"),
        ("plus de boulot en ce moment", "point-confidentiel"),
        ("un salarié vole dans la caisse", "licenciement"),
        ("ma serveuse volait dans le tiroir-caisse", "licenciement"),
        ("le client me paye pas", "tresorerie"),
        ("mon donneur d'ordres ne regle plus ses factures", "tresorerie"),
        ("salarié étranger titre de séjour", "obligations-employeur"),
        ("apranti boulanger", "recruter-apprenti"),
        ("jcherche un ptit jeune en CAP maçon", "recruter-apprenti"),
        ("je me sens seul, je craque", "point-confidentiel"),
        ("g plus le moral, jen peu plu", "point-confidentiel"),
        ("prud'hommes", "licenciement"),
        ("je veut vandre mon salon de coifure", "transmettre"),
    ],
)
def test_subject_of_everyday_words_is_among_the_first_three(typed, slug):
    assert slug in slugs(typed)[:3]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (
            "Il me faut un apprenti mécano. Mon bail finit, il faut un local plus grand. L'Urssaf relance",
            {"recruter-apprenti", "implantation", "dettes-urssaf"},
        ),
        (
            "je perds de l'argent avec le gaz du four, faut aussi que je trouve un serveur pour l'été",
            {"energie", "saisonniers"},
        ),
        ("mon fils reprend le garage, et on veut vendre sur internet", {"transmettre", "visibilite-web"}),
        ("licencier mon chauffeur inapte et former le nouveau", {"inaptitude", "plan-formation"}),
    ],
    ids=["three, with full stops", "two, with a comma", "two, with « et »", "two, in one breath"],
)
def test_each_need_of_a_message_has_its_subject(typed, expected):
    assert expected <= set(slugs(typed))


def test_keyword_of_the_catalogue_finds_its_subject_first():
    holders: dict[str, set[str]] = {}
    for slug, keywords in Subject.objects.listed().values_list("slug", "keywords"):
        for keyword in keywords:
            holders.setdefault(keyword, set()).add(slug)

    missed = {keyword for keyword, listed in holders.items() if slugs(keyword)[0] not in listed}

    assert len(missed) <= 0.02 * len(holders), missed


def test_former_name_of_an_institution_finds_subjects():
    assert slugs("Direccte")


def test_subject_that_left_the_catalogue_is_not_suggested(few_subjects, now):
    assert "activite-partielle" in slugs("chômage partiel")

    Subject.objects.filter(slug="activite-partielle").update(dropped_at=now)

    assert "activite-partielle" not in slugs("chômage partiel")


def test_subject_added_without_examples_is_found_by_its_keywords(few_subjects):
    Subject.objects.create(
        slug="drones", label="Piloter un drone", keywords=["drone", "télépilote"], position=900
    )

    assert slugs("jai besoin d'un télépilote pour mes chantiers")[0] == "drones"


def test_new_keyword_is_known_at_once(few_subjects):
    before = slugs("flurbinage")
    Subject.objects.filter(slug="energie").update(keywords=["flurbinage"])

    assert before == []
    assert slugs("flurbinage")[0] == "energie"


def test_new_examples_are_known_at_once(few_subjects):
    SubjectExamples.objects.filter(subject__slug="energie").update(texts=["le flurbinage coûte trop cher"])

    assert slugs("flurbinage")[0] == "energie"


def test_one_query_when_the_catalogue_did_not_change(django_assert_num_queries):
    loading.suggest("recruter")

    with django_assert_num_queries(1):
        loading.suggest("former mes salariés")


def test_rows_come_in_the_order_of_the_suggestions():
    suggestions = loading.suggest("prime pour un apprenti")

    rows = loading.subjects(suggestions)

    assert [row.slug for row in rows] == [found.slug for found in suggestions.subjects]


def test_same_words_give_the_same_answer():
    assert loading.suggest("aide") == loading.suggest("aide")


@pytest.mark.parametrize("subject", ["point-confidentiel", "qualite-vie-travail"])
def test_distress_finds_who_listens(subject):
    suggestions = loading.suggest("je fais un burn-out, je craque, je ne sais plus à qui parler")

    assert suggestions.is_distress
    assert subject in [found.slug for found in suggestions.subjects]


def test_every_subject_has_enough_examples():
    numbers = {
        slug: (sum(len(text.split()) > 5 for text in texts), len(texts))
        for slug, texts in SubjectExamples.objects.values_list("subject__slug", "texts")
    }

    assert numbers.keys() == set(Subject.objects.listed().values_list("slug", flat=True))
    assert min(number[0] for number in numbers.values()) >= 25
    assert min(number[1] for number in numbers.values()) >= 40

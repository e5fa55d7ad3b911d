"""Areas inside a sentence."""

import pytest

from territories import spoken_places
from territories.models import Department, Region
from territories.spoken_places import of_area


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("zone", "Bassin dijonnais", "du bassin dijonnais"),
        ("zone", "Bassin d'emploi dijonnais", "du bassin d'emploi dijonnais"),
        ("zone", "Pays Seine-et-Tilles", "du pays Seine-et-Tilles"),
        ("zone", "Zone d'emploi de Dijon", "de la zone d'emploi de Dijon"),
        ("zone", "Nord de la Côte-d'Or", "du nord de la Côte-d'Or"),
        ("zone", "Auxois", "d'Auxois"),
        ("epci", "Dijon Métropole", "de Dijon Métropole"),
        ("epci", "Métropole de Lyon", "de la métropole de Lyon"),
        ("epci", "CC de la Plaine Dijonnaise", "de la communauté de communes de la Plaine Dijonnaise"),
        ("commune", "Dijon", "de Dijon"),
        ("commune", "Auxonne", "d'Auxonne"),
        ("commune", "Le Creusot", "du Creusot"),
        ("commune", "Les Abymes", "des Abymes"),
        ("commune", "La Rochelle", "de La Rochelle"),
        ("commune", "Nord", "de Nord"),
        ("department", "Côte-d'Or", "de la Côte-d'Or"),
        ("department", "Yonne", "de l'Yonne"),
        ("department", "Jura", "du Jura"),
        ("department", "Landes", "des Landes"),
        ("department", "Paris", "de Paris"),
        ("department", "Ille-et-Vilaine", "d'Ille-et-Vilaine"),
        ("region", "Bourgogne-Franche-Comté", "de Bourgogne-Franche-Comté"),
        ("region", "Île-de-France", "d'Île-de-France"),
        ("region", "Grand Est", "du Grand Est"),
        ("region", "La Réunion", "de La Réunion"),
        ("national", "France", "de toute la France"),
    ],
)
def test_an_area_is_named_as_people_say_it(kind, name, expected):
    assert of_area(kind, name) == expected


@pytest.mark.territories
@pytest.mark.django_db
def test_every_name_with_an_article_is_one_of_a_departement_or_a_region():
    names = {
        *Department.objects.values_list("name", flat=True),
        *Region.objects.values_list("name", flat=True),
    }

    assert set(spoken_places._KNOWN) <= names  # noqa: SLF001

"""Search of offices and experts: spelt alike in Python and in the database, and found by an index."""

import pytest
from django.db import connection
from django.utils import timezone

from directory.address_changes import change_address
from experts.models import Expert, Office
from experts.models.directory_words import plain_text
from experts.word_search import plain, search_experts, search_offices, search_offices_by_name
from tests.directory.pages import save
from tests.experts.factories import ExpertFactory, NationalFactory, OfficeFactory

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

NAMES = [
    "Hôtel-Dieu de l’Œuvre",
    "Mission locale d'Étaples",
    "CCI Sœurs À Ç Ÿ",
    "Noël, maïs et où",
    "Curriculum vitæ",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_spelt_alike_by_python_and_by_the_database(name):
    office = OfficeFactory(name=name)

    spelt = Office.objects.values_list(plain_text("name"), flat=True).get(pk=office.pk)

    assert spelt == plain(name)


@pytest.mark.parametrize("typed", ["œuvre", "OEUVRE", "l'oeuvre", "L’ŒUVRE"])
def test_ligatures_and_apostrophes_are_found_however_they_are_typed(typed):
    expert = ExpertFactory(office=OfficeFactory(name="Hôtel-Dieu de l’Œuvre"))

    found = [
        search_offices(Office.objects.all(), typed, people=Expert.objects.all()),
        search_offices_by_name(Office.objects.all(), typed),
        search_experts(Expert.objects.all(), typed),
    ]

    assert [list(rows) for rows in found] == [[expert.office], [expert.office], [expert]]


@pytest.mark.parametrize("typed", ["zzzz", "conseil dijon", "0353010001"])
def test_indexes_can_serve_each_search(typed):
    searches = {
        search_offices(Office.objects.all(), typed, people=Expert.objects.all()): {
            "office_words",
            "expert_words",
        },
        search_experts(Expert.objects.all(), typed): {"office_words", "expert_words"},
        search_offices_by_name(Office.objects.all(), typed): {"office_words"},
    }
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")

    for search, indexes in searches.items():
        plan = search.explain()
        assert {name for name in ("office_words", "expert_words") if name in plan} == indexes


def test_a_search_by_name_tells_no_address_of_an_office():
    office = OfficeFactory(name="Antenne du Val", email="prenom.nom@example.org", phone="03 99 88 77 66")

    for typed in ("prenom.nom", "0399887766"):
        assert list(search_offices(Office.objects.all(), typed, people=Expert.objects.none())) == [office]
        assert not search_offices_by_name(Office.objects.all(), typed)


class TestFormerly:
    """People and offices are found by the name, or the address, that they had."""

    OLD = "recrutement@france-travail-dijon.example.org"

    def found(self, typed):
        people = search_experts(Expert.objects.all(), typed)
        offices = search_offices(Office.objects.all(), typed, people=Expert.objects.all())
        nobody = search_offices(Office.objects.all(), typed, people=Expert.objects.none())
        return [list(rows) for rows in (people, offices, nobody)]

    def test_an_address_that_changed(self, commit):
        person = Expert.objects.get(email=self.OLD)
        commit(change_address, self.OLD, "autre@exemple.org", by=NationalFactory(), now=timezone.now())

        assert self.found(self.OLD.upper()) == [[person], [person.office], []]

    def test_a_name_that_changed(self, as_regional):
        person = Expert.objects.get(email=self.OLD)
        for name in ("Éléonore Zwingelstein", "Éléonore Petit"):
            save(as_regional, f"/annuaire/referents/{person.pk}/fiche/", name=name)

        assert self.found("zwingelstein eleonore") == [[person], [person.office], []]

    def test_an_office_that_was_renamed(self, as_regional):
        office = Office.objects.get(code="PE-DIJON")
        for name in ("Zwingelstein Emploi", "France Travail Dijon"):
            save(as_regional, "/annuaire/antennes/PE-DIJON/coordonnees/", name=name)

        assert self.found("zwingelstein")[1:] == [[office], [office]]

    def test_a_former_name_of_an_office_is_found_without_its_people(self, as_regional):
        office = Office.objects.get(code="PE-DIJON")
        save(as_regional, f"/annuaire/antennes/{office.code}/coordonnees/", name="Maison du travail")

        assert list(search_offices_by_name(Office.objects.all(), "france travail dijon")) == [office]

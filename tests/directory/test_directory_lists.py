"""Lists of offices and experts: search, filters, one region's offices and those that reach it."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from experts.models import Expert, Office
from territories.models import Area
from tests.experts.factories import AbsenceFactory, ExpertFactory, OfficeFactory

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]


def area(kind: str, code: str) -> Area:
    return Area.objects.get(kind=kind, code=code)


def offices(client, query: str = "") -> set[str]:
    return {row.office.code for row in client.get(f"/annuaire/?{query}").context["rows"]}


def experts(client, query: str = "") -> set[str]:
    return {row.expert.email for row in client.get(f"/annuaire/referents/?{query}").context["rows"]}


@pytest.fixture
def office() -> Office:
    return Office.objects.get(code="PE-DIJON")


class TestWords:
    @pytest.mark.parametrize(
        "typed",
        [
            "France Travail Dijon",
            "france travail DIJON",
            "pole emploi dijon",
            "Pôle emploi Dijon",
            "PE-DIJON",
            "contact@france-travail-dijon",
            "recrutement@france-travail-dijon.example.org",
            "03 53 01 00 01",
            "0353010001",
            "+33 3 53 01 00 01",
            "conseil immersion dijon",
        ],
    )
    def test_an_office_is_found_by_name_former_name_address_or_number(self, as_national, typed):
        assert "PE-DIJON" in offices(as_national, f"q={typed.replace('+', '%2B')}")

    def test_each_word_must_be_there(self, as_national):
        assert "PE-DIJON" not in offices(as_national, "q=france travail meaux")

    @pytest.mark.parametrize("typed", ["recrutement france travail dijon", "pole emploi recrutement"])
    def test_an_expert_is_found_by_name_office_or_institution(self, as_national, typed):
        assert "recrutement@france-travail-dijon.example.org" in experts(as_national, f"q={typed}")

    @pytest.mark.parametrize("typed", ["%", "_", "\\", "'", "zzzz", "\x00", "x" * 300, "+33", "1 1 1"])
    def test_anything_may_be_typed(self, as_national, typed):
        response = as_national.get("/annuaire/", {"q": typed, "lieu": typed, "sujet": typed, "page": typed})

        assert response.status_code == 200


class TestPlaceAndSubject:
    def test_a_commune_gives_those_who_cover_it(self, as_national):
        assert "PE-DIJON" in offices(as_national, "lieu=Is-sur-Tille&q=travail")
        assert "MDE-RCE" in offices(as_national, "lieu=Is-sur-Tille&q=relais")
        assert "PE-MEAUX" not in offices(as_national, "lieu=Is-sur-Tille&q=travail")

    def test_an_office_is_found_by_the_own_area_of_an_expert(self, as_national, office):
        office.experts.first().areas.add(area("department", "77"))

        assert "PE-DIJON" in offices(as_national, "lieu=Meaux")

    def test_own_areas_replace_those_of_the_office(self, as_national, office):
        person = office.experts.get(email__startswith="recrutement")
        person.areas.add(area("department", "77"))

        assert person.email not in experts(as_national, "lieu=Dijon")
        assert person.email in experts(as_national, "lieu=Meaux")

    def test_an_unknown_place_is_reported(self, as_national):
        page = as_national.get("/annuaire/?lieu=Zzzzzz")

        assert "Aucune commune ne s'appelle" in page.content.decode().replace("&#x27;", "'")

    def test_homonyms_are_offered(self, as_national):
        page = as_national.get("/annuaire/?lieu=Saint-Apollinaire")

        assert {"Saint-Apollinaire (Côte-d'Or)", "Saint-Apollinaire (Hautes-Alpes)"} <= {
            commune.place for commune in page.context["filtered"].places
        }

    def test_a_subject_gives_those_who_answer_it(self, as_national):
        found = experts(as_national, "sujet=trouver-candidats")

        assert "recrutement@france-travail-dijon.example.org" in found
        assert "mutations@france-travail-dijon.example.org" not in found

    def test_all_subjects_are_those_of_the_institution(self, as_national):
        assert "entreprises@plie-dijon.example.org" not in experts(as_national, "sujet=dettes-fiscales")


class TestStates:
    def test_closed_offices_are_asked_for(self, as_national, office):
        office.closed_on = timezone.localdate()
        office.save()

        assert "PE-DIJON" not in offices(as_national)
        assert "PE-DIJON" in offices(as_national, "etat=fermees")
        assert "PE-DIJON" in offices(as_national, "etat=toutes&q=dijon")

    def test_office_without_expert(self, as_national, office):
        office.experts.update(left_at=timezone.now())

        assert "PE-DIJON" in offices(as_national, "etat=sans-referent")

    def test_convention_that_ends_soon(self, as_national, office):
        office.agreement_ends_on = timezone.localdate() + timedelta(days=30)
        office.save()

        assert offices(as_national, "etat=convention") == {"PE-DIJON"}

    def test_verified_within_a_year(self, as_national, office):
        Office.objects.exclude(pk=office.pk).update(verified_on=timezone.localdate())

        assert offices(as_national, "etat=non-verifiees") == {"PE-DIJON"}

    @pytest.mark.parametrize(
        ("state", "columns"),
        [
            ("adresse-refusee", {"is_bouncing": True}),
            ("en-pause", {"is_paused": True}),
            ("partis", {"left_at": timezone.now() - timedelta(days=1)}),
            ("sans-sujet", {"has_all_subjects": False}),
        ],
    )
    def test_state_of_an_expert(self, as_national, office, state, columns):
        person = ExpertFactory(office=office, **columns)

        assert person.email in experts(as_national, f"etat={state}")
        assert "recrutement@france-travail-dijon.example.org" not in experts(as_national, f"etat={state}")

    def test_absent_today(self, as_national, office):
        today = timezone.localdate()
        person = office.experts.first()
        AbsenceFactory(expert=person, from_on=today, to_on=today)

        assert experts(as_national, "etat=absents") == {person.email}


class TestRegions:
    def test_a_region_lists_its_offices_and_those_that_reach_it(self, as_regional):
        national = Office.objects.get(region=None, is_fallback=True)

        found = offices(as_regional, "etat=toutes&q=meaux") | offices(
            as_regional, "etat=toutes&q=" + national.name
        )

        assert national.code in found
        assert "PE-MEAUX" not in found

    def test_the_experts_of_others_are_not_listed(self, as_other_regional):
        assert "recrutement@france-travail-dijon.example.org" not in experts(as_other_regional, "q=dijon")

    def test_an_office_of_others_is_read_without_the_addresses_of_people(self, as_other_regional, office):
        office.areas.add(area("region", "94"))
        person = office.experts.first()

        page = as_other_regional.get("/annuaire/antennes/PE-DIJON/").content.decode()

        assert person.name in page.replace("&#x27;", "'")
        assert person.email not in page
        assert "En lecture" in page

    def test_a_search_tells_no_address_of_the_people_of_others(self, as_other_regional, office):
        office.areas.add(area("region", "94"))
        assert office.code in offices(as_other_regional, "q=France Travail Dijon")

        assert office.code not in offices(as_other_regional, "q=recrutement@france-travail-dijon.example.org")

    def test_an_office_that_does_not_reach_the_region_is_not_found(self, as_other_regional, office):
        assert as_other_regional.get("/annuaire/antennes/PE-DIJON/").status_code == 404
        assert as_other_regional.get(f"/annuaire/referents/{office.experts.first().pk}/").status_code == 404


class TestPages:
    def test_an_office_shows_its_people_and_its_conditions(self, as_regional):
        page = as_regional.get("/annuaire/antennes/MDE-RCE/").content.decode()

        assert "conseil@relais-conseil-seine-et-tilles.example.org" in page
        assert "49 salariés au plus" in page

    def test_who_will_never_be_asked_is_reported(self, as_regional, office):
        person = ExpertFactory(office=office, has_all_subjects=False)

        assert "Ne sera jamais sollicité" in as_regional.get("/annuaire/antennes/PE-DIJON/").content.decode()
        assert (
            "ne sera jamais sollicitée"
            in as_regional.get(f"/annuaire/referents/{person.pk}/").content.decode()
        )

    @pytest.mark.parametrize("code", ["A/B ~2F", "..", ".", "É é", "a?b#c", "100%"])
    def test_any_code_of_a_file_has_an_address(self, as_national, code):
        OfficeFactory(code=code)
        assert as_national.get(reverse("directory:office", args=[code])).context["office"].code == code


def test_queries_do_not_grow_with_the_list(as_national, django_assert_max_num_queries, office):
    """A full page takes as many queries as one row."""
    for _ in range(30):
        ExpertFactory(office=OfficeFactory(institution=office.institution))

    for path in ("/annuaire/", "/annuaire/referents/"):
        with django_assert_max_num_queries(16):
            as_national.get(path)
    assert Expert.objects.count() > 25

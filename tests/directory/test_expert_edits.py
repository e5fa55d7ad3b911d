"""Changes of an expert by their region: subjects, areas, absences, departure, move, another address."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from experts.models import Absence, Cause, Expert, Office, Revision
from mailing.models import OutgoingEmail
from territories.models import Area
from tests.directory.pages import confirm, save, shown_values, text, type_in
from tests.experts.factories import AbsenceFactory, ExpertFactory

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]


def area(kind: str, code: str) -> Area:
    return Area.objects.get(kind=kind, code=code)


@pytest.fixture
def person() -> Expert:
    return Expert.objects.get(email="recrutement@france-travail-dijon.example.org")


@pytest.fixture
def path(person) -> str:
    return f"/annuaire/referents/{person.pk}/"


@pytest.fixture
def reaching(person) -> Office:
    """The office of the expert, with a département of another region."""
    person.office.areas.add(area("department", "75"))
    return person.office


def at_once(client, path: str):
    """Confirm a page on which there is nothing to type."""
    return confirm(client, path, client.get(path))


class TestRecord:
    def test_a_correction_is_saved_at_once_and_kept_from_the_file(self, as_regional, person, path):
        save(as_regional, f"{path}fiche/", phone="03 53 09 09 09", job="Cheffe")

        person.refresh_from_db()
        assert (person.phone, person.edited_fields) == ("03 53 09 09 09", ["job", "phone"])

    def test_subjects_are_shown_before_they_are_saved(self, as_regional, person, path):
        page = type_in(as_regional, f"{path}sujets/", subjects=["saisonniers"])

        assert "retiré : " in text(page)
        confirm(as_regional, f"{path}sujets/", page)
        assert [subject.slug for subject in person.subjects.all()] == ["saisonniers"]

    def test_a_subject_that_the_institution_does_not_answer_is_refused(self, as_regional, path):
        page = type_in(as_regional, f"{path}sujets/", subjects=["dettes-fiscales"])

        assert page.context["form"].errors["subjects"]

    def test_pause_and_its_end(self, as_regional, person, path):
        at_once(as_regional, f"{path}pause/")
        assert Expert.objects.get(pk=person.pk).is_paused
        at_once(as_regional, f"{path}pause/")
        assert not Expert.objects.get(pk=person.pk).is_paused

    def test_an_address_that_works_again(self, as_regional, person, path):
        Expert.objects.filter(pk=person.pk).update(is_bouncing=True)

        at_once(as_regional, f"{path}adresse-bonne/")

        assert not Expert.objects.get(pk=person.pk).is_bouncing

    def test_a_verification_is_dated(self, as_regional, person, path):
        at_once(as_regional, f"{path}verifier/")

        assert Expert.objects.get(pk=person.pk).verified_on == timezone.localdate()


class TestAreas:
    @pytest.mark.parametrize("typed", ["77", "Lyon", "région 11", "EPCI 200071884"])
    def test_own_areas_are_inside_the_region(self, as_regional, as_national, person, path, typed):
        page = type_in(as_regional, f"{path}territoires/", added=typed)

        assert "seule l'équipe nationale" in text(page)
        save(as_national, f"{path}territoires/", added="77")
        assert area("department", "77") in person.areas.all()

    def test_own_areas_are_not_emptied_into_those_of_an_office_that_reaches_beyond(
        self, as_regional, person, path, reaching
    ):
        person.areas.add(area("department", "21"))

        page = type_in(as_regional, f"{path}territoires/", kept=[])

        assert "seule l'équipe nationale" in text(page)
        assert person.areas.exists()


class TestAbsences:
    DAYS = {"from_on": "2027-01-04", "to_on": "2027-01-08"}

    def test_several_are_kept_with_a_deputy(self, as_regional, person, path):
        deputy = person.office.experts.get(email__startswith="formation")

        save(as_regional, f"{path}absence/", **self.DAYS, deputy=deputy.email)
        save(as_regional, f"{path}absence/", from_on="2027-03-01", to_on="2027-03-05")

        assert [(one.from_on, one.deputy, one.source) for one in person.absences.order_by("from_on")] == [
            (date(2027, 1, 4), deputy, "hand"),
            (date(2027, 3, 1), None, "hand"),
        ]

    @pytest.mark.parametrize(
        ("typed", "field"),
        [
            ({"to_on": "2027-01-01"}, "to_on"),
            ({"from_on": "hier"}, "from_on"),
            ({"deputy": "recrutement@cap-emploi-21.example.org"}, "deputy"),
        ],
    )
    def test_a_wrong_absence_is_a_sentence(self, as_regional, path, typed, field):
        page = type_in(as_regional, f"{path}absence/", **self.DAYS | typed)

        assert page.context["form"].errors[field]

    def test_two_absences_do_not_overlap(self, as_regional, person, path):
        AbsenceFactory(expert=person, from_on="2027-01-01", to_on="2027-01-05")

        assert "déjà notée" in text(type_in(as_regional, f"{path}absence/", **self.DAYS))

    def test_one_of_the_file_is_removed_and_not_brought_back(self, as_regional):
        absence = Absence.objects.filter(source="file", expert__office__region="27").earliest("pk")

        at_once(
            as_regional,
            f"/annuaire/referents/{absence.expert_id}/absence/{absence.from_on.isoformat()}/retirer/",
        )

        assert not Absence.objects.filter(pk=absence.pk).exists()
        assert Expert.objects.get(pk=absence.expert_id).edited_fields == ["absences"]

    def test_an_unknown_day_is_not_found(self, as_regional, path):
        assert as_regional.get(f"{path}absence/2027-01-04/retirer/").status_code == 404

    def test_a_deputy_does_not_receive_beyond_the_region(self, as_regional, person, path):
        person.areas.add(area("department", "75"))
        deputy = ExpertFactory(office=person.office)

        page = type_in(as_regional, f"{path}absence/", **self.DAYS, deputy=deputy.email)

        assert "seule l'équipe nationale" in text(page)
        assert not person.absences.exists()


class TestDeparture:
    def test_a_departure_is_noted_and_undone(self, as_regional, person, path):
        day = timezone.localdate() + timedelta(days=2)

        save(as_regional, f"{path}depart/", left_on=day.isoformat(), successor="M. Martin")
        left = Expert.objects.get(pk=person.pk)
        assert (timezone.localdate(left.left_at), left.successor) == (day, "M. Martin")
        at_once(as_regional, f"{path}retour/")

        assert Expert.objects.get(pk=person.pk).left_at is None


class TestMove:
    def test_a_move_leaves_deputies_behind(self, as_regional, person, path):
        colleague = person.office.experts.get(email__startswith="formation")
        AbsenceFactory(expert=person, deputy=colleague, from_on="2027-01-04", to_on="2027-01-08")
        AbsenceFactory(expert=colleague, deputy=person, from_on="2027-05-04", to_on="2027-05-08")

        save(as_regional, f"{path}antenne/", office="CAPE-21")

        person.refresh_from_db()
        assert person.office.code == "CAPE-21"
        assert not Absence.objects.filter(deputy__in=[person, colleague], source="hand").exists()
        assert Revision.objects.filter(cause=Cause.PAGE).count() == 1

    def test_an_office_of_another_region_is_not_offered(self, as_regional, path):
        page = type_in(as_regional, f"{path}antenne/", office="PE-MEAUX")

        assert page.context["form"].errors["office"]


class TestAddress:
    def test_every_post_follows_and_both_addresses_are_told(self, as_regional, person, path):
        second = ExpertFactory(office=Office.objects.get(code="CAPE-21"), email=person.email)

        save(as_regional, f"{path}adresse/", email="nouvelle@exemple.example.org")

        for post in (person, second):
            post.refresh_from_db()
            assert post.email == "nouvelle@exemple.example.org"
        mails = OutgoingEmail.objects.filter(key__startswith="address_")
        assert set(mails.values_list("to", flat=True)) == {
            "nouvelle@exemple.example.org",
            "recrutement@france-travail-dijon.example.org",
        }

    def test_an_address_of_a_colleague_is_refused(self, as_regional, person, path):
        page = type_in(as_regional, f"{path}adresse/", email="formation@france-travail-dijon.example.org")

        assert "a déjà cette adresse" in text(page)


class TestFile:
    PATH = "/annuaire/antennes/PE-DIJON/fichier/"

    def test_values_of_the_file_can_be_accepted(self, as_regional, person):
        Office.objects.filter(pk=person.office_id).update(edited_fields=["phone"])
        Expert.objects.filter(pk=person.pk).update(edited_fields=["phone"])

        at_once(as_regional, self.PATH)

        assert Office.objects.get(pk=person.office_id).edited_fields == []
        assert Expert.objects.get(pk=person.pk).edited_fields == []

    def test_not_for_an_office_that_reaches_beyond_the_region(self, as_regional, reaching):
        Office.objects.filter(pk=reaching.pk).update(edited_fields=["areas"])

        answer = as_regional.get(self.PATH, follow=True)

        assert "demandez-le à l'équipe nationale" in text(answer)
        assert Office.objects.get(pk=reaching.pk).edited_fields == ["areas"]


class TestSkills:
    CELL = "/annuaire/qui-fait-quoi/case/?region=27&institution=PE&sujet=saisonniers"

    def test_the_table_counts_who_answers(self, as_regional):
        page = as_regional.get("/annuaire/qui-fait-quoi/?theme=recrutement")

        row = next(row for row in page.context["matrix"].rows if row.institution.code == "PE")
        counts = {cell.subject.slug: cell.count for cell in row.cells}
        assert counts["saisonniers"] == 1

    def test_a_cell_ticks_and_unticks(self, as_regional, person):
        other = person.office.experts.get(email__startswith="formation")

        save(as_regional, self.CELL, chosen=[str(other.pk)])

        assert "saisonniers" in {subject.slug for subject in other.subjects.all()}
        assert "saisonniers" not in {subject.slug for subject in person.subjects.all()}

    def test_the_second_of_two_editors_sees_the_first_ones_ticks_and_keeps_them(self, as_regional, person):
        other = person.office.experts.get(email__startswith="formation")
        old = shown_values(as_regional.get(self.CELL))
        save(as_regional, self.CELL, chosen=[str(person.pk), str(other.pk)])

        page = as_regional.post(self.CELL, old | {"chosen": []})

        assert [fact.label for fact in page.context["meanwhile"]] == [f"{other.name} répond"]
        confirm(as_regional, self.CELL, page)
        assert "saisonniers" in {subject.slug for subject in other.subjects.all()}
        assert "saisonniers" not in {subject.slug for subject in person.subjects.all()}

    def test_a_cell_without_office_leads_to_a_new_one_filled_in(self, as_regional):
        page = as_regional.get(
            "/annuaire/antennes/nouvelle/?institution=AFDAS&territoire=region:27&sujet=definir-besoin"
        )

        form = page.context["form"]
        assert form["institution"].value() == "AFDAS"
        assert form["kept"].value() == ["region:27"]

    def test_a_shut_cell_says_why(self, as_regional):
        page = as_regional.get("/annuaire/qui-fait-quoi/case/?region=27&institution=PE&sujet=dettes-fiscales")

        assert "Le catalogue ne confie pas ce sujet" in text(page)

    def test_a_shut_cell_gives_its_subject_to_nobody(self, as_regional):
        path = "/annuaire/qui-fait-quoi/case/?region=27&institution=PE&sujet=dettes-fiscales"
        people = Expert.objects.filter(office__institution__code="PE", has_all_subjects=False)
        expert = people.get(email="recrutement@france-travail-dijon.example.org")

        page = as_regional.get(path)
        posted = {"vu": page.context["shown"], "chosen": str(expert.pk), "etape": "confirmer"}
        as_regional.post(path, posted)

        assert "chosen" not in text(page)
        assert not people.filter(subjects__slug="dettes-fiscales").exists()

    @pytest.mark.parametrize(
        "query", ["region=11", "departement=75&region=11", "region=zz", "institution=ZZ&region=27"]
    )
    def test_another_region_is_not_found(self, as_regional, query):
        path = f"/annuaire/qui-fait-quoi/case/?institution=PE&sujet=saisonniers&{query}"

        assert as_regional.get(path).status_code == 404

    def test_the_national_team_chooses_a_region(self, as_national):
        assert "Choisissez une région" in text(as_national.get("/annuaire/qui-fait-quoi/"))
        assert as_national.get("/annuaire/qui-fait-quoi/?region=27&departement=21").status_code == 200


class TestZones:
    def test_a_region_makes_and_changes_a_zone_of_its_own(self, as_regional):
        save(as_regional, "/annuaire/zones/nouvelle/", name="Pays d'essai", added="Beaune ; Dijon Métropole")
        zone = area("zone", "pays-dessai")
        assert (zone.source, zone.members.count()) == ("hand", 2)

        save(as_regional, "/annuaire/zones/pays-dessai/changer/", kept=["commune:21054"])

        assert [str(member.ref) for member in zone.members.all()] == ["commune:21054"]
        zone.refresh_from_db()
        assert zone.commune_count == 1

    def test_offices_that_use_a_zone_are_named_first(self, as_regional):
        page = as_regional.get("/annuaire/zones/bassin-dijonnais/changer/")

        assert "France Travail Dijon" in text(page)

    @pytest.mark.parametrize("typed", ["bassin-dijonnais", "France", "Zzzz"])
    def test_a_zone_has_no_zone_inside(self, as_regional, typed):
        page = type_in(as_regional, "/annuaire/zones/nouvelle/", name="Essai", added=typed)

        assert page.context["form"].errors["added"]

    def test_a_zone_has_a_name_of_its_own(self, as_regional):
        name = "bassin d'emploi DIJONNAIS"
        page = type_in(as_regional, "/annuaire/zones/nouvelle/", name=name, added="Beaune")
        same = type_in(as_regional, "/annuaire/zones/bassin-dijonnais/changer/", added="Beaune")

        assert "Une zone s'appelle déjà" in text(page)
        assert "carried" in same.context

    def test_a_zone_of_another_region_is_refused(self, as_regional):
        page = type_in(as_regional, "/annuaire/zones/nouvelle/", name="Essai", added="Meaux")

        assert page.context["form"].non_field_errors()


class TestUsedAddresses:
    """An address that somebody has already is said before it is saved, whatever its capitals."""

    USED = ("Region27@EQUIPE.example.org", "RH@maison-emploi-nord-21.example.org")
    SENTENCES = ("un membre de l'équipe du portail", "répond déjà dans")

    @pytest.mark.parametrize(("email", "sentence"), list(zip(USED, SENTENCES, strict=True)))
    def test_of_a_new_expert(self, as_regional, email, sentence):
        path = "/annuaire/antennes/PE-DIJON/nouveau-referent/"

        page = type_in(as_regional, path, name="Anne", email=email, phone="03 80 12 34 56", extent="all")

        assert sentence in text(page)

    @pytest.mark.parametrize(("email", "sentence"), list(zip(USED, SENTENCES, strict=True)))
    def test_of_a_changed_address(self, as_regional, email, sentence):
        expert = Expert.objects.filter(office__code="PE-DIJON").first()

        page = type_in(as_regional, f"/annuaire/referents/{expert.pk}/adresse/", email=email)

        assert sentence in text(page)

    def test_another_spelling_of_one_s_own_address_says_nothing(self, as_regional):
        expert = Expert.objects.filter(office__code="PE-DIJON").first()

        page = type_in(as_regional, f"/annuaire/referents/{expert.pk}/adresse/", email=expert.email.upper())

        assert "Cette adresse sert déjà" not in text(page)

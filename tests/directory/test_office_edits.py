"""Changes of an office by its region: shown before they are saved, kept in the journal, undone."""

from datetime import timedelta

import pytest
from django.utils import timezone

from experts.models import Cause, Office, Revision
from mailing.models import OutgoingEmail
from territories.models import Area
from tests.directory.pages import confirm, save, shown_values, text, type_in
from tests.experts.factories import ExpertFactory
from tests.solicitations.factories import send

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

PAGE = "/annuaire/antennes/PE-DIJON/"


def area(kind: str, code: str) -> Area:
    return Area.objects.get(kind=kind, code=code)


def page_revisions() -> list[Revision]:
    """Changes made on pages, the oldest first; the demo's directory came from a file."""
    return list(Revision.objects.filter(cause=Cause.PAGE).order_by("pk"))


@pytest.fixture
def office() -> Office:
    return Office.objects.get(code="PE-DIJON")


class TestContact:
    def test_a_phone_is_saved_without_a_preview_and_marked_as_edited(self, as_regional, office, regional):
        answer = save(as_regional, f"{PAGE}coordonnees/", phone="0353090909")

        assert answer["Location"] == PAGE
        office.refresh_from_db()
        assert (office.phone, office.edited_fields) == ("03 53 09 09 09", ["phone"])
        assert [revision.author for revision in page_revisions()] == [regional]

    @pytest.mark.parametrize(
        ("name", "typed"),
        [
            ("phone", "03 80 00"),
            ("phone", ""),
            ("name", " "),
            ("email", "moi"),
            ("email", "é@exemple.fr"),
            ("institution", "XX"),
            ("site", "javascript:alert(1)"),
            ("site", "ftp://exemple.fr"),
            ("site", "https://nom:code@exemple.fr"),
            ("site", "https://ex\u2011emple.fr"),
            ("site", "https://ex\u0435mple.fr"),
        ],
    )
    def test_a_wrong_value_is_refused_with_a_sentence(self, as_regional, name, typed):
        page = type_in(as_regional, f"{PAGE}coordonnees/", **{name: typed})

        assert page.context["form"].errors[name]
        assert page_revisions() == []

    def test_a_site_gets_its_scheme_and_loses_invisible_characters(self, as_regional, office):
        save(as_regional, f"{PAGE}coordonnees/", site="www.exemple.fr/dijon\u200b ")

        assert Office.objects.get(pk=office.pk).site == "https://www.exemple.fr/dijon"

    def test_the_same_values_change_nothing(self, as_regional):
        page = as_regional.get(f"{PAGE}coordonnees/")

        answer = as_regional.post(f"{PAGE}coordonnees/", shown_values(page), follow=True)

        assert "Rien n'a changé" in text(answer)
        assert page_revisions() == []


class TestCriteria:
    def test_the_change_is_shown_before_it_is_saved(self, as_regional, office):
        page = type_in(as_regional, f"{PAGE}entreprises/", headcount_max="10", naf="43, 41.20a")

        assert "Effectif maximal" in text(page)
        assert office.headcount_max == Office.objects.get(pk=office.pk).headcount_max
        assert confirm(as_regional, f"{PAGE}entreprises/", page)["Location"] == PAGE
        office.refresh_from_db()
        assert (office.headcount_max, office.naf) == (10, ["43", "4120A"])

    def test_one_may_go_back_to_the_form(self, as_regional):
        path = f"{PAGE}entreprises/"
        page = type_in(as_regional, path, headcount_max="10")
        values = dict(page.context["carried"]) | {"vu": page.context["shown"], "etape": "corriger"}

        again = as_regional.post(path, values)

        assert again.context["form"]["headcount_max"].value() == "10"
        assert not again.context["form"].errors

    @pytest.mark.parametrize(
        ("typed", "wrong"),
        [
            ({"headcount_min": "50", "headcount_max": "10"}, "headcount_max"),
            ({"age_min_years": "5", "age_max_years": "1"}, "age_max_years"),
            ({"naf": "boulanger"}, "naf"),
            ({"legal_forms": "SARL"}, "legal_forms"),
            ({"headcount_min": "-1"}, "headcount_min"),
            ({"craft": "x"}, "craft"),
        ],
    )
    def test_a_wrong_condition_is_refused_with_a_sentence(self, as_regional, typed, wrong):
        assert type_in(as_regional, f"{PAGE}entreprises/", **typed).context["form"].errors[wrong]

    def test_conditions_that_exclude_everybody_are_reported(self, as_regional):
        page = type_in(as_regional, f"{PAGE}entreprises/", naf="43", naf_excluded="4")

        assert "Toutes les activités acceptées sont aussi refusées" in text(page)


class TestRole:
    def test_exclusive_subjects(self, as_regional, office):
        save(as_regional, f"{PAGE}role/", exclusive_subjects=["trouver-candidats"])

        assert [subject.slug for subject in office.exclusive_subjects.all()] == ["trouver-candidats"]


class TestClosing:
    @pytest.mark.parametrize("typed", ["0206-01-01", "01/01/1900", "9999-12-31", "31/02/2027"])
    def test_an_impossible_or_distant_day_is_refused(self, as_regional, typed):
        page = type_in(as_regional, f"{PAGE}fermer/", closed_on=typed)

        assert page.context["form"].errors["closed_on"]

    def test_an_office_closes_on_a_day_and_reopens(self, as_regional, office):
        day = timezone.localdate() + timedelta(days=3)

        save(as_regional, f"{PAGE}fermer/", closed_on=day.isoformat())
        assert Office.objects.get(pk=office.pk).closed_on == day
        page = as_regional.get(f"{PAGE}rouvrir/")
        confirm(as_regional, f"{PAGE}rouvrir/", page)

        assert Office.objects.get(pk=office.pk).closed_on is None
        assert len(page_revisions()) == 2

    def test_an_office_whose_agreement_has_ended_is_open_once_reopened(self, as_regional, office):
        office.agreement_ends_on = timezone.localdate()
        office.save()

        confirm(as_regional, f"{PAGE}rouvrir/", as_regional.get(f"{PAGE}rouvrir/"))

        assert Office.objects.get(pk=office.pk).is_open_on(timezone.localdate())


class TestAreas:
    PATH = f"{PAGE}territoires/"

    def test_names_and_codes_are_added_and_the_communes_counted(self, as_regional, office):
        page = type_in(as_regional, self.PATH, added="71 ; Beaune\nCC des Terres d'Auxois")

        effect = page.context["effects"][0]
        assert effect.gained.count > 500
        confirm(as_regional, self.PATH, page)
        refs = {str(one.ref) for one in office.areas.all()}
        assert {"zone:bassin-dijonnais", "department:71", "commune:21054"} < refs
        assert sum(ref.startswith("epci:") for ref in refs) == 1

    def test_a_name_of_several_communes_asks_which(self, as_regional, office):
        page = type_in(as_regional, self.PATH, added="Saint-Apollinaire")

        assert {str(found.ref) for found in page.context["form"].questions[0].found} == {
            "commune:21540",
            "commune:05130",
        }
        typed = {"added": "Saint-Apollinaire", "lequel-Saint-Apollinaire": ["commune:21540"]}
        save(as_regional, self.PATH, **typed)
        assert area("commune", "21540") in office.areas.all()

    def test_the_communes_of_a_postcode_are_shown_ticked(self, as_regional, office):
        page = type_in(as_regional, self.PATH, added="21800 ; 21200 Beaune")
        [question] = page.context["form"].questions
        assert (question.text, question.is_postcode) == ("21800", True)
        assert text(page).count("checked") > len(question.found)
        values = shown_values(page) | {"added": "21800 ; 21200 Beaune", "lequel-21800": ["commune:21515"]}
        confirm(as_regional, self.PATH, as_regional.post(self.PATH, values))

        assert {area("commune", "21515"), area("commune", "21054")} < set(office.areas.all())

    @pytest.mark.parametrize(
        "typed", ["Zzzz", "99999", "epci:000000000", "commune:99999", "zone:nulle-part", "%"]
    )
    def test_an_unknown_name_is_reported(self, as_regional, typed):
        page = type_in(as_regional, self.PATH, added=typed)

        assert "n'est ni le nom ni le code" in text(page)

    def test_an_area_is_removed_when_it_is_unticked(self, as_regional, office):
        office.areas.add(area("department", "71"))

        save(as_regional, self.PATH, kept=["department:71"])

        assert [str(one.ref) for one in office.areas.all()] == ["department:71"]

    @pytest.mark.parametrize("typed", ["75", "Île-de-France", "France entière", "Lyon", "EPCI 200071884"])
    def test_only_the_national_team_adds_areas_outside_the_region(
        self, as_regional, as_national, office, typed
    ):
        page = type_in(as_regional, self.PATH, added=typed, **{f"lequel-{typed}": ["department:75"]})

        assert page.status_code == 200
        assert page.context["form"].non_field_errors()
        save(as_national, self.PATH, added="77")
        assert area("department", "77") in office.areas.all()

    def test_the_staff_of_a_region_newly_reached_are_mailed(self, as_national, regional, other_regional):
        save(as_national, self.PATH, added="Corse")

        mails = OutgoingEmail.objects.filter(template="directory/emails/office_reaches")
        assert [mail.to for mail in mails] == [other_regional.email]

    def test_the_region_of_an_office_follows_its_areas(self, as_national, office):
        regions = []

        def read_region():
            office.refresh_from_db()
            regions.append(office.region_id)

        save(as_national, self.PATH, kept=[], added="région 84")
        read_region()
        as_national.post(f"/annuaire/journal/{Revision.objects.latest('pk').pk}/")
        read_region()
        save(as_national, "/annuaire/zones/bassin-dijonnais/changer/", kept=[], added="Lyon")
        read_region()

        assert regions == ["84", "27", "84"]

    def test_a_preview_says_who_has_no_area_left(self, as_national):
        page = type_in(as_national, self.PATH, kept=[])

        assert "Ni cette personne ni son antenne n'ont de territoire" in text(page)


class TestNew:
    PATH = "/annuaire/antennes/nouvelle/"
    TYPED = {
        "name": "France Travail Montbard",
        "institution": "PE",
        "phone": "03 80 12 34 56",
        "email": "contact@montbard.example.org",
        "added": "Montbard",
    }

    def test_a_new_office_gets_a_code_made_from_its_name(self, as_regional):
        answer = save(as_regional, self.PATH, **self.TYPED)

        office = Office.objects.get(name="France Travail Montbard")
        assert (office.code, office.source, office.region_id) == ("pe-france-travail-montbard", "hand", "27")
        assert answer["Location"] == "/annuaire/antennes/pe-france-travail-montbard/"

    def test_codes_are_not_repeated(self, as_regional):
        save(as_regional, self.PATH, **self.TYPED)
        save(as_regional, self.PATH, **self.TYPED | {"name": "France-Travail Montbard"})

        assert Office.objects.filter(code="pe-france-travail-montbard-2").exists()

    def test_the_set_up_of_another_office_is_copied(self, as_regional, office):
        Office.objects.filter(pk=office.pk).update(headcount_max=10)

        save(as_regional, f"{self.PATH}?modele=PE-DIJON", **self.TYPED)

        assert Office.objects.get(name="France Travail Montbard").headcount_max == 10

    def test_an_office_of_another_region_is_refused(self, as_regional):
        page = type_in(as_regional, self.PATH, **self.TYPED | {"added": "Meaux"})

        assert "Choisissez des territoires de votre région" in text(page)

    def test_a_new_office_needs_an_area(self, as_regional):
        assert type_in(as_regional, self.PATH, **self.TYPED | {"added": ""}).context["form"].errors["added"]


class TestTwoEditors:
    PATH = f"{PAGE}coordonnees/"

    def test_the_second_sees_what_changed_and_chooses(self, as_regional, as_national, office):
        values = shown_values(as_regional.get(self.PATH))
        save(as_national, self.PATH, phone="03 53 09 09 09", name="Autre nom")

        page = as_regional.post(self.PATH, values | {"phone": "03 53 08 08 08", "site": "https://exemple.fr"})

        assert [row["fact"] for row in page.context["rows"]] == ["phone"]
        carried = dict(page.context["carried"]) | {"vu": page.context["shown"]}
        as_regional.post(self.PATH, carried | {"choix-phone": "leur"})
        office.refresh_from_db()
        assert (office.phone, office.name, office.site) == (
            "03 53 09 09 09",
            "Autre nom",
            "https://exemple.fr",
        )

    def test_the_second_may_keep_their_own_value(self, as_regional, as_national, office):
        values = shown_values(as_regional.get(self.PATH))
        save(as_national, self.PATH, phone="03 53 09 09 09")
        page = as_regional.post(self.PATH, values | {"phone": "03 53 08 08 08"})

        carried = dict(page.context["carried"]) | {"vu": page.context["shown"], "choix-phone": "mien"}
        as_regional.post(self.PATH, carried)

        assert Office.objects.get(pk=office.pk).phone == "03 53 08 08 08"

    def test_a_mistake_shows_what_the_first_changed_and_what_the_second_typed(
        self, as_regional, as_national, office
    ):
        path = f"{PAGE}coordonnees/"
        typed = shown_values(as_regional.get(path)) | {"phone": "12", "name": "Agence"}
        save(as_national, path, email="autre@france-travail.example.org", is_public="")

        page = as_regional.post(path, typed)
        shown = shown_values(page)
        save_shown = as_regional.post(path, shown | {"phone": "03 80 12 34 56"})

        assert (shown["name"], shown["phone"]) == ("Agence", "12")
        assert shown["email"] == "autre@france-travail.example.org"
        assert "is_public" not in shown
        assert save_shown.status_code == 302
        office.refresh_from_db()
        assert (office.name, office.email, office.is_public) == (
            "Agence", "autre@france-travail.example.org", False
        )  # fmt: skip

    def test_areas_that_both_add_are_merged(self, as_regional, as_national, office):
        path = f"{PAGE}territoires/"
        values = shown_values(as_regional.get(path))
        save(as_national, path, added="71")

        confirm(as_regional, path, as_regional.post(path, values | {"added": "58"}))

        refs = {str(one.ref) for one in office.areas.all()}
        assert {"department:71", "department:58", "zone:bassin-dijonnais"} <= refs

    @pytest.mark.parametrize("shown", ["", "x", "eyJhIjoxfQ:1:x"])
    def test_a_post_without_the_values_shown_goes_back_to_the_form(self, as_regional, shown):
        answer = as_regional.post(self.PATH, {"vu": shown, "phone": "03 53 08 08 08"})

        assert answer.status_code == 302
        assert page_revisions() == []


class TestRights:
    @pytest.mark.parametrize(
        "page",
        ["coordonnees", "territoires", "entreprises", "role", "convention", "fermer", "rouvrir", "verifier"],
    )
    def test_an_office_one_may_only_read_is_not_changed(self, as_other_regional, office, page):
        office.areas.add(area("region", "94"))

        assert as_other_regional.get(PAGE).status_code == 200
        assert as_other_regional.get(f"{PAGE}{page}/").status_code == 404
        assert as_other_regional.post(f"{PAGE}{page}/").status_code == 404

    def test_only_the_national_team_changes_criteria_of_an_office_that_reaches_beyond_its_region(
        self, as_regional, office
    ):
        office.areas.add(area("department", "75"))

        page = type_in(as_regional, f"{PAGE}entreprises/", headcount_max="10")

        assert "demandez ce changement à l'équipe nationale" in text(page)


class TestJournal:
    def test_a_change_is_listed_and_undone(self, as_regional, office):
        before = office.phone
        save(as_regional, f"{PAGE}coordonnees/", phone="03 53 09 09 09")
        revision = page_revisions()[0]

        listed = text(as_regional.get("/annuaire/journal/?antenne=PE-DIJON"))
        assert "03 53 09 09 09" in listed
        assert "Région 27" in listed
        as_regional.post(f"/annuaire/journal/{revision.pk}/")

        assert Office.objects.get(pk=office.pk).phone == before
        assert "déjà annulé" in text(as_regional.get(f"/annuaire/journal/{revision.pk}/"))

    def test_an_undo_says_first_what_it_would_do(self, as_regional, office, commit):
        Office.objects.exclude(pk=office.pk).filter(is_fallback=False).update(closed_on="2020-01-01")
        Office.objects.filter(pk=office.pk).update(closed_on="2020-01-01")
        path = f"{PAGE}rouvrir/"
        confirm(as_regional, path, as_regional.get(path))
        reopened = page_revisions()[-1]
        request = commit(
            send, "trouver-candidats", now=timezone.now()
        )  # the page previews the last ninety days

        page = as_regional.get(f"/annuaire/journal/{reopened.pk}/")

        assert page.context["losses"]
        assert "Plus personne n'y répondra" in text(page)
        assert "Demandes ouvertes qui en dépendent" in text(page)
        assert request.reference in text(page)
        assert page.context["preview"].total > 0
        assert "Annuler ce changement" in text(page)

    def test_another_region_reads_and_undoes_nothing(self, as_regional, as_other_regional, office):
        save(as_regional, f"{PAGE}coordonnees/", phone="03 53 09 09 09")
        revision = page_revisions()[0]

        assert as_other_regional.get(f"/annuaire/journal/{revision.pk}/").status_code == 404
        assert as_other_regional.post(f"/annuaire/journal/{revision.pk}/").status_code == 404
        assert as_other_regional.get("/annuaire/journal/?antenne=PE-DIJON").status_code == 404
        assert "03 53 09 09 09" not in text(as_other_regional.get("/annuaire/journal/"))

    def test_an_undo_keeps_later_changes(self, as_regional, office):
        save(as_regional, f"{PAGE}coordonnees/", phone="03 53 09 09 09", name="Autre")
        first = page_revisions()[0]
        save(as_regional, f"{PAGE}coordonnees/", phone="03 53 08 08 08")

        assert "03 53 08 08 08" in text(as_regional.get(f"/annuaire/journal/{first.pk}/"))
        as_regional.post(f"/annuaire/journal/{first.pk}/")

        office.refresh_from_db()
        assert (office.phone, office.name) == ("03 53 08 08 08", "France Travail Dijon")


class TestExperts:
    def test_the_form_of_a_new_expert_starts_with_the_uncovered_subject(self, as_regional, office):
        path = f"{PAGE}nouveau-referent/"
        assert as_regional.get(f"{path}?sujet=saisonniers").context["form"]["subjects"].value() == [
            "saisonniers"
        ]

        save(
            as_regional,
            path,
            name="Mme Durand",
            email="durand@exemple.example.org",
            phone="03 80 12 34 56",
            extent="some",
            subjects=["saisonniers"],
        )

        person = office.experts.get(email="durand@exemple.example.org")
        assert [subject.slug for subject in person.subjects.all()] == ["saisonniers"]
        assert person.source == "hand"

    def test_the_subjects_and_areas_of_a_colleague_are_copied(self, as_regional, office):
        colleague = office.experts.get(email__startswith="recrutement")
        colleague.areas.add(area("department", "21"))
        typed = {"name": "X", "email": "x@exemple.example.org", "phone": "03 80 12 34 56"}

        save(as_regional, f"{PAGE}nouveau-referent/?modele={colleague.pk}", **typed)

        copy = office.experts.get(email="x@exemple.example.org")
        assert set(copy.subjects.all()) == set(colleague.subjects.all())
        assert set(copy.areas.all()) == set(colleague.areas.all())

    def test_an_expert_without_subject_is_reported_before_saving(self, as_regional, office):
        typed = {"name": "X", "email": "x@exemple.example.org", "phone": "03 80 12 34 56", "extent": "some"}

        page = type_in(as_regional, f"{PAGE}nouveau-referent/", **typed)

        assert "X ne sera jamais sollicité" in text(page)

    def test_the_same_address_twice_is_refused(self, as_regional, office):
        person = ExpertFactory(office=office, email="double@exemple.example.org")
        typed = {"name": "X", "email": person.email.upper(), "phone": "03 80 12 34 56", "extent": "all"}

        assert type_in(as_regional, f"{PAGE}nouveau-referent/", **typed).context["form"].errors["email"]

"""« Qui peut aider ? »: what anybody may see of the directory, and what nobody may."""

import csv
from datetime import timedelta
from io import StringIO

import pytest
from django.test import Client
from django.utils import timezone

from experts.models import Expert, Office, RegionalLink, RegionDetails, Subject, Theme, User
from experts.routing.criteria import ApplicantFacts
from experts.routing.loading import decide
from indicators.models import PageViews
from solicitations.models import Opening
from territories.models import Area, Commune, Department, Region

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

DIJON = "21231"
PATH = "/qui-peut-aider/"
SHEET = "/qui-peut-aider/departements/21/"
CSV = "/qui-peut-aider/antennes.csv"


def ask(client: Client, need: str, commune: str = DIJON):
    return client.get(PATH, {"besoin": need, "commune_code": commune})


def body(response) -> str:
    parts = response.streaming_content if response.streaming else [response.content]
    return b"".join(parts).decode()


def open_data(client: Client) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(body(client.get(CSV)).removeprefix("\ufeff")), delimiter=";"))


def shown(response) -> set[str]:
    return {office.name for one in response.context["answers"].institutions for office in one.offices}


@pytest.mark.parametrize("need", ["sujet-trouver-candidats", "theme-recrutement", "question-1"])
@pytest.mark.parametrize("commune", [DIJON, "21540", "12145", "75056"])
def test_offices_shown_are_those_of_the_routing(client, need, commune):
    page = ask(client, need, commune)
    place = Commune.objects.resolve(commune)
    slugs = [subject.slug for subject in page.context["form"].subjects()]
    needs = decide(subjects=slugs, commune=place, facts=ApplicantFacts(), on=timezone.localdate()).needs
    routed = {chosen.office for one in needs if not one.is_fallback for chosen in one.chosen}
    assert shown(page) == set(Office.objects.filter(code__in=routed).values_list("name", flat=True))
    uncovered = [Subject.objects.get(slug=one.subject).label for one in needs if one.is_fallback]
    assert list(page.context["answers"].uncovered) == uncovered


def test_page_asks_first_and_links_its_answer_to_the_form(client):
    assert "Voir qui peut aider" in body(client.get(PATH))

    page = body(ask(client, "sujet-trouver-candidats"))
    assert 'href="/demande/trouver-candidats/?commune=21231"' in page
    assert page.count('class="fr-btn"') == 1
    assert 'href="/themes/recrutement/"' in body(ask(client, "theme-recrutement"))


def test_commune_is_found_by_its_name_or_chosen_among_homonyms(client):
    page = client.get(PATH, {"besoin": "sujet-licenciement", "commune": "Saint-Apollinaire"})
    assert "Laquelle est la vôtre" in body(page)

    page = client.get(
        PATH, {"besoin": "sujet-licenciement", "commune": "Saint-Apollinaire", "commune_code": "21540"}
    )
    assert page.context["commune"].code == "21540"


@pytest.mark.parametrize(
    "query",
    [
        {"besoin": "sujet-inconnu", "commune": "Dijon"},
        {"besoin": "theme-", "commune": "Dijon"},
        {"besoin": "question-99", "commune_code": DIJON},
        {"besoin": "sujet-licenciement", "commune": "Nullepart-sur-Rien"},
        {"besoin": "sujet-licenciement", "commune_code": "99999"},
        {"commune_code": DIJON},
        {"besoin": "x" * 5000, "commune": "\x00" * 200},
    ],
)
def test_bad_question_is_told_and_answers_nothing(client, query):
    page = client.get(PATH, query)

    assert page.status_code == 200
    assert "answers" not in page.context
    assert 'role="alert"' in body(page)


class TestNoPerson:
    def test_no_address_of_anybody_is_on_any_page_or_file(self, client):
        office = Office.objects.get(code="PE-DIJON")
        office.name = "France Travail jean.dupont@example.org Dijon"
        office.site = "https://jean.dupont@example.org/"
        office.save()
        Office.objects.filter(is_fallback=True).update(name="Relais paul.roux@example.org")
        Area.objects.filter(kind="zone").update(name="Bassin de anne.petit@example.org")

        pages = [body(ask(client, f"theme-{theme.slug}")) for theme in Theme.objects.listed()]
        for text in (*pages, body(client.get(SHEET)), body(client.get(CSV)), body(client.get(PATH))):
            assert "example.org" not in text.replace("relais-entreprises.example.org", "")
        for name in Expert.objects.values_list("name", flat=True):
            assert all(name not in text for text in pages)

    def test_office_kept_out_is_on_no_page_and_its_institution_answers_by_the_form(self, client):
        Office.objects.filter(code="PE-DIJON").update(is_public=False)

        page = ask(client, "sujet-trouver-candidats")

        assert "France Travail Dijon" not in body(page) + body(client.get(SHEET)) + body(client.get(CSV))
        assert "Cet organisme reçoit votre demande par le formulaire." in body(page)

    def test_an_office_whose_phone_is_not_known_yet_has_no_empty_link(self, client):
        office = Office.objects.get(code="PE-DIJON")
        office.institution.notified = "never"
        office.institution.save()
        Office.objects.filter(pk=office.pk).update(phone="", site="https://pe.example.org")

        pages = [body(ask(client, "sujet-trouver-candidats")), body(client.get(SHEET))]

        assert all(office.name in page and "https://pe.example.org" in page for page in pages)
        assert not [page for page in pages if 'href="tel:"' in page]

    def test_no_cookie_is_set(self, client):
        assert not client.get(PATH).cookies
        assert not ask(client, "sujet-licenciement").cookies


class TestClosed:
    def test_closed_region_says_so_and_shows_no_office(self, client):
        tomorrow = timezone.localdate() + timedelta(days=1)
        Opening.objects.create(region_id="27", opens_on=tomorrow, explanation="Au printemps.")

        page = ask(client, "sujet-trouver-candidats")

        assert "Au printemps." in body(page)
        assert shown(page) == set()
        assert "Décrire mon besoin" not in body(page)
        assert client.get(SHEET).context["institutions"] == []
        assert not [row for row in open_data(client) if row["region"] == "Bourgogne-Franche-Comté"]

    def test_closed_theme_says_so_and_the_others_are_answered(self, client):
        Opening.objects.create(region_id="27", theme=Theme.objects.get(slug="recrutement"), is_open=False)

        assert "n'est pas ouvert dans la région" in body(ask(client, "theme-recrutement"))
        sheet = client.get(SHEET)
        assert "n'est pas ouvert dans la région" in body(sheet)
        assert not [
            each for _, lines in sheet.context["institutions"] for each in lines if "Recruter" in each.themes
        ]
        assert shown(ask(client, "sujet-licenciement"))


class TestRegion:
    def test_its_own_name_phone_hours_and_links_replace_those_of_the_fallback_office(self, client):
        region = Region.objects.get(pk="27")
        before = ask(client, "sujet-licenciement").context["region_contact"]
        RegionDetails.objects.create(region=region, name="DREETS de Bourgogne", hours="de 9 h à 12 h")
        RegionalLink.objects.create(region=region, label="Le portail", url="https://portail.fr", position=1)

        page = ask(client, "sujet-licenciement")

        contact = page.context["region_contact"]
        assert (contact.name, contact.phone) == ("DREETS de Bourgogne", before.phone)
        assert "de 9 h à 12 h" in body(page)
        assert "https://portail.fr" in body(page)


class TestOpenData:
    def test_every_open_office_is_there_once_with_its_areas_and_subjects(self, client):
        rows = open_data(client)

        codes = [row["antenne"] for row in rows]
        assert len(codes) == len(set(codes)) > 50
        [dijon] = [row for row in rows if row["antenne"] == "PE-DIJON"]
        assert dijon["territoires"] == "zone:bassin-dijonnais"
        assert "trouver-candidats" in dijon["sujets"].split("|")
        assert {row["recours"] for row in rows} == {"oui", "non"}

    def test_closed_office_and_one_without_expert_are_left_out(self, client):
        Office.objects.filter(code="PE-DIJON").update(closed_on=timezone.localdate())
        Expert.objects.filter(office__code="SRE-21").update(is_paused=True)

        assert not {"PE-DIJON", "SRE-21"} & {row["antenne"] for row in open_data(client)}

    def test_cell_that_a_spreadsheet_would_compute_is_inert(self, client):
        Office.objects.filter(code="PE-DIJON").update(name="=1+1")

        assert "'=1+1" in {row["nom_antenne"] for row in open_data(client)}


class TestDepartment:
    def test_sheet_names_the_offices_that_reach_the_department(self, client):
        page = client.get(SHEET)

        names = {each.line.office.name for _, lines in page.context["institutions"] for each in lines}
        assert "France Travail Dijon" in names
        assert "Grand Figeac" not in " ".join(names)

    def test_sheet_names_no_office_that_a_more_local_one_hides_everywhere(self, client):
        """The region's office of the same institution would receive nothing in this département."""
        local = Office.objects.get(code="CCI-21")
        regional = Office.objects.create(
            code="CCI-27", institution=local.institution, name="CCI de région", phone="03 53 01 00 99",
            email="region@cci.example.org", region_id="27",
        )  # fmt: skip
        regional.areas.add(Area.objects.get(kind="region", code="27"))
        Expert.objects.create(
            office=regional, name="Conseil", email="x@cci.example.org", phone="03", has_all_subjects=True
        )
        skills = local.experts.order_by("pk").first()
        skills.has_all_subjects = True
        skills.save()

        assert "CCI de région" not in body(client.get(SHEET))
        assert "CCI de région" in body(client.get("/qui-peut-aider/departements/58/"))

    def test_unknown_department_is_not_found(self, client):
        assert client.get("/qui-peut-aider/departements/99/").status_code == 404

    def test_every_department_has_a_sheet(self, client):
        for code in Department.objects.order_by("pk").values_list("pk", flat=True)[::20]:
            assert client.get(f"/qui-peut-aider/departements/{code}/").status_code == 200


class TestViews:
    def test_views_are_counted_by_page_and_day(self, client):
        for _ in range(2):
            ask(client, "sujet-licenciement")
        client.get(PATH)

        today = timezone.localdate()
        counted = dict(PageViews.objects.filter(day=today).values_list("page", "views"))
        assert counted == {"who_can_help sujet-licenciement": 2, "who_can_help": 1}

    def test_staff_robots_and_prefetches_do_not_count(self, client):
        client.get(PATH, headers={"User-Agent": "Googlebot/2.1"})
        client.get(PATH, headers={"Sec-Purpose": "prefetch"})
        client.head(PATH)
        client.force_login(User.objects.create_user("n@example.org", role=User.Role.NATIONAL))
        client.get(PATH)

        assert not PageViews.objects.exists()


@pytest.mark.parametrize("need", ["sujet-licenciement", "theme-recrutement"])
def test_database_is_read_a_fixed_number_of_times(client, django_assert_max_num_queries, need):
    with django_assert_max_num_queries(20):
        ask(client, need)


def test_page_is_light(client):
    assert len(ask(client, "theme-recrutement").content) < 150_000

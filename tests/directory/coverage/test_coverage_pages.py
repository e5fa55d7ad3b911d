"""Pages of coverage: figures, holes that lead to the form, files, and who may see them."""

from io import BytesIO

import pytest
from django.urls import reverse

from experts.models import Office, Subject
from territories.models import Region
from tests.directory.coverage.random_directory import ON
from tests.experts.factories import NationalFactory, RegionalFactory, signed_in
from tests.experts.routing.directory_rows import make_expert, make_office

SUBJECT = "trouver-candidats"

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]


@pytest.fixture
def regional(db):
    Office.objects.all().delete()
    make_expert(make_office("AGENCE", "department:21", region_id="27"), "a", subjects=["recruter-apprenti"])
    make_expert(make_office("ML", "epci:242100410", institution="ML", region_id="27", craft="only"), "b")
    return signed_in(RegionalFactory(region=Region.objects.get(pk="27")))


def test_a_region_shows_its_figures_its_map_and_what_to_fix_first(regional):
    answer = regional.get(f"/annuaire/couverture/27/?le={ON}&sujet={SUBJECT}")

    assert answer.status_code == 200
    text = answer.content.decode()
    assert "Bourgogne-Franche-Comté" in text
    assert "Dijon Métropole" in text
    assert "Sans intercommunalité" not in text
    assert text.count("<path d=") > 100
    assert "IGN Admin Express, INSEE COG 2026, Licence Ouverte 2.0" in text


def test_a_hole_leads_to_the_office_that_lacks_the_skill_or_to_a_new_office(regional):
    rows = regional.get(f"/annuaire/couverture/27/?le={ON}&sujet={SUBJECT}").context["holes"]

    by_place = {row.place: row for row in rows}
    assert by_place["Yonne"].url.startswith(reverse("directory:new_office") + "?institution=PE&sujet=")
    inside = next(row for row in rows if row.office)
    assert inside.url.startswith(reverse("directory:new_expert", args=["AGENCE"]))
    assert f"sujet={SUBJECT}" in inside.url


def test_communes_of_an_epci_then_subjects_of_a_commune_are_shown(regional):
    communes = regional.get(f"/annuaire/couverture/27/?le={ON}&epci=242100410").context["communes"]
    page = regional.get(f"/annuaire/couverture/27/?le={ON}&commune=21231").context

    assert len(communes) == 23
    label = Subject.objects.get(slug=SUBJECT).label
    (row,) = (row for theme in page["themes"] for row in theme.rows if row.subject == label)
    assert row.offices == (("ML", "Antenne ML"),)
    assert row.remarks == ("Sous conditions seulement",)
    assert page["uncovered"]
    assert all(row.is_fallback for row in page["uncovered"])


@pytest.mark.parametrize(
    "query",
    ["le=demain", "sujet=inconnu", "epci=x", "commune=99999", "commune=%00", "epci=%00", "le=0001-01-01"],
)
def test_wrong_values_are_left_out(regional, query):
    assert regional.get(f"/annuaire/couverture/27/?{query}").status_code == 200


def test_a_regional_admin_sees_the_nation_in_numbers_and_no_other_region(regional):
    nation = regional.get("/annuaire/couverture/")

    assert nation.status_code == 200
    assert [row.name for row in nation.context["rows"] if row.url] == ["Bourgogne-Franche-Comté"]
    assert "holes" not in nation.context
    assert "Sans région" in nation.content.decode()
    for address in ("84/", "84/couverture.csv", "84/couverture.xlsx", "x/", "999/"):
        assert regional.get(f"/annuaire/couverture/{address}").status_code == 404


def test_the_national_team_sees_every_region(regional):
    national = signed_in(NationalFactory())

    rows = national.get("/annuaire/couverture/").context["rows"]

    assert len([row for row in rows if row.url]) == 19
    assert national.get("/annuaire/couverture/06/").status_code == 200  # overseas
    assert "Pas de carte" in national.get("/annuaire/couverture/975/").content.decode()


def test_visitors_are_sent_to_sign_in(client):
    assert client.get("/annuaire/couverture/").status_code == 302


def test_files_open_in_a_french_spreadsheet(regional):
    text = regional.get(f"/annuaire/couverture/27/couverture.csv?le={ON}&sujet={SUBJECT}").content.decode()
    book = regional.get(f"/annuaire/couverture/27/couverture.xlsx?le={ON}&sujet={SUBJECT}").content
    nation = regional.get(f"/annuaire/couverture/france.csv?le={ON}&sujet={SUBJECT}").content.decode()

    assert text.startswith("\ufeffSujet;Territoire;Code;Communes;Sans réponse")
    assert ";Dijon Métropole;242100410;23;0;0;0;23;0;0;0;0" in text
    assert BytesIO(book).read(2) == b"PK"
    assert nation.count("\r\n") == 21

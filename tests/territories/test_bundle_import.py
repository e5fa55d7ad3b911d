"""Import of the next year's geographic code, on a small invented country."""

from dataclasses import replace

import pytest
from django.db import connection

from territories import bundle_import
from territories.areas import AreaRef
from territories.bundle import Bundle
from territories.models import Area, Commune, Department, Epci, FormerCommune, Region

pytestmark = pytest.mark.django_db


def a_commune(code, **fields):
    usual = {"name": f"Ville {code}", "department_id": "21", "epci_id": "200000001"}
    return Commune(code=code, **usual | fields)


@pytest.fixture
def this_year():
    return Bundle(
        regions=[Region(code="27", name="Bourgogne")],
        departments=[Department(code="21", name="Côte-d'Or", region_id="27")],
        epci=[Epci(siren="200000001", name="CC Un"), Epci(siren="200000002", name="CC Deux")],
        communes=[a_commune("21001"), a_commune("21002"), a_commune("21003", epci_id="200000002")],
        former=[],
    )


@pytest.fixture
def next_year(this_year):
    """21001 merged into 21002, renamed; its EPCI took in the other one."""
    return replace(
        this_year,
        epci=[Epci(siren="200000001", name="CC Un")],
        communes=[a_commune("21002", name="Ville-la-Neuve"), a_commune("21003")],
        former=[FormerCommune(code="21001", kind="delegated", name="Ville 21001", current_id="21002")],
    )


def test_merged_commune_stays_and_leads_to_its_successor(this_year, next_year, now):
    bundle_import.import_bundle(this_year, now=now)

    bundle_import.import_bundle(next_year, now=now)

    assert Commune.objects.get(code="21001").merged_into_id == "21002"
    assert Commune.objects.resolve("21001").name == "Ville-la-Neuve"
    assert set(Commune.objects.current().values_list("code", flat=True)) == {"21002", "21003"}


def test_area_of_a_merged_commune_contains_its_successor(this_year, next_year, now):
    bundle_import.import_bundle(this_year, now=now)
    ref = AreaRef("commune", "21001")
    area = Area.objects.find_or_create([ref])[ref]

    bundle_import.import_bundle(next_year, now=now)

    area.refresh_from_db()
    assert (area.current_code, area.name, area.dropped_at) == ("21002", "Ville-la-Neuve", None)
    assert area in Area.objects.containing(Commune.objects.resolve("21002"))
    assert area in Area.objects.containing(Commune.objects.get(code="21001"))


def test_zone_counts_two_communes_that_merged_once(this_year, next_year, now):
    bundle_import.import_bundle(this_year, now=now)
    zone = Area.objects.make_zone(
        "bassin", "Bassin", [AreaRef("commune", "21001"), AreaRef("commune", "21002")]
    )

    bundle_import.import_bundle(next_year, now=now)

    zone.refresh_from_db()
    assert zone.commune_count == 1


def test_epci_that_vanished_stays_as_a_zone_of_its_communes(this_year, next_year, now):
    bundle_import.import_bundle(this_year, now=now)

    bundle_import.import_bundle(next_year, now=now)

    zone = Area.objects.get(kind="zone", code="epci-200000002")
    assert (zone.dropped_at, zone.source) == (None, Area.Source.HAND)
    assert not Area.objects.filter(kind="epci", code="200000002").exists()
    epci = Area.objects.containing(Commune.objects.resolve("21003")).get(kind="epci")
    assert (epci.code, epci.commune_count) == ("200000001", 2)


def test_two_mergers_in_a_row_lead_to_the_last_commune(this_year, next_year, now):
    the_year_after = replace(
        next_year,
        communes=[a_commune("21003")],
        former=[FormerCommune(code="21002", kind="former", current_id="21003")],
    )

    for year in (this_year, next_year, the_year_after):
        bundle_import.import_bundle(year, now=now)

    assert Commune.objects.get(code="21001").merged_into_id == "21003"
    assert Commune.objects.resolve("21001").code == "21003"


def test_commune_that_comes_back_is_current_again(this_year, next_year, now):
    for year in (this_year, next_year, replace(this_year, former=[])):
        bundle_import.import_bundle(year, now=now)

    assert Commune.objects.resolve("21001").code == "21001"


def test_code_that_loses_a_commune_changes_nothing(this_year, now):
    bundle_import.import_bundle(this_year, now=now)
    lossy = replace(this_year, communes=[a_commune("21002", name="Autre nom"), a_commune("21003")])

    with pytest.raises(bundle_import.CommunesWithoutSuccessor, match="21001"):
        bundle_import.import_bundle(lossy, now=now)

    assert Commune.objects.get(code="21002").name == "Ville 21002"


def written_at():
    """The place in its table of each version of these rows: another one once it is written again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 'former', code, ctid::text FROM territories_formercommune"
            " UNION ALL SELECT 'current', code, ctid::text FROM territories_commune"
        )
        return {(kind, code): place for kind, code, place in cursor.fetchall()}


def test_rows_that_the_code_does_not_change_are_not_written(this_year, now):
    former = [FormerCommune(code=code, kind="former", current_id="21002") for code in ("21008", "21009")]
    bundle_import.import_bundle(replace(this_year, former=former), now=now)
    before = written_at()
    renamed = [a_commune("21001"), a_commune("21002", name="Autre nom"), this_year.communes[2]]

    bundle_import.import_bundle(replace(this_year, former=former[:1], communes=renamed), now=now)

    after = written_at()
    written = {row for row, place in before.items() if after.get(row) != place}
    assert written == {("former", "21009"), ("current", "21002")}
    assert before.keys() - after.keys() == {("former", "21009")}

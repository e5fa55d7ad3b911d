"""Areas that the new geographic code no longer has: offices cover as before until somebody decides."""

import copy
import io
import json
from dataclasses import replace

import pytest
from django.core.management import call_command
from django.utils import timezone

from directory import territory_changes
from directory.importing import check, import_file, plan_import
from experts.changes.applying import apply
from experts.changes.undoing import plan_undo
from experts.models import Cause, Office, Revision
from experts.regions import update_regions
from territories import bundle, bundle_import
from territories.areas import AreaRef
from territories.models import Area, Commune, Epci, FormerCommune, Region
from territories.vanished_areas import heir_of
from tests.directory.pages import save, text

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]
SIREN = "242100410"
FORMER = "21073"  # a commune of a merger
HEIR = "200070902"
FILE = f"""
offices:
  - id: PLIE-DIJON
    institution: PLIE
    name: PLIE de la métropole dijonnaise
    territories: ["epci:{SIREN}"]
    phone: "03 53 01 00 14"
    email: "contact@plie-dijon.example.org"
    experts: []
"""


@pytest.fixture(scope="module")
def bundled_code():
    """The geographic code of this year, whose rows each test leaves as they are."""
    return bundle.read()


def moved(row, **fields):
    """The same row with other values."""
    other = copy.copy(row)
    for name, value in fields.items():
        setattr(other, name, value)
    return other


@pytest.fixture
def next_code(bundled_code):
    """The bundled code, after Dijon's EPCI was absorbed by the one beside it."""
    return replace(
        bundled_code,
        epci=[epci for epci in bundled_code.epci if epci.pk != SIREN],
        communes=[
            moved(commune, epci_id=HEIR) if commune.epci_id == SIREN else commune
            for commune in bundled_code.communes
        ],
    )


def covered(codes, *offices):
    """Codes of these communes where each office may be found."""
    containing = {
        commune.pk: set(Area.objects.containing(commune).values_list("pk", flat=True))
        for commune in Commune.objects.filter(pk__in=codes).with_place()
    }
    areas = [set(office.areas.values_list("pk", flat=True)) for office in offices]
    return [{code for code, around in containing.items() if around & own} for own in areas]


def test_offices_and_zones_cover_as_before_and_a_file_that_names_it_means_the_zone(next_code):
    office, by_zone = Office.objects.get(code="PLIE-DIJON"), Office.objects.get(code="PE-DIJON")
    codes = list(Commune.objects.filter(epci__in=[SIREN, HEIR]).values_list("pk", flat=True))
    before = covered(codes, office, by_zone)
    assert "21231" in before[0]

    bundle_import.import_bundle(next_code, now=timezone.now())

    assert covered(codes, office, by_zone) == before
    zone = office.areas.get()
    assert (zone.kind, zone.code, zone.commune_count) == ("zone", f"epci-{SIREN}", 23)
    plan = plan_import(check(FILE.encode()), now=timezone.now())
    [row] = [row for row in plan.offices if row.key == "PLIE-DIJON"]
    assert "areas" not in row.written_facts


def test_the_page_of_its_zone_proposes_its_heir(next_code, as_regional):
    bundle_import.import_bundle(next_code, now=timezone.now())

    page = text(as_regional.get(f"/annuaire/zones/epci-{SIREN}/"))
    other = text(as_regional.get("/annuaire/zones/bassin-dijonnais/"))

    assert f"sont maintenant dans {Epci.objects.get(pk=HEIR).name}" in page
    assert "PLIE de la métropole dijonnaise" in page
    assert "n'existe plus" not in other


def test_offices_and_zones_touched_are_listed_and_nothing_is_written(next_code):
    lines = "\n".join(territory_changes.compare(next_code))

    assert f"EPCI {SIREN}" in lines
    assert HEIR in lines
    assert "antenne PLIE-DIJON" in lines
    assert "zone Bassin d'emploi dijonnais" in lines
    assert Epci.objects.filter(pk=SIREN).exists()
    assert Area.objects.filter(kind="epci", code=SIREN, dropped_at=None).exists()


def test_same_code_changes_nothing():
    out = io.StringIO()

    call_command("compare_territories", stdout=out)

    assert out.getvalue() == "Rien ne change : ni commune, ni EPCI.\n"


def test_a_code_that_comes_back_and_goes_again_keeps_what_each_office_covers(bundled_code, next_code):
    office = Office.objects.get(code="PLIE-DIJON")
    codes = list(Commune.objects.filter(epci__in=[SIREN, HEIR]).values_list("pk", flat=True))
    [before] = covered(codes, office)

    bundle_import.import_bundle(next_code, now=timezone.now())
    bundle_import.import_bundle(bundled_code, now=timezone.now())
    later = Office.objects.get(code="CAPE-21")
    later.areas.set([Area.objects.get(kind="epci", code=SIREN)])
    bundle_import.import_bundle(next_code, now=timezone.now())

    assert covered(codes, office, later) == [before, before]
    assert "\n".join(territory_changes.compare(next_code)) == ""


def test_a_commune_that_is_restored_is_listed_with_who_covers_what_it_leaves(bundled_code):
    [row] = [row for row in bundled_code.former if row.code == FORMER]
    restored = Commune(code=FORMER, name="Restaurée", department_id="21", population=9)
    code = replace(
        bundled_code,
        communes=[*bundled_code.communes, restored],
        former=[one for one in bundled_code.former if one is not row],
    )
    Office.objects.get(code="PLIE-DIJON").areas.set(
        Area.objects.find_or_create([AreaRef("commune", row.current_id)]).values()
    )

    lines = "\n".join(territory_changes.compare(code))

    assert f"commune {FORMER} Restaurée : rétablie, elle était dans {row.current_id}" in lines
    assert "antenne PLIE-DIJON" in lines


def test_a_commune_that_changes_departement_is_listed_with_who_covers_both(bundled_code):
    [commune] = [commune for commune in bundled_code.communes if commune.pk == "21054"]
    renumbered = Commune(code="71999", name="Beaune", department_id="71", epci_id=commune.epci_id)
    code = replace(
        bundled_code,
        communes=[*(one for one in bundled_code.communes if one is not commune), renumbered],
        former=[*bundled_code.former, FormerCommune(code="21054", name="Beaune", current_id="71999")],
    )
    Office.objects.get(code="PLIE-DIJON").areas.set(Area.objects.filter(kind="department", code="71"))

    lines = "\n".join(territory_changes.compare(code))

    assert "commune 21054 Beaune : devient 71999" in lines
    assert "antenne PLIE-DIJON" in lines


MERGED = "99"  # the région that Bourgogne-Franche-Comté and Centre-Val de Loire make together


@pytest.fixture
def merged_code(bundled_code):
    """The bundled code, after two régions merged, and the Nièvre was joined to Côte-d'Or."""
    return replace(
        bundled_code,
        regions=[
            *(row for row in bundled_code.regions if row.pk not in {"24", "27"}),
            Region(code=MERGED, name="Centre-Est"),
        ],
        departments=[
            moved(row, region_id=MERGED) if row.region_id in {"24", "27"} else row
            for row in bundled_code.departments
            if row.pk != "58"
        ],
        communes=[
            moved(commune, department_id="21") if commune.department_id == "58" else commune
            for commune in bundled_code.communes
        ],
    )


@pytest.fixture
def by_department_and_region():
    """An office of the Nièvre, and one of the whole région."""
    found = [Office.objects.get(code="CAPE-21"), Office.objects.get(code="PLIE-DIJON")]
    for office, ref in zip(found, [AreaRef("department", "58"), AreaRef("region", "27")], strict=True):
        office.areas.set([Area.objects.get(kind=ref.kind, code=ref.code)])
    update_regions(found)
    return found


def test_an_office_of_a_departement_or_a_region_that_goes_covers_as_before(
    merged_code, by_department_and_region, as_national
):
    codes = list(Commune.objects.filter(department__region="27").values_list("pk", flat=True))[::7]
    before = covered(codes, *by_department_and_region)
    file = FILE.replace(f"epci:{SIREN}", "region:27")

    bundle_import.import_bundle(merged_code, now=timezone.now())

    assert covered(codes, *by_department_and_region) == before
    zones = [office.areas.get() for office in by_department_and_region]
    assert [zone.code for zone in zones] == ["departement-58", "region-27"]
    members = {str(member.ref) for member in zones[1].members.all()}
    assert {"department:21", "department:71", "commune:58194"} < members
    assert [heir_of(zone).pk for zone in zones] == ["21", MERGED]
    page = text(as_national.get("/annuaire/zones/region-27/"))
    assert "sont maintenant dans Centre-Est" in page
    rows = {row.key: row for row in plan_import(check(file.encode()), now=timezone.now()).offices}
    assert "areas" not in rows["PLIE-DIJON"].written_facts


def test_regions_of_offices_are_counted_again_and_reported_before_and_after(
    merged_code, by_department_and_region, regional, monkeypatch
):
    national = Office.objects.filter(areas__kind="national").values_list("pk", flat=True)
    report = "\n".join(territory_changes.compare(merged_code))
    out = io.StringIO()
    monkeypatch.setattr(bundle, "read", lambda: merged_code)

    call_command("import_territories", stdout=out)

    line = "antenne CAPE-21 Cap emploi Côte-d'Or : région Bourgogne-Franche-Comté → Centre-Est"
    assert line in report
    assert line in out.getvalue()
    assert "région 27 Bourgogne-Franche-Comté disparaît, l'essentiel va à Centre-Est (99)" in report
    assert "département 58 Nièvre disparaît, l'essentiel va à Côte-d'Or (21)" in report
    assert "département 71 Saône-et-Loire : région 27 → 99" in report
    assert f"compte {regional.email} : à rattacher à une autre région" in report
    assert "commune 58194" not in report
    assert not Office.objects.filter(region="27").exists()
    assert Office.objects.get(code="PLIE-DIJON").region_id == MERGED
    assert not Office.objects.filter(pk__in=national).exclude(region=None).exists()
    assert "\n".join(territory_changes.compare(merged_code)) == ""


def test_a_change_written_before_is_undone_with_the_zone_that_replaces_its_area(merged_code, as_national):
    office = Office.objects.get(code="CAPE-21")
    office.areas.set([Area.objects.get(kind="department", code="58")])
    save(as_national, "/annuaire/antennes/CAPE-21/territoires/", kept=["department:58"], added="71")
    save(as_national, "/annuaire/antennes/CAPE-21/territoires/", kept=["department:71"])
    revision = Revision.objects.latest("pk")
    bundle_import.import_bundle(merged_code, now=timezone.now())

    undo = plan_undo(revision, today=timezone.localdate(), now=timezone.now())
    apply(undo.plan, cause=Cause.UNDO, now=timezone.now())

    assert {area.code for area in office.areas.all()} == {"71", "departement-58"}


def test_a_zone_of_a_file_that_names_an_area_that_goes_has_what_it_contained(next_code):
    zone = {"slug": "deux", "name": "Deux", "members": [f"epci:{SIREN}", "commune:21054"]}
    file = FILE + f"zones: [{json.dumps(zone)}]\n"
    bundle_import.import_bundle(next_code, now=timezone.now())

    checked = check(file.encode())
    import_file(checked, name="a.yaml", now=timezone.now())

    assert Area.objects.get(code="deux").commune_count == 24
    assert not plan_import(checked, now=timezone.now()).changes_something

"""An EPCI that the new geographic code no longer has: its offices cover as before until somebody decides."""

import io

import pytest
from django.core.management import call_command
from django.utils import timezone

from directory import territory_changes
from directory.importing import check, plan_import
from experts.models import Office
from territories import bundle, bundle_import
from territories.areas import AreaRef
from territories.models import Area, Commune, Epci, FormerCommune
from tests.directory.pages import text

pytestmark = [pytest.mark.django_db, pytest.mark.reference]
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


@pytest.fixture
def next_code():
    """The bundled code, after Dijon's EPCI was absorbed by a neighbour."""
    code = bundle.read()
    for commune in code.communes:
        if commune.epci_id == SIREN:
            commune.epci_id = HEIR
    code.epci[:] = [epci for epci in code.epci if epci.pk != SIREN]
    return code


def covered(office, codes):
    """Codes of these communes where the office may be found."""
    areas = set(office.areas.values_list("pk", flat=True))
    return {
        commune.pk
        for commune in Commune.objects.filter(pk__in=codes).with_place()
        if areas & set(Area.objects.containing(commune).values_list("pk", flat=True))
    }


def test_offices_and_zones_cover_as_before_and_a_file_that_names_it_means_the_zone(next_code):
    office, by_zone = Office.objects.get(code="PLIE-DIJON"), Office.objects.get(code="PE-DIJON")
    codes = list(Commune.objects.filter(epci__in=[SIREN, HEIR]).values_list("pk", flat=True))
    before = covered(office, codes), covered(by_zone, codes)
    assert "21231" in before[0]

    bundle_import.import_bundle(next_code, now=timezone.now())

    assert (covered(office, codes), covered(by_zone, codes)) == before
    zone = office.areas.get()
    assert (zone.kind, zone.code, zone.commune_count) == ("zone", f"epci-{SIREN}", 23)
    plan = plan_import(check(FILE.encode()), now=timezone.now())
    [row] = [row for row in plan.offices if row.key == "PLIE-DIJON"]
    assert "areas" not in row.written


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


def test_a_code_that_comes_back_and_goes_again_keeps_what_each_office_covers(next_code):
    office = Office.objects.get(code="PLIE-DIJON")
    codes = list(Commune.objects.filter(epci__in=[SIREN, HEIR]).values_list("pk", flat=True))
    before = covered(office, codes)

    bundle_import.import_bundle(next_code, now=timezone.now())
    bundle_import.import_bundle(bundle.read(), now=timezone.now())
    later = Office.objects.get(code="CAPE-21")
    later.areas.set([Area.objects.get(kind="epci", code=SIREN)])
    bundle_import.import_bundle(next_code, now=timezone.now())

    assert covered(office, codes) == covered(later, codes) == before
    assert "\n".join(territory_changes.compare(next_code)) == ""


def test_a_commune_that_is_restored_is_listed_with_who_covers_what_it_leaves():
    code = bundle.read()
    [row] = [row for row in code.former if row.code == FORMER]
    code.former.remove(row)
    code.communes.append(Commune(code=FORMER, name="Restaurée", department_id="21", population=9))
    Office.objects.get(code="PLIE-DIJON").areas.set(
        Area.objects.find_or_create([AreaRef("commune", row.current_id)]).values()
    )

    lines = "\n".join(territory_changes.compare(code))

    assert f"commune {FORMER} Restaurée : rétablie, elle était dans {row.current_id}" in lines
    assert "antenne PLIE-DIJON" in lines


def test_a_commune_that_changes_departement_is_listed_with_who_covers_both():
    code = bundle.read()
    [commune] = [commune for commune in code.communes if commune.pk == "21054"]
    code.communes.remove(commune)
    code.communes.append(Commune(code="71999", name="Beaune", department_id="71", epci_id=commune.epci_id))
    code.former.append(FormerCommune(code="21054", name="Beaune", current_id="71999"))
    Office.objects.get(code="PLIE-DIJON").areas.set(Area.objects.filter(kind="department", code="71"))

    lines = "\n".join(territory_changes.compare(code))

    assert "commune 21054 Beaune : devient 71999" in lines
    assert "antenne PLIE-DIJON" in lines

"""The facts of the real geographic code, once imported."""

from collections import Counter
from io import StringIO

import pytest
from django.core.management import call_command
from django.db.models import Count, Func

from territories.models import Area, Commune, Department, Epci, FormerCommune, Region

pytestmark = [pytest.mark.django_db, pytest.mark.territories]


def test_there_are_34969_current_communes():
    assert Commune.objects.current().count() == 34_969


def test_1441_names_are_shared_and_tell_their_department():
    names = Counter(Commune.objects.values_list("name", flat=True))

    assert sum(1 for count in names.values() if count > 1) == 1_441
    assert {commune.place for commune in Commune.objects.with_place().filter(name="Saint-Apollinaire")} == {
        "Saint-Apollinaire (Côte-d'Or)",
        "Saint-Apollinaire (Hautes-Alpes)",
    }


def test_one_postcode_covers_up_to_46_communes():
    postcodes = Counter(
        Commune.objects.values_list(Func("postcodes", function="unnest"), flat=True).order_by("pk")
    )

    assert postcodes.most_common(1) == [("51300", 46)]


def test_codes_keep_their_letters_digits_and_leading_zeros():
    assert Commune.objects.get(code="2A004").department_id == "2A"
    assert Commune.objects.get(code="97411").department_id == "974"
    assert Commune.objects.get(code="01053").department_id == "01"
    assert Department.objects.get(code="971").region_id == "01"
    assert Department.objects.get(code="01").region_id == "84"


def test_epci_straddle_departments_and_regions():
    straddling = Commune.objects.exclude(epci=None).values("epci").order_by("epci")

    assert Epci.objects.count() == 1_255
    assert straddling.annotate(n=Count("department", distinct=True)).filter(n__gt=1).count() == 89
    assert straddling.annotate(n=Count("department__region", distinct=True)).filter(n__gt=1).count() == 26


def test_98_communes_have_no_epci_six_of_them_in_a_regional_territory():
    alone = Commune.objects.filter(epci=None)

    assert alone.count() == 98
    assert alone.exclude(department__region=None).count() == 6


def test_19_regional_territories_with_mayotte_and_saint_pierre_et_miquelon():
    names = set(Region.objects.values_list("name", flat=True))

    assert len(names) == 19
    assert {"Mayotte", "Saint-Pierre-et-Miquelon", "Bourgogne-Franche-Comté"} < names


def test_other_collectivities_have_no_region():
    codes = Department.objects.filter(region=None).values_list("code", flat=True)

    assert set(codes) == {"977", "978", "984", "986", "987", "988", "989"}


def test_areas_of_the_whole_country_know_their_number_of_communes():
    counts = {area.ref: area.commune_count for area in Area.objects.all()}

    assert Counter(ref.kind for ref in counts) == {
        "epci": 1_255,
        "department": 109,
        "region": 19,
        "national": 1,
    }
    assert {str(ref): counts[ref] for ref in counts if ref.code in {"", "21", "975", "242100410"}} == {
        "national": 34_969,
        "department:21": 698,
        "department:975": 2,
        "region:975": 2,
        "epci:242100410": 23,
    }
    assert sum(count for ref, count in counts.items() if ref.kind == "department") == 34_969


def test_45_arrondissements_lead_to_their_city():
    cities = Counter(
        FormerCommune.objects.filter(kind=FormerCommune.Kind.ARRONDISSEMENT).values_list("current", flat=True)
    )

    assert cities == {"75056": 20, "13055": 16, "69123": 9}


def test_importing_again_changes_nothing():
    tables = (Region, Department, Epci, Commune, Area)
    before = [list(table.objects.order_by("pk").values()) for table in tables]
    out = StringIO()

    call_command("import_territories", stdout=out)

    assert [list(table.objects.order_by("pk").values()) for table in tables] == before
    assert "34969 communes" in out.getvalue()

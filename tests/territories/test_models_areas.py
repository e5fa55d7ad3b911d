import pytest
from django.db import IntegrityError

from territories.areas import AreaRef, Level
from territories.models import Area, Commune, UnknownArea, ZoneInsideZone
from tests.territories.factories import AreaFactory

pytestmark = [pytest.mark.django_db, pytest.mark.territories]

DIJON = AreaRef.parse("commune:21231")


def refs_of(areas):
    return {str(area.ref) for area in areas}


def test_areas_that_contain_a_commune_from_itself_to_the_nation():
    Area.objects.find_or_create([DIJON, AreaRef.parse("commune:21054")])
    Area.objects.make_zone("bassin", "Bassin dijonnais", [AreaRef.parse("epci:242100410")])
    Area.objects.make_zone("cote", "La Côte", [DIJON])
    Area.objects.make_zone("ailleurs", "Ailleurs", [AreaRef.parse("region:01")])

    areas = Area.objects.containing(Commune.objects.resolve("21231"))

    assert refs_of(areas) == {
        "commune:21231",
        "epci:242100410",
        "zone:bassin",
        "zone:cote",
        "department:21",
        "region:27",
        "national",
    }


def test_containing_takes_one_query(django_assert_num_queries):
    commune = Commune.objects.resolve("21231")

    with django_assert_num_queries(1):
        list(Area.objects.containing(commune))


def test_region_and_department_that_share_a_code_are_not_mixed_up():
    areas = Area.objects.containing(Commune.objects.resolve("01053"))

    assert {"department:01", "region:84"} < refs_of(areas)
    assert "region:01" not in refs_of(areas)


def test_commune_without_epci_nor_region_is_in_its_collectivity_and_the_nation():
    areas = Area.objects.containing(Commune.objects.resolve("98735"))

    assert refs_of(areas) == {"department:987", "national"}


def test_dropped_zone_contains_nobody(now):
    zone = Area.objects.make_zone("bassin", "Bassin", [DIJON])
    Area.objects.of_kind("zone").from_file().drop(now=now)

    assert zone not in Area.objects.containing(Commune.objects.resolve("21231"))


def test_areas_are_found_or_made_by_reference():
    refs = [AreaRef.parse(text) for text in ("commune:21231", "commune:2A004", "epci:242100410", "national")]

    areas = Area.objects.find_or_create(refs)

    assert [areas[ref].name for ref in refs][:2] == ["Dijon", "Ajaccio"]
    assert areas == Area.objects.find_or_create(refs)


def test_former_commune_gives_the_area_of_the_current_one():
    third, city = AreaRef.parse("commune:69383"), AreaRef.parse("commune:69123")

    areas = Area.objects.find_or_create([third, city])

    assert areas[third] == areas[city]
    assert (areas[third].code, areas[third].commune_count) == ("69123", 1)


def test_unknown_references_are_absent():
    refs = [AreaRef.parse(text) for text in ("commune:99999", "region:99", "zone:rien", "department:99")]

    assert Area.objects.find_or_create(refs) == {}


def test_making_areas_takes_a_fixed_number_of_queries(django_assert_max_num_queries):
    codes = Commune.objects.filter(department="21").values_list("code", flat=True)[:300]
    refs = [AreaRef("commune", code) for code in codes]

    with django_assert_max_num_queries(5):
        assert len(Area.objects.find_or_create(refs)) == 300


def test_zone_counts_each_commune_once():
    members = [AreaRef.parse(text) for text in ("epci:242100410", "commune:21231", "commune:71270")]

    zone = Area.objects.make_zone("bassin", "Bassin", members)

    assert zone.commune_count == 23 + 1
    assert zone.level is Level.ZONE


def test_zone_made_again_takes_its_new_name_and_members(now):
    first = Area.objects.make_zone("bassin", "Bassin", [DIJON])
    Area.objects.of_kind("zone").drop(now=now)

    again = Area.objects.make_zone("bassin", "Le bassin", [AreaRef.parse("department:21")])

    assert again == first
    assert (again.name, again.commune_count, again.dropped_at) == ("Le bassin", 698, None)
    assert refs_of(again.members.all()) == {"department:21"}


def test_zone_says_every_unknown_member():
    members = [DIJON, AreaRef.parse("commune:99999"), AreaRef.parse("epci:000000000")]

    with pytest.raises(UnknownArea) as refusal:
        Area.objects.make_zone("bassin", "Bassin", members)

    assert refusal.value.refs == tuple(members[1:])


@pytest.mark.parametrize("member", ["zone:autre", "national"])
def test_zone_holds_neither_a_zone_nor_the_nation(member):
    with pytest.raises(ZoneInsideZone):
        Area.objects.make_zone("bassin", "Bassin", [AreaRef.parse(member)])


def test_two_areas_never_share_kind_and_code():
    with pytest.raises(IntegrityError):
        AreaFactory(kind="department", code="21")


def test_only_the_nation_has_no_code():
    with pytest.raises(IntegrityError):
        AreaFactory(kind="zone", code="")

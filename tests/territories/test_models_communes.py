import pytest
from django.db import IntegrityError

from territories.models import Commune, FormerCommune, UnknownCommune
from tests.territories.factories import CommuneFactory, FormerCommuneFactory

pytestmark = [pytest.mark.django_db, pytest.mark.territories]


@pytest.mark.parametrize(
    ("code", "current"),
    [
        pytest.param("21231", "21231", id="current"),
        pytest.param("69383", "69123", id="arrondissement"),
        pytest.param("01015", "01015", id="current code that is also a delegated commune's"),
        pytest.param("01340", "01015", id="old code"),
        pytest.param("01120", "01262", id="associated"),
        pytest.param("60455", "60694", id="delegated before old code"),
    ],
)
def test_code_leads_to_the_current_commune(code, current):
    assert Commune.objects.resolve(code).code == current


def test_every_former_code_leads_to_a_current_commune():
    codes = set(FormerCommune.objects.values_list("code", flat=True))

    found = Commune.objects.resolve_all(codes)

    assert found.keys() == codes
    assert not any(commune.merged_into_id for commune in found.values())


@pytest.mark.parametrize("code", ["99999", "", "21", "Dijon"])
def test_code_that_was_never_a_commune_is_unknown(code):
    with pytest.raises(UnknownCommune):
        Commune.objects.resolve(code)


def test_resolving_many_codes_takes_two_queries(django_assert_num_queries):
    with django_assert_num_queries(2):
        found = Commune.objects.resolve_all(["21231", "69383", "01340", "99999"])
        places = sorted(commune.place for commune in found.values())
        regions = [commune.region for commune in found.values()]

    assert places == ["Arboys en Bugey (Ain)", "Dijon (Côte-d'Or)", "Lyon (Rhône)"]
    assert all(regions)


def test_former_codes_are_looked_up_in_order():
    first, last = CommuneFactory(), CommuneFactory()
    FormerCommuneFactory(code="99001", kind=FormerCommune.Kind.FORMER, current=last)
    FormerCommuneFactory(code="99001", kind=FormerCommune.Kind.ASSOCIATED, current=first)

    assert Commune.objects.resolve("99001") == first


def test_collectivity_without_region_has_none():
    assert Commune.objects.resolve("98735").region is None


def test_commune_has_the_time_of_its_department():
    assert str(Commune.objects.resolve("97411").time_zone) == "Indian/Reunion"


def test_commune_never_merges_into_itself():
    commune = CommuneFactory()

    with pytest.raises(IntegrityError):
        Commune.objects.filter(pk=commune.pk).update(merged_into=commune)

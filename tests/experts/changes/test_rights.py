"""Regional staff widen who receives in their region alone; what is there already stays."""

from datetime import date

import pytest

from experts.changes import editing, snapshot
from experts.changes.directory_facts import AbsenceEntry
from experts.changes.rights import refusals
from experts.changes.row_plans import Plan
from experts.models import Expert, Office
from territories.areas import AreaRef
from territories.models import Area, Region
from tests.experts.factories import ExpertFactory, NationalFactory, RegionalFactory

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]
DIJON = "PE-DIJON"


def refs(*texts):
    return frozenset(map(AreaRef.parse, texts))


def office_plan(code=DIJON, **changes):
    stored = snapshot.load(offices=[Office.objects.get(code=code).pk])
    return Plan(offices=(editing.change(code, stored.offices[code], changes),))


def expert_plan(expert, **changes):
    [(key, stored)] = snapshot.load(experts=[expert.pk]).experts.items()
    return Plan(experts=(editing.change(key, stored, changes),))


def reach_paris():
    """Let the office of Dijon reach Paris already."""
    reach("department:75")


def reach(area):
    """Let the office of Dijon reach an area already."""
    kind, _, code = area.partition(":")
    Office.objects.get(code=DIJON).areas.add(Area.objects.get(kind=kind, code=code))


@pytest.fixture
def regional():
    return RegionalFactory(region=Region.objects.get(code="27"))


OURS = "zone:bassin-dijonnais"
# The first community of communes lies on both sides of the region's border.
BEYOND = [
    "department:75", "epci:200071884", "zone:pays-de-brest", "region:11", "commune:52269", "national",
]  # fmt: skip


@pytest.mark.parametrize(
    ("areas", "is_refused"),
    [
        ([OURS, "department:71"], False),
        (["region:27"], False),
        ([OURS, "department:75"], True),
        ([OURS, "region:11"], True),
        ([OURS, "national"], True),
        (["zone:pays-de-brest"], True),
        ([OURS, "epci:200071884"], True),
        ([OURS, "commune:52269"], True),
        ([], True),
    ],
)
def test_areas_added_to_an_office_stay_in_the_region(regional, areas, is_refused):
    found = refusals(office_plan(areas=refs(*areas)), regional)

    assert [refusal.fact for refusal in found] == (["areas"] if is_refused else [])


# With a larger one, the office would be another region's, or the nation's.
@pytest.mark.parametrize("beyond", ["department:75", "epci:200071884", "zone:pays-de-brest", "department:52"])
def test_area_that_is_there_already_stays(regional, beyond):
    reach(beyond)

    assert not refusals(office_plan(areas=refs(OURS, beyond, "department:71")), regional)


@pytest.mark.parametrize("beyond", BEYOND)
def test_national_team_goes_beyond(beyond):
    assert not refusals(office_plan(areas=refs(OURS, beyond)), NationalFactory())


@pytest.mark.parametrize(
    "change",
    [
        {"headcount_max": 10},
        {"headcount_min": 50},
        {"naf": ["43"]},
        {"naf_excluded": ["56"]},
        {"legal_forms_excluded": ["92"]},
        {"age_max_years": 3},
        {"craft": "only"},
        {"project_holders": "only"},
        {"is_fallback": True},
        {"exclusive_subjects": frozenset(["gpec"])},
        {"exclusive_subjects": frozenset(["saisonniers"])},
        {"exclusive_subjects": frozenset(["gpec", "trouver-candidats"])},
    ],
    ids="-".join,  # the names alone: a set is written in any order
)
def test_criteria_are_the_national_teams_where_the_office_reaches_beyond(regional, change):
    assert not refusals(office_plan(**change), regional)
    reach_paris()

    [refusal] = refusals(office_plan(**change), regional)

    assert "demandez ce changement à l'équipe nationale" in refusal.sentence


def test_phone_of_an_office_that_reaches_beyond_is_the_regions(regional):
    reach_paris()

    assert not refusals(office_plan(phone="03 53 01 99 99"), regional)


def test_office_of_another_region_is_not_ours(regional):
    other = Office.objects.exclude(region="27").exclude(region=None).order_by("code").first()

    [refusal] = refusals(office_plan(other.code, phone="03 53 01 99 99"), regional)

    assert refusal.fact == ""


@pytest.mark.parametrize("area", BEYOND)
def test_own_area_beyond_the_region_is_refused(regional, area):
    expert = Office.objects.get(code=DIJON).experts.first()

    found = refusals(expert_plan(expert, areas=refs("department:21", area)), regional)

    assert [(refusal.kind, refusal.fact) for refusal in found] == [("expert", "areas")]


def test_own_areas_are_not_emptied_into_those_of_an_office_that_reaches_beyond(regional):
    reach_paris()
    expert = Office.objects.get(code=DIJON).experts.first()
    expert.areas.add(Area.objects.get(kind="department", code="21"))

    assert refusals(expert_plan(expert, areas=frozenset()), regional)


@pytest.mark.parametrize("area", BEYOND)
def test_deputy_does_not_receive_beyond_the_region(regional, area):
    office = Office.objects.get(code=DIJON)
    expert, deputy = office.experts.first(), ExpertFactory(office=office)
    expert.areas.set(Area.objects.find_or_create(refs(area)).values())
    absences = frozenset([AbsenceEntry(date(2027, 1, 4), date(2027, 1, 8), deputy.email)])

    found = refusals(expert_plan(expert, declared_absences=absences), regional)

    assert [refusal.fact for refusal in found] == ["declared_absences"]


@pytest.mark.parametrize(("area", "is_refused"), [("department:21", False), ("department:75", True)])
def test_new_office_lies_in_the_region(regional, area, is_refused):
    facts = {
        "name": "Neuve",
        "institution": "PE",
        "phone": "3949",
        "email": "n@example.org",
        "areas": refs(area),
    }

    assert bool(refusals(Plan(offices=(editing.new_office("NEUVE", facts),)), regional)) is is_refused


def test_expert_does_not_move_to_an_office_of_another_region(regional):
    expert = Expert.objects.filter(office__code=DIJON).first()
    other = Office.objects.filter(region="11").first()

    [refusal] = refusals(expert_plan(expert, office=other.code), regional)

    assert refusal.fact == ""


@pytest.mark.parametrize(
    ("slug", "members", "is_refused"),
    [
        ("bassin-dijonnais", ["epci:242100410"], False),
        ("bassin-dijonnais", ["epci:242100410", "commune:75056"], True),
        ("pays-de-brest", ["epci:242900314", "commune:29019"], True),
    ],
)
def test_zone_is_changed_by_the_region_that_it_mostly_lies_in(regional, slug, members, is_refused):
    stored = snapshot.load(zones=[Area.objects.get(kind="zone", code=slug).pk]).zones[slug]
    plan = Plan(zones=(editing.change(slug, stored, {"members": refs(*members), "name": "Autre nom"}),))

    assert bool(refusals(plan, regional)) is is_refused

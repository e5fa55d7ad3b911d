"""Map of a change of areas: whole EPCI as shapes, the communes of the others as marks."""

import pytest

from directory.area_effects import area_effects, communes_of
from directory.area_map import area_map
from experts.changes import editing, snapshot
from experts.changes.row_plans import Plan
from experts.models import Office
from territories.areas import AreaRef
from tests.directory.coverage.random_directory import ON
from tests.experts.routing.directory_rows import make_office

DIJON, TILLE, BEAUNE = AreaRef("epci", "242100410"), AreaRef("epci", "200070902"), AreaRef("commune", "21054")

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]


def test_a_whole_epci_is_a_shape_and_a_lone_commune_a_mark():
    drawn = area_map(had=communes_of([DIJON]), has=communes_of([DIJON, BEAUNE]), shared=())

    assert [shape.state for shape in drawn.shapes if shape.state] == ["kept"]
    assert [state for state, _ in drawn.marks] == ["gained"]
    assert [state for state, _ in drawn.legend] == ["kept", "gained"]


def test_the_nation_is_drawn_for_a_national_office():
    drawn = area_map(had=set(), has=communes_of([AreaRef("national")]), shared=())

    assert drawn.insets
    assert {shape.state for shape in drawn.shapes} == {"gained"}


def test_communes_lost_and_those_that_another_office_has_are_told_apart():
    Office.objects.all().delete()
    make_office("ICI", "epci:242100410", institution="PE")
    make_office("LA", "commune:21054", institution="PE")
    here = snapshot.load().offices["ICI"]
    plan = Plan(offices=(editing.change("ICI", here, {"areas": frozenset({BEAUNE})}),))

    [effect] = area_effects(plan, on=ON)

    assert [(one.office, one.count) for one in effect.overlaps] == [("Antenne LA", 1)]
    assert [state for state, _ in effect.map.legend] == ["shared", "lost"]

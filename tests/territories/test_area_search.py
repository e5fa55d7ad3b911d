"""Areas by what people type or paste: codes, names, both, those of a spreadsheet that lost a zero."""

import pytest

from territories.area_search import find_areas

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]
EXACT = {
    "1004": "commune:01004",
    "9": "department:09",
    "Corse 2A": "department:2A",
    "2a004": "commune:2A004",
    "21 Côte d'Or": "department:21",
    "21 - Côte-d'Or": "department:21",
    "Côte-d'Or (21)": "department:21",
    "département 21": "department:21",
    "Dépt 21": "department:21",
    "région 27": "region:27",
    "EPCI 242100410": "epci:242100410",
    "commune 21054": "commune:21054",
    "Dijon (commune 21231)": "commune:21231",
    "Dijon (21)": "commune:21231",
    "21231 Dijon": "commune:21231",
    "Saint-Denis (93)": "commune:93066",
    "Saint-Apollinaire 21": "commune:21540",
    "Crimolois (21)": "commune:21452",
    "Crimolois": "commune:21452",
    "21213": "commune:21452",
    "Paris 1er": "commune:75056",
    "75101": "commune:75056",
    "Nuits St Georges": "commune:21464",
    "21000 Dijon": "commune:21231",
    "21200 Beaune": "commune:21054",
    "INSEE 21231": "commune:21231",
    "Belfort": "commune:90010",
}


@pytest.mark.parametrize(("text", "expected"), EXACT.items(), ids=EXACT)
def test_a_text_that_means_one_area(text, expected):
    [typed] = find_areas([text])

    assert (typed.is_exact, [str(area.ref) for area in typed.found]) == (True, [expected])


ASKED = {
    "1": {"department:01", "region:01"},
    "27": {"department:27", "region:27"},
    "Saint-Denis": {"commune:11339", "commune:30247", "commune:93066", "commune:97411"},
    "Bourgogne": {"region:27", "commune:51075"},
    "la Réunion": {"region:04", "department:974", "commune:47222"},
    "Saône": {"commune:25532", "department:71"},
    "Grand": {"commune:88212", "region:44"},
    "Indre": {"commune:44074", "department:36"},
    "Paris": {"commune:75056", "department:75"},
    "Loire": {"department:42", "commune:49178"},
    "21200": {"commune:21200", "commune:21054"},  # a commune's code, and the postcode of others
}


@pytest.mark.parametrize(("text", "expected"), ASKED.items(), ids=ASKED)
def test_a_text_that_means_several_is_asked(text, expected):
    [typed] = find_areas([text])

    assert not typed.is_exact or len(typed.found) > 1
    assert expected <= {str(area.ref) for area in typed.found}


@pytest.mark.parametrize("text", ["Dijon (71)", "Beaune 21231", "99999", "xyzzy", "21 231", "EPCI 21"])
def test_a_text_that_means_none(text):
    [typed] = find_areas([text])

    assert not typed.is_exact or not typed.found


@pytest.mark.parametrize("text", ["21800", "code postal 21800", "CP 21800"])
def test_a_postcode_means_its_communes(text):
    [typed] = find_areas([text])

    assert (typed.is_exact, typed.is_postcode) == (True, True)
    assert {"commune:21515", "commune:21171"} <= {str(area.ref) for area in typed.found}


def refs(typed):
    return {str(area.ref) for area in typed.found}


def test_the_codes_of_a_list_tell_of_which_sort_they_are():
    of_communes = find_areas(["21200", "21231", "21054"])
    of_posts = find_areas(["21200", "21000"])
    of_both = find_areas(["21200", "21231", "21000"])

    assert [refs(typed) for typed in of_communes] == [{"commune:21200"}, {"commune:21231"}, {"commune:21054"}]
    assert "commune:21200" not in refs(of_posts[0])
    assert "commune:21054" in refs(of_posts[0])
    assert {"commune:21200", "commune:21054"} <= refs(of_both[0])
    assert refs(of_both[2]) == {"commune:21231"}

import pytest

from territories.areas import AreaRef, Level, MalformedArea

REFERENCES = [
    "commune:21231",
    "commune:2A004",
    "commune:97411",
    "epci:242100410",
    "zone:pays-beaunois",
    "department:2B",
    "department:01",
    "department:972",
    "region:01",
    "region:975",
    "national",
]


@pytest.mark.parametrize("text", REFERENCES)
def test_reference_reads_and_writes_the_same(text):
    assert str(AreaRef.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "commune",
        "commune:",
        "commune:1001",
        "commune:2a004",
        "commune:٢١٢٣١",
        "Commune:21231",
        "pays:x",
        "national:",
        "national:fr",
        "epci:12",
        "zone:Pays Beaunois",
        "department:021",
        "region:x",
        "region: 01",
        "kind:01",
    ],
)
def test_malformed_reference_is_refused_with_its_text(text):
    with pytest.raises(MalformedArea, match="« "):
        AreaRef.parse(text)


def test_levels_go_from_the_most_local_to_the_nation():
    assert [level.kind for level in sorted(Level)] == [
        "commune",
        "epci",
        "zone",
        "department",
        "region",
        "national",
    ]


def test_region_and_department_of_one_number_differ():
    assert AreaRef.parse("region:01") != AreaRef.parse("department:01")

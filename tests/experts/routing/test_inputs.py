"""Validation of a routing query, and the sentence for each mistake."""

import json
from datetime import date

import pytest

from experts.routing.engine import ApplicantFacts
from experts.routing.inputs import InvalidInput, RoutingQuery, read, read_band, read_line

ASKED = {"subjects": ["trouver-candidats"], "commune": "21231"}


def facts(**typed) -> ApplicantFacts:
    return read(ASKED | typed).facts


def test_absent_and_null_are_unknown():
    nothing = dict.fromkeys(["naf", "headcount", "legal_form", "craft", "created_on", "project_holder", "on"])

    assert (
        read(ASKED)
        == read(ASKED | nothing)
        == RoutingQuery(("trouver-candidats",), "21231", ApplicantFacts(), None)
    )


def test_everything_is_read():
    question = read(
        {
            "subjects": ["b", "a", "b"],
            "commune": " 2a004 ",
            "naf": "56.10A",
            "headcount": 12,
            "legal_form": "5499",
            "craft": False,
            "project_holder": True,
            "created_on": "2019-05-01",
            "on": "2026-12-01",
            "unexpected": object(),
        }
    )

    known = ApplicantFacts((12, 12), "5610A", "5499", False, date(2019, 5, 1), True)
    assert question == RoutingQuery(("b", "a"), "2A004", known, date(2026, 12, 1))


@pytest.mark.parametrize(
    ("typed", "band"),
    [(0, (0, 0)), (12, (12, 12)), ([20, 49], (20, 49)), ([5, 5], (5, 5)), ([10000, None], (10000, None))],
)
def test_headcount_is_a_number_or_a_band(typed, band):
    assert facts(headcount=typed).headcount == band


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("12", 12),
        ("0", 0),
        (" 12 ", 12),
        ("\u200b20-49", [20, 49]),
        ("20-49", [20, 49]),
        ("10000-", [10000, None]),
        ("many", "many"),
        ("-5", "-5"),
    ],
)
def test_headcount_of_a_command_line(typed, expected):
    assert read_band(typed) == expected


def test_invisible_characters_go():
    query = read(
        {"subjects": ["trouver\u00ad-candidats\u200b"], "commune": "\ufeff21231", "naf": "43.34Z\u2060"}
    )

    assert (query.subjects, query.commune, query.facts.naf) == (("trouver-candidats",), "21231", "4334Z")


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("subjects", None),
        ("subjects", []),
        ("subjects", "trouver-candidats"),
        ("subjects", [1]),
        ("subjects", [None]),
        ("subjects", {"a": 1}),
        ("commune", None),
        ("commune", ""),
        ("commune", " "),
        ("commune", 21231),
        ("commune", ["21231"]),
        ("naf", 5610),
        ("naf", ""),
        ("naf", "restaurant"),
        ("naf", "5"),
        ("naf", ["56.10A"]),
        ("headcount", True),
        ("headcount", 1.5),
        ("headcount", "12"),
        ("headcount", -1),
        ("headcount", []),
        ("headcount", [20]),
        ("headcount", [49, 20]),
        ("headcount", [20, 49, 99]),
        ("headcount", [None, 20]),
        ("headcount", [20, True]),
        ("headcount", [20, "49"]),
        ("headcount", float("nan")),
        ("headcount", {}),
        ("legal_form", 5499),
        ("legal_form", "SARL"),
        ("legal_form", "54999"),
        ("craft", "yes"),
        ("craft", 1),
        ("craft", []),
        ("project_holder", 0),
        ("created_on", "01/05/2019"),
        ("created_on", "20190501"),
        ("created_on", "2019-W01-1"),
        ("created_on", "2019-02-29"),
        ("created_on", 2019),
        ("created_on", "0000-01-01"),
        ("on", "tomorrow"),
        ("on", "2026-13-01"),
        ("on", ""),
    ],
)
def test_wrong_value_gets_a_sentence_that_names_its_key(key, wrong):
    with pytest.raises(InvalidInput) as error:
        read(ASKED | {key: wrong})

    assert str(error.value).startswith(f"{key} : ")
    assert str(error.value).endswith(".")


def test_every_mistake_is_told():
    with pytest.raises(InvalidInput) as error:
        read({"craft": "maybe", "on": "one day"})

    assert [key for key in ("subjects", "commune", "craft", "on") if f"{key} : " in str(error.value)] == [
        "subjects",
        "commune",
        "craft",
        "on",
    ]


def test_line_is_a_json_object_in_utf8():
    assert read_line(json.dumps(ASKED).encode()) == read(ASKED)


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b"subjects",
        b"[]",
        b'"a"',
        b"null",
        b"12",
        b"\xff\xfe",
        b"{}" * 2,
        b"[" * 100_000,
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
    ids=lambda line: line[:12].decode(errors="replace"),
)
def test_unreadable_line_gets_a_sentence(line):
    with pytest.raises(InvalidInput, match=r"^Cette ligne n'est pas .*[.…}]"):
        read_line(line)

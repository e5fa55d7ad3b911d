"""Responses with arbitrary values: never an error, never an invented fact."""

from copy import deepcopy
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from companies import register_responses
from companies.register_responses import UnreadableResponse

ON = date(2026, 11, 21)
ESTABLISHMENT = {
    "siret": "00010037000014",
    "commune": "2A004",
    "adresse": "1 RUE DU PORT 20000 AJACCIO",
    "etat_administratif": "A",
    "activite_principale": "56.10A",
    "activite_principale_registre_metier": None,
}
RESULT = {
    "siren": "000100370",
    "nom_complet": "A MARINA",
    "etat_administratif": "A",
    "statut_diffusion": "O",
    "activite_principale": "56.10A",
    "nature_juridique": "5499",
    "tranche_effectif_salarie": "53",
    "annee_tranche_effectif_salarie": "2024",
    "date_creation": "2012-04-02",
    "siege": ESTABLISHMENT,
    "matching_etablissements": [ESTABLISHMENT],
}
ODD_VALUES = [None, 3, -1.5, True, [], ["x"], {}, {"a": 1}, "", " ", "x" * 5000, "\x00\ud800", "9999-99-99"]


def read_one(*, establishment=None, **values):
    result = {**deepcopy(RESULT), **values}
    if establishment:
        result["matching_etablissements"] = [{**ESTABLISHMENT, **establishment}]
    [company] = register_responses.parse({"results": [result]}, on=ON)
    return company


@pytest.mark.parametrize("value", ODD_VALUES, ids=repr)
def test_odd_value_of_a_company_never_stops_the_reading(value):
    companies = {
        key: read_one(**{key: value}) for key in RESULT.keys() - {"siege", "matching_etablissements"}
    }

    assert {key for key, company in companies.items() if company.siret != "00010037000014"} == set()
    assert {key for key, company in companies.items() if "\x00" in company.name} == set()
    assert {key for key, company in companies.items() if len(company.name) > 200} == set()


@pytest.mark.parametrize("value", ODD_VALUES, ids=repr)
def test_odd_value_of_an_establishment_never_stops_the_reading(value):
    found = {key: read_one(establishment={key: value}).siret for key in ESTABLISHMENT.keys() - {"siret"}}

    assert found == dict.fromkeys(found, "00010037000014")


@pytest.mark.parametrize("value", [*ODD_VALUES, "123", "0001003700001A"], ids=repr)
def test_establishment_without_readable_siret_is_left_out(value):
    result = {**RESULT, "siege": {"siret": value}, "matching_etablissements": [{"siret": value}, value]}

    assert register_responses.parse({"results": [result]}, on=ON) == []


def test_missing_values_are_unknown_facts():
    company = read_one()
    [bare] = register_responses.parse({"results": [{"siege": {"siret": "00010037000014"}}]}, on=ON)

    assert (company.headcount, company.headcount_year) == ((10000, None), 2024)
    assert (bare.headcount, bare.naf, bare.legal_form, bare.craft, bare.created_on) == (None,) * 5
    assert (bare.name, bare.address, bare.commune_code, bare.is_closed) == ("", "", None, False)


def test_head_office_stands_in_when_no_establishment_matched():
    company = read_one(matching_etablissements=[])

    assert company.siret == "00010037000014"


@pytest.mark.parametrize("band", ["NN", "99", None, 3, "3", "54", "0A", "20-49"])
def test_band_that_says_nothing_is_unknown(band):
    assert read_one(tranche_effectif_salarie=band).headcount is None


@pytest.mark.parametrize(("value", "craft"), [("5610AA", True), (None, None), ("", None), (False, None)])
def test_craft_is_true_or_unknown(value, craft):
    assert read_one(establishment={"activite_principale_registre_metier": value}).craft is craft


def test_activity_is_the_company_s_before_its_establishment_s():
    """The activity of a group's head office may differ from the company's."""
    company = read_one(establishment={"activite_principale": "70.10Z"})

    assert company.naf == "56.10A"


@pytest.mark.parametrize(
    ("company", "establishment", "expected"),
    [
        ({}, {}, (False, False, None)),
        (
            {},
            {"etat_administratif": "F", "date_fermeture": "2025-03-01"},
            (True, False, date(2025, 3, 1)),
        ),
        (
            {"etat_administratif": "C", "date_fermeture": "2024-02-01"},
            {},
            (True, True, date(2024, 2, 1)),
        ),
        ({"etat_administratif": "C"}, {"etat_administratif": "C"}, (True, True, None)),
        ({"date_fermeture": "2024-02-01"}, {}, (False, False, None)),
    ],
    ids=["open", "establishment closed", "company closed", "no date", "date without state"],
)
def test_closed_when_the_establishment_or_the_company_is(company, establishment, expected):
    read = read_one(**company, establishment=establishment)

    assert (read.is_closed, read.is_company_closed, read.closed_on) == expected


@pytest.mark.parametrize(
    ("company", "establishment"),
    [
        ({"nature_juridique": "1000", "statut_diffusion": "P"}, {}),
        ({"nom_complet": "[NON-DIFFUSIBLE]"}, {}),
        ({"nature_juridique": "1000", "statut_diffusion": "P", "nom_complet": "NAME LEFT BY MISTAKE"}, {}),
        ({"nature_juridique": None, "statut_diffusion": "P", "nom_complet": "NAME LEFT BY MISTAKE"}, {}),
        ({"nature_juridique": "1000", "nom_complet": "LEFT [ND]"}, {}),
    ],
)
def test_undisclosed_company_has_no_name(company, establishment):
    read = read_one(**company, establishment=establishment)

    assert (read.is_undisclosed, read.name) == (True, "")


MASKS = [
    "[NON-DIFFUSIBLE]",
    "[ND]",
    "[nd]",
    "[ N.D. ]",
    "[Non diffusible]",
    "[NON_DIFFUSÉ]",
    "(ND)",
    "[ND] [ND]",
    "Non diffusée",
    "Informations non-diffusables",
    "[N/D]",
    "[ＮＤ]",
    "{ND}",
    "[Non communiqué]",
    "[NR]",
    "[N.C.]",
    "[non renseigné]",
    "[NON-DISPONIBLE]",
    "{Anonymisé}",
    "[CONFIDENTIEL]",
    "[Partiellement diffusible]",
    "ND ND",
]


@pytest.mark.parametrize("mask", MASKS)
def test_mask_is_never_shown(mask):
    read = read_one(
        nature_juridique="5710",
        nom_complet=mask,
        nom_raison_sociale=f"TOITS DU SUZON ({mask})",
        establishment={"adresse": f"{mask} 20000 AJACCIO"},
    )

    assert (read.name, read.address, read.is_undisclosed) == ("TOITS DU SUZON", "20000 AJACCIO", True)


@pytest.mark.parametrize(
    "mask", ["[XXX]", "[NULL]", "[DONNEE PROTEGEE]", "[D.N.D.] [D.N.D.]", "[PERSONNE NON DIFFUSIBLE]"]
)
def test_words_all_in_brackets_are_a_mask_whatever_they_are(mask):
    read = read_one(
        nom_complet=mask, nom_raison_sociale=None, establishment={"adresse": f"{mask} 20000 AJACCIO"}
    )

    assert (read.name, read.address, read.is_undisclosed) == ("", "20000 AJACCIO", True)


@pytest.mark.parametrize("mask", ["ND", "nd", "N.D.", "ND ND", "***"])
def test_mask_without_brackets_is_not_shown_as_a_persons_name(mask):
    read = read_one(nature_juridique="1000", nom_complet=mask, nom_raison_sociale=None)

    assert read.name == ""


def test_legal_person_named_like_a_mask_keeps_its_public_name():
    assert read_one(nature_juridique="5710", nom_complet="ND", nom_raison_sociale=None).name == "ND"


@pytest.mark.parametrize("form", ["5710", "5499", "9220"])
def test_legal_person_keeps_its_public_name(form):
    read = read_one(nature_juridique=form, statut_diffusion="P", nom_complet="TOITS DU SUZON")

    assert (read.name, read.is_undisclosed) == ("TOITS DU SUZON", True)


@pytest.mark.parametrize(
    "name",
    [
        "ND CONSEIL",
        "GARAGE NDIAYE",
        "CAFE DE LA DIFFUSION",
        "ATELIER (NORD)",
        "GARAGE [NORD]",
        "AGENCE [NANCY]",
        "[S]CAPE",
        "[NORD] GARAGE",
        "RENOV (NC)",
    ],
)
def test_name_that_resembles_a_mask_is_kept(name):
    assert read_one(nom_complet=name).name == name


def test_same_establishment_is_listed_once():
    assert len(register_responses.parse({"results": [RESULT, RESULT]}, on=ON)) == 1


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({"activite_principale": "45.20A", "activite_principale_naf25": "95.31Y"}, "45.20A"),
        ({"activite_principale": "95.31Y", "activite_principale_naf25": "45.20A"}, "45.20A"),
        ({"activite_principale": "95.31Y"}, "95.31Y"),
        ({"activite_principale": "10.71H", "activite_principale_naf25": "10.71C"}, "10.71C"),
        ({"activite_principale": "56.10A", "activite_principale_naf25": "56.11Y"}, "56.10A"),
        ({"activite_principale": None, "activite_principale_naf25": "95.31Y"}, "95.31Y"),
        ({"activite_principale": 4520, "activite_principale_naf25": ["95.31Y"]}, None),
    ],
)
def test_activity_is_read_in_the_edition_of_criteria_when_there_is_a_choice(given, read):
    given = {"activite_principale": None} | given

    assert read_one(**given, establishment={"activite_principale": None}).naf == read


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=5,
)


@settings(max_examples=100)
@given(
    result=st.fixed_dictionaries({}, optional=dict.fromkeys(RESULT, JSON)),
    establishment=st.fixed_dictionaries({}, optional=dict.fromkeys(ESTABLISHMENT, JSON)),
)
def test_anything_is_read_or_refused(result, establishment):
    register_responses.parse(
        {"results": [{**result, "matching_etablissements": [establishment]}, result]}, on=ON
    )


@given(answer=JSON)
def test_anything_else_is_unreadable(answer):
    with pytest.raises(UnreadableResponse):
        register_responses.parse(answer, on=ON)

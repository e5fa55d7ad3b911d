from datetime import date

import pytest

from companies import legal_forms
from companies.facts import CompanyFacts, Fact, FactSource, source_label
from companies.register_responses import Company

COMPANY = Company(
    siret="00010037000014",
    siren="000100370",
    name="PEINTURES VANNIER SARL",
    commune_code="21317",
    address="12 RUE DES TILLEULS 21120 IS-SUR-TILLE",
    naf="43.34Z",
    legal_form="5499",
    headcount=(6, 9),
    headcount_year=2024,
    craft=None,
    created_on=date(2012, 4, 2),
    is_closed=False,
    is_company_closed=False,
    closed_on=None,
    is_undisclosed=False,
    read_on=date(2026, 11, 20),
)
TODAY = date(2026, 11, 21)


def test_register_s_facts_carry_their_day_and_its_headcount_the_end_of_the_year():
    facts = CompanyFacts.from_register(COMPANY)

    assert facts.headcount == Fact((6, 9), FactSource.REGISTER, date(2024, 12, 31))
    assert facts.naf == Fact("43.34Z", FactSource.REGISTER, date(2026, 11, 20))
    assert facts.craft is None


def test_correction_names_its_author_and_leaves_the_rest():
    facts = CompanyFacts.from_register(COMPANY).corrected(
        {"headcount": (12, 12), "craft": True}, by=FactSource.OWNER, on=TODAY
    )

    assert facts.headcount == Fact((12, 12), FactSource.OWNER, TODAY)
    assert facts.craft == Fact(True, FactSource.OWNER, TODAY)
    assert facts.naf.source is FactSource.REGISTER


def test_unchanged_value_keeps_its_source():
    facts = CompanyFacts.from_register(COMPANY).corrected(
        {"headcount": (6, 9)}, by=FactSource.OWNER, on=TODAY
    )

    assert facts.headcount.source is FactSource.REGISTER


def test_fact_can_be_made_unknown():
    assert (
        CompanyFacts.from_register(COMPANY).corrected({"naf": None}, by=FactSource.STAFF, on=TODAY).naf
        is None
    )


def test_false_and_nobody_are_known_facts():
    facts = CompanyFacts().corrected({"craft": False, "headcount": (0, 0)}, by=FactSource.OWNER, on=TODAY)

    assert (facts.value("craft"), facts.value("headcount")) == (False, (0, 0))


def test_sources_are_stored_beside_the_values():
    facts = CompanyFacts(headcount=Fact((6, 9), FactSource.REGISTER, date(2024, 12, 31)))

    assert facts.sources() == {"headcount": {"source": "register", "on": "2024-12-31"}}


def test_facts_come_back_as_they_were_stored():
    facts = CompanyFacts.from_register(COMPANY).corrected({"craft": False}, by=FactSource.OWNER, on=TODAY)
    values = {name: facts.value(name) for name in facts.sources()}

    assert CompanyFacts.from_stored(values, facts.sources()) == facts


@pytest.mark.parametrize(
    ("name", "source", "sentence"),
    [
        ("headcount", "register", "registre, 2024"),
        ("naf", "register", "registre, lu le 1er décembre 2024"),
        ("naf", "owner", "indiqué par l'entreprise le 1er décembre 2024"),
        ("headcount", "staff", "corrigé par le service le 1er décembre 2024"),
    ],
)
def test_source_is_reported_in_words(name, source, sentence):
    assert source_label(name, source, date(2024, 12, 1)) == sentence


@pytest.mark.parametrize(
    ("code", "label"),
    [
        ("5499", "Société à responsabilité limitée (SARL)"),
        ("5498", "SARL unipersonnelle (EURL)"),
        ("54", "Société à responsabilité limitée (SARL)"),
        ("5799", "Société par actions simplifiée (SAS)"),
        ("0000", ""),
        ("3815", ""),
        ("abcd", ""),
        ("", ""),
    ],
)
def test_legal_form_has_its_label_or_its_family_s(code, label):
    assert legal_forms.label(code) == label

import pytest

from companies.siret import InvalidSiret, clean_siret, display


@pytest.mark.parametrize(
    "typed",
    [
        "00010037000014",
        "000 100 370 00014",
        "000.100.370.00014",
        "000\u00a0100\u202f370\u00a000014\n",
        "SIRET : 000 100 370 00014",
        "n° SIRET 00010037000014",
        "000-100-370-00014",
    ],
)
def test_siret_is_read_as_people_type_it(typed):
    assert clean_siret(typed) == "00010037000014"


@pytest.mark.parametrize("siret", ["35600000000048", "35600000049837"], ids=["head office", "post office"])
def test_la_poste_follows_its_own_rule(siret):
    assert clean_siret(siret) == siret


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "14 chiffres"),
        ("   ", "14 chiffres"),
        ("000100370", "SIREN"),
        ("123456789", "vous en avez indiqué 9"),
        ("FR12 000100370", "TVA"),
        ("0001003700001", "vous en avez indiqué 13"),
        ("000100370000145", "vous en avez indiqué 15"),
        ("00010037000015", "contient une erreur"),
        ("OOO1OO37OOOO14", "que des chiffres"),
        ("٠٠٠١٠٠٣٧٠٠٠٠١٤", "que des chiffres"),
        ("²0010037000014", "que des chiffres"),
    ],
)
def test_wrong_siret_is_refused_with_what_to_do(typed, sentence):
    with pytest.raises(InvalidSiret, match=sentence):
        clean_siret(typed)


def test_siret_is_shown_in_groups():
    assert display("00010037000014") == "000 100 370 00014"

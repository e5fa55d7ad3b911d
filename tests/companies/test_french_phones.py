import pytest

from companies.french_phones import InvalidPhone, clean_phone, e164


@pytest.mark.parametrize(
    ("typed", "number", "link"),
    [
        ("0612345678", "06 12 34 56 78", "+33612345678"),
        ("07.12.34.56.78", "07 12 34 56 78", "+33712345678"),
        ("+33 (0)6 12 34 56 78", "06 12 34 56 78", "+33612345678"),
        ("0033 3 53 01 00 01", "03 53 01 00 01", "+33353010001"),
        ("06\u00a012\u202f34-56/78", "06 12 34 56 78", "+33612345678"),
        ("0590 12 34 56", "05 90 12 34 56", "+590590123456"),
        ("+590 690 12 34 56", "06 90 12 34 56", "+590690123456"),
        ("0594 12 34 56", "05 94 12 34 56", "+594594123456"),
        ("0596 12 34 56", "05 96 12 34 56", "+596596123456"),
        ("0262 12 34 56", "02 62 12 34 56", "+262262123456"),
        ("0269 12 34 56", "02 69 12 34 56", "+262269123456"),
        ("0508 41 12 34", "05 08 41 12 34", "+508411234"),
        ("+508 41 12 34", "05 08 41 12 34", "+508411234"),
        ("+687 26 12 34", "+687 26 12 34", "+687261234"),
        ("00681 72 12 34", "+681 72 12 34", "+681721234"),
        ("+689 40 12 34 56", "+689 40 12 34 56", "+68940123456"),
        ("0800 12 34 56", "08 00 12 34 56", "+33800123456"),
    ],
)
def test_phone_of_any_territory_is_written_and_dialled(typed, number, link):
    assert clean_phone(typed) == number
    assert clean_phone(number) == number
    assert e164(number) == link


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Indiquez un numéro de téléphone"),
        ("06 12 34 56 7", "à 10 chiffres"),
        ("06 12 34 56 789", "à 10 chiffres"),
        ("0000000000", "à 10 chiffres"),
        ("appelez-moi", "à 10 chiffres"),
        ("٠٦١٢٣٤٥٦٧٨", "à 10 chiffres"),
        ("3949", "à 10 chiffres"),
        ("+32 2 123 45 67", "numéro français"),
        ("0899 12 34 56", "surtaxé"),
        ("26 12 34", "indicatif"),
        ("40 12 34 56", "indicatif"),
    ],
)
def test_wrong_phone_is_refused_with_what_to_do(typed, words):
    with pytest.raises(InvalidPhone, match=words):
        clean_phone(typed)

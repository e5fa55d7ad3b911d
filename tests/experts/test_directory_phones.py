"""French phone numbers, overseas included."""

import pytest

from experts.directory_phones import InvalidPhone, clean_phone


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("03 53 01 00 01", "03 53 01 00 01"),
        ("0353010001", "03 53 01 00 01"),
        ("03.53.01.00.01", "03 53 01 00 01"),
        ("+33 (0)3 53 01 00 01", "03 53 01 00 01"),
        ("0033 3 53 01 00 01", "03 53 01 00 01"),
        ("+590 590 20 12 34", "05 90 20 12 34"),
        ("+262 692 12 34 56", "06 92 12 34 56"),
        ("0596 20 12 34", "05 96 20 12 34"),
        ("+508 41 12 34", "05 08 41 12 34"),
        ("+687 25 12 34", "+687 25 12 34"),
        ("3949", "3949"),
    ],
)
def test_number_is_written_two_figures_at_a_time(typed, written):
    assert clean_phone(typed) == written


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "12345",
        "00 00 00 00 00",
        "03 53 01 00",
        "03 53 01 00 011",
        "+1 202 555 0100",
        "poste 12",
        "٠٣٥٣٠١٠٠٠١",
    ],
)
def test_other_numbers_are_refused(typed):
    with pytest.raises(InvalidPhone):
        clean_phone(typed)

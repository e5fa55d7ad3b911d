"""Lost zeros, dates and NAF codes that a spreadsheet changed are put back, and said."""

from datetime import date, datetime

import pytest

from directory.sheets import habits
from experts import list_files

DAYS = {
    "31/12/2026": date(2026, 12, 31),
    "1/2/27": date(2027, 2, 1),
    "2026-12-31": date(2026, 12, 31),
    "2026-12-31 00:00:00": date(2026, 12, 31),
    "31.12.2026": date(2026, 12, 31),
    "1er janvier 2027": date(2027, 1, 1),
    "5 août 2027": date(2027, 8, 5),
    "12 févr. 2027": date(2027, 2, 12),
    "30/02/2027": None,
    "demain": None,
    "12": None,
    "janvier 2027": None,
}


@pytest.mark.parametrize(("text", "expected"), DAYS.items(), ids=DAYS)
def test_days_are_read_as_french_people_write_them(text, expected):
    assert habits.read_day(None, text)[0] == expected


@pytest.mark.parametrize("value", ["46387", "46387,0", "46387.0"])
def test_a_number_in_a_column_of_dates_is_a_day_and_is_reported(value):
    day, sentence = habits.read_day(None, value)

    assert day == date(2026, 12, 31)
    assert "31/12/2026" in sentence


@pytest.mark.parametrize("value", [date(2026, 12, 31), datetime(2026, 12, 31, 0, 0)])  # noqa: DTZ001
def test_a_date_of_a_workbook_needs_no_word(value):
    assert habits.read_day(value, habits.plain_text(value)) == (date(2026, 12, 31), "")


NAF = {
    "a day": (datetime(2026, 1, 1), "01/01/2026", "01.1"),  # noqa: DTZ001
    "another day": (datetime(2026, 5, 10), "10/05/2026", "10.5"),  # noqa: DTZ001
    "a day of November": (date(2026, 11, 1), "01/11/2026", "01.11"),
    "the name of a day": (None, "01-janv", "01.1"),
    "a day saved as text": (None, "01/11/2026", "01.11"),
    "a number": (None, "1.1", "01.1"),
    "a number with a comma": (None, "1,1", "01.1"),
    "one digit": (None, "1", "01"),
}


@pytest.mark.parametrize(("value", "text", "expected"), NAF.values(), ids=NAF)
def test_a_naf_code_taken_for_something_else_is_put_back_and_reported(value, text, expected):
    prefix, sentence = habits.repaired_naf(value, text)

    assert prefix == expected
    assert expected in sentence


@pytest.mark.parametrize("text", ["43", "10.5", "56.10A", "812"])
def test_a_plain_naf_code_stays(text):
    assert habits.repaired_naf(None, text) == (text, "")


ZEROS = {
    "phone": (habits.repaired_phone, "380000001", "0380000001"),
    "phone with spaces": (habits.repaired_phone, "3 80 00 00 01", "0380000001"),
    "siret": (habits.repaired_siret, "5580002300048", "05580002300048"),
    "commune": (habits.repaired_area, "1004", "01004"),
    "département": (habits.repaired_area, "1", "01"),
}


@pytest.mark.parametrize(("repair", "text", "expected"), ZEROS.values(), ids=ZEROS)
def test_lost_zeros_are_put_back_and_reported(repair, text, expected):
    repaired, sentence = repair(text)

    assert repaired == expected
    assert expected in sentence


WHOLE = {
    "short phone": (habits.repaired_phone, "3949"),
    "commune": (habits.repaired_area, "21231"),
    "corsican commune": (habits.repaired_area, "2A004"),
    "epci": (habits.repaired_area, "242100410"),
    "siret": (habits.repaired_siret, "13000548100010"),
}


@pytest.mark.parametrize(("repair", "text"), WHOLE.values(), ids=WHOLE)
def test_whole_codes_stay(repair, text):
    assert repair(text) == (text, "")


@pytest.mark.parametrize("text", ["=1+1", "+33 3", "-2", "@a", " =1", "\t=1"])
def test_a_formula_is_inert_when_written_and_itself_when_read(text):
    assert list_files.inert(text).startswith("'")
    assert habits.without_stray_spaces(list_files.inert(text)) == " ".join(text.split())


def test_values_are_read_as_people_see_them():
    values = [None, True, 12.0, 1.5, date(2026, 1, 2), "x"]
    assert [habits.plain_text(value) for value in values] == ["", "oui", "12", "1.5", "02/01/2026", "x"]


def test_lists_are_split_at_semicolons_and_ends_of_lines():
    assert habits.split_list("a ; b\nc;;  d e ") == ["a", "b", "c", "d e"]

"""Repairs of what spreadsheets do to cells: lost zeros, dates as numbers, NAF codes read as dates. Pure.

Each function returns the text to read, and a sentence when it repaired something people must be told.
"""

import re
from datetime import date, datetime, timedelta

from directory.sheets.tables import CellValue
from mailing.text_cleaning import clean_text

FORMULA_SIGNS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\t", "\r", "\n")
FIRST_DAY = date(1899, 12, 30)  # of the numbers under which workbooks keep dates
SERIAL = re.compile(r"[2-7][0-9]{4}(?:[.,]0+)?")  # from 1954 to 2119
SCIENTIFIC = re.compile(r"[0-9][.,]?[0-9]*E\+?[0-9]{1,2}", re.IGNORECASE)
NUMERIC_DAY = re.compile(r"([0-9]{1,2})[/.\- ]([0-9]{1,2})[/.\- ]([0-9]{4}|[0-9]{2})(?: 0?0:00(?::00)?)?")
ISO_DAY = re.compile(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})(?:[T ]00:00(?::00)?)?")
WORDED_DAY = re.compile(
    r"([0-9]{1,2})(?:er)?[ \-]([a-zéûî]{3,9})\.?(?:[ \-]([0-9]{4}|[0-9]{2}))?", re.IGNORECASE
)
MONTHS = ("jan", "fev", "mar", "avr", "mai", "juin", "juil", "aou", "sep", "oct", "nov", "dec")
ACCENTS = str.maketrans("éûî", "eui")
ERRORS = ("#REF!", "#N/A", "#VALUE!", "#VALEUR!", "#NAME?", "#NOM?", "#DIV/0!", "#NUM!", "#NOMBRE!", "#NULL!")
DASHES = {"-", "–", "—", "−"}


def plain_text(value: CellValue) -> str:
    """The cell as people see it: a whole number without decimals, a date as in French."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    return str(value)


def without_stray_spaces(text: str) -> str:
    """The text on one line, with single spaces, without the apostrophe that makes a formula inert."""
    text = " ".join(text.replace("\xa0", " ").replace("\u202f", " ").split())
    if text.startswith("'") and text[1:].lstrip(" ").startswith(FORMULA_SIGNS):
        return text[1:].lstrip(" ")
    return text


def inert(text: str) -> str:
    """The text, which no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip(" \xa0").startswith(FORMULA_SIGNS) else text


def repaired_phone(text: str) -> tuple[str, str]:
    """Put back the zero of « 380000001 », or the sign of « 33380000001 »."""
    digits = re.sub(r"[\s.\-]", "", text)
    if re.fullmatch(r"[1-9][0-9]{8}", digits):
        return f"0{digits}", f"zéro remis : 0{digits}."
    if re.fullmatch(r"(?:33|590|594|596|262)[1-9][0-9]{8}", digits):
        return f"+{digits}", ""
    return text, ""


def repaired_siret(text: str) -> tuple[str, str]:
    """Put back the zeros that a SIRET begins with."""
    digits = re.sub(r"[\s.]", "", text)
    if re.fullmatch(r"[0-9]{10,13}", digits):
        return digits.zfill(14), f"zéro remis : {digits.zfill(14)}."
    return text, ""


def repaired_area(text: str) -> tuple[str, str]:
    """Put back the zero of a commune (« 1004 ») or of a département (« 1 »)."""
    if re.fullmatch(r"[1-9]|[1-9][0-9]{3}", text):
        return f"0{text}", f"zéro remis : 0{text}."
    return text, ""


def repaired_naf(value: CellValue, text: str) -> tuple[str, str]:
    """Turn back into a NAF prefix a day (« 01.1 » became 1 janvier) or a number (1.1)."""
    day = value if isinstance(value, date) else _day_and_month(text)
    if day is not None:
        prefix = f"{day.day:02}.{day.month}"
        return prefix, f"« {prefix} », que le tableur avait pris pour une date."
    if re.fullmatch(r"[0-9](?:[.,][0-9]{1,2})?", text):
        prefix = f"0{text.replace(',', '.')}"
        return prefix, f"zéro remis : {prefix}."
    return text, ""


def _day_and_month(text: str) -> date | None:
    """The day of « 01-janv » or « 01/11/2026 »; a year that does not exist is no matter."""
    worded = WORDED_DAY.fullmatch(text)
    if worded and (month := _month(worded[2])):
        return _date(2000, month, int(worded[1]))
    full = re.fullmatch(r"([0-9]{1,2})/([0-9]{1,2})/[0-9]{2,4}", text)
    return _date(2000, int(full[2]), int(full[1])) if full else None


def read_day(value: CellValue, text: str) -> tuple[date | None, str]:
    """The date of a cell, as French people write it or as a number; ``None`` when it is no date."""
    if isinstance(value, datetime):
        return value.date(), ""
    if isinstance(value, date):
        return value, ""
    if SERIAL.fullmatch(text):
        day = FIRST_DAY + timedelta(days=int(text[:5]))
        return day, f"« {text} » est lu comme la date du {day:%d/%m/%Y}."
    return _written_day(text), ""


def _written_day(text: str) -> date | None:
    """The day of « 31/12/2026 », « 2026-12-31 » or « 1er janvier 2027 »."""
    if numeric := NUMERIC_DAY.fullmatch(text):
        return _date(_year(numeric[3]), int(numeric[2]), int(numeric[1]))
    if iso := ISO_DAY.fullmatch(text):
        return _date(int(iso[1]), int(iso[2]), int(iso[3]))
    worded = WORDED_DAY.fullmatch(text)
    if worded and worded[3] and (month := _month(worded[2])):
        return _date(_year(worded[3]), month, int(worded[1]))
    return None


def _year(digits: str) -> int:
    return int(digits) + (2000 if len(digits) == 2 else 0)


def _month(name: str) -> int:
    """Number of a month by the beginning of its name; 0 for anything else."""
    plain = name.lower().translate(ACCENTS)
    return next((number for number, start in enumerate(MONTHS, start=1) if plain.startswith(start)), 0)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def split_list(text: str) -> list[str]:
    """The items of a cell, separated by semicolons or line ends."""
    parts = (without_stray_spaces(part) for part in re.split(r"[;\n\r|]", clean_text(text)))
    return [part for part in parts if part]

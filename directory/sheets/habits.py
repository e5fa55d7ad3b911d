"""Repairs of what spreadsheets do to cells: lost zeros, dates as numbers, NAF codes read as dates. Pure.

Each function returns the text to read, and a sentence when it repaired something people must be told.
"""

import re
from datetime import date, datetime, timedelta

from companies import naf
from directory.sheets.tables import CellValue
from experts.list_files import FORMULA_SIGNS
from mailing.text_cleaning import clean_text

FIRST_DAY = date(1899, 12, 30)  # of the numbers under which workbooks keep dates
SERIAL = re.compile(r"[2-7][0-9]{4}(?:[.,]0+)?")  # from 1954 to 2119
WEEKDAY = re.compile(r"(?:lun|mar|mercre|jeu|vendre|same)di,? |dimanche,? ", re.IGNORECASE)
DECIMALS = re.compile(r"([0-9]+)[.,]0{1,2}")
SCIENTIFIC = re.compile(r"[0-9][.,]?[0-9]*E\+?[0-9]{1,2}", re.IGNORECASE)
HOUR = r"(?:[T ][0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)?"
NUMERIC_DAY = re.compile(r"([0-9]{1,2})[/.\- ]([0-9]{1,2})[/.\- ]([0-9]{4}|[0-9]{2})" + HOUR)
ISO_DAY = re.compile(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})" + HOUR)
WORDED_DAY = re.compile(
    r"([0-9]{1,2})(?:er)?[ \-]([a-zéûî]{3,9})\.?(?:[ \-]([0-9]{4}|[0-9]{2}))?", re.IGNORECASE
)
MONTH_AND_YEAR = re.compile(r"([a-zéûî]{3,9})\.?[ \-](?:[0-9]{2})?([0-9]{2})", re.IGNORECASE)
# Days that a spreadsheet makes of « 01.1 »: it adds the year when it was typed.
TYPED_YEARS = range(2013, 2030)
NO_YEAR = 2000
MONTHS = ("jan", "fev", "mar", "avr", "mai", "juin", "juil", "aou", "sep", "oct", "nov", "dec")
ACCENTS = str.maketrans("éûî", "eui")
ERROR = re.compile(r"#(?:[A-ZÀ-Ü]{2,15}[!?]|N/[AD]|DIV/0 ?!|#+)|Err ?: ?[0-9]{3}")  # in French and English
DASHES = {"-", "\u2010", "\u2011", "–", "—", "−"}


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


def without_decimals(text: str) -> str:
    """The digits of a code or count to which a column of numbers has added « ,0 »."""
    found = DECIMALS.fullmatch(text.replace(" ", ""))
    return found[1] if found else text


def repaired_phone(text: str) -> tuple[str, str]:
    """Put back the zero of « 380000001 », or the sign of « 33380000001 »."""
    digits = re.sub(r"[\s.\-]", "", text)
    if re.fullmatch(r"[1-9][0-9]{8}", digits):
        return f"0{digits}", f"zéro remis : 0{digits}."
    if re.fullmatch(r"(?:33|590|594|596|262)[1-9][0-9]{8}", digits):
        return f"+{digits}", ""
    return text, ""


def repaired_siret(text: str) -> tuple[str, str]:
    """Put back the zeros that a SIRET begins with."""
    digits = re.sub(r"[\s.]", "", text)
    if re.fullmatch(r"[0-9]{10,13}", digits):
        return digits.zfill(14), f"zéro remis : {digits.zfill(14)}."
    return text, ""


def repaired_area(text: str) -> tuple[str, str]:
    """Put back the zero of a commune (« 1004 ») or of a département (« 1 »)."""
    if re.fullmatch(r"[1-9]|[1-9][0-9]{3}", text):
        return f"0{text}", f"zéro remis : 0{text}."
    return text, ""


def repaired_naf(value: CellValue, text: str) -> tuple[str, str]:
    """Turn a day (« 01.1 » became 1 janvier), a month (« 01.50 ») or a number back into a NAF prefix."""
    prefix, other = _prefix_of_day(value, text)
    if prefix:
        sentence = f"« {prefix} », que le tableur avait pris pour une date."
        return (
            prefix,
            f"{sentence[:-1]} ; si c'était « {other} », écrivez « {other} »." if other else sentence,
        )
    if re.fullmatch(r"[0-9](?:[.,][0-9]{1,2})?", text):
        prefix = f"0{text.replace(',', '.')}"
        return prefix, f"zéro remis : {prefix}."
    return text, ""


def _prefix_of_day(value: CellValue, text: str) -> tuple[str, str]:
    """The NAF prefix that a spreadsheet took for a day, and the other one that it may have been."""
    day = value if isinstance(value, date) else _day_and_month(text)
    if day is None:
        return _prefix_of_month(text), ""
    prefix = f"{day.day:02}.{day.month}"
    of_month = f"{day.month:02}.{day.year % 100:02}"  # « 01.50 » became the first of January 1950
    if day.day > 1 or not naf.label(of_month):
        return prefix, ""
    return (prefix, of_month) if day.year in TYPED_YEARS else (of_month, "")


def _prefix_of_month(text: str) -> str:
    """The NAF prefix of « janv-50 »; empty for anything else."""
    found = MONTH_AND_YEAR.fullmatch(text)
    month = _month(found[1]) if found else 0
    return f"{month:02}.{found[2]}" if found and month else ""


def _day_and_month(text: str) -> date | None:
    """The day of « 01-janv », in a year that is none, or of « 01/11/2026 »."""
    worded = WORDED_DAY.fullmatch(text)
    if worded and (month := _month(worded[2])):
        return _date(_year(worded[3]) if worded[3] else NO_YEAR, month, int(worded[1]))
    full = re.fullmatch(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4}|[0-9]{2})", text)
    return _date(_year(full[3]), int(full[2]), int(full[1])) if full else None


def read_day(value: CellValue, text: str) -> tuple[date | None, str]:
    """The date of a cell, as French people write it or as a number; ``None`` when it is no date."""
    if isinstance(value, datetime):
        return value.date(), ""
    if isinstance(value, date):
        return value, ""
    if SERIAL.fullmatch(text):
        day = FIRST_DAY + timedelta(days=int(text[:5]))
        return day, f"« {text} » est lu comme la date du {day:%d/%m/%Y}."
    return _written_day(text), ""


def _written_day(text: str) -> date | None:
    """The day of « 31/12/2026 », « 2026-12-31 » or « vendredi 1er janvier 2027 »."""
    text = WEEKDAY.sub("", text, count=1) if WEEKDAY.match(text) else text
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

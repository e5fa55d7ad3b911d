"""Files of the directory's spreadsheet: the data, how to fill it in, lists to choose from."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO, Any

import xlsxwriter

from directory.sheets.columns import COLUMNS, DATA_SHEET, HELP_SHEET, LISTS_SHEET, CellKind, Column, Owner
from directory.sheets.known_names import NamedArea
from directory.sheets.sheet_lines import CRAFT_LABELS, SheetLine
from experts.models import Institution, Subject
from territories.areas import AreaRef
from territories.models import Area, Commune, Department, Epci, Region

BOM = "\ufeff"  # without it a French Excel does not read UTF-8
LAST_ROW = 5_000  # of the lists to choose from
DATE_FORMAT = "[$-40C]dd/mm/yyyy"  # French wherever it is opened: elsewhere, LibreOffice swaps day and month
BLUE, PALE, GREEN = "#000091", "#ececfe", "#e3fdeb"
RULES = (
    "Une ligne par référent. Le nom de l'antenne se répète sur chacune de ses lignes.",
    "Une colonne absente ou une case vide ne changent rien. Un tiret « - » vide la case.",
    "Les colonnes peuvent être dans un autre ordre, et vous pouvez en retirer.",
    "Rien n'est écrit à l'envoi : vous voyez d'abord ce qui serait créé, changé ou fermé.",
    "Ce qui n'est plus dans le fichier n'est pas fermé, sauf si vous dites de quoi le fichier est le tout.",
    "Une personne qui répond dans deux antennes a deux lignes, avec la même adresse.",
)


@dataclass(frozen=True, slots=True)
class ChoiceLists:
    """Values that a cell may be chosen from: institutions, subjects, and the areas of a region."""

    institutions: list[str]
    subjects: list[str]
    areas: list[str]

    @classmethod
    def load(cls, region: str | None) -> "ChoiceLists":
        """Load the lists of a region; without one, regions and départements alone."""
        subjects = Subject.objects.listed().order_by("theme__position", "position", "pk")
        return cls(
            institutions=list(
                Institution.objects.listed()
                .exclude(notified=Institution.Notified.NEVER)
                .order_by("name")
                .values_list("name", flat=True)
            ),
            subjects=["tous", *subjects.values_list("label", flat=True)],
            areas=[str(area) for area in _choices_of(region)],
        )


def _choices_of(region: str | None) -> Iterable[NamedArea]:
    regions = Region.objects.order_by("name")
    departments = Department.objects.order_by("name")
    epci = Epci.objects.none()
    if region is not None:
        regions, departments = regions.filter(code=region), departments.filter(region=region)
        inside = Commune.objects.current().filter(department__region=region)
        epci = Epci.objects.filter(siren__in=inside.values("epci")).order_by("name")
    tables = (("region", regions), ("department", departments), ("epci", epci))
    for kind, rows in tables:
        for row in rows:
            yield NamedArea(AreaRef(kind, row.pk), row.name)
    for zone in Area.objects.of_kind("zone").filter(dropped_at=None).order_by("name"):
        yield NamedArea(zone.ref, zone.name)


def write_csv(file: IO[str], lines: Iterable[SheetLine]) -> None:
    """Write a file that a French Excel opens well; ``file`` is open with ``newline=""``."""
    file.write(BOM)
    writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
    writer.writerow([column.heading for column in COLUMNS])
    for line in lines:
        writer.writerow([f"{cell:%d/%m/%Y}" if isinstance(cell, date) else cell for cell in line])


def write_workbook(file: IO[bytes] | Path, lines: Iterable[SheetLine], lists: ChoiceLists) -> None:
    """Write the three sheets; one row is held in memory."""
    book = xlsxwriter.Workbook(file, {"constant_memory": True})
    data = book.add_worksheet(DATA_SHEET)
    _write_data(book, data, lines)
    _write_help(book, book.add_worksheet(HELP_SHEET))
    ranges = _write_lists(book, book.add_worksheet(LISTS_SHEET), lists)
    for position, column in enumerate(COLUMNS):
        _offer_choices(data, position, column, ranges)
    book.close()


def _write_data(book: Any, sheet: Any, lines: Iterable[SheetLine]) -> None:
    text, dated = book.add_format({"num_format": "@"}), book.add_format({"num_format": DATE_FORMAT})
    for position, column in enumerate(COLUMNS):
        is_dated, is_number = column.kind in {CellKind.DAY, CellKind.DAYS}, column.kind is CellKind.NUMBER
        sheet.set_column(position, position, column.width, dated if is_dated else None if is_number else text)
    _write_headings(book, sheet)
    for number, line in enumerate(lines, start=1):
        for position, cell in enumerate(line):
            if isinstance(cell, date):
                sheet.write_datetime(number, position, cell, dated)
            elif isinstance(cell, int):
                sheet.write_number(number, position, cell)
            elif cell:
                sheet.write_string(number, position, cell, text)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, LAST_ROW, len(COLUMNS) - 1)


def _write_headings(book: Any, sheet: Any) -> None:
    """The first row, in two colours: the office's columns and the expert's."""
    common = {"bold": True, "font_color": BLUE, "text_wrap": True, "valign": "top", "border": 1}
    formats = {
        Owner.OFFICE: book.add_format({**common, "bg_color": PALE}),
        Owner.EXPERT: book.add_format({**common, "bg_color": GREEN}),
    }
    sheet.set_row(0, 45)
    for position, column in enumerate(COLUMNS):
        sheet.write_string(0, position, column.heading, formats[column.owner])


def _write_help(book: Any, sheet: Any) -> None:
    bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 32, wrapped)
    sheet.set_column(1, 1, 100, wrapped)
    sheet.set_column(2, 2, 24, wrapped)
    sheet.write_string(0, 0, "Remplir l'annuaire", bold)
    row = 1
    for rule in RULES:
        sheet.write_string(row, 1, rule)
        row += 1
    for position, title in enumerate(("Colonne", "Ce qu'il faut écrire", "Obligatoire")):
        sheet.write_string(row + 1, position, title, bold)
    for number, column in enumerate(COLUMNS, start=row + 2):
        sheet.write_string(number, 0, column.heading)
        sheet.write_string(number, 1, column.explanation)
        sheet.write_string(number, 2, _obligation(column))


def _obligation(column: Column) -> str:
    if column.key in {"office.institution", "office.name", "office.phone", "office.email", "office.areas"}:
        return "pour une nouvelle antenne"
    return "pour un nouveau référent" if column.key in {"expert.name", "expert.email"} else ""


def _write_lists(book: Any, sheet: Any, lists: ChoiceLists) -> dict[str, str]:
    """Write each list in a column; return the ranges that cells choose from, by list."""
    bold = book.add_format({"bold": True})
    columns = {
        "Institutions": lists.institutions,
        "Sujets": lists.subjects,
        "Territoires": lists.areas,
        "Artisanat": ["toutes les entreprises", *CRAFT_LABELS.values()],
        "Oui ou non": ["oui", "non"],
    }
    sheet.set_column(0, len(columns) - 1, 60)
    for position, title in enumerate(columns):
        sheet.write_string(0, position, title, bold)
    for number in range(max(map(len, columns.values()))):
        for position, values in enumerate(columns.values()):
            if number < len(values):
                sheet.write_string(number + 1, position, values[number])
    letters = dict(zip(columns, "ABCDE", strict=True))
    return {
        title: f"={LISTS_SHEET}!${letters[title]}$2:${letters[title]}${len(values) + 1}"
        for title, values in columns.items()
        if values
    }


CHOICES: dict[CellKind, str] = {
    CellKind.INSTITUTION: "Institutions",
    CellKind.SKILLS: "Sujets",
    CellKind.SUBJECTS: "Sujets",
    CellKind.AREAS: "Territoires",
    CellKind.CRAFT: "Artisanat",
    CellKind.CHOICE: "Oui ou non",
}


def _offer_choices(sheet: Any, position: int, column: Column, ranges: dict[str, str]) -> None:
    """Offer a list to choose from; where several values are possible, others may be typed."""
    title = CHOICES.get(column.kind, "")
    if title not in ranges:
        return
    sheet.data_validation(
        1, position, LAST_ROW, position,
        {
            "validate": "list",
            "source": ranges[title],
            "ignore_blank": True,
            "show_error": False,
            "input_title": column.heading[:32],
            "input_message": column.explanation[:255],
        },
    )  # fmt: skip

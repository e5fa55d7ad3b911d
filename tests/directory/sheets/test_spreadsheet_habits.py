"""Habits of spreadsheets in each format where they occur: how cells are read, and what is said."""

import io
import zipfile
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from directory.sheets import known_names
from directory.sheets.cell_values import CellReader, KnownNames
from directory.sheets.opening import open_sheets
from directory.sheets.row_reading import RowReader
from territories.areas import AreaRef
from tests.directory.sheets.workbooks import archive, csv, saved, typed_ods, xlsx

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

HOUR = datetime(2026, 12, 31, 8, 30)  # noqa: DTZ001 (as workbooks keep days)
YEAR = "office.closed_on", date(2026, 12, 31)
# Heading, cell of a workbook, what a French Excel writes of it in CSV, column, value, words of a remark.
# ``None`` for a cell that this format does not have.
CELLS = {
    "phone without zero": ("Tél.", 380000001, "380000001", "expert.phone", "03 80 00 00 01", "zéro remis"),
    "phone, decimals": ("Tél.", 380000001.0, "380000001,00", "expert.phone", "03 80 00 00 01", "zéro remis"),
    "phone, lost plus": ("Tél.", 33380000001, "33380000001", "expert.phone", "03 80 00 00 01", ""),
    "phone, hard spaces": ("Tél.", "03\xa080\u202f00\u200900 01", None, "expert.phone", "03 80 00 00 01", ""),
    "siret as number": ("SIRET", 13000548100010, "13000548100010", "office.siret", "13000548100010", ""),
    "siret, decimals": ("SIRET", None, "13000548100010,00", "office.siret", "13000548100010", ""),
    "siret, spaces": ("SIRET", "130 005 481 00010", None, "office.siret", "13000548100010", ""),
    "commune": ("Territoires", 1004, "1004", "office.areas", {AreaRef("commune", "01004")}, "zéro remis"),
    "commune, decimals": ("Territoires", 1004.0, "1004,0", "office.areas", {AreaRef("commune", "01004")}, ""),
    "département": ("Territoires", 5, "5", "office.areas", {AreaRef("department", "05")}, "zéro remis"),
    "a code that is a postcode too": (
        "Territoires", 21200, "21200", "office.areas", {AreaRef("commune", "21200")}, "code postal de Beaune",
    ),
    "curly apostrophe": ("Territoires", "Côte-d’Or", None, "office.areas", {AreaRef("department", "21")}, ""),
    "line ends in a list": (
        "Territoires", "Beaune\nDole", None, "office.areas",
        {AreaRef("commune", "21054"), AreaRef("commune", "39198")}, "",
    ),
    "line end in a text": ("Fonction", "Chargée\nde mission", None, "expert.job", "Chargée de mission", ""),
    "stray spaces": ("Fonction", " Chargée  de\xa0mission", None, "expert.job", "Chargée de mission", "trop"),
    "invisible characters": ("Fonction", "\ufeffChar\u00adgée\u200b", None, "expert.job", "Chargée", ""),
    "invisible characters of an address": ("Mail", "a\u200b@b.fr\u2060", None, "expert.email", "a@b.fr", ""),
    "a hidden hyphen": ("Mail", "a@ex\u00ademple.fr", None, "expert.email", "a@exemple.fr", ""),
    "accents apart from their letters": ("Fonction", "Charge\u0301e", None, "expert.job", "Chargée", ""),
    "apostrophe of a text": ("Fonction", "'+ 5 ans", None, "expert.job", "+ 5 ans", ""),
    "count, decimals": ("Effectif max", 49.0, "49,00", "office.headcount_max", 49, ""),
    "count, thousands": ("Effectif max", None, "1\u202f000,0", "office.headcount_max", 1000, ""),
    "day": ("Fermeture", date(2026, 12, 31), "31/12/2026", *YEAR, ""),
    "day and hour": ("Fermeture", HOUR, "31/12/2026 08:30", *YEAR, ""),
    "day as number": ("Fermeture", 46387, "46387", *YEAR, "lu comme la date"),
    "day, two digits": ("Fermeture", None, "31/12/26", *YEAR, ""),
    "day, short month": ("Fermeture", None, "31-déc-26", *YEAR, ""),
    "day, long": ("Fermeture", "jeudi 31 décembre 2026", None, *YEAR, ""),
    "naf read as a day": (
        "NAF", datetime(2026, 1, 1), "01/01/2026", "office.naf", ["011"], "si c'était « 01.26 »",  # noqa: DTZ001
    ),
    "naf read as a day, short": ("NAF", None, "01-janv", "office.naf", ["011"], "« 01.1 », que le tableur"),
    "naf read as a month": (
        "NAF", datetime(1950, 1, 1), "01/01/1950", "office.naf", ["0150"], "« 01.50 », que le tableur",  # noqa: DTZ001
    ),
    "naf read as a month, short": ("NAF", None, "janv-50", "office.naf", ["0150"], "« 01.50 »"),
    "naf as number": ("NAF", 1.1, "1,1", "office.naf", ["011"], "zéro remis"),
    "naf, decimals": ("NAF", 43.2, "43,2", "office.naf", ["432"], ""),
    "naf, a list": ("NAF", "43 ; 56.10A", None, "office.naf", ["43", "5610A"], ""),
    "legal form, decimals": ("Formes juridiques", 54.0, "54,0", "office.legal_forms", ["54"], ""),
    "true": ("Porteurs de projet", True, "VRAI", "office.project_holders", True, ""),
    "false": ("Porteurs de projet", False, "FAUX", "office.project_holders", False, ""),
    "false in English": ("Porteurs de projet", "FALSE", None, "office.project_holders", False, ""),
    "one": ("Porteurs de projet", 1.0, "1,0", "office.project_holders", True, ""),
    "a cross": ("Porteurs de projet", "X", None, "office.project_holders", True, ""),
    "a tick": ("Porteurs de projet", "✔️", None, "office.project_holders", True, ""),
    "an empty box": ("Porteurs de projet", "☐", None, "office.project_holders", False, ""),
    "a link of an address": ("Mail", "mailto:A@b.fr", None, "expert.email", "A@b.fr", ""),
    "a dash that breaks no line": ("Fonction", "\u2011", None, "expert.job", "", ""),
    "another name for a column": ("Courriel", "a@b.fr", None, "expert.email", "a@b.fr", ""),
    "a heading with a curly apostrophe": ("Nom de l’antenne", "Beaune", None, "office.name", "Beaune", ""),
    "a heading with a star": ("Nom de l'antenne *", "Beaune", None, "office.name", "Beaune", ""),
}  # fmt: skip
# What no reader can put back is refused, with its place.
REFUSED = {
    "digits lost": ("SIRET", "1,30005E+13", "format Texte"),
    "one code or two": ("NAF", "43,21", "« 43.21 » pour un code"),
    "an unknown name": ("Effectif max", "#NOM?", "donne une erreur"),
    "a missing value": ("Effectif max", "#N/A", "donne une erreur"),
    "a division": ("Effectif max", "#DIV/0!", "donne une erreur"),
    "a spill": ("Effectif max", "#PROPAGATION!", "donne une erreur"),
    "a null range": ("Effectif max", "#NUL!", "donne une erreur"),
    "an error of LibreOffice": ("Effectif max", "Err:502", "donne une erreur"),
    "a narrow column": ("Fermeture", "########", "donne une erreur"),
    "a postcode": ("Territoires", "21000", "est le code postal de Dijon"),
    "a postcode of several": ("Territoires", "21800", "est le code postal de Chevigny-Saint-Sauveur, "),
    "a région by half its name": ("Territoires", "Bourgogne", "région 27"),
    "a commune that begins a région": ("Territoires", "Grand", "« Grand Est (région 44) »"),
    "a commune that begins a département": ("Territoires", "Saône", "« Saône-et-Loire (département 71) »"),
    "a commune and a département": ("Territoires", "Vienne", "« Vienne (commune 38544) »"),
    "a dash of an address": ("Mail", "a@ex\u2011emple.fr", "est un tiret"),
    "a Cyrillic letter of an address": ("Mail", "\u0430@exemple.fr", "cyrillique"),
    "a day that is none": ("Fermeture", "31/02/2026", "n'est pas une date"),
}
FORMATS = ("xlsx", "ods", "csv")


class Reader:
    """Reader of files whose lines are about the same office and person; the names are loaded once."""

    def __init__(self):
        names = (known_names.institutions(), known_names.subjects(), known_names.AreaNames())
        self.names = KnownNames(*names)

    def read(self, content):
        """The values of each row, the errors and the remarks."""
        reader = RowReader(CellReader(self.names))
        rows = [row.values for row in reader.read(open_sheets(content, "f.csv"))]
        remarks = [*reader.remarks, *map(str, reader.cells.remarks)]
        return rows, [str(problem) for problem in reader.all_problems()], " ".join(remarks)


def file(extension, *rows):
    if extension == "csv":
        quoted = [[f'"{cell}"' if "\n" in cell else cell for cell in row] for row in rows]
        return csv(*quoted)
    return xlsx(list(rows)) if extension == "xlsx" else typed_ods(*rows)


def of_format(extension, cell, in_csv):
    """The cell of a file of this format; ``None`` when it has none."""
    if extension == "csv":
        return in_csv if in_csv is not None else cell
    return cell


@pytest.mark.parametrize("extension", FORMATS)
def test_each_habit_of_cells_is_read_as_people_mean_it(extension):
    reader, found, expected = Reader(), {}, {}

    for name, (heading, cell, in_csv, key, value, sentence) in CELLS.items():
        written = of_format(extension, cell, in_csv)
        if written is None:
            continue
        others = (
            [["Code", "C-1"], ["Fermée le", None]] if heading in {"Mail", "Courriel"} else [["Code", "C-1"]]
        )
        headings = [*(title for title, _ in others), heading]
        line = [*(other if other is not None or extension != "csv" else "" for _, other in others), written]
        rows, problems, remarks = reader.read(file(extension, headings, line))
        found[name] = (rows[0].get(key), problems, sentence in remarks)
        expected[name] = (value, [], True)

    assert found == expected


@pytest.mark.parametrize("extension", FORMATS)
def test_what_a_spreadsheet_lost_is_refused_by_its_place(extension):
    reader, found = Reader(), {}

    for name, (heading, cell, sentence) in REFUSED.items():
        _, problems, _ = reader.read(file(extension, ["Code", heading], ["C-1", cell]))
        found[name] = [
            sentence in problem and f'line 2, column "{heading}"' in problem for problem in problems
        ]

    assert found == {name: [True] for name in REFUSED}


def test_days_of_a_workbook_that_counts_from_1904_are_the_same():
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    book.active.append(["Code", "Fermeture"])
    book.active.append(["C-1", date(2026, 12, 31)])

    rows, _, _ = Reader().read(saved(book))

    assert rows[0]["office.closed_on"] == date(2026, 12, 31)


def hidden_xlsx():
    book = openpyxl.Workbook()
    for row in (["Code", "Fonction", "Mail"], ["C-1", "Une", "a@b.fr"], ["C-1", "Deux", "c@d.fr"]):
        book.active.append(row)
    book.active.row_dimensions[3].hidden = True
    book.active.column_dimensions["B"].hidden = True
    book.active.freeze_panes = "A2"
    book.active.auto_filter.ref = "A1:C3"
    book.create_sheet("Notes")
    book.active.sheet_state = "hidden"
    book.active = 1
    return saved(book)


HIDDEN = {
    "xlsx": hidden_xlsx,
    "ods": lambda: typed_ods(
        ["Code", "Fonction", "Mail"], ["C-1", "Une", "a@b.fr"], ["C-1", "Deux", "c@d.fr"],
        hidden_row=3, hidden_column=2, is_hidden=True,
    ),
}  # fmt: skip


@pytest.mark.parametrize("make", HIDDEN.values(), ids=HIDDEN)
def test_what_is_hidden_is_read_and_reported(make):
    rows, _, remarks = Reader().read(make())

    assert [row["expert.job"] for row in rows] == ["Une", "Deux"]
    for remark in (
        "elle est masquée",
        "1 ligne masquée lue(s) aussi : 3.",
        "1 colonne masquée lue(s) aussi : 2.",
    ):
        assert remark in remarks


def test_a_note_of_an_opendocument_is_no_part_of_its_cell():
    note = "<office:annotation><text:p>à vérifier</text:p></office:annotation>"
    content = typed_ods(["Code", "Fonction"], ["C-1", "Conseil"])
    with_note = replaced(content, b"<text:p>Conseil", f"{note}<text:p>Conseil".encode())

    rows, _, _ = Reader().read(with_note)

    assert rows[0]["expert.job"] == "Conseil"


def replaced(content, before, after):
    """The same archive with other bytes in its parts."""
    with zipfile.ZipFile(io.BytesIO(content)) as read:
        return archive({name: read.read(name).replace(before, after) for name in read.namelist()})


def test_errors_of_an_old_workbook_are_not_read_as_empty_cells():
    content = (Path(__file__).parent / "errors.xls").read_bytes()

    rows = {row.line: [str(value) for value in row.cells] for row in open_sheets(content, "f.xls")[0].rows}

    assert (rows[2][3], rows[3][3:5]) == ("#N/A", ["#DIV/0!", "#VALUE!"])

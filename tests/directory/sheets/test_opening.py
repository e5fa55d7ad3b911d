"""Files are recognised by their content; those that cannot be read get one sentence."""

from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from directory.sheets.opening import open_sheets
from directory.sheets.tables import MAX_BYTES, NO_RESULT, READ_COLUMNS, UnreadableSheet
from tests.directory.sheets import workbooks
from tests.directory.sheets.workbooks import HEADINGS, archive, csv, saved, with_parts, xlsx

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
BOMB = archive({"xl/workbook.xml": b"", "xl/worksheets/sheet1.xml": bytes(210 * 1024 * 1024)})
GOOD = xlsx([HEADINGS, ["PE", "Dijon", "a@b.fr", 380000001]])
ODS = b"application/vnd.oasis.opendocument.spreadsheet"

BAD = {
    "empty": (b"", "vide"),
    "only spaces": (b" \r\n ", "vide"),
    "over 20 MB": (b"a;b\n" * (MAX_BYTES // 4 + 1), "20 Mo"),
    "a zip bomb": (BOMB, "déplie"),
    "a bomb of strings": (with_parts(GOOD, {"xl/sharedStrings.xml": bytes(50 * 1024 * 1024)}), "déplie"),
    "many parts": (archive({f"xl/{n}.xml": b"" for n in range(3000)}), "déplie"),
    "a password": (OLE + "EncryptedPackage".encode("utf-16-le"), "mot de passe"),
    "a password of OpenDocument": (
        archive({"mimetype": ODS, "META-INF/manifest.xml": b"<manifest:encryption-data>"}),
        "mot de passe",
    ),
    "macros": (with_parts(GOOD, {"xl/vbaProject.bin": b"x"}), "macros"),
    "macros of OpenDocument": (archive({"mimetype": ODS, "Basic/Standard/script-lb.xml": b"x"}), "macros"),
    "macros of an old workbook": (OLE + "_VBA_PROJECT".encode("utf-16-le"), "macros"),
    "an image inside": (with_parts(GOOD, {"xl/media/image1.png": b"x"}), "image"),
    "an image": (b"\x89PNG\r\n\x1a\n", "image"),
    "a photograph": (b"\xff\xd8\xff\xe0", "image"),
    "a PDF renamed": (b"%PDF-1.7\n", "PDF"),
    "a web page": (b"<!DOCTYPE html><table>", "page web"),
    "a document": (archive({"word/document.xml": b"x"}), "document"),
    "an archive": (archive({"annuaire.csv": b"x"}), "archive"),
    "a compressed file": (b"\x1f\x8b\x08\x00", "archive"),
    "another file of Microsoft": (OLE, "pas un tableur"),
    "a binary workbook": (archive({"xl/workbook.bin": b"x"}), ".xlsb"),
    "a table of Numbers": (archive({"Index/Document.iwa": b"x"}), ".numbers"),
    "a row of twenty million cells": (b";" * (MAX_BYTES - 10), "ligne 1"),
    "an OpenDocument with spaces by the billion": (
        workbooks.ods('<text:p>a<text:s text:c="2000000000"/></text:p>'),
        "mémoire",
    ),
    "an OpenDocument with cells far away": (
        workbooks.ods("<text:p>a</text:p>", far_rows=1_040_000, tables=40),
        "mémoire",
    ),
    "an OpenDocument repeated for ever": (
        workbooks.ods("<text:p>a</text:p>", repeated=2_000_000_000),
        "50 000 lignes",
    ),
    "an OpenDocument with a word for a number": (
        workbooks.ods("<text:p>a</text:p>", repeated="abc"),
        "abîmé",
    ),
    "half a workbook": (GOOD[: len(GOOD) // 2], "abîmé"),
    "a workbook without sheet": (with_parts(GOOD, {"xl/workbook.xml": b"<x"}), "abîmé"),
    "entities": (
        with_parts(GOOD, {"xl/worksheets/sheet1.xml": b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'}),
        "abîmé",
    ),
    "half an OpenDocument": (archive({"mimetype": ODS, "content.xml": b"<x"}), "abîmé"),
    "an old workbook in name only": (OLE + "Workbook".encode("utf-16-le"), "abîmé"),
    "binary": (b"a;b\n\x00\x01\x02;c\n", "pas un tableur"),
    "neither UTF-8 nor Windows-1252": (b"nom;\x81\x8d", "CSV UTF-8"),
}


@pytest.mark.parametrize(("content", "sentence"), BAD.values(), ids=BAD)
def test_a_file_that_is_no_spreadsheet_gets_one_sentence(content, sentence):
    with pytest.raises(UnreadableSheet, match=sentence) as error:
        rows_of(content)

    assert str(error.value).count(". ") == 0


LOCKED = sorted((Path(__file__).parent / "locked").iterdir())  # as these programs write them


@pytest.mark.parametrize("path", LOCKED, ids=lambda path: path.name)
def test_a_file_that_a_program_locked_gets_the_sentence_of_passwords(path):
    with pytest.raises(UnreadableSheet, match="mot de passe"):
        rows_of(path.read_bytes())


def test_a_million_rows_are_not_read():
    content = workbooks.many_rows(50_002)

    with pytest.raises(UnreadableSheet, match="50 000 lignes"):
        rows_of(content)


def test_sheets_that_end_far_down_are_read_no_further():
    content = workbooks.far_cells(sheets=50, line=240_000)

    with pytest.raises(UnreadableSheet, match="mémoire"):
        rows_of(content)


def test_a_quote_left_open_says_its_line():
    with pytest.raises(UnreadableSheet, match="ligne 2"):
        rows_of(b'nom;courriel\n"' + b"x" * 200_000)


ONE_ROW = {
    "semicolons": csv(HEADINGS, ["PE", "Besançon", "a@b.fr", "03"]),
    "commas": csv(HEADINGS, ["PE", "Besançon", "a@b.fr", "03"], separator=","),
    "tabs in UTF-16": csv(HEADINGS, ["PE", "Besançon", "a@b.fr", "03"], separator="\t", encoding="utf-16"),
    "UTF-16 without mark": csv(HEADINGS, ["PE", "Besançon", "a@b.fr", "03"], encoding="utf-16-le"),
    "UTF-16 the other way": csv(HEADINGS, ["PE", "Besançon", "a@b.fr", "03"], encoding="utf-16-be"),
    "Windows-1252": csv(HEADINGS, ["PE", "Besançon", "a@b.fr", "03"], encoding="cp1252"),
    "Macintosh": csv(HEADINGS, ["PE", "Besançon", "a@b.fr", "03"], encoding="mac_roman"),
    "UTF-8 without mark": csv(HEADINGS, ["PE", "Besançon", "a@b.fr", "03"], encoding="utf-8"),
    "old Macintosh ends of lines": csv(HEADINGS, ["PE", "Besançon", "a@b.fr", "03"], line_end="\r"),
    "parts with names of other folders": with_parts(
        xlsx([HEADINGS, ["PE", "Besançon", "a@b.fr", "03"]]), {"../../etc/passwd": b"x"}
    ),
    "workbook": xlsx([HEADINGS, ["PE", "Besançon", "a@b.fr", "03"]]),
}


@pytest.mark.parametrize("content", ONE_ROW.values(), ids=ONE_ROW)
def test_formats_give_the_same_rows(content):
    assert rows_of(content) == [(1, tuple(HEADINGS)), (2, ("PE", "Besançon", "a@b.fr", "03"))]


@pytest.mark.parametrize(
    ("text", "encoding"), [("Chargée", "mac_roman"), ("Chargée", "cp1252"), ("Žižka, Ñuñoa", "cp1252")]
)
def test_letters_that_two_encodings_have_are_those_of_french(text, encoding):
    assert rows_of(f"nom\n{text};x\n".encode(encoding)) == [(1, ("nom",)), (2, (text, "x"))]


def test_a_declared_separator_counts_as_a_line():
    assert rows_of(b"sep=|\r\na|b\r\nc|d\r\n") == [(2, ("a", "b")), (3, ("c", "d"))]


def test_a_cell_of_several_lines_keeps_the_number_of_the_next_one():
    assert [line for line, _ in rows_of(b'a;b\n"c\nd";e\nf;g\n')] == [1, 2, 4]


def test_merged_cells_are_repeated_and_hidden_rows_read():
    (sheet,) = open_sheets(workbooks.merged_and_hidden(), "annuaire.xlsx")

    rows = list(sheet.rows)

    assert rows[2].cells[1:3] == ("Dijon", "c@d.fr")
    assert rows[2].cells[3] == datetime(2027, 1, 1)  # noqa: DTZ001 (as workbooks keep days)
    assert "masquée" in sheet.remarks[0]
    assert "fusionnées" in sheet.remarks[1]


def test_a_formula_gives_its_result_or_says_that_it_has_none():
    computed = b'<row r="2"><c r="A2"><f>1+1</f><v>2</v></c><c r="B2"><f>1+1</f></c></row>'
    part = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    content = with_parts(GOOD, {"xl/worksheets/sheet1.xml": part + computed + b"</sheetData></worksheet>"})

    assert rows_of(content)[-1] == (2, (2, NO_RESULT))


def test_an_empty_result_counts_as_none_unless_it_is_a_text():
    never = b'<row r="2"><c r="A2"><v>1</v></c><c r="B2"><f>1+1</f><v/></c><c r="C2"><f>A1</f><v></v></c>'
    empty = b'<c r="D2" t="str"><f>""</f><v></v></c><c r="E2"><v>5</v></c></row>'
    part = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    content = with_parts(
        GOOD, {"xl/worksheets/sheet1.xml": part + never + empty + b"</sheetData></worksheet>"}
    )

    line, (first, second, third, text, last) = rows_of(content)[-1]

    assert (line, first, second, third, last) == (2, 1, NO_RESULT, NO_RESULT, 5)
    assert not text


def test_a_formula_that_nothing_computed_is_refused_and_not_ignored():
    book = openpyxl.Workbook()
    book.active.append(["Mail", "Fonction"])
    book.active.append(["a@example.org", '="a"&"b"'])

    assert rows_of(saved(book))[-1] == (2, ("a@example.org", NO_RESULT))


def test_a_cell_at_the_bottom_of_the_sheet_is_read():
    """Excel and LibreOffice keep what was typed there by mistake."""
    book = openpyxl.Workbook()
    book.active.append(HEADINGS)
    book.active.cell(200_000, 30).value = "x"

    found = [
        rows_of(workbooks.saved(book)),
        rows_of(workbooks.ods("<text:p>x</text:p>", far_rows=199_999)),
    ]

    assert [rows[-1][0] for rows in found] == [200_000, 200_001]


def test_columns_beyond_the_two_hundredth_are_cut():
    (row,) = rows_of(csv(["Mail", *[f"c{number}" for number in range(16_383)]]))

    assert len(row[1]) == READ_COLUMNS


def test_every_sheet_of_a_workbook_is_opened():
    sheets = open_sheets(xlsx([["a"]], [["b"]]), "annuaire.xlsx")

    assert [sheet.name for sheet in sheets] == ["Annuaire", "Feuille 2"]


def rows_of(content):
    """The rows of the first sheet that are not blank."""
    sheet = open_sheets(content, "annuaire")[0]
    return [(row.line, row.cells) for row in sheet.rows if not row.is_blank]

"""Spreadsheet files made for the tests, good and bad."""

import io
import zipfile
from datetime import date, datetime
from html import escape

import openpyxl
import xlsxwriter

HEADINGS = ["Institution", "Nom de l'antenne", "Courriel du référent", "Téléphone du référent"]


def xlsx(*sheets, names=("Annuaire", "Feuille 2", "Feuille 3")) -> bytes:
    """A workbook of these sheets, each a list of rows."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in zip(names, sheets, strict=False):
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    return saved(book)


def saved(book) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def csv(*rows, separator=";", encoding="utf-8-sig", line_end="\r\n") -> bytes:
    """A CSV file of these rows; only the cells that hold a separator are quoted."""
    written = ([f'"{cell}"' if separator in cell else cell for cell in row] for row in rows)
    return line_end.join(map(separator.join, written)).encode(encoding)


def archive(parts: dict[str, bytes]) -> bytes:
    """A ZIP file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as written:
        for name, content in parts.items():
            written.writestr(name, content)
    return file.getvalue()


def with_parts(content: bytes, parts: dict[str, bytes]) -> bytes:
    """The same archive with other parts added, or put in place of its own."""
    with zipfile.ZipFile(io.BytesIO(content)) as read:
        return archive({name: read.read(name) for name in read.namelist()} | parts)


def many_rows(count: int) -> bytes:
    """A workbook of this many short rows."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"constant_memory": True, "in_memory": False})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEADINGS)
    for number in range(1, count):
        sheet.write_number(number, 0, number)
    book.close()
    return file.getvalue()


def far_cells(*, sheets: int, line: int) -> bytes:
    """A workbook whose sheets each have headings, and a cell far below."""
    row = '<row r="{0}"><c r="{1}{0}" t="inlineStr"><is><t>Mail</t></is></c></row>'
    rows = row.format(1, "A") + row.format(line, "GR")
    part = f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'.encode()
    book = openpyxl.Workbook()
    for _ in range(sheets - 1):
        book.create_sheet()
    return with_parts(saved(book), {f"xl/worksheets/sheet{n + 1}.xml": part for n in range(sheets)})


def headings_on_two_lines(*rows) -> bytes:
    """A workbook with a title, groups of headings merged above theirs, these rows, and a sheet of notes."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Antennes\u202e"
    sheet.append(["Annuaire de la région"])
    sheet.append(["Institution", "Antenne", None, None, None, "Référent", None, None, "Absence", None])
    sheet.append([None, "Nom", "Téléphone", "Courriel", "Territoires", "Nom", "Mail", "Tél.", "Du", "Au"])
    for merged in ("A2:A3", "B2:E2", "F2:H2", "I2:J2"):
        sheet.merge_cells(merged)
    for row in rows:
        sheet.append(row)
    book.create_sheet("À faire").append(["appeler la mission locale"])
    return saved(book)


def merged_and_hidden() -> bytes:
    """A workbook with a name merged over two rows, one of which is hidden."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Annuaire"
    for row in (HEADINGS, ["PE", "Dijon", "a@b.fr", None], [None, None, "c@d.fr", date(2027, 1, 1)]):
        sheet.append(row)
    sheet.merge_cells("B2:B3")
    sheet.row_dimensions[3].hidden = True
    return saved(book)


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
ODS_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
ODS_NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "style", "table", "text")
)
CALC = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"
ODS_MANIFEST = (
    '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"><m:file-entry m:full-path="/" '
    f'm:media-type="{ODS_TYPE}"/></m:manifest>'
)


def ods(content: str, *, repeated: object = 1, far_rows: int = 0, tables: int = 1) -> bytes:
    """An OpenDocument workbook with this content in a cell, again after so many empty rows."""
    cell = (
        f'<table:table-cell office:value-type="string" table:number-columns-repeated="{repeated}">{content}'
    )
    row = f"<table:table-row>{cell}</table:table-cell></table:table-row>"
    empty = f'<table:table-row table:number-rows-repeated="{far_rows}"><table:table-cell/></table:table-row>'
    rows = row + (empty + row) * (far_rows > 0)
    table = "".join(f'<table:table table:name="F{n}">{rows}</table:table>' for n in range(tables))
    body = f"<office:body><office:spreadsheet>{table}</office:spreadsheet></office:body>"
    xml = f"<office:document-content {ODS_NAMES}>{body}</office:document-content>"
    parts = {"mimetype": ODS_TYPE, "META-INF/manifest.xml": ODS_MANIFEST, "content.xml": xml}
    return archive({name: part.encode() for name, part in parts.items()})


def _ods_cell(value) -> str:
    """A cell as LibreOffice writes it."""
    if value is None:
        return "<table:table-cell/>"
    kinds = {bool: "boolean", int: "float", float: "float", date: "date", datetime: "date"}
    kind = kinds.get(type(value), "string")
    written = value.isoformat() if kind == "date" else str(value).lower() if kind == "boolean" else value
    name = kind if kind in {"date", "boolean"} else ""
    typed = "" if kind == "string" else f' office:{f"{name}-value" if name else "value"}="{written}"'
    is_error = kind == "string" and value.startswith(("#", "Err:"))
    formula = ' table:formula="of:=NA()" office:string-value="" calcext:value-type="error"' * is_error
    lines = "".join(f"<text:p>{escape(line)}</text:p>" for line in str(value).split("\n"))
    return f'<table:table-cell office:value-type="{kind}"{typed}{formula}>{lines}</table:table-cell>'


def typed_ods(*rows, name="Annuaire", hidden_row=0, hidden_column=0, is_hidden=False) -> bytes:
    """An OpenDocument workbook of these values; a row, a column or the sheet is hidden."""
    hide = ' table:visibility="collapse"'
    columns = "".join(
        f"<table:table-column{hide * (number == hidden_column)}/>"
        for number, _ in enumerate(rows[0], start=1)
    )
    lines = "".join(
        f"<table:table-row{hide * (number == hidden_row)}>{''.join(map(_ods_cell, row))}</table:table-row>"
        for number, row in enumerate(rows, start=1)
    )
    style = (
        '<style:style style:name="ta1" style:family="table">'
        f'<style:table-properties table:display="{str(not is_hidden).lower()}"/></style:style>'
    )
    table = f'<table:table table:name="{name}" table:style-name="ta1">{columns}{lines}</table:table>'
    body = f"<office:body><office:spreadsheet>{table}</office:spreadsheet></office:body>"
    xml = (
        f'<office:document-content {ODS_NAMES} xmlns:calcext="{CALC}">'
        f"<office:automatic-styles>{style}</office:automatic-styles>{body}</office:document-content>"
    )
    parts = {"mimetype": ODS_TYPE, "META-INF/manifest.xml": ODS_MANIFEST, "content.xml": xml}
    return archive({name: part.encode() for name, part in parts.items()})

"""Opening of a spreadsheet file: its sheets, whatever the format."""

from pathlib import Path

from directory.sheets.calamine_reading import read_ods, read_xls
from directory.sheets.csv_reading import read_csv
from directory.sheets.file_kinds import FileKind, recognise
from directory.sheets.tables import MAX_BYTES, Sheet, UnreadableSheet
from experts.entries import CONTROLS


def read_bytes(path: Path) -> bytes:
    """The content of a file, or enough of it to know that it is too big. Raises ``UnreadableSheet``."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UnreadableSheet(f"Le fichier {path.name} ne peut pas être ouvert.") from error


def open_sheets(content: bytes, name: str) -> list[Sheet]:
    """The sheets of a file; the rows are read later, one by one. Raises ``UnreadableSheet``."""
    kind = recognise(content)
    readers = {FileKind.XLSX: _read_xlsx, FileKind.ODS: read_ods, FileKind.XLS: read_xls}
    sheets = read_csv(content, name) if kind is FileKind.CSV else readers[kind](content)
    for sheet in sheets:
        sheet.name = CONTROLS.sub("", sheet.name)  # pages and mails show it
    return sheets


def _read_xlsx(content: bytes) -> list[Sheet]:
    from directory.sheets import xlsx_reading  # noqa: PLC0415 (openpyxl: a tenth of any process's start)

    return xlsx_reading.read_xlsx(content)

"""Reading of CSV files: semicolons, commas or tabs, in UTF-8, UTF-16, Windows-1252 or that of a Mac."""

import codecs
import csv
import io
import re
from collections.abc import Iterator

from directory.sheets.tables import MAX_ROWS, READ_COLUMNS, TOO_MANY_ROWS, Sheet, SheetRow, UnreadableSheet

SEPARATOR_LINE = re.compile(r'\A"?sep=(.)"?\r?\n', re.IGNORECASE)  # as Excel writes it
SEPARATORS = ";,\t"
QUOTED = re.compile(r'"[^"]*"')
MAX_LINE_LENGTH = 1_000_000  # characters; its cells would fill the memory
MAX_CONTROLS = 2  # typed by accident, at the start of a text: their cells are refused by name
FRENCH = "àâäæçéèêëîïôöœùûüÿÀÂÄÆÇÉÈÊËÎÏÔÖŒÙÛÜŸ«»“”‘’–—…°€²³§•\xa0\u202f"
BINARY = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def read_csv(content: bytes, name: str) -> list[Sheet]:
    """The only sheet of a CSV file, named like the file. Raises ``UnreadableSheet``, now or while reading."""
    text = _decode(content)
    if len(BINARY.findall(text[:2000])) > MAX_CONTROLS:
        raise UnreadableSheet("Ce fichier n'est pas un tableur : envoyez un fichier .xlsx, .ods ou .csv.")
    first_line = 1
    if declared := SEPARATOR_LINE.match(text):
        separator, first_line = declared[1], 2
        text = text[declared.end() :]
    else:
        separator = _separator(text)
    return [Sheet(name, _rows(text, separator, first_line))]


def _decode(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    for parity, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        half = content[parity:400:2]
        if half.count(0) > len(half) // 2:  # Latin letters on two bytes, without a mark
            return content.decode(encoding, errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError as error:
        if _is_french(of_mac := content.decode("mac_roman")):
            return of_mac
        raise UnreadableSheet(
            "Ce fichier n'est ni en UTF-8 ni en Windows-1252 : enregistrez-le en « CSV UTF-8 »."
        ) from error
    # « ChargŽe »: Excel writes so on a Mac, in « CSV (Macintosh) ».
    return of_mac if not _is_french(text) and _is_french(of_mac := content.decode("mac_roman")) else text


def _is_french(text: str) -> bool:
    """Return whether all the letters and marks are those of French."""
    return all(letter.isascii() or letter in FRENCH for letter in set(text))


def _separator(text: str) -> str:
    """The separator that the first lines have most of, outside quotes."""
    lines = QUOTED.sub("", "\n".join(text.split("\n", 20)[:20]))
    return max(SEPARATORS, key=lambda separator: (lines.count(separator), -SEPARATORS.index(separator)))


def _rows(text: str, separator: str, first_line: int) -> Iterator[SheetRow]:
    """The records, each with the number of its first line."""
    reader = csv.reader(_short_lines(text, first_line), delimiter=separator)
    line, count = first_line, 0
    try:
        for cells in reader:
            if any(cells):
                row = SheetRow(line, tuple(cells[:READ_COLUMNS]))
                count += not row.is_blank
                if count > MAX_ROWS:
                    raise UnreadableSheet(TOO_MANY_ROWS)
                yield row
            line = first_line + reader.line_num
    except csv.Error as error:
        raise UnreadableSheet(
            f"Le fichier ne peut plus être lu à partir de la ligne {line} : un guillemet y manque, ou une "
            "cellule y est trop longue."
        ) from error


def _short_lines(text: str, first_line: int) -> Iterator[str]:
    """The lines of a text. Raises ``UnreadableSheet`` for one that is too long."""
    for number, line in enumerate(io.StringIO(text, newline=""), start=first_line):
        if len(line) > MAX_LINE_LENGTH:
            raise UnreadableSheet(f"La ligne {number} est trop longue : ce fichier n'est pas un tableau.")
        yield line

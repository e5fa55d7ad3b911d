"""Cells of an old Excel workbook that hold an error: calamine gives them as empty.

Sources: Microsoft's [MS-CFB] (the file's sectors) and [MS-XLS] (records of a workbook).
"""

import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator

SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
LAST_SECTOR = 0xFFFFFFFA  # the greatest number of a sector; those above are marks
TEXTS = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}
FORMULA, END, BOUND_SHEET, BOOL_OR_ERROR = 0x06, 0x0A, 0x85, 0x205
Errors = dict[int, dict[int, str]]  # by line, then column, both from 1


def error_cells(content: bytes) -> dict[str, Errors]:
    """The errors of each sheet, by its name; none when the file's structure is another."""
    if not content.startswith(SIGNATURE):
        return {}
    try:
        book = _CompoundFile(content).workbook()
        return {name: _errors(book, start) for name, start in _sheets(book)}
    except (struct.error, IndexError):
        return {}


class _CompoundFile:
    """Sectors of a file, chained into streams; the small streams are inside that of the root."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.size, self.small_size = (1 << shift for shift in struct.unpack_from("<2H", content, 30))
        more, _, *tables = struct.unpack_from("<2I109I", content, 68)
        for _ in range(len(content) // self.size):
            if more <= LAST_SECTOR:
                *others, more = _numbers(self._sector(more))
                tables += others
        self.following = _numbers(b"".join(self._sector(each) for each in tables if each <= LAST_SECTOR))

    def workbook(self) -> bytes:
        """The stream of the workbook; empty when there is none."""
        [directory] = struct.unpack_from("<I", self.content, 48)
        entries = self._stream(directory)
        for start in range(128, len(entries), 128):
            name = entries[start : start + 64].decode("utf-16-le", "replace").partition("\0")[0]
            if name in {"Workbook", "Book"}:
                first, length = struct.unpack_from("<2I", entries, start + 116)
                [root] = struct.unpack_from("<I", entries, 116)
                return self._stored(first, length, root)[:length]
        return b""

    def _stored(self, first: int, length: int, root: int) -> bytes:
        cutoff, following = struct.unpack_from("<2I", self.content, 56)
        if length >= cutoff:
            return self._stream(first)
        inside, size = self._stream(root), self.small_size
        numbers = _chain(first, _numbers(self._stream(following)))
        return b"".join(inside[number * size : (number + 1) * size] for number in numbers)

    def _stream(self, first: int) -> bytes:
        return b"".join(map(self._sector, _chain(first, self.following)))

    def _sector(self, number: int) -> bytes:
        return self.content[(number + 1) * self.size : (number + 2) * self.size]


def _numbers(sectors: bytes) -> list[int]:
    return list(struct.unpack(f"<{len(sectors) // 4}I", sectors))


def _chain(first: int, following: list[int]) -> Iterator[int]:
    """The numbers of a stream's sectors; a chain that never ends is cut."""
    for _ in following:
        if first > LAST_SECTOR:
            return
        yield first
        first = following[first]


def _records(book: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    """The records from a place to the next end."""
    kind = 0
    while kind != END and start + 4 <= len(book):
        kind, length = struct.unpack_from("<2H", book, start)
        yield kind, book[start + 4 : start + 4 + length]
        start += 4 + length


def _sheets(book: bytes) -> Iterable[tuple[str, int]]:
    for kind, content in _records(book, 0):
        if kind == BOUND_SHEET:
            [start], is_wide = struct.unpack_from("<I", content), content[7] & 1
            name = content[8 : 8 + content[6] * (1 + is_wide)]
            yield name.decode("utf-16-le" if is_wide else "latin-1"), start


def _errors(book: bytes, start: int) -> Errors:
    found: Errors = defaultdict(dict)
    for kind, content in _records(book, start):
        if kind == FORMULA and content[12:14] == b"\xff\xff" and content[6] == 2:
            code = content[8]
        elif kind == BOOL_OR_ERROR and content[7]:
            code = content[6]
        else:
            continue
        line, column = struct.unpack_from("<2H", content)
        found[line + 1][column + 1] = TEXTS.get(code, "#ERREUR")
    return found

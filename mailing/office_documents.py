"""Kind of an office document, told by the parts of its archive; macros and foreign objects are refused."""

import html
import io
import re
import zipfile
from collections.abc import Iterable

MAX_ENTRIES = 3000
MAX_UNPACKED_BYTES = 200_000_000
MAX_RATIO = 200  # of a whole archive, unpacked: a text document reaches 30
MAX_PART_BYTES = 1_000_000
MAX_READ_BYTES = 30_000_000  # unpacked and read of a file, with the documents that it contains
MAX_DEPTH = 2  # a presentation holds a text, which holds the table of a chart
TYPES = "[content_types].xml"  # the names of parts have no capitals that count
MANIFEST = "meta-inf/manifest.xml"
OFFICE = "application/vnd.openxmlformats-officedocument."
MAIN_PARTS = {
    "word/document.xml": (f"{OFFICE}wordprocessingml.document", ".docx"),
    "xl/workbook.xml": (f"{OFFICE}spreadsheetml.sheet", ".xlsx"),
    "ppt/presentation.xml": (f"{OFFICE}presentationml.presentation", ".pptx"),
}
OPEN_DOCUMENTS = {
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/vnd.oasis.opendocument.presentation": ".odp",
}
# Parts that run.
PROGRAMS = ("vbaproject", "vbadata", "/activex/", "xl/macrosheets/", "/basic/", "/scripts/")
PROGRAM_ENDINGS = (
    ".exe", ".com", ".scr", ".dll", ".msi", ".bat", ".cmd", ".ps1", ".js", ".jse", ".vbs", ".vbe", ".wsf",
    ".hta", ".lnk", ".url", ".jar", ".zip", ".rar", ".7z", ".docm", ".dotm", ".xlsm", ".xltm", ".xlam",
    ".xlsb", ".xll", ".xla", ".pptm", ".potm", ".ppsm", ".ppam",
)  # fmt: skip
# Declared by the list of types, whatever the parts' names. The applications refuse entities there.
DECLARED_PROGRAMS = ("macroenabled", "vbaproject", "<!doctype", "<!entity")
# An object in a format that is not read here; it may hold any program.
OBJECT = "oleobject"
EMBEDDED = "/embeddings/"
DDE = "<ddelink"  # a command to another program
LINK = re.compile("<relationship [^>]*>")
REMOTE = re.compile(r"target\s*=\s*[\"']\s*(?:https?|ftp|smb|mhtml|file:/*[^/\"']+\.[^/\"']+/)")
FETCHED = ("/attachedtemplate", "/oleobject", "/frame", "/subdocument")  # and opened with the document
# All that zipfile raises on a damaged, truncated, encrypted or unknown archive.
DAMAGED = (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError, EOFError)


class NotADocument(Exception):
    """The archive is none of the office documents."""


class Damaged(Exception):
    """The archive cannot be read."""


class Bomb(Exception):
    """The archive would fill the memory or the disk of those who open it."""


class HoldsMacros(Exception):
    """A part of the document runs."""


class HoldsObjects(Exception):
    """The document holds an object that cannot be checked, or fetches one from elsewhere."""


class PartReader:
    """Reads the parts of a document and of those in it, up to ``MAX_READ_BYTES``. Raises ``Bomb`` above."""

    def __init__(self) -> None:
        self.left = MAX_READ_BYTES

    def whole(self, archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bytes:
        """The content of a part."""
        self._spend(part.file_size)
        return archive.read(part)

    def text(self, archive: zipfile.ZipFile, parts: Iterable[zipfile.ZipInfo]) -> str:
        """The beginning of each part in small letters, whatever its encoding and its escapes."""
        written = b"\n".join(self.beginning(archive, part) for part in parts)
        return html.unescape(written.replace(b"\0", b"").decode("latin-1")).lower()

    def beginning(self, archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bytes:
        """The beginning of a part."""
        self._spend(min(part.file_size, MAX_PART_BYTES))
        with archive.open(part) as file:
            return file.read(MAX_PART_BYTES)

    def _spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise Bomb


def kind(content: bytes, *, depth: int = 0, reader: PartReader | None = None) -> tuple[str, str]:
    """Media type and extension of the document. Raises one of the exceptions above."""
    if depth > MAX_DEPTH:
        raise HoldsObjects
    reader = reader or PartReader()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _refuse_bomb(archive.infolist(), len(content))
            found = _office_kind(archive) or _open_document_kind(archive, reader)
            if found is None:
                raise NotADocument
            _refuse_programs(archive, reader)
            _refuse_objects(archive, reader, depth)
    except DAMAGED as error:
        raise Damaged from error
    return found


def _refuse_bomb(parts: list[zipfile.ZipInfo], size: int) -> None:
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > MAX_ENTRIES or unpacked > MAX_UNPACKED_BYTES or unpacked > size * MAX_RATIO:
        raise Bomb


def _office_kind(archive: zipfile.ZipFile) -> tuple[str, str] | None:
    names = {name.lower() for name in archive.namelist()}
    if TYPES not in names:
        return None
    return next((kind for part, kind in MAIN_PARTS.items() if part in names), None)


def _open_document_kind(archive: zipfile.ZipFile, reader: PartReader) -> tuple[str, str] | None:
    if "mimetype" not in archive.namelist():
        return None
    written = reader.beginning(archive, archive.getinfo("mimetype")).decode("ascii", "replace").strip()
    return (written, OPEN_DOCUMENTS[written]) if written in OPEN_DOCUMENTS else None


def _refuse_programs(archive: zipfile.ZipFile, reader: PartReader) -> None:
    inner = [f"/{name.lower()}" for name in archive.namelist() if not name.endswith("/")]
    declared = reader.text(
        archive, (part for part in archive.infolist() if part.filename.lower() in {TYPES, MANIFEST})
    )
    if (
        any(word in part for part in inner for word in PROGRAMS)
        or any(part.endswith(PROGRAM_ENDINGS) for part in inner)
        or any(word in declared for word in DECLARED_PROGRAMS)
    ):
        raise HoldsMacros
    if OBJECT in declared:
        raise HoldsObjects


def _refuse_objects(archive: zipfile.ZipFile, reader: PartReader, depth: int) -> None:
    """Refuse what cannot be checked: documents in the document are, as the document itself."""
    parts = [part for part in archive.infolist() if not part.is_dir()]
    links = reader.text(archive, (part for part in parts if part.filename.lower().endswith(".rels")))
    sheets = reader.text(archive, (part for part in parts if "/externallinks/" in part.filename.lower()))
    if DDE in sheets or any(REMOTE.search(link) and _is_fetched(link) for link in LINK.findall(links)):
        raise HoldsObjects
    for part in parts:
        if EMBEDDED in part.filename.lower():
            _refuse_embedded(archive, part, reader, depth)


def _is_fetched(link: str) -> bool:
    return any(word in link for word in FETCHED)


def _refuse_embedded(archive: zipfile.ZipFile, part: zipfile.ZipInfo, reader: PartReader, depth: int) -> None:
    try:
        kind(reader.whole(archive, part), depth=depth + 1, reader=reader)
    except (NotADocument, Damaged) as error:
        raise HoldsObjects from error

"""Kinds of spreadsheet files, recognised by their content, and the files that are refused immediately."""

import io
import struct
import zipfile
from enum import Enum

from directory.sheets.tables import BROKEN, MAX_BYTES, TOO_BIG, UnreadableSheet
from mailing.office_documents import DAMAGED

MEGABYTE = 1024 * 1024
# Unpacked sizes: beyond them a small file would fill the memory.
MAX_UNPACKED_BYTES = 250 * MEGABYTE
MAX_SHEET_BYTES = 200 * MEGABYTE
MAX_PART_BYTES = 40 * MEGABYTE
MAX_PARTS = 2_000

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ODS_TYPE = b"application/vnd.oasis.opendocument.spreadsheet"
# Records of old workbooks: the first one, of each of the last two versions, and that of a password.
OLD_STARTS = (b"\x09\x08\x10\x00\x00\x06", b"\x09\x08\x08\x00\x00\x05")
PASSWORD_RECORD, PASSWORD_WITHIN = 0x2F, 10  # records
OTHER_KINDS = (
    (b"%PDF", "un PDF"),
    (b"\x89PNG", "une image"),
    (b"\xff\xd8\xff", "une image"),
    (b"GIF8", "une image"),
    (b"BM", "une image"),
    (b"II*\x00", "une image"),
    (b"MM\x00*", "une image"),
    (b"<svg", "une image"),
    (b"{\\rtf", "un texte mis en page"),
    (b"<!doctype", "une page web"),
    (b"<html", "une page web"),
    (b"<table", "une page web"),
    (b"<?xml", "un fichier XML"),
    (b"\x1f\x8b", "une archive"),
    (b"7z\xbc\xaf", "une archive"),
    (b"Rar!", "une archive"),
)
BOMBED = "Ce fichier se déplie en plus de 200 Mo : il n'est pas lu."
LOCKED = "Ce fichier est protégé par un mot de passe : enregistrez-en une copie sans mot de passe."
MACROS = "Ce fichier contient des macros : enregistrez-le en « Classeur Excel (.xlsx) », sans macros."
OTHER_FORMAT = (
    "Ce format de tableur (.xlsb, .numbers) n'est pas lu : enregistrez-le en « Classeur Excel (.xlsx) »."
)
PICTURED = "Ce fichier contient une image : retirez-la, et enregistrez-le de nouveau."


class FileKind(Enum):
    """Formats that are read."""

    XLSX = "xlsx"
    ODS = "ods"
    XLS = "xls"
    CSV = "csv"


def recognise(content: bytes) -> FileKind:
    """The kind of a file; its name is not asked. Raises ``UnreadableSheet``."""
    if len(content) > MAX_BYTES:
        raise UnreadableSheet(TOO_BIG)
    if not content.strip():
        raise UnreadableSheet("Ce fichier est vide.")
    if content.startswith(ZIP):
        return _recognise_archive(content)
    if content.startswith(OLE):
        return _recognise_old(content)
    start = content[:64].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for signature, kind in OTHER_KINDS:
        if start.startswith(signature.lower()):
            raise UnreadableSheet(
                f"Ce fichier est {kind}, pas un tableur : envoyez un fichier .xlsx, .ods ou .csv."
            )
    return FileKind.CSV


def _recognise_archive(content: bytes) -> FileKind:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            sizes = {part.filename: part.file_size for part in archive.infolist()}
            is_ods = sizes.get("mimetype", 0) in range(1, 200) and archive.read("mimetype").startswith(
                ODS_TYPE
            )
            has_password = is_ods and b"encryption-data" in _start_of(archive, "META-INF/manifest.xml")
    except DAMAGED as error:
        raise UnreadableSheet(BROKEN) from error
    _refuse_big_parts(sizes)
    if has_password:
        raise UnreadableSheet(LOCKED)
    _refuse_active_parts(sizes)
    if is_ods:
        return FileKind.ODS
    if "xl/workbook.xml" in sizes:
        return FileKind.XLSX
    if "xl/workbook.bin" in sizes or any(name.startswith("Index/") for name in sizes):
        raise UnreadableSheet(OTHER_FORMAT)
    if any(name.startswith(("word/", "ppt/")) for name in sizes):
        raise UnreadableSheet(
            "Ce fichier est un document, pas un tableur : envoyez un fichier .xlsx, .ods ou .csv."
        )
    raise UnreadableSheet(
        "Ce fichier est une archive, pas un tableur : envoyez un fichier .xlsx, .ods ou .csv."
    )


def _start_of(archive: zipfile.ZipFile, name: str) -> bytes:
    """The beginning of a part; nothing when the archive lacks it."""
    if name not in archive.namelist():
        return b""
    with archive.open(name) as part:
        return part.read(MEGABYTE)


def _refuse_big_parts(sizes: dict[str, int]) -> None:
    too_big = sum(sizes.values()) > MAX_UNPACKED_BYTES or len(sizes) > MAX_PARTS
    for name, size in sizes.items():
        is_sheet = name.startswith("xl/worksheets/") or name == "content.xml"
        too_big = too_big or size > (MAX_SHEET_BYTES if is_sheet else MAX_PART_BYTES)
    if too_big:
        raise UnreadableSheet(BOMBED)


def _refuse_active_parts(sizes: dict[str, int]) -> None:
    if any(name.endswith("vbaProject.bin") or name.startswith("Basic/") for name in sizes):
        raise UnreadableSheet(MACROS)
    if any(name.startswith(("xl/media/", "Pictures/")) and not name.endswith("/") for name in sizes):
        raise UnreadableSheet(PICTURED)


def _recognise_old(content: bytes) -> FileKind:
    """Recognise a file in Microsoft's older container, by the names of its streams."""
    if "EncryptedPackage".encode("utf-16-le") in content or _is_old_and_locked(content):
        raise UnreadableSheet(LOCKED)
    if "_VBA_PROJECT".encode("utf-16-le") in content:
        raise UnreadableSheet(MACROS)
    if "Workbook".encode("utf-16-le") in content or "\x04Book".encode("utf-16-le") in content:
        return FileKind.XLS
    raise UnreadableSheet("Ce fichier n'est pas un tableur : envoyez un fichier .xlsx, .ods ou .csv.")


def _is_old_and_locked(content: bytes) -> bool:
    """Return whether an old workbook has a password: one of its first records says so, in the clear."""
    at = max(map(content.find, OLD_STARTS))
    if at < 0:
        return False
    for _ in range(PASSWORD_WITHIN):
        if at + 4 > len(content):
            return False
        kind, length = struct.unpack_from("<HH", content, at)
        if kind == PASSWORD_RECORD:
            return True
        at += 4 + length
    return False

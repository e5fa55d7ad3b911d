"""Kinds of files that a message may carry, told by their content: PDF, images, documents without macros."""

import io
import unicodedata
import zipfile
from dataclasses import dataclass
from pathlib import PurePosixPath

import puremagic

MAX_FILE_BYTES = 10_000_000
MAX_NAME_LENGTH = 150
HEAD = 8192  # all that tells a kind stands there
MAX_ENTRIES = 3000
MAX_UNPACKED_BYTES = 200_000_000
MAX_RATIO = 200  # of a whole archive, unpacked: a text document reaches 30
MAX_PART_BYTES = 1_000_000
PDF = "application/pdf"
IMAGES = {
    "image/png": {".png"},
    "image/jpeg": {".jpg", ".jpeg"},
    "image/gif": {".gif"},
    "image/webp": {".webp"},
    "image/heif": {".heic", ".heif"},
    "image/heic": {".heic", ".heif"},
}
TYPES = "[content_types].xml"  # the names of parts have no capitals that count
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
# Parts that run, or that hold other files, in the document or in one that it contains.
PROGRAMS = ("vbaproject", "vbadata", "/activex/", "xl/macrosheets/", "/basic/", "/scripts/")
PROGRAM_ENDINGS = (
    ".exe", ".js", ".vbs", ".bat", ".jar", ".zip", ".docm", ".dotm", ".xlsm", ".xltm", ".xlam", ".pptm",
)  # fmt: skip
DECLARED_PROGRAMS = (b"macroenabled", b"vbaproject")  # by the list of types, whatever the parts' names
ACCEPTED = "Joignez un PDF, une image, ou un document Word, Excel, PowerPoint ou LibreOffice."
# All that zipfile raises on a damaged, truncated, encrypted or unknown archive.
DAMAGED_ARCHIVE = (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError, EOFError)


class UnacceptedFile(Exception):
    """The file is not taken; the message is the sentence to show."""


@dataclass(frozen=True)
class AcceptedFile:
    """A file whose name and content were checked; ``kind``: its media type."""

    name: str
    kind: str
    content: bytes


def check(name: str, content: bytes) -> AcceptedFile:
    """Return the file with its kind. Raises ``UnacceptedFile``."""
    if any(unicodedata.category(char) in {"Cc", "Cf"} for char in name) or "/" in name or "\\" in name:
        raise UnacceptedFile(f"Renommez « {visible_name(name)} » : son nom contient des signes interdits.")
    if len(name) > MAX_NAME_LENGTH:
        raise UnacceptedFile(f"Renommez « {name[:40]}… » : {MAX_NAME_LENGTH} caractères au plus.")
    if not content:
        raise UnacceptedFile(f"« {name} » est vide.")
    if len(content) > MAX_FILE_BYTES:
        raise UnacceptedFile(f"« {name} » est trop lourd : 10 Mo au plus.")
    kind, extensions = _kind(name, content)
    if PurePosixPath(name).suffix.lower() not in extensions:
        raise UnacceptedFile(f"« {name} » n'est pas ce que dit son nom. {ACCEPTED}")
    return AcceptedFile(name, kind, content)


def visible_name(name: str) -> str:
    """The name without folders, nor characters that do not show or turn the text around."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(char for char in last if unicodedata.category(char) not in {"Cc", "Cf"})
    return shown.strip()[:MAX_NAME_LENGTH] or "sans nom"


def _kind(name: str, content: bytes) -> tuple[str, set[str]]:
    """The media type and the extensions that go with it. Raises ``UnacceptedFile``."""
    if content.startswith(b"PK\x03\x04"):
        kind, extension = _kind_of_archive(name, content)
        return kind, {extension}
    try:
        found = {match.mime_type for match in puremagic.magic_string(content[:HEAD])}
    except (puremagic.PureError, ValueError):
        found = set()
    if content.startswith(b"%PDF-"):
        return PDF, {".pdf"}
    for kind, extensions in IMAGES.items():
        if kind in found and found <= IMAGES.keys():
            return kind, extensions
    raise UnacceptedFile(f"« {name} » ne peut pas être joint. {ACCEPTED}")


def _kind_of_archive(name: str, content: bytes) -> tuple[str, str]:
    """Kind of an office document, from its parts: none is unpacked but a small one."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            _refuse_bomb(name, parts, len(content))
            names = {part.filename.lower() for part in parts}
            kind = _office_kind(archive, names) or _open_document_kind(archive, names)
            types = b"".join(_part(archive, part) for part in parts if part.filename.lower() == TYPES)
    except DAMAGED_ARCHIVE as error:
        raise UnacceptedFile(f"« {name} » est abîmé, ou protégé par un mot de passe.") from error
    if kind is None:
        raise UnacceptedFile(f"« {name} » ne peut pas être joint. {ACCEPTED}")
    inner = [f"/{part}" for part in names if not part.endswith("/")]
    programs = any(word in part for part in inner for word in PROGRAMS)
    declared = any(word in types.lower() for word in DECLARED_PROGRAMS)
    if programs or declared or any(part.endswith(PROGRAM_ENDINGS) for part in inner):
        raise UnacceptedFile(f"« {name} » contient des macros : enregistrez-le sans elles, ou en PDF.")
    return kind


def _refuse_bomb(name: str, parts: list[zipfile.ZipInfo], size: int) -> None:
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > MAX_ENTRIES or unpacked > MAX_UNPACKED_BYTES or unpacked > size * MAX_RATIO:
        raise UnacceptedFile(f"« {name} » ne peut pas être ouvert sans risque. Joignez-le en PDF.")


def _office_kind(archive: zipfile.ZipFile, names: set[str]) -> tuple[str, str] | None:
    if TYPES not in names:
        return None
    return next((kind for part, kind in MAIN_PARTS.items() if part in names), None)


def _open_document_kind(archive: zipfile.ZipFile, names: set[str]) -> tuple[str, str] | None:
    if "mimetype" not in archive.namelist():
        return None
    written = _part(archive, "mimetype").decode("ascii", "replace").strip()
    return (written, OPEN_DOCUMENTS[written]) if written in OPEN_DOCUMENTS else None


def _part(archive: zipfile.ZipFile, name: str | zipfile.ZipInfo) -> bytes:
    """The beginning of a part."""
    with archive.open(name) as part:
        return part.read(MAX_PART_BYTES)

"""Kinds of files that a message may carry, told by their content: PDF, images, documents without macros."""

import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath

import puremagic

from mailing import office_documents
from mailing.text_cleaning import clean_text

MAX_FILE_BYTES = 10_000_000
MAX_NAME_LENGTH = 150
HEAD_BYTES = 8192  # enough to recognise a media type
PDF = "application/pdf"
IMAGES = {
    "image/png": {".png"},
    "image/jpeg": {".jpg", ".jpeg", ".jfif"},
    "image/gif": {".gif"},
    "image/webp": {".webp"},
    "image/heif": {".heic", ".heif"},
    "image/heic": {".heic", ".heif"},
}
# Photos of many phones, which puremagic does not know.
HEIF_BRANDS = (b"ftypmif1", b"ftypmsf1")
ACCEPTED = "Joignez un PDF, une image, ou un document Word, Excel, PowerPoint ou LibreOffice."
REFUSED_DOCUMENTS = {
    office_documents.NotADocument: f"ne peut pas être joint. {ACCEPTED}",
    office_documents.Damaged: "est abîmé, ou protégé par un mot de passe.",
    office_documents.Bomb: "ne peut pas être ouvert sans risque. Joignez-le en PDF.",
    office_documents.HoldsMacros: "contient des macros : enregistrez-le sans elles, ou en PDF.",
    office_documents.HoldsObjects: "contient un objet que nous ne pouvons pas vérifier. Joignez-le en PDF.",
}
# Replaces the characters that no file name may have, in the names of uploads.
REPLACEMENT = "\ufffd"


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
    name = name.strip()
    shown = visible_name(name)
    if _has_forbidden_characters(name):
        raise UnacceptedFile(f"Renommez « {shown} » : son nom contient des signes interdits.")
    if len(name) > MAX_NAME_LENGTH:
        raise UnacceptedFile(f"Renommez « {name[:40]}… » : {MAX_NAME_LENGTH} caractères au plus.")
    if not content:
        raise UnacceptedFile(f"« {shown} » est vide.")
    if len(content) > MAX_FILE_BYTES:
        raise UnacceptedFile(f"« {shown} » est trop lourd : 10 Mo au plus.")
    kind, extensions = _kind(shown, content)
    if PurePosixPath(name).suffix.lower() not in extensions:
        raise UnacceptedFile(f"« {shown} » n'est pas ce que dit son nom. {ACCEPTED}")
    return AcceptedFile(name, kind, content)


def holds_any(files: Iterable[tuple[str, bytes]]) -> bool:
    """Return whether one of these files is accepted, under a cleaned name: mails have odd ones."""
    for name, content in files:
        with suppress(UnacceptedFile):
            check(visible_name(name), content)
            return True
    return False


def _has_forbidden_characters(name: str) -> bool:
    """True for separators of folders, and for invisible, bidirectional and line-end characters."""
    written = unicodedata.normalize("NFC", name)
    return any(character in name for character in f"/\\\t\n{REPLACEMENT}") or clean_text(written) != written


def visible_name(name: str) -> str:
    """The name without folders, nor invisible or bidirectional characters."""
    last = clean_text(name.replace("\\", "/")).rpartition("/")[2].replace(REPLACEMENT, "")
    return " ".join(last.split()).strip()[:MAX_NAME_LENGTH] or "sans nom"


def _kind(name: str, content: bytes) -> tuple[str, set[str]]:
    """The media type and the extensions that go with it. Raises ``UnacceptedFile``."""
    if content.startswith(b"PK\x03\x04"):
        try:
            kind, extension = office_documents.kind(content)
        except tuple(REFUSED_DOCUMENTS) as error:
            raise UnacceptedFile(f"« {name} » {REFUSED_DOCUMENTS[type(error)]}") from error
        return kind, {extension}
    if content.startswith(b"%PDF-"):
        return PDF, {".pdf"}
    kind = _image_kind(content[:HEAD_BYTES])
    if kind not in IMAGES:
        raise UnacceptedFile(f"« {name} » ne peut pas être joint. {ACCEPTED}")
    return kind, IMAGES[kind]


def _image_kind(head: bytes) -> str:
    """The media type that these first bytes tell, of an image or of another format; "" when unknown."""
    if head[4:12] in HEIF_BRANDS:
        return "image/heif"
    try:
        return str(puremagic.magic_string(head)[0].mime_type)
    except (puremagic.PureError, ValueError):
        return ""

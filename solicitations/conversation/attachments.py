"""Files of messages: checked, stored beside the row of their text, and deleted with it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from mailing import accepted_files, virus_scanner
from mailing.accepted_files import AcceptedFile, UnacceptedFile
from mailing.transactions import transaction_required
from solicitations.conversation import file_store
from solicitations.models import AttachedFile, Solicitation, Text

UNCHECKED = (
    "Nous ne pouvons pas vérifier votre fichier pour l'instant : "
    "réessayez plus tard, ou envoyez votre texte sans lui."
)
MAX_FILES = 30  # of one request


class TooManyFiles(Exception):
    """The request has as many files as it may."""


@dataclass(frozen=True)
class CheckedFiles:
    """Files of a mail: those taken, and the names of those held back."""

    taken: tuple[AcceptedFile, ...] = ()
    held: tuple[str, ...] = ()


def check(name: str, content: bytes) -> AcceptedFile:
    """Return a file that may be stored. Raises ``UnacceptedFile``."""
    checked = accepted_files.check(name, content)
    try:
        has_virus = virus_scanner.finds_virus(content)
    except virus_scanner.ScannerDown as error:
        raise UnacceptedFile(UNCHECKED) from error
    if has_virus:
        raise UnacceptedFile(f"« {name} » contient un virus : il n'est pas transmis.")
    return checked


def check_files(files: Iterable[tuple[str, bytes]], solicitation: Solicitation) -> CheckedFiles:
    """Check the files of a mail; no form says why one is refused: its name stays with the text."""
    room = MAX_FILES - solicitation.files.count()
    taken: list[AcceptedFile] = []
    held: list[str] = []
    for given, content in files:
        name = accepted_files.visible_name(given)
        try:
            checked = check(name, content)
        except UnacceptedFile:
            held.append(name)
            continue
        if len(taken) < room:
            taken.append(checked)
        else:
            held.append(name)
    return CheckedFiles(tuple(taken), tuple(held))


@transaction_required
def attach(text: Text, files: Sequence[AcceptedFile], *, now: datetime) -> None:
    """Store the files of a text, each before its row. Raises ``TooManyFiles``, ``file_store.NoRoom``."""
    if not files:
        return
    solicitation = text.solicitation
    if solicitation.files.count() + len(files) > MAX_FILES:
        raise TooManyFiles
    for file in files:
        AttachedFile.objects.create(
            solicitation=solicitation,
            name=file.name,
            kind=file.kind,
            size=len(file.content),
            key=file_store.write(file.content),
            at=now,
            **AttachedFile.column_of(text),
        )


@transaction_required
def detach(files: Iterable[AttachedFile]) -> None:
    """Delete the rows now, and the files once that is committed."""
    rows = list(files)
    keys = [row.key for row in rows]
    AttachedFile.objects.filter(pk__in=[row.pk for row in rows]).delete()
    transaction.on_commit(lambda: file_store.delete(keys))


def delete_strays(*, until: datetime) -> int:
    """Delete the stored files, last written before that moment, that no row names; return their number.

    A worker killed between a file and its row leaves one.
    """
    paths = list(file_store.stored(until=until))
    known = set(
        AttachedFile.objects.filter(key__in=[path.name for path in paths]).values_list("key", flat=True)
    )
    strays = [path for path in paths if path.name not in known]
    for path in strays:
        path.unlink(missing_ok=True)
    return len(strays)

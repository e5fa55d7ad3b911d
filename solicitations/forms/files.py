"""The field that takes the files of a message: each is checked by its content."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from mailing.accepted_files import MAX_FILE_BYTES, AcceptedFile, UnacceptedFile
from solicitations.conversation import attachments, file_store

MAX_AT_ONCE = 3
HELP = (
    "PDF, images, documents Word, Excel, PowerPoint ou LibreOffice, sans macros. "
    "Trois à la fois, 10 Mo chacun au plus."
)
FULL = (
    "Nous ne pouvons pas ranger de fichier pour l'instant. "
    "Envoyez votre texte sans lui, ou réessayez plus tard."
)
TOO_MANY = f"Cette demande a déjà {attachments.MAX_FILES} fichiers : envoyez votre texte sans en ajouter."


REFUSALS = (file_store.NoRoom, attachments.TooManyFiles)  # known when the files are stored
MAX_BODY_BYTES = MAX_AT_ONCE * MAX_FILE_BYTES + 2_500_000


def sentence(refusal: Exception) -> str:
    """The sentence to show for one of ``REFUSALS``."""
    return FULL if isinstance(refusal, file_store.NoRoom) else TOO_MANY


class FilesInput(forms.FileInput):
    """An input that takes several files together."""

    allow_multiple_selected = True

    def __init__(self) -> None:
        super().__init__(attrs={"multiple": True})

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[Any]:
        """All the files of that name."""
        return list(files.getlist(name)) if hasattr(files, "getlist") else []


class FilesField(forms.FileField):
    """Files, as a list of ``AcceptedFile``."""

    widget = FilesInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "label": "Joindre des fichiers", "help_text": HELP, **kwargs})

    def clean(self, data: Any, initial: Any = None) -> list[AcceptedFile]:
        """Check each file; every refusal is said."""
        given = data if isinstance(data, list | tuple) else [data] if data else []
        if len(given) > MAX_AT_ONCE:
            raise ValidationError(f"Joignez {MAX_AT_ONCE} fichiers au plus à la fois.")
        found: list[AcceptedFile] = []
        refusals: list[str] = []
        for upload in given:
            try:
                found.append(_checked(upload))
            except UnacceptedFile as refusal:
                refusals.append(str(refusal))
        if refusals:
            raise ValidationError([ValidationError(sentence) for sentence in refusals])
        return found


def _checked(upload: UploadedFile) -> AcceptedFile:
    """The file of an upload; a large one is not read whole. Raises ``UnacceptedFile``."""
    return attachments.check(upload.name or "", upload.read(MAX_FILE_BYTES + 1))

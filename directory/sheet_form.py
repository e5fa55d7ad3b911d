"""Form of a spreadsheet to import: the file, the place, what it is the whole of."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from directory.sheets.tables import MAX_BYTES, TOO_BIG
from directory.sheets.whole import InvalidWhole, Whole
from experts.models import Institution, User
from territories.models import Department, Region

ONLY_ADDS = "Il ajoute et change seulement, il ne ferme rien"
WHOLE_COUNTRY = ""


class SentFileForm(forms.Form):
    """A file that a worker reads: its subclasses have the field ``file``."""

    @property
    def content(self) -> bytes:
        """The bytes of the file."""
        file: UploadedFile = self.cleaned_data["file"]
        file.seek(0)
        return bytes(file.read())

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if file.size is None or file.size > MAX_BYTES:
            raise forms.ValidationError(TOO_BIG)
        return file


class SheetForm(SentFileForm):
    """Cleans what is sent; ``content`` and ``region`` give it once it is valid."""

    file = forms.FileField(
        label="Votre fichier",
        help_text="Tableur .xlsx, .ods, .xls ou .csv, 20 Mo au plus.",
        error_messages={"required": "Choisissez un fichier.", "empty": "Ce fichier est vide."},
        widget=forms.FileInput(attrs={"accept": ".xlsx,.ods,.xls,.csv"}),
    )
    place = forms.ChoiceField(label="Région", required=False)
    whole = forms.ChoiceField(
        label="Ce que le fichier contient",
        required=False,
        help_text="S'il est le tout d'une partie de l'annuaire, ce qui n'y est pas sera fermé.",
    )
    replaces_declared = forms.BooleanField(
        label="Remplacer aussi ce que les référents ont déclaré eux-mêmes",
        required=False,
        help_text="Téléphones, absences et départs qu'ils ont signalés.",
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        if user.is_national:
            regions = Region.objects.order_by("name").values_list("code", "name")
            self.fields["place"].choices = [(WHOLE_COUNTRY, "France entière"), *regions]  # type: ignore[attr-defined]
        else:
            del self.fields["place"]
        self.fields["whole"].choices = _whole_choices(user)  # type: ignore[attr-defined]

    @property
    def region(self) -> str | None:
        """The code of the region that the file may change, ``None`` for the whole country."""
        return self.cleaned_data["place"] or None if self.user.is_national else self.user.region_id

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("whole"):
            try:
                Whole.parse(cleaned["whole"], region=self.region)
            except InvalidWhole as error:
                self.add_error("whole", str(error))
        return cleaned


def _whole_choices(user: User) -> list[Any]:
    """Parts of the directory that the user may send whole."""
    regions, departments = Region.objects.order_by("name"), Department.objects.order_by("name")
    if not user.is_national:
        regions, departments = regions.filter(pk=user.region_id), departments.filter(region=user.region_id)
    institutions = Institution.objects.listed().exclude(notified=Institution.Notified.NEVER).order_by("name")
    return [
        ("", ONLY_ADDS),
        (
            "Il est le tout d'une région",
            [(f"region:{one.pk}", f"Toute la région {one.name}") for one in regions],
        ),
        (
            "Il est le tout d'un département",
            [(f"department:{one.pk}", f"Tout le département {one.name}") for one in departments],
        ),
        (
            "Il est le tout d'une institution",
            [(f"institution:{one.code}", f"Toutes les antennes : {one.name}") for one in institutions],
        ),
    ]

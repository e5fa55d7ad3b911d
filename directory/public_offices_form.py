"""Form of a part of the administration's open directory: the file, and its region."""

from typing import Any

from django import forms

from directory.sheet_form import SentFileForm
from experts.models import User
from territories.models import Region


class PublicOfficesForm(SentFileForm):
    """Cleans what is sent; ``region`` gives the region once it is valid."""

    file = forms.FileField(
        label="Le fichier",
        help_text="La « base de données locales » ou une partie, en JSON, 20 Mo au plus.",
        error_messages={"required": "Choisissez un fichier.", "empty": "Ce fichier est vide."},
        widget=forms.FileInput(attrs={"accept": ".json"}),
    )
    place = forms.ModelChoiceField(
        label="Région",
        queryset=Region.objects.order_by("name", "pk"),
        empty_label="Choisissez une région",
        error_messages={"required": "Choisissez une région."},
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        if not user.is_national:
            del self.fields["place"]

    @property
    def region(self) -> str:
        """The code of the region that the offices are offered to."""
        return str(self.cleaned_data["place"].pk if self.user.is_national else self.user.region_id)

"""Filters of the pages of coverage: a subject and a day."""

from datetime import date
from typing import Any

from django import forms

from directory.subject_choices import subjects_by_theme

FIRST, LAST = date(2020, 1, 1), date(2100, 1, 1)


class CoverageForm(forms.Form):
    """Both are optional: all subjects, today."""

    sujet = forms.ChoiceField(label="Sujet", required=False)
    le = forms.DateField(
        label="Le",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Indiquez une date, par exemple 01/12/2026."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["sujet"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 (for the type checker)
        field.choices = [("", "Tous les sujets"), *subjects_by_theme()]

    def clean_le(self) -> date | None:
        """Refuse a year that nobody means."""
        day: date | None = self.cleaned_data["le"]
        if day and not FIRST <= day <= LAST:
            raise forms.ValidationError("Indiquez une date de ce siècle, à partir de 2020.")
        return day

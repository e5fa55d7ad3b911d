"""Forms of a region: its contact, its links, the opening of the region or of a theme. They save nothing."""

from typing import Any

from django import forms

from directory.contents.content_facts import ContentFacts
from directory.forms.facts_form import DirectoryDayField
from directory.subject_choices import GroupedChoices, subjects_by_theme
from experts.directory_phones import InvalidPhone, clean_phone
from experts.directory_sites import SiteField
from mailing.form_fields import LineField
from territories.spoken_time import with_whole_hours

MORE_LINKS = 3  # empty lines to add links
MAX_LINKS = 30
OPEN, CLOSED = "open", "closed"
SITE = "Indiquez une adresse complète, par exemple https://www.exemple.fr."


class RegionContactForm(forms.Form):
    """Name, phone and hours; each empty one is the fallback office's."""

    name = LineField(
        label="Nom affiché",
        max_length=200,
        required=False,
        help_text="Par exemple « DREETS Bretagne ». Vide : le nom de l'antenne de recours de la région.",
    )
    phone = LineField(
        label="Téléphone", max_length=30, required=False, help_text="Vide : celui de l'antenne de recours."
    )
    hours = LineField(
        label="Horaires",
        max_length=200,
        required=False,
        help_text="Par exemple « du lundi au vendredi, de 9\u00a0h à 12\u00a0h ». Vide : rien n'est affiché.",
    )

    def clean_hours(self) -> str:
        """The hours, none of which breaks at the end of a line."""
        return with_whole_hours(self.cleaned_data["hours"])

    def clean_phone(self) -> str:
        typed: str = self.cleaned_data["phone"]
        try:
            return clean_phone(typed) if typed else ""
        except InvalidPhone:
            raise forms.ValidationError(
                "Indiquez un numéro français, par exemple 03 80 12 34 56 ou 3949."
            ) from None


class RegionalLinkForm(forms.Form):
    """A website, for all needs or for one subject. A line without name and address is ignored."""

    label = LineField(label="Nom du site", max_length=200, required=False)
    url = SiteField(label="Adresse", invalid=SITE)
    subject = forms.ChoiceField(label="Pour", required=False)

    def __init__(self, *args: Any, subjects: GroupedChoices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["subject"].choices = [("", "tous les besoins"), *subjects]  # type: ignore[attr-defined]

    def clean(self) -> ContentFacts:
        label, url = self.cleaned_data.get("label"), self.cleaned_data.get("url")
        if label and not url and "url" not in self.errors:
            self.add_error("url", "Indiquez l'adresse de ce site, ou effacez son nom.")
        if url and not label and "label" not in self.errors:
            self.add_error("label", "Donnez un nom à ce site, ou effacez son adresse.")
        return self.cleaned_data


LinkFormSet = forms.formset_factory(
    RegionalLinkForm, extra=MORE_LINKS, max_num=MAX_LINKS, validate_max=True, absolute_max=MAX_LINKS + 5
)


def links_formset(data: Any, *, links: list[ContentFacts]) -> Any:
    """The lines of links of a region."""
    choices = {"subjects": subjects_by_theme()}
    return LinkFormSet(data, initial=links, prefix="liens", form_kwargs=choices)


def typed_links(formset: Any) -> list[ContentFacts]:
    """The links of a valid formset, each once."""
    typed = [form.cleaned_data for form in formset.forms if form.cleaned_data.get("url")]
    return list({(link["url"], link["subject"]): link for link in typed}.values())


class OpeningForm(forms.Form):
    """The opening of a region, or of a theme in it."""

    state = forms.ChoiceField(
        label="Le service y est",
        choices=[(OPEN, "Ouvert"), (CLOSED, "Fermé, sans date d'ouverture")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez ouvert ou fermé."},
    )
    opens_on = DirectoryDayField(
        label="Ouvre le", required=False, help_text="Avant ce jour, le service est fermé. Vide : déjà ouvert."
    )
    closes_on = DirectoryDayField(
        label="Premier jour de fermeture",
        required=False,
        help_text="Avant la date d'ouverture : une interruption, de l'une à l'autre.",
    )
    explanation = LineField(
        label="Ce que lit l'entreprise quand c'est fermé",
        max_length=500,
        required=False,
        help_text="Par exemple « Le service ouvrira au printemps. »",
    )

    def clean(self) -> ContentFacts:
        opens_on, closes_on = self.cleaned_data.get("opens_on"), self.cleaned_data.get("closes_on")
        if opens_on and opens_on == closes_on:
            self.add_error(
                "closes_on", "L'ouverture et la fermeture sont le même jour : changez l'une des deux."
            )
        return self.cleaned_data

    def opening(self) -> ContentFacts | None:
        """The facts of the opening; ``None`` when it is simply open. For a valid form."""
        is_open = self.cleaned_data["state"] == OPEN
        days = {name: self.cleaned_data[name] for name in ("opens_on", "closes_on")}
        if is_open and not any(days.values()):
            return None
        iso = {name: day.isoformat() if day and is_open else None for name, day in days.items()}
        return {"is_open": is_open, **iso, "explanation": self.cleaned_data["explanation"]}


def initial_opening(facts: ContentFacts | None) -> ContentFacts:
    """The initial values of ``OpeningForm``."""
    if facts is None:
        return {"state": OPEN}
    return {**facts, "state": OPEN if facts["is_open"] else CLOSED}

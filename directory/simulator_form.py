"""Form of the simulator: subjects, a commune, facts of a firm, a day. Its values are in the address."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms

from companies import legal_forms, naf, siret
from companies.facts import CompanyFacts
from companies.forms import CommuneForm
from companies.naf_editions import in_rev2
from companies.register_responses import Company
from directory.subject_choices import subjects_by_theme
from experts.batches import InvalidInput
from experts.routing import inputs
from experts.routing.engine import ApplicantFacts
from mailing.form_fields import LineField

NOT_KNOWN = ("", "On ne sait pas")
CRAFT = {"": None, "oui": True, "non": False}
DAY = {"invalid": "Indiquez une date comme 03/05/2026."}
SUBJECTS = ("sujet", "sujet_2", "sujet_3")
FIRM = ("siret", "effectif", "naf", "forme", "artisan", "creation", "projet")
MAX_KEY = 2**31  # primary keys
FORMATS = ["%d/%m/%Y", "%Y-%m-%d"]


class SimulatorForm(CommuneForm):
    """A demand to simulate, and the office or expert that the user asks about."""

    field_order = ("sujet", "commune", "commune_code")

    sujet = forms.ChoiceField(label="Sujet", error_messages={"required": "Choisissez un sujet."})
    sujet_2 = forms.ChoiceField(label="Deuxième sujet", required=False)
    sujet_3 = forms.ChoiceField(label="Troisième sujet", required=False)
    jour = forms.DateField(
        label="Jour de la demande",
        required=False,
        input_formats=FORMATS,
        widget=forms.DateInput(format="%d/%m/%Y"),
        help_text="Aujourd'hui si vous n'indiquez rien.",
        error_messages=DAY,
    )
    siret = LineField(label="SIRET", required=False, max_length=40, help_text="Le registre dit le reste.")
    effectif = LineField(
        label="Effectif", required=False, max_length=20, help_text="Par exemple 12, ou 20-49."
    )
    naf = LineField(label="Code NAF", required=False, max_length=10, help_text="Par exemple 43.22A.")
    forme = forms.ChoiceField(
        label="Forme juridique", required=False, choices=[NOT_KNOWN, *legal_forms.choices()]
    )
    artisan = forms.ChoiceField(
        label="Artisan", required=False, choices=[NOT_KNOWN, ("oui", "Oui"), ("non", "Non")]
    )
    creation = forms.DateField(
        label="Date de création",
        required=False,
        input_formats=FORMATS,
        widget=forms.DateInput(format="%d/%m/%Y"),
        help_text="Par exemple 03/05/2019.",
        error_messages=DAY,
    )
    projet = forms.BooleanField(label="Personne qui n'a pas encore d'entreprise", required=False)
    qui = LineField(
        label="Et pourquoi pas…",
        required=False,
        max_length=100,
        help_text="Une antenne ou un référent : un nom, une adresse.",
    )
    antenne = LineField(required=False, max_length=500, widget=forms.HiddenInput)
    referent = forms.IntegerField(required=False, min_value=1, max_value=MAX_KEY, widget=forms.HiddenInput)

    def __init__(self, data: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        commune = self.fields["commune"]
        commune.label, commune.help_text = "Commune", "Son nom ou son code postal."
        commune.error_messages["required"] = "Indiquez une commune : son nom ou son code postal."
        by_theme = subjects_by_theme()
        self.labels = {slug: label for _, choices in by_theme for slug, label in choices}
        for name in SUBJECTS:
            empty = "Choisissez un sujet" if name == "sujet" else "Aucun"
            self.fields[name].choices = [("", empty), *by_theme]  # type: ignore[attr-defined]
            self.fields[name].error_messages["invalid_choice"] = "Choisissez un sujet de la liste."

    @property
    def firm_fields(self) -> list[forms.BoundField]:
        """Fields of the firm, folded."""
        return [self[name] for name in FIRM]

    @property
    def is_firm_given(self) -> bool:
        """Return whether a fact of the firm, or an error about one, is to be shown."""
        return self.is_bound and any(self[name].value() or self[name].errors for name in FIRM)

    def clean_siret(self) -> str:
        typed: str = self.cleaned_data["siret"]
        try:
            return siret.clean_siret(typed) if typed else ""
        except siret.InvalidSiret as error:
            raise forms.ValidationError(str(error)) from error

    def clean_effectif(self) -> tuple[int, int | None] | None:
        """Read a number, or a band such as 20-49."""
        typed: str = self.cleaned_data["effectif"].replace(" ", "").replace("à", "-").replace("–", "-")
        if not typed:
            return None
        try:
            band = {"headcount": inputs.read_band(typed), "subjects": ["-"], "commune": "-"}
            return inputs.read(band).facts.headcount
        except InvalidInput as error:
            raise forms.ValidationError(
                "Indiquez un nombre, comme 12, ou une tranche, comme 20-49."
            ) from error

    def clean_naf(self) -> str:
        typed: str = self.cleaned_data["naf"]
        code = naf.normalize(typed) if typed else ""
        if code and not naf.label(code):
            code = in_rev2(code)
        if code is None:
            raise forms.ValidationError("Ce code NAF n'existe pas. Indiquez un code comme 43.22A.")
        return code

    def subjects(self) -> dict[str, str]:
        """The labels of the chosen subjects by slug, in their order. For a valid form."""
        slugs = [self.cleaned_data[name] for name in SUBJECTS]
        return {slug: self.labels[slug] for slug in slugs if slug}

    def facts(self, company: Company | None) -> ApplicantFacts:
        """The facts typed, else those of the register. For a valid form."""
        cleaned = self.cleaned_data
        known = CompanyFacts.from_register(company) if company else CompanyFacts()
        craft = CRAFT[cleaned["artisan"]]
        return ApplicantFacts(
            headcount=cleaned["effectif"] or known.value("headcount"),
            naf=cleaned["naf"] or known.value("naf"),
            legal_form=cleaned["forme"] or known.value("legal_form"),
            craft=known.value("craft") if craft is None else craft,
            created_on=cleaned["creation"] or known.value("created_on"),
            project_holder=cleaned["projet"],
        )

    def day(self, *, today: date) -> date:
        """The day to decide for. For a valid form."""
        typed: date | None = self.cleaned_data["jour"]
        return typed or today

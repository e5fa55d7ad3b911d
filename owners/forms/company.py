"""Second step: which company, and what is known of it."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms

from companies import legal_forms, naf, register, siret
from companies.facts import CompanyFacts, FactSource
from companies.naf_editions import in_rev2
from experts.routing.engine import ApplicantFacts
from mailing.form_fields import LineField
from owners.forms.identity import Identity, looks_like_a_number

MAX_EMPLOYEES = 500_000
NO_ACTIVITY = "none"  # the list was read, and nothing fits
CRAFT = {"yes": True, "no": False, "unknown": None}
FIRST_COMPANY = date(1600, 1, 1)


class CompanyForm(forms.Form):
    """One field for a SIRET or a name. Once valid, ``cleaned_data`` has ``siret`` or ``name``."""

    company = LineField(
        label="Le SIRET ou le nom de votre entreprise",
        max_length=100,
        help_text="Le SIRET compte 14 chiffres ; il figure sur vos factures.",
        error_messages={
            "required": "Indiquez le SIRET ou le nom de votre entreprise.",
            "max_length": "Raccourcissez le nom de votre entreprise : 100 caractères au plus.",
        },
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )

    def clean(self) -> dict[str, Any]:
        """Validate the text as a SIRET or as a name."""
        typed = self.cleaned_data.get("company")
        if not typed:
            return self.cleaned_data
        self.cleaned_data |= {"siret": "", "name": ""}
        try:
            if looks_like_a_number(typed):
                self.cleaned_data["siret"] = siret.clean_siret(typed)
            else:
                self.cleaned_data["name"] = register.clean_name(typed)
        except (siret.InvalidSiret, register.InvalidName) as error:
            self.add_error("company", str(error))
        return self.cleaned_data


class FactsForm(forms.Form):
    """Facts of the register, which the owner may correct; an empty field corrects nothing."""

    name = LineField(
        label="Nom de l'entreprise",
        max_length=200,
        error_messages={
            "required": "Indiquez le nom de votre entreprise.",
            "max_length": "Raccourcissez le nom de votre entreprise : 200 caractères au plus.",
        },
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    headcount = forms.IntegerField(
        label="Combien de salariés ?",
        required=False,
        min_value=0,
        max_value=MAX_EMPLOYEES,
        help_text="Sans vous compter. 0 si vous travaillez seul.",
        error_messages={
            "invalid": "Indiquez le nombre de salariés en chiffres, par exemple 6.",
            "min_value": "Indiquez 0 ou un nombre de salariés, par exemple 6.",
            "max_value": "Vérifiez le nombre de salariés : indiquez au plus 500\u00a0000.",
        },
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    activity = LineField(
        label="Votre activité ?",
        required=False,
        max_length=100,
        help_text="Votre métier en un mot ou deux, ou votre code NAF. Par exemple : plombier, 43.22A.",
        error_messages={"max_length": "Décrivez votre activité en quelques mots : 100 caractères au plus."},
    )
    naf = LineField(required=False, max_length=6)
    craft = forms.ChoiceField(
        label="Êtes-vous artisan ?",
        required=False,
        choices=[("yes", "Oui"), ("no", "Non"), ("unknown", "Je ne sais pas")],
        help_text="Inscrit au registre national des entreprises pour un métier de l'artisanat.",
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "Choisissez oui, non ou je ne sais pas."},
    )
    legal_form = forms.ChoiceField(
        label="Forme juridique",
        required=False,
        choices=lambda: [("", "Comme au registre"), *legal_forms.choices()],  # a list is copied by each form
        error_messages={"invalid_choice": "Choisissez une forme juridique dans la liste."},
    )
    created_on = forms.DateField(
        label="Date de création",
        required=False,
        error_messages={"invalid": "Indiquez une date comme 03/05/2019."},
        help_text="Par exemple 03/05/2019.",
    )

    def __init__(
        self, data: Mapping[str, Any] | None, *, identity: Identity, on: date, **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        self.identity = identity
        self.on = on
        self.activities: list[naf.Activity] = []
        company = identity.company
        if identity.is_project or (company and company.name):
            del self.fields["name"]
        elif not self.is_bound:
            self.initial.setdefault("name", identity.name)
        if identity.is_project:
            for name in ("headcount", "legal_form", "created_on"):
                del self.fields[name]
            self.fields["activity"].label = "Votre future activité ?"
            self.fields["craft"].label = "Serez-vous artisan ?"

    def clean_created_on(self) -> date | None:
        """Refuse a date in the future, or before 1600."""
        day: date | None = self.cleaned_data["created_on"]
        if day and not FIRST_COMPANY <= day <= self.on:
            raise forms.ValidationError("Indiquez une date de création passée, comme 03/05/2019.")
        return day

    def clean(self) -> dict[str, Any]:
        """Find the activity's code: the one chosen in the list for this text, or the only one found."""
        typed = self.cleaned_data.get("activity")
        self.cleaned_data["code"] = self._code(typed) if typed else None
        return self.cleaned_data

    def _code(self, typed: str) -> str | None:
        chosen = self.cleaned_data.get("naf", "")
        code = naf.normalize(typed)
        if code and (known := in_rev2(code)):
            return known
        if chosen == NO_ACTIVITY:
            return None
        found = naf.search(typed)
        codes = [activity.code for activity in found]
        if chosen in codes or len(codes) == 1:
            return chosen if chosen in codes else codes[0]
        self.activities = found
        none = "Aucune activité ne porte ce nom. Essayez un autre mot, ou laissez ce champ vide."
        self.add_error("activity", "Choisissez votre activité dans la liste." if found else none)
        return None

    @property
    def is_activity_refused(self) -> bool:
        """True when the activity was asked and left blank."""
        return self.identity.asks_activity and not self.cleaned_data.get("activity")

    @property
    def company_name(self) -> str:
        company = self.identity.company
        return company.name[:200] if company and company.name else str(self.cleaned_data.get("name", ""))

    def facts(self) -> CompanyFacts:
        """The known facts, each with its source. For a valid form."""
        cleaned = self.cleaned_data
        corrections: dict[str, Any] = {}
        if cleaned.get("headcount") is not None:
            corrections["headcount"] = (cleaned["headcount"], cleaned["headcount"])
        if cleaned["code"]:
            corrections["naf"] = cleaned["code"]
        if cleaned.get("craft"):
            corrections["craft"] = CRAFT[cleaned["craft"]]
        for name in ("legal_form", "created_on"):
            if cleaned.get(name):
                corrections[name] = cleaned[name]
        return self.identity.facts.corrected(corrections, by=FactSource.OWNER, on=self.on)

    def routing_facts(self) -> ApplicantFacts:
        """The bare values that the routing reads. For a valid form."""
        facts = self.facts()
        return ApplicantFacts(
            headcount=facts.value("headcount"),
            naf=facts.value("naf"),
            legal_form=facts.value("legal_form"),
            craft=facts.value("craft"),
            created_on=facts.value("created_on"),
            project_holder=self.identity.is_project,
        )

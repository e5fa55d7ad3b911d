"""Forms of the staff's request page. A correction records who gave each fact, and when."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from django import forms

from companies import legal_forms, naf, siret
from companies.facts import CompanyFacts, FactSource
from companies.forms import phone_field
from companies.naf_editions import in_rev2
from experts.models import Institution, Subject
from mailing.form_fields import LineField, TypedTextField
from solicitations.models import Match, Need, Solicitation
from territories.models import Commune, UnknownCommune
from territories.names import normalise
from territories.search import search_communes

MAX_MESSAGE_LENGTH = 2000
MAX_EMPLOYEES = 500_000
CRAFT = {"": None, "yes": True, "no": False}
COMPANY_FIELDS = (
    "company_name",
    "siret",
    "headcount_min",
    "headcount_max",
    "legal_form",
    "company_created_on",
)


def text_field(label: str, missing: str, *, help_text: str = "", rows: int = 3) -> TypedTextField:
    return TypedTextField(
        label=label,
        help_text=help_text,
        rows=rows,
        max_length=MAX_MESSAGE_LENGTH,
        error_messages={
            "required": missing,
            "max_length": f"Raccourcissez ce texte : {MAX_MESSAGE_LENGTH} caractères au plus.",
        },
    )


class AddInstitutionForm(forms.Form):
    """Institution to add to a need, among those with an office for the commune."""

    need = forms.ModelChoiceField(label="Pour le besoin", queryset=Need.objects.none(), empty_label=None)
    institution = forms.ModelChoiceField(
        label="Institution",
        queryset=Institution.objects.none(),
        empty_label="Choisissez une institution",
        error_messages={
            "required": "Choisissez une institution.",
            "invalid_choice": "Choisissez une institution de la liste.",
        },
    )
    reason = text_field("Pourquoi l'ajouter", "Dites pourquoi vous ajoutez cette institution.", rows=2)

    def __init__(
        self, *args: Any, solicitation: Solicitation, institutions: Sequence[Institution], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        needs: Any = self.fields["need"]
        needs.queryset = solicitation.needs.select_related("subject").order_by("position", "pk")
        needs.label_from_instance = lambda need: need.subject.label
        among: Any = self.fields["institution"]
        among.queryset = Institution.objects.filter(
            pk__in=[institution.pk for institution in institutions]
        ).order_by("position", "pk")


class WithdrawForm(forms.Form):
    """Expert to remove from a need, with a reason that they will read."""

    match = forms.ModelChoiceField(
        label="Référent",
        queryset=Match.objects.none(),
        empty_label="Choisissez un référent",
        error_messages={
            "required": "Choisissez un référent.",
            "invalid_choice": "Ce référent n'a plus ce besoin : rechargez la page pour voir où il en est.",
        },
    )
    reason = text_field(
        "Pourquoi le retirer", "Dites pourquoi vous retirez ce référent.", help_text="Il le lira.", rows=2
    )

    def __init__(self, *args: Any, solicitation: Solicitation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        active = Match.objects.active().filter(need__solicitation=solicitation)
        matches: Any = self.fields["match"]
        matches.queryset = active.select_related("need__subject", "expert__office").in_order()
        matches.label_from_instance = lambda match: (
            f"{match.expert.office.name} — {match.expert.name} ({match.need.subject.label})"
        )


class RequestCorrectionForm(forms.Form):
    """Commune, subjects and facts of a request; a project without company has fewer facts."""

    commune = LineField(
        label="Commune",
        max_length=100,
        help_text="Nom, code postal ou code INSEE.",
        error_messages={
            "required": "Indiquez la commune.",
            "max_length": "Indiquez seulement le nom ou le code de la commune.",
        },
    )
    commune_code = LineField(required=False, max_length=5, widget=forms.HiddenInput)
    company_name = LineField(label="Nom de l'entreprise", required=False, max_length=200)
    siret = LineField(label="SIRET", required=False, max_length=40)
    headcount_min = forms.IntegerField(
        label="Effectif, au moins", required=False, min_value=0, max_value=MAX_EMPLOYEES
    )
    headcount_max = forms.IntegerField(
        label="Effectif, au plus", required=False, min_value=0, max_value=MAX_EMPLOYEES
    )
    naf = LineField(label="Code NAF", required=False, max_length=10, help_text="Par exemple 43.22A.")
    craft = forms.ChoiceField(
        label="Artisan", required=False, choices=[("", "On ne sait pas"), ("yes", "Oui"), ("no", "Non")]
    )
    legal_form = forms.ChoiceField(
        label="Forme juridique", required=False, choices=[("", "On ne sait pas"), *legal_forms.choices()]
    )
    company_created_on = forms.DateField(
        label="Date de création",
        required=False,
        help_text="Par exemple 03/05/2019.",
        widget=forms.DateInput(format="%d/%m/%Y"),
        error_messages={"invalid": "Indiquez une date comme 03/05/2019."},
    )
    phone = phone_field()

    def __init__(self, *args: Any, solicitation: Solicitation, **kwargs: Any) -> None:
        self.solicitation = solicitation
        self.needs = list(solicitation.needs.select_related("subject").order_by("position", "pk"))
        self.candidates: list[Commune] = []
        super().__init__(*args, **({"initial": self._initial()} | kwargs))
        self.fields["phone"].label = "Téléphone"
        subjects = Subject.objects.listed().filter(is_confidential=solicitation.is_confidential)
        by_theme: dict[str, list[tuple[str, str]]] = {}
        for subject in subjects.select_related("theme").order_by("theme__position", "label", "pk"):
            theme = str(subject.theme) if subject.theme else "Sans thème"
            by_theme.setdefault(theme, []).append((subject.slug, subject.label))
        for need in self.needs:
            own = (need.subject.slug, need.subject.label)
            is_listed = any(own in rows for rows in by_theme.values())
            self.fields[f"subject_{need.pk}"] = forms.ChoiceField(
                label="Sujet", choices=[*([] if is_listed else [own]), *by_theme.items()]
            )
        for name in COMPANY_FIELDS if solicitation.is_project_holder else ():
            del self.fields[name]

    def _initial(self) -> dict[str, Any]:
        row = self.solicitation
        names = ("company_name", "siret", "headcount_min", "headcount_max", "naf", "legal_form", "phone")
        known = {name: getattr(row, name) for name in names}
        return {
            **known,
            "commune": row.commune.place,
            "commune_code": row.commune.code,
            "legal_form": _legal_form_choice(row.legal_form),
            "company_created_on": row.company_created_on,
            "craft": {None: "", True: "yes", False: "no"}[row.craft],
            **{f"subject_{need.pk}": need.subject.slug for need in self.needs},
        }

    def clean_siret(self) -> str:
        typed: str = self.cleaned_data["siret"]
        try:
            return siret.clean_siret(typed) if typed else ""
        except siret.InvalidSiret as error:
            raise forms.ValidationError(str(error)) from error

    def clean_naf(self) -> str:
        typed: str = self.cleaned_data["naf"]
        code = naf.normalize(typed) if typed else ""
        if code and code != self.solicitation.naf and not naf.label(code):
            code = in_rev2(code)
        if code is None:
            raise forms.ValidationError("Ce code NAF n'existe pas. Indiquez un code comme 43.22A.")
        return code

    def clean_legal_form(self) -> str:
        """Keep the full code when the choice shown for it did not change."""
        chosen: str = self.cleaned_data["legal_form"]
        known = self.solicitation.legal_form
        return known if chosen == _legal_form_choice(known) else chosen

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        low, high = cleaned.get("headcount_min"), cleaned.get("headcount_max")
        if low is None and high is not None:
            self.add_error("headcount_min", "Indiquez aussi l'effectif le plus bas possible, ou 0.")
        if low is not None and high is not None and low > high:
            self.add_error(
                "headcount_max", "L'effectif le plus haut est inférieur au plus bas : vérifiez-les."
            )
        slugs = [cleaned.get(f"subject_{need.pk}") for need in self.needs]
        if len(set(slugs)) < len(slugs):
            self.add_error(None, "Le même sujet est choisi deux fois : gardez-en un seul.")
        if text := cleaned.get("commune"):
            self._resolve_commune(text, cleaned.get("commune_code", ""))
        return cleaned

    def _resolve_commune(self, text: str, code: str) -> None:
        if text == self.solicitation.commune.place:
            self.cleaned_data["place"] = self.solicitation.commune
            return
        found = list(
            {commune.code: commune for commune in (*_by_code(text), *search_communes(text))}.values()
        )
        exact = [commune for commune in found if normalise(commune.name) == normalise(text)]
        only = [commune for commune in found if commune.code == code] or (exact if len(exact) == 1 else found)
        if len(only) == 1:
            self.cleaned_data["place"] = only[0]
        elif found:
            self.candidates = exact or found
            self.add_error("commune", "Plusieurs communes correspondent : choisissez dans la liste.")
        else:
            self.add_error("commune", "Aucune commune ne porte ce nom ou ce code : vérifiez-le.")

    def columns(self, *, on: date) -> dict[str, Any]:
        """Columns to write, with the source of each fact. For a valid form."""
        cleaned, row = self.cleaned_data, self.solicitation
        names = [name for name in (*COMPANY_FIELDS, "naf", "phone") if name in self.fields]
        columns = {name: cleaned[name] for name in names} | {"craft": CRAFT[cleaned["craft"]]}
        typed_facts = {"naf": cleaned["naf"] or None, "craft": columns["craft"]}
        if "headcount_min" in self.fields:
            low = cleaned["headcount_min"]
            typed_facts["headcount"] = None if low is None else (low, cleaned["headcount_max"])
            typed_facts["legal_form"] = cleaned["legal_form"] or None
            typed_facts["created_on"] = cleaned["company_created_on"]
        names_of_facts = ("headcount", "naf", "legal_form", "craft", "created_on")
        values = {name: getattr(row.facts, name) for name in names_of_facts}
        changed = {name: value for name, value in typed_facts.items() if value != values[name]}
        before = CompanyFacts.from_stored(values, row.fact_sources)
        sources = before.corrected(changed, by=FactSource.STAFF, on=on).sources()
        return {**columns, "commune": cleaned["place"], "fact_sources": sources}

    def subjects(self) -> dict[int, Subject]:
        """Subject of each need, by the need's pk. For a valid form."""
        slugs = {need.pk: self.cleaned_data[f"subject_{need.pk}"] for need in self.needs}
        found = {subject.slug: subject for subject in Subject.objects.filter(slug__in=slugs.values())}
        return {pk: found[slug] for pk, slug in slugs.items()}

    def subject_fields(self) -> list[forms.BoundField]:
        return [self[f"subject_{need.pk}"] for need in self.needs]

    def company_fields(self) -> list[forms.BoundField]:
        """Fields of the company, in the order of the page."""
        order = ("company_name", "siret", "headcount_min", "headcount_max", "naf", "craft", "legal_form")
        return [self[name] for name in (*order, "company_created_on", "phone") if name in self.fields]


def _legal_form_choice(code: str) -> str:
    """Choice that displays a legal form: its code if it has a label, else its first two digits."""
    return code if code in legal_forms.LABELS else code[:2]


def _by_code(text: str) -> Iterator[Commune]:
    """The commune of an INSEE code, former codes included."""
    if len(text) == 5 and not text.isalpha():
        try:
            yield Commune.objects.resolve(text.upper())
        except UnknownCommune:
            return

"""Forms of an office, one subject each: contact, companies accepted, role, convention, closing."""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from directory.forms.facts_form import (
    DirectoryDayField,
    LegalFormPrefixesField,
    MailboxField,
    NafPrefixesField,
    OfficePhoneField,
    RowFactsForm,
)
from experts.changes.directory_facts import Facts
from experts.directory_sites import SiteField
from experts.models import Institution, Office, Subject
from mailing.form_fields import LineField

MAX_EMPLOYEES = 10_000_000
EMPTY = "Vide : n'exclut personne."
PROJECT_HOLDERS = {"": None, "yes": True, "no": False}


class CodeChoiceField(forms.ModelChoiceField):
    """A row chosen in a list; its code is the fact."""

    def clean(self, value: Any) -> Any:
        chosen = super().clean(value)
        return None if chosen is None else getattr(chosen, str(self.to_field_name))


def institution_field() -> CodeChoiceField:
    """The institution of an office, among those of the catalogue."""
    return CodeChoiceField(
        label="Institution",
        queryset=Institution.objects.listed().order_by("name", "pk"),
        to_field_name="code",
        empty_label="Choisissez une institution",
        error_messages={
            "required": "Choisissez une institution.",
            "invalid_choice": "Choisissez une institution de la liste.",
        },
    )


class OfficeContactForm(RowFactsForm):
    """Name, institution and contact of an office."""

    title = "Les coordonnées"
    done = "Les coordonnées de l'antenne sont enregistrées."

    name = LineField(
        label="Nom de l'antenne",
        max_length=500,
        help_text="Celui que les entreprises voient, par exemple « France Travail Dijon ».",
        error_messages={"required": "Indiquez le nom de l'antenne."},
    )
    institution = institution_field()
    phone = OfficePhoneField(help_text="Celui de l'accueil : les entreprises le voient.")
    email = MailboxField(
        label="Boîte partagée",
        help_text="Elle est prévenue quand un référent ne répond pas. Les entreprises ne la voient pas.",
    )
    site = SiteField(label="Site internet", invalid="Indiquez une adresse comme https://www.exemple.fr.")
    is_public = forms.BooleanField(
        label="Montrer cette antenne dans « Qui peut aider ? »",
        required=False,
        help_text="Décochée, elle reçoit toujours les demandes, mais n'est pas montrée au public.",
    )

    def __init__(self, data: Any = None, *, shown: Facts, **kwargs: Any) -> None:
        """A contact that a public service lacks may wait for somebody to know it."""
        super().__init__(data, shown=shown, **kwargs)
        for name in ("phone", "email"):
            self.fields[name].required = shown.get(name) != ""


class CriteriaForm(RowFactsForm):
    """Companies that an office accepts."""

    title = "Les entreprises acceptées"
    done = "Les entreprises acceptées sont enregistrées."
    intro = (
        "Une entreprise qui ne remplit pas une condition n'est pas envoyée à cette antenne. "
        "Ce qu'on ne sait pas d'elle ne l'écarte jamais."
    )

    headcount_min = forms.IntegerField(
        label="Effectif, au moins", required=False, min_value=0, max_value=MAX_EMPLOYEES, help_text=EMPTY
    )
    headcount_max = forms.IntegerField(
        label="Effectif, au plus", required=False, min_value=0, max_value=MAX_EMPLOYEES, help_text=EMPTY
    )
    age_min_years = forms.IntegerField(
        label="Ancienneté, au moins (en années)",
        required=False,
        min_value=0,
        max_value=1000,
        help_text=EMPTY,
    )
    age_max_years = forms.IntegerField(
        label="Ancienneté, au plus (en années)", required=False, min_value=0, max_value=1000, help_text=EMPTY
    )
    naf = NafPrefixesField(
        label="Activités acceptées",
        help_text=f"Débuts de codes NAF, séparés par des virgules, par exemple « 43, 41.20 ». {EMPTY}",
    )
    naf_excluded = NafPrefixesField(label="Activités refusées", help_text=EMPTY)
    legal_forms = LegalFormPrefixesField(
        label="Formes juridiques acceptées",
        help_text=f"Débuts de catégories juridiques de l'INSEE, par exemple « 54, 57 ». {EMPTY}",
    )
    legal_forms_excluded = LegalFormPrefixesField(label="Formes juridiques refusées", help_text=EMPTY)
    craft = forms.ChoiceField(label="Artisanat", required=False, choices=Office.Craft.choices)
    project_holders = forms.TypedChoiceField(
        label="Personnes sans entreprise",
        required=False,
        choices=[("", "Pas de condition"), ("yes", "Acceptées"), ("no", "Refusées")],
        coerce=lambda value: PROJECT_HOLDERS[value],
        empty_value=None,
        help_text="« Acceptées » et « Pas de condition » ont le même effet.",
    )

    def initial_of(self, shown: Any) -> dict[str, Any]:
        labels = {value: word for word, value in PROJECT_HOLDERS.items()}
        return super().initial_of(shown) | {"project_holders": labels[shown["project_holders"]]}

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        for low, high, sentence in (
            ("headcount_min", "headcount_max", "L'effectif maximal est plus petit que le minimal."),
            ("age_min_years", "age_max_years", "L'ancienneté maximale est plus petite que la minimale."),
        ):
            minimum, maximum = cleaned.get(low), cleaned.get(high)
            if minimum is not None and maximum is not None and minimum > maximum:
                self.add_error(high, sentence)
        return cleaned


class RoleForm(RowFactsForm):
    """Subjects that an office takes alone, and its part as a fallback."""

    title = "Le rôle"
    done = "Le rôle de l'antenne est enregistré."

    is_fallback = forms.BooleanField(
        label="Antenne de repli",
        required=False,
        help_text=(
            "Elle reçoit seulement ce que personne ne couvre, quels que soient ses sujets et ses conditions."
        ),
    )
    exclusive_subjects = forms.MultipleChoiceField(
        label="Sujets que cette antenne traite seule",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=(
            "Sur son territoire, aucune autre antenne ne reçoit ces sujets. "
            "Rien de coché : elle n'écarte personne."
        ),
    )

    def __init__(self, *args: Any, answered: frozenset[str] = frozenset(), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = Subject.objects.listed().filter(slug__in=answered | set(self.shown["exclusive_subjects"]))
        field: Any = self.fields["exclusive_subjects"]
        field.choices = list(offered.order_by("label", "pk").values_list("slug", "label"))

    def initial_of(self, shown: Any) -> dict[str, Any]:
        return super().initial_of(shown) | {"exclusive_subjects": sorted(shown["exclusive_subjects"])}

    def facts(self) -> Facts:
        return super().facts() | {"exclusive_subjects": frozenset(self.cleaned_data["exclusive_subjects"])}


class AgreementForm(RowFactsForm):
    """The convention of an office with the service."""

    title = "La convention"
    done = "La convention est enregistrée."
    intro = "Vous recevez un rappel 60 jours, puis 15 jours avant la fin."

    agreement_signed_on = DirectoryDayField(label="Signée le", required=False)
    agreement_ends_on = DirectoryDayField(
        label="Finit le",
        required=False,
        help_text="Ce jour-là, l'antenne ferme. Vide : la convention n'a pas de fin.",
    )
    agreement_link = SiteField(
        label="Lien vers le document",
        invalid="Indiquez une adresse comme https://www.exemple.fr/convention.pdf.",
    )

    def clean(self) -> dict[str, Any]:
        signed, ends = (self.cleaned_data.get(name) for name in ("agreement_signed_on", "agreement_ends_on"))
        if signed and ends and ends <= signed:
            self.add_error("agreement_ends_on", "La convention finit avant d'être signée.")
        return self.cleaned_data


class ClosingForm(RowFactsForm):
    """The first day when an office is closed."""

    title = "Fermer l'antenne"
    done = "La fermeture de l'antenne est enregistrée."
    intro = (
        "À partir de ce jour, elle ne reçoit plus rien. Ce qui attend chez elle est proposé à d'autres ; "
        "ce que ses référents ont pris en charge leur reste. Vous pourrez la rouvrir."
    )

    closed_on = DirectoryDayField(
        label="Premier jour de fermeture",
        error_messages={"required": "Indiquez le premier jour de fermeture."},
    )


class NewOfficeForm(OfficeContactForm):
    """A new office; its areas and people come next."""

    title = "Nouvelle antenne"
    given: ClassVar[tuple[str, ...]] = ("name", "institution", "phone", "email", "site", "is_public")

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if Office.objects.listed().filter(name__iexact=name).exists():
            raise ValidationError(
                f"Une antenne s'appelle déjà « {name} » : ajoutez le nom de la commune, ou corrigez l'autre."
            )
        return name

"""Forms of an expert, one subject each: record, subjects, absence, departure, move."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundWidget
from django.utils import timezone

from directory.forms.facts_form import DirectoryDayField, MailboxField, OfficePhoneField, RowFactsForm
from experts.changes.directory_facts import AbsenceEntry, Facts
from experts.models import Expert, Office, Subject
from mailing.form_fields import LineField
from mailing.secure_urls import SecureUrlField

ALL_SUBJECTS, SOME_SUBJECTS = "all", "some"


@dataclass(frozen=True)
class ThemeChoices:
    """The checkboxes of the subjects of a theme; ``chosen``: how many are ticked."""

    label: str
    boxes: list[BoundWidget]
    chosen: int


def booking_url_field() -> SecureUrlField:
    """The page where companies book an hour with an expert."""
    return SecureUrlField(
        label="Page de prise de rendez-vous",
        required=False,
        help_text="Les entreprises la reçoivent quand personne n'a pu les joindre. Commence par https://.",
    )


class RecordForm(RowFactsForm):
    """Name, job and phone of an expert."""

    title = "La fiche"
    done = "La fiche est enregistrée."

    name = LineField(
        label="Nom",
        max_length=500,
        help_text="La personne ou l'équipe qui répond.",
        error_messages={"required": "Indiquez le nom de la personne ou de l'équipe."},
    )
    job = LineField(label="Fonction", required=False, max_length=500)
    phone = OfficePhoneField()
    shows_phone = forms.BooleanField(
        label="Montrer ce numéro aux entreprises",
        required=False,
        help_text="Décochée : elles voient celui de l'antenne.",
    )
    booking_url = booking_url_field()


class SubjectsForm(RowFactsForm):
    """Subjects that an expert answers, among those that the institution is asked about."""

    title = "Les sujets"
    done = "Les sujets sont enregistrés."
    given: ClassVar[tuple[str, ...]] = ("has_all_subjects", "subjects")

    extent = forms.ChoiceField(
        label="Cette personne répond",
        choices=[
            (ALL_SUBJECTS, "à tous les sujets de son institution"),
            (SOME_SUBJECTS, "aux sujets cochés"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez tous les sujets, ou ceux que vous cochez."},
    )
    subjects = forms.MultipleChoiceField(
        label="Sujets",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "Choisissez des sujets de la liste."},
    )

    def __init__(self, *args: Any, answered: frozenset[str] = frozenset(), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        among = Subject.objects.listed().filter(slug__in=answered | set(self.shown.get("subjects", ())))
        rows = among.select_related("theme").order_by("theme__position", "position", "pk")
        themes: dict[str, list[tuple[str, str]]] = {}
        for subject in rows:
            theme = subject.theme.label if subject.theme else "Autre"
            themes.setdefault(theme, []).append((subject.slug, subject.label))
        self.by_theme = themes
        field: Any = self.fields["subjects"]
        field.choices = list(themes.items())

    @property
    def themes(self) -> list[ThemeChoices]:
        """The checkboxes by theme, for a page that folds them."""
        boxes = {str(box.data["value"]): box for box in self["subjects"].subwidgets}
        found = []
        for label, choices in self.by_theme.items():
            own = [boxes[slug] for slug, _ in choices]
            found.append(ThemeChoices(label, own, sum(bool(box.data["selected"]) for box in own)))
        return found

    def initial_of(self, shown: Any) -> dict[str, Any]:
        if "has_all_subjects" not in shown:
            return super().initial_of(shown)
        extent = ALL_SUBJECTS if shown["has_all_subjects"] else SOME_SUBJECTS
        return super().initial_of(shown) | {"extent": extent, "subjects": sorted(shown["subjects"])}

    def facts(self) -> Facts:
        has_all = self.cleaned_data["extent"] == ALL_SUBJECTS
        chosen = frozenset() if has_all else frozenset(self.cleaned_data["subjects"])
        return {"has_all_subjects": has_all, "subjects": chosen}


class NewExpertForm(SubjectsForm):
    """A new expert of an office."""

    title = "Nouveau référent"
    given: ClassVar[tuple[str, ...]] = (
        "name",
        "job",
        "email",
        "phone",
        "shows_phone",
        "has_all_subjects",
        "subjects",
    )

    name = RecordForm.base_fields["name"]
    job = RecordForm.base_fields["job"]
    email = MailboxField(help_text="Les demandes y arrivent, avec un lien pour répondre sans mot de passe.")
    phone = OfficePhoneField()
    shows_phone = RecordForm.base_fields["shows_phone"]
    field_order = ("name", "job", "email", "phone", "shows_phone", "extent", "subjects")

    def __init__(self, *args: Any, office: Office, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.office = office

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if self.office.experts.filter(email__iexact=email).exists():
            raise ValidationError("Un référent de cette antenne a déjà cette adresse.")
        return email

    def facts(self) -> Facts:
        typed = {name: self.cleaned_data[name] for name in ("name", "job", "email", "phone", "shows_phone")}
        return typed | super().facts()


class AddressChangeForm(RowFactsForm):
    """The new address of a person."""

    title = "L'adresse électronique"
    done = "L'adresse est changée : les liens partent à la nouvelle."
    intro = (
        "Tous les postes de cette personne changent d'adresse. Ses demandes ouvertes la suivent : "
        "de nouveaux liens partent à la nouvelle adresse, les anciens ne s'ouvrent plus."
    )

    email = MailboxField(label="Adresse")


class DaysAwayForm(RowFactsForm):
    """Days when an expert is away, beside those already known."""

    title = "Une absence"
    done = "L'absence est enregistrée."
    given: ClassVar[tuple[str, ...]] = ("declared_absences",)

    from_on = DirectoryDayField(
        label="Premier jour", error_messages={"required": "Indiquez le premier jour."}
    )
    to_on = DirectoryDayField(
        label="Dernier jour",
        help_text="Cette personne revient le lendemain.",
        error_messages={"required": "Indiquez le dernier jour."},
    )
    deputy = forms.ChoiceField(
        label="Suppléant",
        required=False,
        help_text="Sans suppléant, les collègues de l'antenne qui ont ce sujet répondent, puis les autres.",
        error_messages={"invalid_choice": "Choisissez une personne de la même antenne."},
    )

    def __init__(
        self,
        *args: Any,
        colleagues: Iterable[Expert] = (),
        file_absence: AbsenceEntry | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.file_absence = file_absence
        field: Any = self.fields["deputy"]
        named = [(colleague.email.lower(), colleague.name) for colleague in colleagues]
        field.choices = [("", "Aucun"), *named]

    def initial_of(self, shown: Any) -> dict[str, Any]:
        return {}

    def clean(self) -> dict[str, Any]:
        first, last = self.cleaned_data.get("from_on"), self.cleaned_data.get("to_on")
        if first and last and last < first:
            self.add_error("to_on", "L'absence finit avant de commencer.")
        elif first and last:
            self._refuse_overlap(first, last)
        return self.cleaned_data

    def _refuse_overlap(self, first: date, last: date) -> None:
        known = [*self.shown["declared_absences"], *filter(None, [self.file_absence])]
        for absence in known:
            if absence.from_on <= last and first <= absence.to_on:
                self.add_error(
                    "from_on",
                    f"Une absence du {absence.from_on:%d/%m/%Y} au {absence.to_on:%d/%m/%Y} est déjà notée : "
                    "retirez-la d'abord.",
                )
                return

    def facts(self) -> Facts:
        chosen = self.cleaned_data
        absence = AbsenceEntry(chosen["from_on"], chosen["to_on"], chosen["deputy"] or None)
        return {"declared_absences": self.shown["declared_absences"] | {absence}}


class LeavingForm(RowFactsForm):
    """The day when an expert leaves, and who follows."""

    title = "Un départ"
    done = "Le départ est enregistré."
    intro = (
        "À partir de ce jour, cette personne ne reçoit plus rien. Ce qui attend chez elle est proposé "
        "à d'autres, dans son antenne d'abord ; ce qu'elle a pris en charge lui reste, et l'équipe régionale "
        "est prévenue."
    )
    given: ClassVar[tuple[str, ...]] = ("left_at", "successor")

    left_on = DirectoryDayField(
        label="Premier jour sans elle", error_messages={"required": "Indiquez une date."}
    )
    successor = LineField(label="Qui la remplace", required=False, max_length=500)

    def initial_of(self, shown: Any) -> dict[str, Any]:
        left_at = shown["left_at"]
        left_on = timezone.localdate(left_at) if left_at else None
        return {"left_on": left_on, "successor": shown["successor"]}

    def facts(self) -> Facts:
        left_at = timezone.make_aware(datetime.combine(self.cleaned_data["left_on"], time()))
        return {"left_at": left_at, "successor": self.cleaned_data["successor"]}


class MoveForm(RowFactsForm):
    """The office that an expert moves to."""

    title = "Changer d'antenne"
    done = "Cette personne a changé d'antenne."
    intro = (
        "Cette personne garde ses sujets, ses territoires propres et ses demandes ouvertes. "
        "Sans territoire propre, elle reçoit désormais ceux de sa nouvelle antenne."
    )

    office = forms.ChoiceField(
        label="Nouvelle antenne",
        error_messages={
            "required": "Choisissez une antenne.",
            "invalid_choice": "Choisissez une antenne de la liste.",
        },
    )

    def __init__(self, *args: Any, offices: Iterable[Office] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["office"]
        field.choices = [("", "Choisissez une antenne"), *((office.code, office.name) for office in offices)]

    def initial_of(self, shown: Any) -> dict[str, Any]:
        return {}

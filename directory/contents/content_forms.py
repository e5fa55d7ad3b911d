"""Forms of the catalogue: facts in, facts out. They save nothing."""

from collections.abc import Mapping
from typing import Any

from django import forms

from directory.contents.content_facts import ContentFacts
from directory.contents.content_fields import LinesField, NamesField, RankField
from directory.models import ContentKind
from experts.models import Institution, InstitutionGroup, InstitutionKind, Subject, Theme
from mailing.form_fields import LineField, TypedTextField

OTHER_SUBJECT = "autre"  # the way in for what no subject names: it stays


def _label(label: str, **kwargs: Any) -> LineField:
    return LineField(
        label=label,
        max_length=200,
        error_messages={
            "required": "Écrivez un nom.",
            "max_length": "Raccourcissez : 200 caractères au plus.",
        },
        **kwargs,
    )


def _text(label: str, **kwargs: Any) -> TypedTextField:
    return TypedTextField(label=label, rows=3, max_length=2000, required=False, **kwargs)


def _listed(label: str) -> forms.BooleanField:
    return forms.BooleanField(
        label=label,
        required=False,
        initial=True,
        help_text="Décoché, il n'est plus proposé ; les demandes qui le nomment restent.",
    )


class CatalogueForm(forms.Form):
    """A form whose fields are the facts of one kind. ``key`` is empty for a row to add."""

    def __init__(self, *args: Any, key: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.key = key

    def facts(self) -> ContentFacts:
        """The facts as typed. For a valid form."""
        return dict(self.cleaned_data)


class ThemeForm(CatalogueForm):
    label = _label("Nom")
    summary = _text("Ce qu'on y trouve, en une phrase")
    position = RankField()
    is_listed = _listed("Proposé au public")

    def clean_is_listed(self) -> bool:
        is_listed: bool = self.cleaned_data["is_listed"]
        if not is_listed and Subject.objects.listed().filter(theme__slug=self.key).exists():
            raise forms.ValidationError(
                "Ce thème a des sujets : retirez-les, ou changez leur thème, d'abord."
            )
        return is_listed


class GroupForm(CatalogueForm):
    label = _label("Nom")
    summary = _text("Ce que ces institutions font, en une phrase")
    position = RankField()


class InstitutionForm(CatalogueForm):
    name = _label("Nom d'aujourd'hui")
    former_names = LinesField(
        label="Anciens noms", rows=3, help_text="Un par ligne : on la trouve aussi par eux."
    )
    summary = _text("Ce qu'elle fait, en une phrase")
    kind = forms.ChoiceField(label="Nature", choices=InstitutionKind.choices)
    usual_level = forms.ChoiceField(label="Territoire habituel", choices=Institution.UsualLevel.choices)
    notified = forms.ChoiceField(
        label="Reçoit les demandes",
        choices=Institution.Notified.choices,
        help_text="« Jamais » : elle est montrée au public, et ne reçoit rien.",
    )
    is_legal_information = forms.BooleanField(
        label="Renseigne en droit du travail",
        required=False,
        help_text="Le délai légal de réponse (article L. 5143-1 du code du travail) la lie.",
    )
    group = forms.ChoiceField(label="Groupe", required=False)
    position = RankField()
    is_listed = _listed("Proposée")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups = InstitutionGroup.objects.order_by("position", "pk").values_list("code", "label")
        self.fields["group"].choices = [("", "Aucun"), *groups]  # type: ignore[attr-defined]


class SubjectForm(CatalogueForm):
    label = _label("Nom, comme le dirait une entreprise")
    theme = forms.ChoiceField(label="Thème", required=False)
    summary = _text("L'aide qu'on reçoit, en une phrase")
    guidance = _text("Ce qu'il faut écrire", help_text="Affiché au-dessus du texte de la demande.")
    institutions = NamesField(
        label="Institutions qui répondent",
        rows=6,
        most=30,
        help_text="Une par ligne, par nom ou par code ; la première mène. Un groupe vaut toutes ses "
        "institutions. Vide : le référent de la région répond.",
    )
    relays = NamesField(label="Relais", rows=3, most=30, help_text="Un par ligne : montrés, jamais prévenus.")
    keywords = LinesField(label="Mots que les gens écrivent", rows=6, help_text="Une expression par ligne.")
    examples = LinesField(
        label="Phrases d'entreprises",
        rows=6,
        longest=500,
        help_text="Une par ligne : la recherche en apprend.",
    )
    is_labour_law = forms.BooleanField(label="Droit du travail (délai légal de réponse)", required=False)
    is_confidential = forms.BooleanField(label="Confidentiel : toujours une demande à part", required=False)
    is_local_first = forms.BooleanField(label="« Près de chez vous »", required=False)
    is_collective = forms.BooleanField(label="Se prête à une action collective", required=False)
    is_open_to_project_holders = forms.BooleanField(
        label="Ouvert aux personnes sans entreprise", required=False
    )
    position = RankField()
    is_listed = _listed("Proposé au public")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        themes = Theme.objects.listed().order_by("position", "pk").values_list("slug", "label")
        self.fields["theme"].choices = [("", "Hors thème"), *themes]  # type: ignore[attr-defined]
        names = institution_names()
        for field in ("institutions", "relays"):
            self.fields[field].names = names  # type: ignore[attr-defined]

    def clean_is_listed(self) -> bool:
        is_listed: bool = self.cleaned_data["is_listed"]
        if not is_listed and self.key == OTHER_SUBJECT:
            raise forms.ValidationError("Ce sujet reste : il accueille ce que les autres ne nomment pas.")
        return is_listed

    def clean_relays(self) -> list[str]:
        relays: list[str] = self.cleaned_data["relays"]
        both = set(relays) & set(self.cleaned_data.get("institutions", []))
        if both:
            names = institution_names()
            listed = ", ".join(names[code] for code in sorted(both))
            raise forms.ValidationError(f"{listed} : choisissez, répond ou relais.")
        return relays


class EntryQuestionForm(CatalogueForm):
    question = _label("Question, comme la poserait une entreprise")
    theme = forms.ChoiceField(label="Mène à un thème", required=False)
    subjects = NamesField(
        label="Ou mène à des sujets", rows=4, most=20, help_text="Un par ligne. Un seul : on y va tout droit."
    )
    is_listed = _listed("Proposée au public")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        themes = Theme.objects.listed().order_by("position", "pk").values_list("slug", "label")
        self.fields["theme"].choices = [("", "Aucun"), *themes]  # type: ignore[attr-defined]
        subjects = Subject.objects.order_by("position", "pk").values_list("slug", "label")
        self.fields["subjects"].names = dict(subjects)  # type: ignore[attr-defined]

    def clean(self) -> ContentFacts:
        if "subjects" in self.cleaned_data:
            leads_to = (bool(self.cleaned_data.get("theme")), bool(self.cleaned_data["subjects"]))
            if leads_to not in {(True, False), (False, True)}:
                self.add_error("theme", "Choisissez un thème, ou des sujets : l'un des deux.")
        return self.cleaned_data


FORMS: Mapping[ContentKind, type[CatalogueForm]] = {
    ContentKind.THEME: ThemeForm,
    ContentKind.SUBJECT: SubjectForm,
    ContentKind.INSTITUTION: InstitutionForm,
    ContentKind.GROUP: GroupForm,
    ContentKind.QUESTION: EntryQuestionForm,
}


def institution_names() -> dict[str, str]:
    """Names of the groups and of the institutions, by code."""
    groups = InstitutionGroup.objects.order_by("position", "pk").values_list("code", "label")
    institutions = Institution.objects.order_by("position", "pk").values_list("code", "name")
    return dict([*groups, *institutions])

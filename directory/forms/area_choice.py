"""Choice of areas without a map: those kept, and names or codes to add, homonyms asked."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from directory.forms.facts_form import RowFactsForm
from directory.forms.office_facts import NewOfficeForm, OfficeContactForm
from experts.changes.directory_facts import Facts
from mailing.form_fields import LineField, TypedTextField
from territories.area_search import MAX_AREAS_TYPED, TypedArea, find_areas, names_of, split_areas
from territories.areas import AreaRef, Level, MalformedArea
from territories.models import Area

CHOSEN = "lequel-"
MAX_ERRORS = 20
PROPOSED = "Territoires proposés"


class AreaChoiceForm(RowFactsForm):
    """Areas kept and areas added. ``questions``: the texts that may mean several areas.

    Inside a zone, ``is_zone``: neither zones nor the whole country.
    """

    given: ClassVar[tuple[str, ...]] = ("areas",)
    is_zone: ClassVar[bool] = False
    may_be_empty: ClassVar[bool] = True
    kept_label: ClassVar[str] = "Territoires d'aujourd'hui"

    kept = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Décochez ceux à retirer.",
    )
    added = TypedTextField(
        label="Ajouter des territoires",
        required=False,
        rows=4,
        help_text=(
            "Communes, intercommunalités, zones, départements ou régions : un nom, un code ou un code postal "
            "par ligne, ou séparés par des points-virgules. Par exemple « Dijon Métropole ; 71 ; Beaune »."
        ),
    )

    def __init__(self, *args: Any, is_proposed: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.questions: list[TypedArea] = []
        refs = set(self.shown.get(self.given[0]) or ())
        typed = self.data.getlist("kept") if hasattr(self.data, "getlist") else []
        refs |= set(parsed_areas(typed))
        names = names_of(refs)
        field: Any = self.fields["kept"]
        in_order = sorted(refs, key=lambda ref: (ref.level, names.get(ref, ref.code)))
        field.label = PROPOSED if is_proposed else self.kept_label
        field.choices = [(str(ref), names.get(ref, str(ref))) for ref in in_order]
        if not refs:
            del self.fields["kept"]

    def initial_of(self, shown: Any) -> dict[str, Any]:
        return super().initial_of(shown) | {"kept": sorted(map(str, shown.get(self.given[0]) or ()))}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        texts = split_areas(cleaned.get("added") or "")
        if len(texts) > MAX_AREAS_TYPED:
            self.add_error("added", f"{MAX_AREAS_TYPED} noms ou codes au plus à la fois.")
            return cleaned
        refs = set(parsed_areas(cleaned.get("kept") or ()))
        for typed in find_areas(texts) if texts else ():
            refs |= self._chosen(typed)
        if not refs and not self.may_be_empty and not self.errors:
            self.add_error("added", "Indiquez au moins un territoire.")
        cleaned[self.given[0]] = frozenset(refs)
        return cleaned

    def _chosen(self, typed: TypedArea) -> set[AreaRef]:
        """The areas of a text: the only one it may mean, or those ticked among several."""
        found = [area for area in typed.found if not self.is_zone or _may_be_in_zone(area.ref)]
        if typed.is_exact and len(found) == 1:
            return {found[0].ref}
        posted = self.data.getlist(f"{CHOSEN}{typed.text}") if hasattr(self.data, "getlist") else []
        chosen = set(parsed_areas(posted)) & {area.ref for area in found}
        if chosen:
            return chosen
        if found:
            self.questions.append(replace(typed, found=tuple(found)))
            which = "les communes voulues" if typed.is_postcode else "le territoire que vous voulez dire"
            self._refuse(f"« {typed.text} » : cochez ci-dessous {which}.")
        else:
            self._refuse(f"« {typed.text} » n'est ni le nom ni le code d'un territoire : vérifiez-le.")
        return set()

    def _refuse(self, sentence: str) -> None:
        if len(self.errors.get("added", ())) < MAX_ERRORS:
            self.add_error("added", sentence)


class OfficeAreasForm(AreaChoiceForm):
    """Areas of an office."""

    title = "Les territoires"
    done = "Les territoires de l'antenne sont enregistrés."


class OwnAreasForm(AreaChoiceForm):
    """Own areas of an expert, which replace those of the office."""

    title = "Les territoires propres"
    done = "Les territoires propres sont enregistrés."
    intro = "Ils remplacent ceux de l'antenne. Sans aucun, ceux de l'antenne comptent."


class ZoneForm(AreaChoiceForm):
    """Name and members of a zone."""

    title = "La zone"
    given: ClassVar[tuple[str, ...]] = ("members", "name")
    is_zone = True
    may_be_empty = False

    name = LineField(
        label="Nom de la zone",
        max_length=500,
        help_text="Par exemple « Pays beaunois » ou « Bassin d'emploi de Dijon ».",
        error_messages={"required": "Indiquez le nom de la zone."},
    )
    field_order = ("name", "kept", "added")

    def clean_name(self) -> str:
        """A name that no other zone has: spreadsheets name zones by it."""
        name: str = self.cleaned_data["name"]
        same = Area.objects.of_kind("zone").filter(name__iexact=name, dropped_at=None)
        if name != self.shown.get("name") and same.exists():
            raise ValidationError(
                f"Une zone s'appelle déjà « {name} » : donnez un autre nom, ou corrigez l'autre."
            )
        return name


class NewOfficeWithAreasForm(NewOfficeForm, AreaChoiceForm):
    """A new office with its areas."""

    given: ClassVar[tuple[str, ...]] = ("areas", *NewOfficeForm.given)
    may_be_empty = False
    kept_label = "Territoires"
    field_order = ("institution", "name", "kept", "added", *(name for name in OfficeContactForm.base_fields))

    def facts(self) -> Facts:
        return {name: self.cleaned_data[name] for name in self.given}


def parsed_areas(texts: Iterable[str]) -> list[AreaRef]:
    """The references that can be read."""
    refs = []
    for text in texts:
        try:
            refs.append(AreaRef.parse(text))
        except MalformedArea:
            continue
    return refs


def _may_be_in_zone(ref: AreaRef) -> bool:
    return ref.level not in {Level.ZONE, Level.NATIONAL}

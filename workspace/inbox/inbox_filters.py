"""Filters of the inbox: what may be typed, and the needs that it leaves."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone

from experts.models import Expert, Subject
from mailing.form_fields import LineField
from solicitations.lifecycle import ACTIVE
from solicitations.models.matches import MatchQuerySet
from territories.models import Department
from territories.names import normalise
from workspace import put_off
from workspace.inbox import inbox_queries, text_search
from workspace.inbox.readers import Reader
from workspace.inbox.tabs import STATES, InboxList, Scope, experts_of

LATE, CLOCK, NOT_CALLED, PUT_OFF = "retard", "delai", "rappel", "remis"
WATCHED = {
    LATE: "En retard",
    CLOCK: "Délai légal en cours",
    NOT_CALLED: "Entreprise pas rappelée",
    PUT_OFF: "Remis à plus tard",
}
NAMES = ("q", "sujet", "departement", "du", "au", "etat", "vue", "referent")


def _day(label: str) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        input_formats=["%Y-%m-%d", "%d/%m/%Y"],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Indiquez une date comme 03/05/2026."},
    )


class InboxFilterForm(forms.Form):
    """Words, subject, place, dates, state, and whose needs they are."""

    q = LineField(
        label="Entreprise, personne, lieu ou mots",
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "id": "recherche"}),
    )
    vue = forms.ChoiceField(label="À surveiller", required=False, choices=[("", "Tout"), *WATCHED.items()])
    sujet = forms.ModelChoiceField(
        label="Sujet",
        required=False,
        queryset=Subject.objects.order_by("label", "pk"),
        to_field_name="slug",
        empty_label="Tous",
    )
    departement = forms.ModelChoiceField(
        label="Département",
        required=False,
        queryset=Department.objects.order_by("name", "pk"),
        empty_label="Tous",
    )
    du = _day("Reçus à partir du")
    au = _day("Reçus jusqu'au")

    def __init__(self, data: QueryDict, *, reader: Reader, shown: InboxList) -> None:
        super().__init__(data, auto_id="filtre_%s")
        states = STATES[shown.tab]
        if len(states) > 1:
            labels = [(state.value, state.label) for state in states]
            self.fields["etat"] = forms.ChoiceField(
                label="État", required=False, choices=[("", "Tous"), *labels]
            )
        if shown.scope in {Scope.OFFICE, Scope.MANAGED}:
            people = Expert.objects.filter(pk__in=experts_of(reader, shown.scope)).order_by("name", "pk")
            self.fields["referent"] = forms.ModelChoiceField(
                label="Référent", required=False, queryset=people, empty_label="Tous"
            )

    def clean(self) -> dict[str, Any]:
        """Refuse a period that ends before it begins."""
        cleaned = self.cleaned_data
        first, last = cleaned.get("du"), cleaned.get("au")
        if first and last and last < first:
            self.add_error("au", "La fin de la période précède son début : vérifiez les deux dates.")
            del cleaned["du"]
        return cleaned

    @property
    def chosen(self) -> dict[str, Any]:
        """The filters that are used, without those that are not valid."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    @property
    def folded(self) -> list[forms.BoundField]:
        """The fields that the page folds away as long as none of them is used."""
        return [field for field in self if field.name != "q"]

    @property
    def is_unfolded(self) -> bool:
        return any(field.value() or field.errors for field in self.folded)


def is_used(query: Mapping[str, Any]) -> bool:
    """Return whether a query string filters the list."""
    return any(query.get(name) for name in NAMES)


def filtered(
    needs: MatchQuerySet, chosen: Mapping[str, Any], shown: InboxList, *, enough: int, now: datetime
) -> MatchQuerySet:
    """The needs of a list that the filters leave; ``enough``: how many by words, at least, when there are."""
    conditions = Q()
    if subject := chosen.get("sujet"):
        conditions &= Q(subject=subject)
    if department := chosen.get("departement"):
        conditions &= Q(department=department)
    if first := chosen.get("du"):
        conditions &= Q(sent_at__gte=_midnight(first))
    if (last := chosen.get("au")) and last < date.max:
        conditions &= Q(sent_at__lt=_midnight(last + timedelta(days=1)))
    if state := chosen.get("etat"):
        conditions &= Q(state=state)
    if expert := chosen.get("referent"):
        conditions &= Q(expert=expert)
    found = needs.filter(conditions)
    if watched := chosen.get("vue"):
        found = found.filter(_watched(watched, now=now))
    text = chosen.get("q")
    return _with_words(found, text, shown, enough=enough) if text else found


def _with_words(found: MatchQuerySet, text: str, shown: InboxList, *, enough: int) -> MatchQuerySet:
    """The needs that say the words of the text, and those of the département that it names."""
    by_words = text_search.with_words(found, text, shown, enough=enough)
    department = _department_named(text)
    if department is None:
        return by_words
    there = Q(department=department, need__solicitation__is_confidential=False)
    return found.filter(there | Q(pk__in=by_words.values("pk")))


def _department_named(text: str) -> Department | None:
    """The département of that name, which lines show after the commune."""
    name = normalise(text)
    rows = Department.objects.order_by("pk") if name else Department.objects.none()
    return next((row for row in rows if normalise(row.name) == name), None)


def _watched(code: str, *, now: datetime) -> Q:
    conditions = {
        LATE: inbox_queries.late(now=now),
        CLOCK: inbox_queries.clocked(),
        NOT_CALLED: Q(state__in=ACTIVE) & inbox_queries.not_called(now=now),
        PUT_OFF: put_off.IS_CURRENT & Q(put_off__until__gt=timezone.localdate(now)),
    }
    return conditions[code]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=timezone.get_default_timezone())

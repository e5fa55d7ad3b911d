"""Filters of the lists of offices and experts."""

from datetime import date, datetime, timedelta
from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import QueryDict

from directory.silence import silent
from directory.subject_choices import subjects_by_theme
from experts.models import Absence, Expert, Institution, Office, Seat, Subject, User
from experts.models.experts import ExpertQuerySet
from experts.models.offices import OfficeQuerySet
from experts.word_search import search_experts, search_offices
from mailing.form_fields import LineField
from territories.models import Area, Commune
from territories.search import search_communes

ENDS_SOON = timedelta(days=60)
STALE_AFTER = timedelta(days=365)

OPEN, CLOSED, WITHOUT_EXPERT, WITHOUT_MANAGER, ENDING, UNVERIFIED, ALL = (
    "ouvertes",
    "fermees",
    "sans-referent",
    "sans-responsable",
    "convention",
    "non-verifiees",
    "toutes",
)
OFFICE_STATES = {
    CLOSED: "Fermées",
    WITHOUT_EXPERT: "Sans référent",
    WITHOUT_MANAGER: "Sans responsable",
    ENDING: "Convention qui finit bientôt",
    UNVERIFIED: "Pas vérifiées depuis un an",
    ALL: "Toutes, fermées comprises",
}
ABSENT, SILENT, BOUNCING, PAUSED, LEFT, WITHOUT_SUBJECT = (
    "absents",
    "silencieux",
    "adresse-refusee",
    "en-pause",
    "partis",
    "sans-sujet",
)
EXPERT_STATES = {
    ABSENT: "Absents aujourd'hui",
    SILENT: "Sans réponse à leurs trois dernières demandes",
    BOUNCING: "Adresse refusée",
    PAUSED: "En pause",
    WITHOUT_SUBJECT: "Sans sujet",
    UNVERIFIED: "Pas vérifiés depuis un an",
    LEFT: "Partis",
    ALL: "Tous, partis compris",
}


class CoveredCommuneFilter(django_filters.CharFilter):
    """A commune, as people type it."""

    field_class = LineField


class DirectoryFilter(django_filters.FilterSet):
    """Filters that both lists share. ``places``: communes of the typed name, likeliest first."""

    q = django_filters.CharFilter(
        label="Nom, courriel ou téléphone",
        method="by_words",
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    lieu = CoveredCommuneFilter(label="Commune couverte", method="by_place", max_length=100)
    sujet = django_filters.ModelChoiceFilter(
        label="Sujet",
        queryset=Subject.objects.listed().order_by("label", "pk"),
        to_field_name="slug",
        empty_label="Tous",
        method="by_subject",
    )
    institution = django_filters.ModelChoiceFilter(
        label="Institution",
        queryset=Institution.objects.listed().order_by("name", "pk"),
        to_field_name="code",
        empty_label="Toutes",
        method="by_institution",
    )

    def __init__(self, data: QueryDict, *, queryset: QuerySet[Any], today: date, now: datetime) -> None:
        super().__init__(data, queryset=queryset)
        field: Any = self.form.fields["sujet"]
        field.widget.choices = [("", "Tous"), *subjects_by_theme()]
        self.today, self.now = today, now
        self.places: list[Commune] = []

    @property
    def is_searched(self) -> bool:
        """Return whether a filter is used."""
        return any(self.form.cleaned_data.values())

    @property
    def place(self) -> Commune | None:
        """The commune that the list is about."""
        return self.places[0] if self.places else None

    def by_place(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Filter the rows that cover the likeliest commune of this name; none without any."""
        self.places = search_communes(value)
        if not self.places:
            return rows.none()
        return rows.filter(self.covering(Area.objects.containing(self.places[0]).values("pk")))

    def covering(self, areas: QuerySet[Area, Any]) -> Q:
        """Condition on the rows of the list: they cover one of these areas."""
        raise NotImplementedError


class OfficeFilter(DirectoryFilter):
    """Filters of the list of offices; without ``etat``, the open ones."""

    etat = django_filters.ChoiceFilter(
        label="État", choices=list(OFFICE_STATES.items()), empty_label="Ouvertes", method="by_state"
    )

    @property
    def found(self) -> OfficeQuerySet:
        """The offices of these filters."""
        offices: OfficeQuerySet = self.qs
        return offices if self.form.cleaned_data.get("etat") else offices.open_on(self.today)

    def __init__(self, data: QueryDict, *, user: User, **options: Any) -> None:
        super().__init__(data, **options)
        self.user = user

    def by_words(self, offices: OfficeQuerySet, name: str, value: str) -> OfficeQuerySet:
        return search_offices(offices, value, people=Expert.objects.visible_to(self.user))

    def covering(self, areas: QuerySet[Area, Any]) -> Q:
        own = Expert.objects.listed().filter(areas__in=areas).values("office")
        linked = Office.areas.through.objects.filter(area__in=areas).values("office")
        return Q(pk__in=linked) | Q(pk__in=own)

    def by_subject(self, offices: OfficeQuerySet, name: str, value: Subject) -> OfficeQuerySet:
        answering = serving(Expert.objects.listed(), now=self.now).filter(answering_subject(value))
        return offices.filter(institutions_answering(value), pk__in=answering.values("office"))

    def by_institution(self, offices: OfficeQuerySet, name: str, value: Institution) -> OfficeQuerySet:
        return offices.filter(institution=value)

    def by_state(self, offices: OfficeQuerySet, name: str, value: str) -> OfficeQuerySet:
        opened = offices.open_on(self.today)
        if value == CLOSED:
            return offices.exclude(pk__in=opened.values("pk"))
        if value == WITHOUT_EXPERT:
            return opened.exclude(pk__in=serving(Expert.objects.listed(), now=self.now).values("office"))
        if value == WITHOUT_MANAGER:
            managed = Seat.objects.current(now=self.now).filter(office__isnull=False, user__is_active=True)
            return opened.exclude(pk__in=managed.values("office"))
        if value == ENDING:
            return opened.filter(agreement_ends_on__lte=self.today + ENDS_SOON)
        return opened.filter(unverified(self.today)) if value == UNVERIFIED else offices


class ExpertFilter(DirectoryFilter):
    """Filters of the list of experts; without ``etat``, the experts in post."""

    etat = django_filters.ChoiceFilter(
        label="État", choices=list(EXPERT_STATES.items()), empty_label="En poste", method="by_state"
    )

    @property
    def found(self) -> ExpertQuerySet:
        """The experts of these filters."""
        experts: ExpertQuerySet = self.qs
        return experts if self.form.cleaned_data.get("etat") else self._there(experts)

    def _there(self, experts: ExpertQuerySet) -> ExpertQuerySet:
        return serving(experts.listed(), now=self.now).filter(
            office__in=Office.objects.open_on(self.today).values("pk")
        )

    def by_words(self, experts: ExpertQuerySet, name: str, value: str) -> ExpertQuerySet:
        return search_experts(experts, value)

    def covering(self, areas: QuerySet[Area, Any]) -> Q:
        own = Expert.areas.through.objects
        of_office = Office.areas.through.objects.filter(area__in=areas).values("office")
        without_own = ~Exists(own.filter(expert=OuterRef("pk")))
        return Q(pk__in=own.filter(area__in=areas).values("expert")) | without_own & Q(office__in=of_office)

    def by_subject(self, experts: ExpertQuerySet, name: str, value: Subject) -> ExpertQuerySet:
        offices = Office.objects.filter(institutions_answering(value))
        return experts.filter(answering_subject(value), office__in=offices.values("pk"))

    def by_institution(self, experts: ExpertQuerySet, name: str, value: Institution) -> ExpertQuerySet:
        return experts.filter(office__institution=value)

    def by_state(self, experts: ExpertQuerySet, name: str, value: str) -> ExpertQuerySet:
        there = self._there(experts)
        if value == ABSENT:
            away = Absence.objects.filter(from_on__lte=self.today, to_on__gte=self.today)
            return there.filter(pk__in=away.values("expert"))
        if value == SILENT:
            return there.filter(pk__in=silent(there, now=self.now).values("pk"))
        if value == WITHOUT_SUBJECT:
            skilled = Expert.subjects.through.objects.values("expert")
            return there.filter(has_all_subjects=False).exclude(pk__in=skilled)
        conditions = {
            BOUNCING: Q(is_bouncing=True),
            PAUSED: Q(is_paused=True),
            LEFT: Q(left_at__isnull=False),
            UNVERIFIED: unverified(self.today),
        }
        if value == ALL:
            return experts
        return (experts if value in {LEFT, PAUSED} else there).filter(conditions[value])


def serving(experts: ExpertQuerySet, *, now: datetime) -> ExpertQuerySet:
    """Filter the experts who have not left."""
    return experts.filter(Q(left_at__isnull=True) | Q(left_at__gt=now))


def answering_subject(subject: Subject) -> Q:
    """Condition on experts: all subjects, or this one."""
    skilled = Expert.subjects.through.objects.filter(subject=subject).values("expert")
    return Q(has_all_subjects=True) | Q(pk__in=skilled)


def institutions_answering(subject: Subject) -> Q:
    """Condition on offices: their institution, or its group, is asked about this subject."""
    answers = subject.answers.filter(is_relay=False)
    return Q(institution__in=answers.values("institution")) | Q(
        institution__group__in=answers.filter(group__isnull=False).values("group")
    )


def unverified(today: date) -> Q:
    """Condition on offices and experts: not verified for a year."""
    return Q(verified_on__isnull=True) | Q(verified_on__lt=today - STALE_AFTER)

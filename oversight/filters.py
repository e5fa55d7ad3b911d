"""Filters of the staff's lists of requests and mails."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import django_filters
from django import forms
from django.conf import settings
from django.db.models import Q
from django.forms import TextInput
from django.http import QueryDict

from experts.models import Institution, Theme, User
from mailing.form_fields import LineField
from mailing.models import IncomingEmailQuerySet, IncomingState, OutgoingEmailQuerySet
from oversight.mail_occasions import OCCASION_GROUPS
from solicitations.lifecycle import Labelled, NeedState, RequestState
from solicitations.models import Solicitation
from solicitations.models.request_querysets import CLOSED_BY_STAFF, REFERENCE, SolicitationQuerySet
from territories.models import Department, Region
from territories.time_zones import time_zone

HELD, UNCOVERED, LATE, WITHOUT_ANSWER, ALERTED = (
    "retenues",
    "non-couvertes",
    "en-retard",
    "sans-reponse",
    "alertes",
)
MACHINE = "machine"  # incoming mails refused as automatic
PROBLEMS = {
    HELD: "Retenues",
    UNCOVERED: "Non couvertes",
    LATE: "En retard",
    WITHOUT_ANSWER: "Sans réponse de tous",
    ALERTED: "À traiter",
}
MINE, NOBODY, COLLEAGUES = "moi", "personne", "collegues"
HANDLERS = {MINE: "Moi", COLLEAGUES: "Un collègue", NOBODY: "Personne encore"}
OLDEST_FIRST, BY_COMPANY = "anciennes", "entreprise"
ORDERS = {OLDEST_FIRST: "Anciennes d'abord", BY_COMPANY: "Par entreprise"}
FOLDED = ("region", "departement", "theme", "institution", "du", "au")
DISPLAYED_STATES: dict[str, Labelled] = {
    shown.value: shown for shown in (RequestState.HELD, *NeedState, *CLOSED_BY_STAFF)
}
# Occasions of mails, by their template's name, grouped by recipient.

DELIVERY_STATES = {
    "pending": ("En attente", Q(sent_at=None, refused_at=None, cancelled_at=None)),
    "sent": ("Envoyés", ~Q(sent_at=None)),
    "refused": ("Refusés", ~Q(refused_at=None)),
    "cancelled": ("Annulés", ~Q(cancelled_at=None)),
}


class LineFilter(django_filters.CharFilter):
    """Filter by words typed or pasted, without their invisible characters."""

    field_class = LineField


def with_problem(requests: SolicitationQuerySet, code: str, *, now: datetime) -> SolicitationQuerySet:
    """Requests of one of the four counters, or those with an open alert."""
    if code == HELD:
        return requests.held()
    if code == UNCOVERED:
        return requests.uncovered()
    if code == LATE:
        return requests.late(now=now)
    return requests.without_answer() if code == WITHOUT_ANSWER else requests.with_open_alert()


class PeriodForm(forms.Form):
    """Form of the list's filters: a period that ends before it begins is refused."""

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        first, last = cleaned.get("du"), cleaned.get("au")
        if first and last and last < first:
            self.add_error("au", "La fin de la période précède son début : vérifiez les deux dates.")
        return cleaned


def day_filter(label: str, method: str) -> django_filters.DateFilter:
    """Filter by a day, as browsers send it or as people type it."""
    return django_filters.DateFilter(
        label=label,
        method=method,
        input_formats=["%Y-%m-%d", "%d/%m/%Y"],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Indiquez une date comme 03/05/2026."},
    )


class RequestFilter(django_filters.FilterSet):
    """Filters of the list of requests; only the national team may choose the region."""

    q = LineFilter(
        label="Nom, SIRET, courriel ou référence",
        method="by_words",
        max_length=200,
        widget=TextInput(attrs={"type": "search"}),
    )
    etat = django_filters.ChoiceFilter(
        label="État",
        choices=[(code, shown.label) for code, shown in DISPLAYED_STATES.items()],
        empty_label="Tous",
        method="by_state",
    )
    vue = django_filters.ChoiceFilter(
        label="Ce qui ne va pas", choices=list(PROBLEMS.items()), empty_label="Tout", method="by_problem"
    )
    suivi = django_filters.ChoiceFilter(
        label="Qui s'en occupe", choices=list(HANDLERS.items()), empty_label="Tous", method="by_handler"
    )
    tri = django_filters.ChoiceFilter(
        label="Ordre",
        choices=list(ORDERS.items()),
        empty_label="Récentes d'abord",
        method="in_order",
    )
    region = django_filters.ModelChoiceFilter(
        label="Région", queryset=Region.objects.order_by("name", "pk"), empty_label="Toutes"
    )
    departement = django_filters.ModelChoiceFilter(
        label="Département",
        queryset=Department.objects.order_by("name", "pk"),
        empty_label="Tous",
        field_name="commune__department",
    )
    theme = django_filters.ModelChoiceFilter(
        label="Thème",
        queryset=Theme.objects.order_by("position", "pk"),
        to_field_name="slug",
        empty_label="Tous",
        method="by_theme",
    )
    institution = django_filters.ModelChoiceFilter(
        label="Institution sollicitée",
        queryset=Institution.objects.order_by("name", "pk"),
        to_field_name="code",
        empty_label="Toutes",
        method="by_institution",
    )
    du = day_filter("Envoyées à partir du", "since_day")
    au = day_filter("Envoyées jusqu'au", "until_day")

    class Meta:
        form = PeriodForm

    def __init__(
        self, data: QueryDict, *, queryset: SolicitationQuerySet, user: User | None, now: datetime
    ) -> None:
        super().__init__(data, queryset=queryset)
        self.now, self.user = now, user
        region = None if user is None or user.is_national else user.region_id
        if region is not None:
            del self.filters["region"]
            departments = self.filters["departement"]
            departments.queryset = departments.queryset.filter(region=region)
        self.time_zone = time_zone_of(region)

    @property
    def is_searched(self) -> bool:
        """Return whether a filter leaves requests out; the order does not."""
        return any(value for name, value in self.form.cleaned_data.items() if name != "tri")

    @property
    def folded(self) -> list[forms.BoundField]:
        """Fields that the page folds away, as long as none of them is used."""
        return [self.form[name] for name in FOLDED if name in self.form.fields]

    @property
    def is_unfolded(self) -> bool:
        return any(field.value() or field.errors for field in self.folded)

    def by_words(self, queryset: SolicitationQuerySet, name: str, value: str) -> SolicitationQuerySet:
        return queryset.search(value)

    def by_theme(self, queryset: SolicitationQuerySet, name: str, value: Theme) -> SolicitationQuerySet:
        return queryset.about_theme(value)

    def by_institution(
        self, queryset: SolicitationQuerySet, name: str, value: Institution
    ) -> SolicitationQuerySet:
        return queryset.of_institution(value)

    def by_state(self, queryset: SolicitationQuerySet, name: str, value: str) -> SolicitationQuerySet:
        return queryset.displayed_as(DISPLAYED_STATES[value])

    def by_problem(self, queryset: SolicitationQuerySet, name: str, value: str) -> SolicitationQuerySet:
        return with_problem(queryset, value, now=self.now)

    def by_handler(self, queryset: SolicitationQuerySet, name: str, value: str) -> SolicitationQuerySet:
        if value == NOBODY or self.user is None:
            return queryset.handled_by_nobody()
        return (
            queryset.filter(handled_by=self.user) if value == MINE else queryset.handled_by_another(self.user)
        )

    def since_day(self, queryset: SolicitationQuerySet, name: str, value: date) -> SolicitationQuerySet:
        return queryset.filter(submitted_at__gte=midnight(value, self.time_zone))

    def until_day(self, queryset: SolicitationQuerySet, name: str, value: date) -> SolicitationQuerySet:
        if value == date.max:
            return queryset
        return queryset.filter(submitted_at__lt=midnight(value + timedelta(days=1), self.time_zone))

    def in_order(self, queryset: SolicitationQuerySet, name: str, value: str) -> SolicitationQuerySet:
        return queryset

    @property
    def found(self) -> SolicitationQuerySet:
        """Requests of the filters, in the order asked for."""
        requests: SolicitationQuerySet = self.qs
        order = self.form.cleaned_data.get("tri")
        if order == OLDEST_FIRST:
            return requests.oldest_first()
        return requests.by_company() if order == BY_COMPANY else requests.newest_first()


def time_zone_of(region: str | None) -> ZoneInfo:
    """Time zone of a region's days; that of Paris for the national team."""
    first = Department.objects.filter(region=region).order_by("pk").first() if region else None
    return time_zone(first.pk) if first else ZoneInfo(settings.TIME_ZONE)


def midnight(on: date, time_zone: ZoneInfo) -> datetime:
    """The beginning of a day there."""
    return datetime.combine(on, time(), tzinfo=time_zone)


class MailFilter(django_filters.FilterSet):
    """Filters of the outbox."""

    q = LineFilter(
        label="Destinataire ou référence",
        method="by_words",
        max_length=200,
        widget=TextInput(attrs={"type": "search"}),
    )
    occasion = django_filters.ChoiceFilter(
        label="Occasion",
        choices=[(group, list(names.items())) for group, names in OCCASION_GROUPS.items()],
        empty_label="Toutes",
        method="by_occasion",
    )
    sort = django_filters.ChoiceFilter(
        label="Sort",
        choices=[(code, label) for code, (label, _) in DELIVERY_STATES.items()],
        empty_label="Tous",
        method="by_state",
    )

    def by_words(self, queryset: OutgoingEmailQuerySet, name: str, value: str) -> OutgoingEmailQuerySet:
        """Mails of one request, or those whose recipient contains this text."""
        if reference := REFERENCE.fullmatch("".join(value.split()).upper()):
            named = Solicitation.objects.filter(reference="-".join(reference.groups())).first()
            return queryset.about(f"request:{named.pk}") if named else queryset.none()
        return queryset.filter(to__icontains=value.strip())

    def by_occasion(self, queryset: OutgoingEmailQuerySet, name: str, value: str) -> OutgoingEmailQuerySet:
        return queryset.filter(template__endswith=f"/{value}")

    def by_state(self, queryset: OutgoingEmailQuerySet, name: str, value: str) -> OutgoingEmailQuerySet:
        return queryset.filter(DELIVERY_STATES[value][1])


class IncomingFilter(django_filters.FilterSet):
    """Filters of the list of incoming mails."""

    q = LineFilter(
        label="Expéditeur ou référence",
        method="by_words",
        max_length=200,
        widget=TextInput(attrs={"type": "search"}),
    )
    etat = django_filters.ChoiceFilter(
        label="État",
        choices=[*IncomingState.choices, (MACHINE, "Écarté comme automatique")],
        empty_label="Tous",
        method="by_state",
    )

    def by_state(self, queryset: IncomingEmailQuerySet, name: str, value: str) -> IncomingEmailQuerySet:
        return queryset.refused_as_automatic() if value == MACHINE else queryset.filter(state=value)

    def by_words(self, queryset: IncomingEmailQuerySet, name: str, value: str) -> IncomingEmailQuerySet:
        """Mails about one request, or those whose sender contains this text."""
        if reference := REFERENCE.fullmatch("".join(value.split()).upper()):
            named = Solicitation.objects.filter(reference="-".join(reference.groups())).first()
            return queryset.about(f"request:{named.pk}") if named else queryset.none()
        return queryset.filter(sender__icontains=value.strip())

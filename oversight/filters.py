"""Filters of the staff's lists of requests and mails."""

from datetime import datetime

import django_filters
from django.db.models import Q
from django.forms import TextInput
from django.http import QueryDict

from experts.models import Theme, User
from mailing.models import IncomingEmailQuerySet, IncomingState, OutgoingEmailQuerySet
from solicitations.lifecycle import Labelled, NeedState, RequestState
from solicitations.models import Solicitation
from solicitations.models.request_querysets import CLOSED_BY_STAFF, REFERENCE, SolicitationQuerySet
from territories.models import Region

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
DISPLAYED_STATES: dict[str, Labelled] = {
    shown.value: shown for shown in (RequestState.HELD, *NeedState, *CLOSED_BY_STAFF)
}
# Occasions of mails, by their template's name.
OCCASIONS = {
    "received": "Accusé de réception",
    "notified": "Nouvelle demande",
    "taken_for_company": "Prise en charge, à l'entreprise",
    "taken_for_others": "Prise en charge, aux autres référents",
    "message": "Message entre référents",
    "question": "Précision demandée",
    "added": "Informations ajoutées",
    "contact_corrected": "Coordonnées corrigées",
    "address_to_confirm": "Nouvelle adresse à confirmer",
    "address_confirmed": "Nouvelle adresse confirmée",
    "address_left": "Ancienne adresse remplacée",
    "not_called": "Entreprise pas rappelée",
    "not_called_manager": "Entreprise pas rappelée, au responsable",
    "unreachable": "Entreprise injoignable",
    "contacted": "Référents contactés",
    "second_came": "Seconde demande reçue",
    "taken_over": "Reprise par un relais",
    "taker_gone": "Interlocuteur parti",
    "expert_gone": "Départ d'un référent",
    "record_changed": "Fiche modifiée",
    "nobody_could_help": "Personne n'a pu aider",
    "closed_by_staff": "Close par l'équipe",
    "stopped": "Plus rien à faire",
    "undone_for_company": "Réponse annulée, à l'entreprise",
    "undone_for_experts": "Réponse annulée, aux référents",
    "link_reissued": "Nouveau lien de référent",
    "lost_links": "Liens perdus",
    "resume": "Reprendre plus tard",
    "sent_in_your_name": "Copie d'une réponse venue d'une autre adresse",
    "where_the_button_is": "Où prendre en charge",
    "turned_away": "Réponse non transmise",
    "reminders": "Rappel aux référents",
    "where_things_stand": "Point d'étape, à l'entreprise",
    "manager_told": "Responsable d'antenne prévenu",
    "call_check": "Vous a-t-on rappelé ?",
    "unanswered": "Restée sans réponse",
    "survey": "Avis de l'entreprise",
    "follow_up_point": "Point à six mois",
    "resume_reminder": "Rappel d'une demande à finir",
    "alert": "Alerte à l'équipe",
    "login_code": "Code de connexion",
    "second_factor": "Second facteur changé",
}
DELIVERY_STATES = {
    "pending": ("En attente", Q(sent_at=None, refused_at=None, cancelled_at=None)),
    "sent": ("Envoyés", ~Q(sent_at=None)),
    "refused": ("Refusés", ~Q(refused_at=None)),
    "cancelled": ("Annulés", ~Q(cancelled_at=None)),
}


def with_problem(requests: SolicitationQuerySet, code: str, *, now: datetime) -> SolicitationQuerySet:
    """Requests of one of the four counters, or those with a standing alert."""
    if code == HELD:
        return requests.held()
    if code == UNCOVERED:
        return requests.uncovered()
    if code == LATE:
        return requests.late(now=now)
    return requests.without_answer() if code == WITHOUT_ANSWER else requests.with_open_alert()


class RequestFilter(django_filters.FilterSet):
    """Filters of the list of requests; only the national team may choose the region."""

    q = django_filters.CharFilter(
        label="Nom, SIRET, courriel ou référence",
        method="by_words",
        max_length=200,
        widget=TextInput(attrs={"type": "search"}),
    )
    region = django_filters.ModelChoiceFilter(
        label="Région", queryset=Region.objects.order_by("name", "pk"), empty_label="Toutes"
    )
    theme = django_filters.ModelChoiceFilter(
        label="Thème",
        queryset=Theme.objects.order_by("position", "pk"),
        to_field_name="slug",
        empty_label="Tous",
        method="by_theme",
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

    def __init__(
        self, data: QueryDict, *, queryset: SolicitationQuerySet, user: User | None, now: datetime
    ) -> None:
        super().__init__(data, queryset=queryset)
        self.now = now
        if user is not None and not user.is_national:
            del self.filters["region"]

    def by_words(self, queryset: SolicitationQuerySet, name: str, value: str) -> SolicitationQuerySet:
        return queryset.search(value)

    def by_theme(self, queryset: SolicitationQuerySet, name: str, value: Theme) -> SolicitationQuerySet:
        return queryset.about_theme(value)

    def by_state(self, queryset: SolicitationQuerySet, name: str, value: str) -> SolicitationQuerySet:
        return queryset.displayed_as(DISPLAYED_STATES[value])

    def by_problem(self, queryset: SolicitationQuerySet, name: str, value: str) -> SolicitationQuerySet:
        return with_problem(queryset, value, now=self.now)


class MailFilter(django_filters.FilterSet):
    """Filters of the outbox."""

    q = django_filters.CharFilter(
        label="Destinataire ou référence",
        method="by_words",
        max_length=200,
        widget=TextInput(attrs={"type": "search"}),
    )
    occasion = django_filters.ChoiceFilter(
        label="Occasion", choices=list(OCCASIONS.items()), empty_label="Toutes", method="by_occasion"
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

    q = django_filters.CharFilter(
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

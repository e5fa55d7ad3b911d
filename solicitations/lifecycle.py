"""The states of a match, a need and a request, the table of their moves, and what a need shows.

Pure: no framework, no clock. Source: the table "Units and states" of the architecture.
"""

from collections.abc import Collection, Iterable
from datetime import timedelta
from enum import StrEnum
from typing import Self


class ForbiddenMove(Exception):
    """The match or request is no longer in a state that allows this move."""

    def __init__(self, current: StrEnum, target: StrEnum) -> None:
        super().__init__(f"{current.value} → {target.value}")
        self.current = current
        self.target = target


class Labelled(StrEnum):
    """A stored code and the French words that people read."""

    label: str

    def __new__(cls, code: str, label: str = "") -> Self:
        member = str.__new__(cls, code)
        member._value_ = code
        member.label = label
        return member

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        """Pairs of code and label, for a model field."""
        return [(member.value, member.label) for member in cls]


class MatchState(Labelled):
    SENT = "sent", "Transmise"
    TAKEN = "taken", "Prise en charge"
    DECLINED = "declined", "Déclinée"
    HELPED = "helped", "Aide apportée"
    NO_HELP = "no_help", "Pas de solution"
    UNREACHABLE = "unreachable", "Injoignable"
    EXPIRED = "expired", "Sans réponse"
    WITHDRAWN = "withdrawn", "Retirée"
    REPLACED = "replaced", "Réorientée"


class NeedState(Labelled):
    CANCELLED = "cancelled", "Annulée"
    RECEIVED = "received", "Reçue"
    UNCOVERED = "uncovered", "Non couverte"
    IN_PROGRESS = "in_progress", "Prise en charge"
    HELPED = "helped", "Aide apportée"
    WAITING = "waiting", "En attente de réponse"
    NO_HELP = "no_help", "Pas de solution trouvée"
    UNREACHABLE = "unreachable", "Entreprise injoignable"
    UNANSWERED = "unanswered", "Restée sans réponse"
    DECLINED = "declined", "Déclinée par tous"


class RequestState(Labelled):
    SUBMITTED = "submitted", "Envoyée"
    HELD = "held", "Retenue"
    CLOSED = "closed", "Close"
    CANCELLED = "cancelled", "Annulée"
    ANONYMISED = "anonymised", "Anonymisée"


class HeldReason(Labelled):
    AUTOMATIC = "automatic", "Le texte semble automatique"
    MANY_EXPERTS = "many_experts", "Plus de huit référents seraient sollicités"
    DUPLICATE = "duplicate", "Une demande semblable existe déjà"


class ClosedReason(Labelled):
    DONE = "done", "Terminée"
    UNANSWERED = "unanswered", "Sans réponse"
    DECLINED = "declined", "Déclinée par tous"
    STAFF = "staff", "Close par l'équipe"
    SPAM = "spam", "Indésirable"
    TEST = "test", "Essai"
    DUPLICATE = "duplicate", "Doublon"


class DeclineReason(Labelled):
    NOT_MY_AREA = "not_my_area", "Ce n'est pas mon territoire"
    NOT_MY_SUBJECT = "not_my_subject", "Ce n'est pas mon sujet"
    NOT_ELIGIBLE = "not_eligible", "L'entreprise n'est pas éligible"
    NO_CAPACITY = "no_capacity", "Je ne suis pas disponible"
    OTHER = "other", "Autre raison"


class MatchOrigin(Labelled):
    ROUTING = "routing", "Désigné par la règle"
    FALLBACK = "fallback", "Relais quand personne d'autre ne peut"
    HAND_OVER = "hand_over", "Réorientation"
    BRING_IN = "bring_in", "Renfort"
    STAFF = "staff", "Ajouté par l'équipe"
    ESCALATION = "escalation", "Désigné à nouveau, faute de réponse"


class EventKind(Labelled):
    SUBMITTED = "submitted", "Demande envoyée"
    HELD = "held", "Demande retenue"
    RELEASED = "released", "Demande libérée"
    ROUTED = "routed", "Référents désignés"
    ROUTING_FAILED = "routing_failed", "Désignation impossible pour l'instant"
    MOVED = "moved", "Réponse d'un référent"
    UNDONE = "undone", "Réponse annulée"
    HANDED_OVER = "handed_over", "Réorientation"
    BROUGHT_IN = "brought_in", "Renfort demandé"
    FALLBACK = "fallback", "Reprise par un relais"
    EXHAUSTED = "exhausted", "Plus personne à solliciter"
    ASKED = "asked", "Précision demandée à l'entreprise"
    ADDED = "added", "Informations ajoutées par l'entreprise"
    CONTACT_CORRECTED = "contact_corrected", "Coordonnées corrigées"
    STILL_WAITING = "still_waiting", "L'entreprise n'a pas été rappelée"
    CANCELLED = "cancelled", "Demande annulée par l'entreprise"
    CLOSED = "closed", "Demande close"
    REOPENED = "reopened", "Demande rouverte"
    CORRECTED = "corrected", "Demande corrigée par l'équipe"
    ADDED_INSTITUTION = "added_institution", "Institution ajoutée par l'équipe"
    WITHDRAWN = "withdrawn", "Référent retiré par l'équipe"
    MERGED = "merged", "Doublon réuni à la première demande"
    DEPARTURE = "departure", "Un référent n'est plus là"
    OPENED = "opened", "Demande confidentielle ouverte"
    MAIL_OPENED = "mail_opened", "Courriel confidentiel ouvert"
    LINK_REISSUED = "link_reissued", "Lien renvoyé"
    REMINDED = "reminded", "Référent relancé"
    COMPANY_TOLD = "company_told", "Point d'étape envoyé à l'entreprise"
    MANAGER_TOLD = "manager_told", "Responsable de l'antenne prévenu"
    WIDENED = "widened", "Nouvelle désignation, faute de réponse"
    REGION_TOLD = "region_told", "Signalée à la région"
    LEGAL_ESCALATED = "legal_escalated", "Délai légal proche : responsable et région prévenus"
    CALL_CHECKED = "call_checked", "L'entreprise est interrogée sur son rappel"
    CALLED = "called", "L'entreprise dit avoir été rappelée"
    SURVEYED = "surveyed", "Avis demandé à l'entreprise"
    SURVEY_ANSWERED = "survey_answered", "Avis de l'entreprise reçu"
    FOLLOWED_UP = "followed_up", "Point à six mois envoyé"
    ANONYMISED = "anonymised", "Demande anonymisée"
    REPLY_PUBLISHED = "reply_published", "Réponse par courriel publiée par l'équipe"
    REPLY_SET_ASIDE = "reply_set_aside", "Réponse par courriel écartée par l'équipe"
    NOTED = "noted", "Note interne"
    HANDLED = "handled", "S'en occupe"
    UNHANDLED = "unhandled", "Ne s'en occupe plus"
    STAFF_REMINDED = "staff_reminded", "Relance par l'équipe"
    STAFF_WROTE = "staff_wrote", "Mot de l'équipe à un référent"
    OTHER_REGION_TOLD = "other_region_told", "Autre région prévenue"
    CALL_PLANNED = "call_planned", "Rappel prévu"
    CALL_UNPLANNED = "call_unplanned", "Rappel prévu annulé"


class Voice(Labelled):
    """Readers of a text about a request: each voice has its own table, place on pages and mails."""

    EXPERTS = "experts", "Entre experts"
    INSTITUTION = "institution", "Dans mon institution"
    COMPANY = "company", "Avec l'entreprise"
    STAFF = "staff", "À l'équipe"  # by mail alone: an answer to a message of staff


class ContactWish(Labelled):
    """The way in which a company asks to be answered."""

    CALL = "call", "Par téléphone"
    VIDEO = "video", "En visioconférence"
    VISIT = "visit", "Lors d'un rendez-vous sur place"
    WRITTEN = "written", "Par écrit"


class AlertCause(Labelled):
    HELD = "held", "Demande retenue : à libérer ou à clore"
    NOBODY = "nobody", "Personne à qui transmettre la demande"
    ACKNOWLEDGEMENT_REFUSED = "ack_refused", "L'accusé de réception n'est pas arrivé : appelez l'entreprise"
    ALL_DECLINED = "all_declined", "Tous les référents ont décliné"
    EXHAUSTED = "exhausted", "Plus personne à solliciter"
    DEPARTURE = "departure", "Un référent dit n'être plus là"
    NOT_CALLED = "not_called", "L'entreprise dit que personne ne l'a rappelée"
    MAIL_REFUSED = "mail_refused", "Un courriel à un référent a été refusé"
    LATE = "late", "Personne n'a pris la demande en charge depuis quatorze jours"
    SILENT = "silent", "Prise en charge, et sans suite depuis quarante-cinq jours"
    LEGAL = "legal", "Question de droit du travail : le délai légal approche"
    REPLY_HELD = "reply_held", "Une réponse par courriel est à vérifier"
    UNHAPPY = "unhappy", "L'entreprise n'est pas satisfaite de l'aide reçue"
    SIMILAR = "similar", "Une demande semblable attend dans une autre région"
    MENTIONED = "mentioned", "Un référent demande l'aide de la région"


# What the clock did about a need, the reminders that staff asked for, and the answers that end its
# questions: it reads these events before it acts again.
CLOCK_EVENTS = frozenset(
    {
        EventKind.REMINDED,
        EventKind.STAFF_REMINDED,
        EventKind.COMPANY_TOLD,
        EventKind.MANAGER_TOLD,
        EventKind.WIDENED,
        EventKind.REGION_TOLD,
        EventKind.LEGAL_ESCALATED,
        EventKind.CALL_CHECKED,
        EventKind.CALLED,
        EventKind.SURVEYED,
        EventKind.FOLLOWED_UP,
    }
)

UNDO_DELAY = timedelta(seconds=60)  # mails caused by a button are sent after this delay, unless undone

M = MatchState
MATCH_MOVES: dict[MatchState, frozenset[MatchState]] = {
    M.SENT: frozenset({M.TAKEN, M.DECLINED, M.EXPIRED, M.WITHDRAWN, M.REPLACED}),
    M.TAKEN: frozenset({M.HELPED, M.NO_HELP, M.UNREACHABLE, M.EXPIRED, M.WITHDRAWN, M.REPLACED}),
    M.UNREACHABLE: frozenset({M.TAKEN, M.HELPED}),
    M.NO_HELP: frozenset({M.TAKEN, M.HELPED}),
    M.EXPIRED: frozenset({M.TAKEN}),  # a late answer is welcome
    M.WITHDRAWN: frozenset({M.SENT}),
    M.REPLACED: frozenset({M.SENT}),
    M.DECLINED: frozenset(),
    M.HELPED: frozenset(),
}

R = RequestState
REQUEST_MOVES: dict[RequestState, frozenset[RequestState]] = {
    R.SUBMITTED: frozenset({R.HELD, R.CLOSED, R.CANCELLED}),
    R.HELD: frozenset({R.SUBMITTED, R.CLOSED, R.CANCELLED}),
    R.CLOSED: frozenset({R.SUBMITTED, R.ANONYMISED}),
    R.CANCELLED: frozenset({R.ANONYMISED}),
    R.ANONYMISED: frozenset(),
}

ACTIVE = frozenset({M.SENT, M.TAKEN})
NOT_LIVE = frozenset({M.WITHDRAWN, M.REPLACED})
# States in which a labour-law question has a written answer.
ANSWERED_STATES = frozenset({M.HELPED, M.NO_HELP})
# States after which the company may be asked its opinion.
OUTCOMES = ANSWERED_STATES | {M.UNREACHABLE}

# Priority: a need shows the first state found among its matches, a request among its needs.
NEED_ORDER: list[tuple[MatchState, NeedState]] = [
    (M.TAKEN, NeedState.IN_PROGRESS),
    (M.HELPED, NeedState.HELPED),
    (M.SENT, NeedState.WAITING),
    (M.NO_HELP, NeedState.NO_HELP),
    (M.UNREACHABLE, NeedState.UNREACHABLE),
    (M.EXPIRED, NeedState.UNANSWERED),
]
REQUEST_ORDER = (
    NeedState.UNCOVERED,
    NeedState.IN_PROGRESS,
    NeedState.WAITING,
    NeedState.RECEIVED,
    NeedState.HELPED,
    NeedState.NO_HELP,
    NeedState.UNREACHABLE,
    NeedState.UNANSWERED,
    NeedState.DECLINED,
    NeedState.CANCELLED,
)


def among(field: str, choices: type[Labelled], *, or_empty: bool = False) -> dict[str, list[str]]:
    """The look-up for a database constraint: the field holds one of the codes."""
    codes = [member.value for member in choices]
    return {f"{field}__in": [*codes, ""] if or_empty else codes}


def check_move(current: MatchState, target: MatchState) -> None:
    """Raise ``ForbiddenMove`` when the table has no such move."""
    if target not in MATCH_MOVES[current]:
        raise ForbiddenMove(current, target)


def check_undo(current: MatchState, earlier: MatchState) -> None:
    """Raise ``ForbiddenMove`` when ``current`` cannot have been reached from ``earlier``."""
    if current not in MATCH_MOVES[earlier]:
        raise ForbiddenMove(current, earlier)


def check_request_move(current: RequestState, target: RequestState) -> None:
    """Raise ``ForbiddenMove`` when the table has no such move."""
    if target not in REQUEST_MOVES[current]:
        raise ForbiddenMove(current, target)


def overall(
    matches: Iterable[MatchState], *, is_cancelled: bool, is_routed: bool, is_exhausted: bool = False
) -> NeedState:
    """Return the state of a need from those of its matches: the first rule that holds.

    ``is_exhausted``: nobody is sought any more.
    """
    if is_cancelled:
        return NeedState.CANCELLED
    if not is_routed:
        return NeedState.RECEIVED
    live = {state for state in matches if state not in NOT_LIVE}
    if not live:
        return NeedState.UNANSWERED if is_exhausted else NeedState.UNCOVERED
    for state, shown in NEED_ORDER:
        if state in live:
            return shown
    return NeedState.DECLINED


def summary(needs: Collection[NeedState]) -> NeedState:
    """Return the state of a request: the first, in the table's order, that one of its needs has."""
    for state in REQUEST_ORDER:
        if state in needs:
            return state
    return NeedState.RECEIVED


def closing_reason(needs: Collection[NeedState]) -> ClosedReason:
    """Return the closing reason of a request, from the states of its needs once nobody has to answer."""
    if not {NeedState.HELPED, NeedState.NO_HELP, NeedState.UNREACHABLE}.isdisjoint(needs):
        return ClosedReason.DONE
    return ClosedReason.UNANSWERED if NeedState.UNANSWERED in needs else ClosedReason.DECLINED

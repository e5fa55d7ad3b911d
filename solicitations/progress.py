"""Progress of a request as its company sees it, institution by institution.

A refusal shows as « a reçu » until all have declined. A request that is held shows that it was received and
nothing else, whatever holds it; so does a duplicate for good: its sender may be a stranger to the first.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mailing.prepared_queries import PreparedQuery
from solicitations.lifecycle import (
    ANSWERED_STATES,
    ClosedReason,
    EventKind,
    MatchOrigin,
    MatchState,
    NeedState,
    RequestState,
)
from solicitations.models import Event, Match, Question, Solicitation


class AnswerKind(StrEnum):
    """Progress of an institution, the most advanced first."""

    ANSWERED = "answered"
    TAKEN = "taken"
    UNREACHABLE = "unreachable"
    RECEIVED = "received"
    DECLINED = "declined"


_KINDS = {
    MatchState.HELPED: AnswerKind.ANSWERED,
    MatchState.NO_HELP: AnswerKind.ANSWERED,
    MatchState.TAKEN: AnswerKind.TAKEN,
    MatchState.UNREACHABLE: AnswerKind.UNREACHABLE,
}
_SILENT = {AnswerKind.RECEIVED, AnswerKind.DECLINED}


@dataclass(frozen=True)
class OfficeAnswer:
    """The answer of one office on some needs; ``person`` and ``phone`` once somebody took one."""

    kind: AnswerKind
    at: datetime
    subjects: tuple[str, ...]
    office: str = ""
    person: str = ""
    phone: str = ""


@dataclass(frozen=True)
class InstitutionLine:
    """One institution and where it stands."""

    name: str
    steps: tuple[OfficeAnswer, ...]


@dataclass(frozen=True)
class LaterAnswer:
    """A later answer of the same person."""

    answer: str
    at: datetime


@dataclass(frozen=True)
class LegalAnswer:
    """The precise information that the law owes on labour law: the first answer, then the later ones."""

    subject: str
    answer: str
    institution: str
    office: str
    person: str
    phone: str
    at: datetime
    later: tuple[LaterAnswer, ...] = ()


@dataclass(frozen=True)
class Progress:
    """Progress of a request; ``None`` where nothing happened; ``message``: what staff wrote when closing.

    ``is_unassigned``: routed, and nobody was found. ``has_readers``: somebody would receive what is added.
    """

    subjects: tuple[str, ...]
    sent_at: datetime | None
    taken_at: datetime | None
    institutions: tuple[InstitutionLine, ...]
    questions: tuple[Question, ...]
    legal_answers: tuple[LegalAnswer, ...]
    ended_at: datetime | None
    ending: str
    message: str
    is_unassigned: bool
    has_readers: bool

    @property
    def unanswered(self) -> tuple[Question, ...]:
        """Questions that wait for the company's answer."""
        return tuple(question for question in self.questions if question.is_waiting)

    @property
    def is_over(self) -> bool:
        return self.ended_at is not None


_MATCHES: PreparedQuery[Match] = PreparedQuery(
    lambda solicitation: Match.objects.live().filter(need__solicitation=solicitation).with_people().in_order()
)


def build(solicitation: Solicitation) -> Progress:
    """The progress of a request, as the owner's page shows it."""
    is_discreet = says_received_only(solicitation)
    matches = [] if is_discreet else _MATCHES.rows(solicitation=solicitation.pk)
    return Progress(
        subjects=subjects(solicitation),
        sent_at=solicitation.routed_at if matches else None,
        taken_at=min((match.taken_at for match in matches if match.taken_at), default=None),
        institutions=_lines(matches),
        questions=()
        if is_discreet
        else tuple(solicitation.questions.prefetch_related("files").order_by("asked_at", "pk")),
        legal_answers=legal_answers(matches),
        ended_at=solicitation.ended_at if not is_discreet else None,
        ending=_ending(solicitation, is_reached=bool(matches)),
        message=_message(solicitation),
        is_unassigned=solicitation.routed_at is not None and not is_discreet and not matches,
        has_readers=is_discreet
        or not solicitation.is_over
        or any(match.state != MatchState.DECLINED for match in matches),
    )


def subjects(solicitation: Solicitation) -> tuple[str, ...]:
    """The labels of the subjects, in the order they were asked."""
    needs = solicitation.needs.select_related("subject").order_by("position", "pk")
    return tuple(need.subject.label for need in needs)


def says_received_only(solicitation: Solicitation) -> bool:
    """Return ``True`` when the page must look like that of a request nobody has read yet."""
    is_merged = solicitation.closed_reason == ClosedReason.DUPLICATE
    return solicitation.state == RequestState.HELD or (
        is_merged and solicitation.state == RequestState.CLOSED
    )


def linked_to(solicitation: Solicitation) -> list[Solicitation]:
    """The other requests of the same sending: each confidential subject has its own."""
    first = solicitation.sent_with or solicitation
    others = [first, *first.companions.order_by("pk")]
    return [other for other in others if other.pk != solicitation.pk]


def _kind(match: Match, *, is_told: bool) -> AnswerKind:
    """``is_told``: the company knows that everybody asked before has declined."""
    if match.state in _KINDS:
        return _KINDS[MatchState(match.state)]
    if match.state == MatchState.DECLINED and is_told:
        return AnswerKind.DECLINED
    if match.state == MatchState.EXPIRED and match.taken_at:
        return AnswerKind.TAKEN
    return AnswerKind.RECEIVED


def _is_told(match: Match, matches: Iterable[Match]) -> bool:
    if match.need.exhausted_at:
        return True
    is_taken_over = any(
        other.origin == MatchOrigin.FALLBACK for other in matches if other.need_id == match.need_id
    )
    return match.origin != MatchOrigin.FALLBACK and is_taken_over


def _lines(matches: list[Match]) -> tuple[InstitutionLine, ...]:
    by_institution: dict[str, list[tuple[AnswerKind, Match]]] = {}
    for match in matches:
        kind = _kind(match, is_told=_is_told(match, matches))
        by_institution.setdefault(match.expert.office.institution.name, []).append((kind, match))
    return tuple(InstitutionLine(name, _steps(found)) for name, found in by_institution.items())


def _steps(found: list[tuple[AnswerKind, Match]]) -> tuple[OfficeAnswer, ...]:
    """One step per kind of answer and person; a subject that a colleague took is not shown as silent."""
    handled = {match.need_id for kind, match in found if kind not in _SILENT}
    waiting = {match.need_id for kind, match in found if kind == AnswerKind.RECEIVED}
    grouped: dict[tuple[AnswerKind, int], list[Match]] = {}
    for kind, match in found:
        if kind in _SILENT and match.need_id in handled:
            continue
        if kind == AnswerKind.DECLINED and match.need_id in waiting:
            continue
        speaker = 0 if kind in _SILENT else match.expert_id
        grouped.setdefault((kind, speaker), []).append(match)
    order = list(AnswerKind)
    keys = sorted(grouped, key=lambda key: order.index(key[0]))
    return tuple(_step(kind, grouped[kind, speaker]) for kind, speaker in keys)


def _step(kind: AnswerKind, matches: list[Match]) -> OfficeAnswer:
    subjects = tuple(dict.fromkeys(match.need.subject.label for match in matches))
    first = matches[0]
    if kind in _SILENT:
        return OfficeAnswer(kind, min(match.sent_at for match in matches), subjects)
    expert = first.expert
    at = first.taken_at if kind == AnswerKind.TAKEN else first.ended_at
    return OfficeAnswer(
        kind, at or first.sent_at, subjects, expert.office.name, first.person, expert.public_phone
    )


def legal_answers(matches: Iterable[Match]) -> tuple[LegalAnswer, ...]:
    """The answers of these matches to labour-law questions. Needs ``with_people``."""
    answered = [match for match in matches if match.need.subject.is_labour_law and match.answered_at]
    return tuple(filter(None, map(_legal_answer, answered)))


def _legal_answer(match: Match) -> LegalAnswer | None:
    """The legal answer of a match, from its moves that were not undone: its row keeps only the last one."""
    moves = [move for move in match.events.not_undone() if move.to_state in ANSWERED_STATES and move.reason]
    if not match.answer or not moves:
        return None
    first, *later = [LaterAnswer(move.reason, move.at) for move in moves]
    return LegalAnswer(
        subject=match.need.subject.label,
        answer=first.answer,
        institution=match.expert.office.institution.name,
        office=match.expert.office.name,
        person=match.person,
        phone=match.expert.public_phone,
        at=first.at,
        later=tuple(later),
    )


def _ending(solicitation: Solicitation, *, is_reached: bool) -> str:
    """A sentence on the end of the request; empty while it is open. ``is_reached``: an expert received it."""
    if solicitation.state in {RequestState.CANCELLED, RequestState.ANONYMISED}:
        return "Vous avez annulé cette demande."
    if solicitation.state != RequestState.CLOSED:
        return ""
    if solicitation.closed_reason == ClosedReason.DONE:
        if solicitation.progress == NeedState.UNREACHABLE:
            return "Le conseiller n'a pas réussi à vous joindre."
        return "Les conseillers ont répondu à votre demande."
    found = "Personne ne vous a répondu" if is_reached else "Nous n'avons trouvé personne pour vous répondre"
    return {
        ClosedReason.UNANSWERED: f"{found} : nous en sommes désolés.",
        ClosedReason.DECLINED: "Aucun organisme n'a pu prendre votre demande.",
    }.get(ClosedReason(solicitation.closed_reason), "L'équipe du service a clos votre demande.")


def _message(solicitation: Solicitation) -> str:
    if solicitation.state != RequestState.CLOSED or solicitation.closed_reason != ClosedReason.STAFF:
        return ""
    closings = Event.objects.filter(solicitation=solicitation, kind=EventKind.CLOSED).order_by("at", "pk")
    return closings.values_list("reason", flat=True).last() or ""

"""Sentences about what became of a need and of its request, for one of its experts."""

from datetime import datetime

from solicitations.lifecycle import DeclineReason, EventKind, MatchState, RequestState
from solicitations.models import Event, Mailbox, Match, Solicitation
from solicitations.models.conversation import last_act, last_event
from solicitations.models.matches import GONE
from solicitations.models.request_querysets import CLOSED_BY_STAFF
from territories.spoken_time import spoken_hour, spoken_moment
from workspace.departure_texts import departure_sentence

ANSWERS_GIVEN = {
    MatchState.TAKEN: "Vous avez pris ce besoin en charge",
    MatchState.DECLINED: "Vous avez décliné",
    MatchState.HELPED: "Vous avez aidé l'entreprise",
    MatchState.NO_HELP: "Vous n'avez pas de solution",
    MatchState.UNREACHABLE: "Vous n'avez pas pu joindre l'entreprise",
    MatchState.EXPIRED: "Ce besoin est resté sans réponse. Vous pouvez encore le prendre",
}
# A mailbox may be shared: for a second click, from a page that a colleague's answer made old.
GIVEN_ALREADY = {
    MatchState.TAKEN: "Déjà prise en charge",
    MatchState.DECLINED: "Déjà déclinée",
    MatchState.HELPED: "Déjà terminée (aide apportée)",
    MatchState.NO_HELP: "Déjà terminée (pas de solution)",
    MatchState.UNREACHABLE: "Déjà notée injoignable",
    MatchState.REPLACED: "Déjà passée à quelqu'un d'autre",
}
SOMEONE_ELSE = "Ce besoin est suivi par quelqu'un d'autre"


def answer_given(match: Match) -> str:
    """The answer given, in French; empty when there is none."""
    state = MatchState(match.state)
    if state == MatchState.DECLINED:
        reason = DeclineReason(match.decline_reason).label
        return f"{ANSWERS_GIVEN[state]} : {reason[0].lower()}{reason[1:]}"
    if state == MatchState.TAKEN and match.taken_by:
        return f"{match.taken_by} a pris ce besoin en charge"
    return ANSWERS_GIVEN.get(state, "")


def own_answer(match: Match, *, mailbox: Mailbox, now: datetime) -> str:
    """« Déjà prise en charge depuis votre boîte à 21 h 38, par Nadia. »; empty when others acted since."""
    last = last_act(match)
    if last is None or last.by_mailbox_id != mailbox.pk:
        return ""
    time_zone = mailbox.solicitation.time_zone
    is_today = last.at.astimezone(time_zone).date() == now.astimezone(time_zone).date()
    when = (
        f"à {spoken_hour(last.at, time_zone=time_zone)}"
        if is_today
        else spoken_moment(last.at, time_zone=time_zone, now=now)
    )
    by = f", par {match.taken_by}" if match.state == MatchState.TAKEN and match.taken_by else ""
    if last.kind == EventKind.BROUGHT_IN:
        return f"Aide déjà demandée depuis votre boîte {when} : {last.reason}."
    if last.kind == EventKind.UNDONE:
        return f"Réponse déjà annulée depuis votre boîte {when}."
    sentence = GIVEN_ALREADY.get(MatchState(match.state))
    return f"{sentence} depuis votre boîte {when}{by}." if sentence else ""


def _handed_to(match: Match) -> str:
    made = match.introduces.select_related("expert__office__institution").order_by("-pk").first()
    if made is None:
        return SOMEONE_ELSE
    is_colleague = made.expert.office_id == match.expert.office_id
    name = made.expert.name if is_colleague else made.expert.office.institution.name
    return f"Vous avez passé ce besoin à : {name}"


def gone_reason(match: Match, last: Event | None) -> str:
    """Reason why a need is no longer this mailbox's, in French."""
    solicitation = match.mailbox.solicitation
    if match.state == MatchState.REPLACED:
        return _handed_to(match)
    if solicitation.state == RequestState.CANCELLED:
        return "L'entreprise a annulé sa demande"
    if match.comment == GONE:
        return departure_sentence(match)
    if last and last.by_user_id and not last.by_mailbox_id:
        return "L'équipe du service vous a retiré ce besoin" + (f" : {last.reason}" if last.reason else "")
    if solicitation.closed_reason in CLOSED_BY_STAFF:
        return "L'équipe du service a clos cette demande"
    return SOMEONE_ELSE


def describe_change(match: Match, *, mailbox: Mailbox, now: datetime) -> str:
    """Describe the last change of this need, for somebody who posted from an older page."""
    if own := own_answer(match, mailbox=mailbox, now=now):
        return own
    last = last_event(match)
    time_zone = mailbox.solicitation.time_zone
    when = f", {spoken_moment(last.at, time_zone=time_zone, now=now)}" if last else ""
    if match.is_gone:
        return f"{gone_reason(match, last)}{when}."
    if match.state == MatchState.EXPIRED:
        return f"Ce besoin est resté sans réponse et a expiré{when}."
    return ending_sentence(mailbox.solicitation, now=now) or "Cette réponse n'est plus possible."


def ending_sentence(solicitation: Solicitation, *, now: datetime) -> str:
    """Say how the request ended; empty while it is open."""
    if solicitation.ended_at is None:
        return ""
    when = spoken_moment(solicitation.ended_at, time_zone=solicitation.time_zone, now=now)
    if solicitation.state == RequestState.CANCELLED:
        return f"L'entreprise a annulé sa demande, {when}."
    if solicitation.state == RequestState.ANONYMISED:
        return "Cette demande est ancienne : ce qu'elle contenait a été effacé."
    if solicitation.closed_reason in CLOSED_BY_STAFF:
        return f"L'équipe du service a clos cette demande, {when}."
    return f"Cette demande est close depuis {when}."

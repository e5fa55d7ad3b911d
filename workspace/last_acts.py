"""Sentences about the last act on a need, shown to the person who acts after it."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from solicitations.lifecycle import EventKind
from solicitations.models import Event, Match
from territories.spoken_time import spoken_moment


def last_acts(matches: Iterable[int], *, now: datetime) -> Mapping[int, str]:
    """« Mme Robert l'a confié à Karim Dubois, mardi 1er décembre à 10 h », by key of the match. One query."""
    events = Event.objects.moves().filter(match__in=list(matches)).in_order()
    rows = events.select_related("by_user", "match__expert", "solicitation__commune__department")
    return {event.match_id: _sentence(event, now=now) for event in rows if event.match_id}


def _sentence(event: Event, *, now: datetime) -> str:
    match = event.match
    assert isinstance(match, Match)  # noqa: S101 (asked for by its key)
    who = str(event.by_user or match.person)
    moment = spoken_moment(event.at, time_zone=event.solicitation.time_zone, now=now)
    if event.kind == EventKind.HANDED_OVER:
        return f"{who} l'a confié à {event.reason.partition(' : ')[0]}, {moment}"
    return f"{who} y a répondu, {moment}"

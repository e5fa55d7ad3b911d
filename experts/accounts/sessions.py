"""Sessions of an account: listed and closed by its owner, all closed when it loses its last seat."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from django.contrib.sessions.models import Session
from django.http import HttpRequest

from experts.accounts import access_log, limits
from experts.models import AccessRecord, AccountSession, User

SEEN_AT_KEY = "seen_at"  # in the session: seconds since 1970, rewritten at most once a minute
SEEN_INTERVAL = 60  # seconds
BROWSERS = (("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("Windows", "Windows"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session as its owner's page shows it."""

    row: AccountSession
    seen_at: datetime | None
    is_current: bool


def record_session(request: HttpRequest, user: User, *, now: datetime) -> None:
    """Record a session just opened, for its owner's list."""
    AccountSession.objects.update_or_create(
        session_key=request.session.session_key,
        defaults={
            "user": user,
            "network": limits.address_of(request),
            "device": device_of(request.headers.get("User-Agent", "")),
            "opened_at": now,
        },
    )


def open_sessions(request: HttpRequest, user: User, *, now: datetime) -> list[OpenSession]:
    """Sessions of an account that still live, this one first."""
    rows = list(AccountSession.objects.filter(user=user).order_by("-opened_at", "-pk"))
    keys = [row.session_key for row in rows]
    live = {
        session.session_key: session.get_decoded()
        for session in Session.objects.filter(session_key__in=keys, expire_date__gt=now)
    }
    here = request.session.session_key
    found = [
        OpenSession(row, seen_at=_seen_at(live[row.session_key]), is_current=row.session_key == here)
        for row in rows
        if row.session_key in live
    ]
    return sorted(found, key=lambda one: not one.is_current)


def close(row: AccountSession, *, by: User | None = None, now: datetime) -> None:
    """Close a session: its browser has to sign in again."""
    Session.objects.filter(session_key=row.session_key).delete()
    row.delete()
    access_log.record(AccessRecord.Kind.SESSION_CLOSED, row.user, by=by, details=row.device, now=now)


def close_all(user: User, *, but: str = "", by: User | None = None, now: datetime) -> None:
    """Close every session of an account, except the one of this key."""
    for row in AccountSession.objects.filter(user=user).exclude(session_key=but).order_by("pk"):
        close(row, by=by, now=now)


def delete_dead(*, now: datetime) -> None:
    """Delete the rows of sessions that ended or expired."""
    live = Session.objects.filter(expire_date__gt=now).values("session_key")
    AccountSession.objects.exclude(session_key__in=live).delete()


def note_activity(request: HttpRequest) -> None:
    """Write in the session that its owner is here."""
    if time.time() - request.session.get(SEEN_AT_KEY, 0) > SEEN_INTERVAL:
        request.session[SEEN_AT_KEY] = time.time()


def idle_seconds(request: HttpRequest) -> float:
    """Seconds since the owner's last page; 0 for a session that has just begun."""
    return time.time() - float(request.session.get(SEEN_AT_KEY, time.time()))


def device_of(user_agent: str) -> str:
    """Browser and system, in words: « Firefox sur Windows »."""
    browser = next((name for sign, name in BROWSERS if sign in user_agent), "Navigateur")
    system = next((name for sign, name in SYSTEMS if sign in user_agent), "")
    return f"{browser} sur {system}" if system else browser


def _seen_at(content: dict[str, object]) -> datetime | None:
    seen = content.get(SEEN_AT_KEY)
    return datetime.fromtimestamp(seen, tz=UTC) if isinstance(seen, float) else None

"""State that a session opened through ProConnect keeps: its end there, and its second factor."""

import secrets

from django.conf import settings
from django.http import HttpRequest

from experts.accounts import proconnect
from experts.models import User

IN_SESSION = "proconnect"


def keep(request: HttpRequest, user: User, found: proconnect.ProvedIdentity, *, end_session: str) -> None:
    """Keep what ProConnect said of this account, for this session alone."""
    request.session[IN_SESSION] = {
        "user": user.pk,
        "id_token": found.id_token,
        "end_session": end_session,
        "has_second_factor": found.has_second_factor,
    }


def is_of(request: HttpRequest, user: User) -> bool:
    """Return whether this session of the account was opened through ProConnect."""
    return bool(request.session.get(IN_SESSION, {}).get("user") == user.pk)


def proves_second_factor(request: HttpRequest, user: User) -> bool:
    """Return whether ProConnect asked for a second factor when this session was opened."""
    return is_of(request, user) and bool(request.session[IN_SESSION]["has_second_factor"])


def end_url(request: HttpRequest) -> str:
    """Address that signs out of ProConnect; empty where the session did not come from there."""
    kept = request.session.get(IN_SESSION)
    return end_url_of(kept["end_session"], id_token=kept["id_token"]) if kept else ""


def end_url_of(end_session: str, *, id_token: str) -> str:
    """Address that ends the session of a token and comes back to the home page; empty where there is none."""
    if not end_session:
        return ""
    state = secrets.token_urlsafe(32)  # ProConnect asks for one; the home page does nothing with it
    return proconnect.logout_url(end_session, id_token=id_token, state=state, back=f"{settings.SITE_URL}/")

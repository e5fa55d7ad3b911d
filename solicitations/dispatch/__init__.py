"""What the portal does by itself, on one request: route it, release it, find who takes over."""

from solicitations.dispatch.clock import expire, note_refused_mail, offer_fallback, release, release_when_due
from solicitations.dispatch.matching import close_if_done, hold, make_matches, notify, raise_alert
from solicitations.dispatch.routing import route, route_safely

__all__ = [
    "close_if_done",
    "expire",
    "hold",
    "make_matches",
    "note_refused_mail",
    "notify",
    "offer_fallback",
    "raise_alert",
    "release",
    "release_when_due",
    "route",
    "route_safely",
]

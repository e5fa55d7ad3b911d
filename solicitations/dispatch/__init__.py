"""What the portal does by itself, on one request: route it, release it, find who takes over."""

from solicitations.dispatch.advancing import advance, advance_safely
from solicitations.dispatch.clock import (
    expire,
    note_refused_mail,
    offer_fallback,
    release,
    release_when_due,
    tell_held,
)
from solicitations.dispatch.conversation import Words, add, is_open_to_company, may_write, say
from solicitations.dispatch.drafts import remind_draft
from solicitations.dispatch.erasure import anonymise, erase_draft, erase_stray_mails
from solicitations.dispatch.matching import close_if_done, hold, make_matches, notify, raise_alert
from solicitations.dispatch.reminding import remind
from solicitations.dispatch.replies import (
    publish,
    read_mail,
    request_pk,
    take_in,
    take_in_safely,
    takes_words,
    writer_of,
)
from solicitations.dispatch.routing import route, route_safely

__all__ = [
    "Words",
    "add",
    "advance",
    "advance_safely",
    "anonymise",
    "close_if_done",
    "erase_draft",
    "erase_stray_mails",
    "expire",
    "hold",
    "is_open_to_company",
    "make_matches",
    "may_write",
    "note_refused_mail",
    "notify",
    "offer_fallback",
    "publish",
    "raise_alert",
    "read_mail",
    "release",
    "release_when_due",
    "remind",
    "remind_draft",
    "request_pk",
    "route",
    "route_safely",
    "say",
    "take_in",
    "take_in_safely",
    "takes_words",
    "tell_held",
    "writer_of",
]

"""Needs before and after the one that is open, in the list it was opened from."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from solicitations.models import Mailbox

LIST, QUERY = "inbox_list", "inbox_query"  # in the session


@dataclass(frozen=True)
class Neighbours:
    """Addresses of the inbox as it was left, and of the requests around; empty at its ends."""

    inbox: str
    previous: str
    next: str


def remember(request: HttpRequest, mailboxes: Iterable[int], *, query: str) -> None:
    """Keep in the session the list that is shown, when it is another one."""
    for key, shown in ((LIST, list(dict.fromkeys(mailboxes))), (QUERY, query)):
        if request.session.get(key) != shown:
            request.session[key] = shown


def neighbours(request: HttpRequest, mailbox: Mailbox) -> Neighbours | None:
    """The requests around this one; ``None`` for a page opened by the link of a mail."""
    return around(request, mailbox.pk) if mailbox.used_by else None


def around(request: HttpRequest, mailbox: int) -> Neighbours:
    """The requests around this one in the list that was shown last."""
    listed = request.session.get(LIST, [])
    query = request.session.get(QUERY, "")
    place = listed.index(mailbox) if mailbox in listed else -1
    before, after = listed[max(place - 1, 0) : max(place, 0)], listed[place + 1 : place + 2]
    return Neighbours(
        inbox=f"{reverse('workspace:inbox')}{'?' if query else ''}{query}",
        previous=_address(before),
        next=_address(after) if place >= 0 else "",
    )


def _address(listed: list[int]) -> str:
    return reverse("workspace:request", args=listed) if listed else ""

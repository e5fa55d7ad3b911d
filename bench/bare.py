"""The baseline of posting: views that insert the same rows with the ORM, without checks or routing."""

import copy
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from django.contrib.auth.decorators import login_not_required
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from mailing.models import OutgoingEmail
from solicitations.models import Draft, Event, Mailbox, Match, Need, Solicitation
from solicitations.models.requests import make_reference

Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True)
class Example:
    """The rows written by one post of the form."""

    solicitation: Solicitation
    needs: list[Need]
    events: list[Event]
    mailboxes: list[Mailbox]
    matches: list[Match]
    mails: list[OutgoingEmail]


@cache
def example(pk: int) -> Example:
    """The rows of request ``pk``, read once per process."""
    return Example(
        Solicitation.objects.get(pk=pk),
        list(Need.objects.filter(solicitation=pk)),
        list(Event.objects.filter(solicitation=pk).order_by("pk")),
        list(Mailbox.objects.filter(solicitation=pk).order_by("pk")),
        list(Match.objects.filter(need__solicitation=pk).order_by("pk")),
        list(OutgoingEmail.objects.about(f"request:{pk}").order_by("pk")),
    )


def unsaved_copies(rows: Iterable[Row], **columns: object) -> list[Row]:
    """Unsaved copies of these rows, with these columns changed."""
    copies = [copy.copy(row) for row in rows]
    for row in copies:
        row.pk = None
        for name, value in columns.items():
            setattr(row, name, value)
    return copies


def at_once(rows: list[Row]) -> list[Row]:
    """Insert all rows in one statement."""
    return type(rows[0])._base_manager.bulk_create(rows)  # noqa: SLF001 (Django's own name for it)


def one_by_one(rows: list[Row]) -> list[Row]:
    """Insert each row in a statement of its own, as unoptimised views do."""
    for row in rows:
        row.save(force_insert=True)
    return rows


@csrf_exempt
@login_not_required
def insert(request: HttpRequest, pk: int, draft: int, write: Callable[[list], list]) -> HttpResponse:
    """Insert copies of the rows of example ``pk``, in one transaction."""
    rows = example(pk)
    with transaction.atomic():
        [solicitation] = write(unsaved_copies([rows.solicitation], reference=make_reference()))
        [need] = write(unsaved_copies(rows.needs, solicitation=solicitation))
        write(unsaved_copies(rows.events, solicitation=solicitation))
        mailboxes = write(unsaved_copies(rows.mailboxes, solicitation=solicitation))
        matches = unsaved_copies(rows.matches, need=need)
        for match, mailbox in zip(matches, mailboxes, strict=True):
            match.mailbox = mailbox
        write(matches)
        # About the new request: a process that reads the example later must not count them among its mails.
        mails = unsaved_copies(rows.mails, about=[f"request:{solicitation.pk}"])
        for mail in mails:
            mail.key = mail.message_id = secrets.token_hex(10)
        write(mails)
        Draft.objects.filter(pk=draft).update(solicitation=solicitation, answers={})
    return HttpResponse(status=302, headers={"Location": "/"})


WRITES = {"at-once": at_once, "one-by-one": one_by_one}
urlpatterns = [
    *[
        path(f"bench/{name}/<int:pk>/<int:draft>/", insert, {"write": write})
        for name, write in WRITES.items()
    ],
    path("", include("bench.bare_pages")),
    path("", include("portal.urls")),
]

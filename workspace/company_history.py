"""Other requests of the same company or contact that one mailbox received: its reader may see those alone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, Q, prefetch_related_objects
from django.urls import reverse

from mailing.prepared_queries import PreparedQuery
from solicitations.lifecycle import NeedState, RequestState
from solicitations.models import Mailbox, Match
from solicitations.models.matches import MailboxQuerySet

MAX_SHOWN = 10


@dataclass(frozen=True)
class EarlierRequest:
    """One other request; ``path``: its page for who signs in, empty by the link of a mail."""

    title: str
    reference: str
    submitted_at: datetime
    progress: str
    path: str


def of_mailbox(mailbox: Mailbox) -> list[EarlierRequest]:
    """The other requests, the newest first; a confidential one is not named."""
    solicitation = mailbox.solicitation
    newest = _NEWEST.rows(
        address=mailbox.email,
        solicitation=solicitation.pk,
        email=solicitation.email,
        siret=solicitation.siret or None,  # equal to nothing
    )
    if not newest:
        return []
    needs = Match.objects.live().select_related("need__subject").order_by("need__position", "pk")
    prefetch_related_objects(newest, Prefetch("matches", needs))
    return [_earlier(row, by_account=mailbox.used_by is not None) for row in newest]


def _newest(address: Any, solicitation: Any, email: Any, siret: Any) -> MailboxQuerySet:
    """The mailboxes at an address in other requests of this contact or company, which still have a need."""
    same = Q(solicitation__email__iexact=email) | Q(solicitation__siret=siret)
    live = Match.objects.live().values("mailbox")
    rows = Mailbox.objects.at(address).filter(same, pk__in=live).exclude(solicitation=solicitation)
    rows = rows.exclude(solicitation__state=RequestState.ANONYMISED).select_related("solicitation")
    return rows.order_by("-solicitation__submitted_at", "-pk")[:MAX_SHOWN]


_NEWEST: PreparedQuery[Mailbox] = PreparedQuery(_newest)


def _earlier(row: Mailbox, *, by_account: bool) -> EarlierRequest:
    solicitation = row.solicitation
    subjects = dict.fromkeys(match.need.subject.label for match in row.matches.all())
    return EarlierRequest(
        title="Demande confidentielle" if solicitation.is_confidential else ", ".join(subjects),
        reference=solicitation.reference,
        submitted_at=solicitation.submitted_at,
        progress=NeedState(solicitation.progress).label,
        path=reverse("workspace:request", args=[row.pk]) if by_account else "",
    )

"""Mails of the internal voice of an institution: to its people in a request, and their managers."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from experts.accounts import seats
from experts.models import Institution, Office, User
from mailing import outbox
from mailing.prepared_queries import PreparedQuery
from solicitations import links, reply_addresses, wording
from solicitations.lifecycle import Voice
from solicitations.models import InternalMessage, Mailbox, Match, OfficeManager, Solicitation
from solicitations.notifications import request_mails


@dataclass(frozen=True)
class InternalRecipients:
    """Readers who are mailed an internal message: experts of the request, managers of their offices."""

    mailboxes: list[Mailbox]
    managers: list[User]


def message(posted: InternalMessage, *, mentioned: Collection[int] = (), now: datetime) -> None:
    """Mail a message to the other people of its institution in the request, one mail a person.

    ``mentioned``: the mailboxes that read it immediately, whatever mails they chose.
    """
    context = {
        "author": posted.author,
        "institution": posted.institution.name,
        "body": posted.body,
        "sent_from": posted.sent_from,
        "held_back": posted.held_back,
        "files": request_mails.files_line(posted),
        "is_internal": True,
        "is_mentioned": False,
    }
    to = recipients(
        posted.solicitation, posted.institution, mailbox=posted.mailbox, user=posted.by_user, now=now
    )
    for mailbox in to.mailboxes:
        request_mails.to_expert(
            mailbox,
            "internal_message",
            key=f"internal_message:{posted.solicitation_id}:{mailbox.pk}:i{posted.pk}",
            context={
                **context,
                "account_url": links.account_url(mailbox),
                "is_mentioned": mailbox.pk in mentioned,
            },
            is_urgent=mailbox.pk in mentioned,
            others=[posted],
            voice=Voice.INSTITUTION,
            institution=posted.institution_id,
            from_name=f"{posted.author}, via Relais Entreprises",
            now=now,
        )
    for user in to.managers:
        _to_manager(posted, user, context=context, now=now)


def recipients(
    solicitation: Solicitation,
    institution: Institution,
    *,
    mailbox: Mailbox | None,
    user: User | None,
    now: datetime,
) -> InternalRecipients:
    """The readers who are mailed, once each, what one of these authors writes within an institution."""
    own = {author.email.lower() for author in (mailbox, user) if author}
    around = _MAILBOXES.rows(solicitation=solicitation.pk, institution=institution.pk)
    following = [row for row in around if row.email.lower() not in own]
    for row in following:
        row.solicitation = solicitation
    notified = own | {row.email.lower() for row in following}
    managing = _MANAGERS.rows(
        solicitation=solicitation.pk,
        institution=institution.pk,
        today=solicitation.today(now),
        now=now,
    )
    return InternalRecipients(following, [one for one in managing if one.email.lower() not in notified])


def _managers(*, solicitation: Any, institution: Any, today: Any, now: Any) -> QuerySet[User]:
    """The managers of the institution's offices that have a part in the request."""
    matches = Match.objects.live().filter(need__solicitation=solicitation)
    around = Office.objects.open_on(today).filter(institution=institution)
    return seats.manager_accounts(around.filter(experts__in=matches.values("expert")).values("pk"), now=now)


_MAILBOXES: PreparedQuery[Mailbox] = PreparedQuery(
    lambda solicitation, institution: Mailbox.objects.filter(solicitation=solicitation).of_institution(
        institution
    )
)
_MANAGERS: PreparedQuery[User] = PreparedQuery(
    lambda solicitation, institution, today, now: _managers(
        solicitation=solicitation, institution=institution, today=today, now=now
    )
)


def mailboxes_managed(manager: OfficeManager, *, now: datetime) -> list[Mailbox]:
    """The mailboxes of the request whose experts are of offices that the manager manages."""
    offices = seats.managed_offices(manager.user, now=now).filter(institution=manager.institution)
    own = Match.objects.live().filter(expert__office__in=offices.values("pk"))
    rows = Mailbox.objects.filter(solicitation=manager.solicitation, matches__in=own)
    return list(rows.distinct().order_by("pk"))


def _to_manager(posted: InternalMessage, user: User, *, context: dict[str, Any], now: datetime) -> None:
    solicitation = posted.solicitation
    manager = OfficeManager(user, posted.institution, solicitation)
    labels = request_mails.subject_labels(solicitation)
    opened = mailboxes_managed(manager, now=now)[0]
    outbox.enqueue(
        key=f"internal_message:{solicitation.pk}:u{user.pk}:i{posted.pk}",
        to=user.email,
        template="solicitations/emails/internal_message",
        context={
            **request_mails.common_context(solicitation, subjects=labels),
            "headline": wording.headline(solicitation, labels),
            "answer_readers": request_mails.READERS[Voice.INSTITUTION],
            **context,
            "account_url": links.account_url(opened),
        },
        about=[*request_mails.about_person(manager), *request_mails.about(solicitation, posted)[1:]],
        thread=f"request-{solicitation.pk}",
        reply_to=reply_addresses.make(manager),
        from_name=f"{posted.author}, via Relais Entreprises",
        is_automatic=False,
        now=now,
    )

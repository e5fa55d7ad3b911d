"""Fields that all mails about a request share: recipient, thread, reply address."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings

from experts import contacts
from experts.models import Institution
from mailing import outbox
from mailing.models import OutgoingEmail
from solicitations import links, wording
from solicitations.models import Event, Mailbox, Match, Solicitation

REMINDERS = "solicitations/emails/reminders"
WRITTEN_BY_PEOPLE = {"message", "staff_word"}


def subject_labels(solicitation: Solicitation) -> list[str]:
    """The subjects of a request, in the order they were asked."""
    return list(solicitation.needs.order_by("position", "pk").values_list("subject__label", flat=True))


def relays(subjects: Iterable[int]) -> list[str]:
    """Names of institutions that help on these subjects outside the portal, which sends them nothing."""
    found = Institution.objects.filter(answers__is_relay=True, answers__subject__in=list(subjects))
    return list(found.distinct().order_by("position", "pk").values_list("name", flat=True))


def about(solicitation: Solicitation, *others: Event | Match | Mailbox) -> list[str]:
    """Return the outbox's names of the request and of these rows: ``request:7``, ``match:42``."""
    return [f"request:{solicitation.pk}", *(f"{type(row).__name__.lower()}:{row.pk}" for row in others)]


def about_person(person: Mailbox | Solicitation) -> list[str]:
    """Return the outbox's names for a mail to or from this person: the request, and an expert's mailbox."""
    return about(person.solicitation, person) if isinstance(person, Mailbox) else about(person)


def events_key(events: Sequence[Event]) -> str:
    """The part of a mail's key for the events of one click: ``e913``, or ``e913-914`` for two needs."""
    return "e" + "-".join(str(event.pk) for event in events)


def common_context(solicitation: Solicitation, *, subjects: list[str] | None = None) -> dict[str, Any]:
    """Return the context shared by all mails about the request; ``subjects``: their labels, when known."""
    return {
        "reference": solicitation.reference,
        "subjects": subject_labels(solicitation) if subjects is None else subjects,
        "applicant": solicitation.applicant,
        "place": solicitation.commune.place,
        "contact_name": solicitation.contact_name,
        "is_confidential": solicitation.is_confidential,
    }


def to_company(  # noqa: PLR0913 (a mail has that many fields)
    solicitation: Solicitation,
    occasion: str,
    *,
    key: str,
    context: dict[str, Any],
    now: datetime,
    events: Sequence[Event] = (),
    not_before: datetime | None = None,
    subjects: list[str] | None = None,
) -> None:
    contact = contacts.region_contact(solicitation.region, on=solicitation.today(now))
    outbox.enqueue(
        key=key,
        to=solicitation.email,
        template=f"solicitations/emails/{occasion}",
        context={
            **common_context(solicitation, subjects=subjects),
            "url": links.mailed_follow_url(solicitation),
            "region_name": contact.name,
            "region_phone": contact.phone,
            **context,
        },
        about=about(solicitation, *events),
        thread=f"request-{solicitation.pk}",
        reply_to=links.reply_address(solicitation),
        not_before=not_before,
        now=now,
    )


def to_expert(mailbox: Mailbox, occasion: str, *, context: dict[str, Any], **fields: Any) -> None:
    """Enqueue a mail about the request to one mailbox, unless all its experts are gone.

    ``fields``: see ``compose_to_expert``.
    """
    if mailbox.left_at is not None:
        return
    solicitation = mailbox.solicitation
    # One subject line from the first mail to the last: a request is one conversation in a mail client.
    labels = mailbox.matches.order_by("need__position", "pk").values_list("need__subject__label", flat=True)
    headline = wording.headline(solicitation, list(dict.fromkeys(labels)))
    context = {**common_context(solicitation), "headline": headline, **context}
    outbox.enqueue_all([compose_to_expert(mailbox, occasion, context=context, **fields)])


def compose_to_expert(  # noqa: PLR0913 (a mail has that many fields)
    mailbox: Mailbox,
    occasion: str,
    *,
    key: str,
    context: dict[str, Any],
    now: datetime,
    others: Sequence[Event | Match] = (),
    not_before: datetime | None = None,
    from_name: str = "",
    reply_to: str = "",
) -> OutgoingEmail:
    """Return an unsaved mail; its ``context`` includes the ``common_context`` and the headline.

    ``reply_to``: who reads the replies; by default they come back to the request.
    """
    solicitation = mailbox.solicitation
    return outbox.compose(
        key=key,
        to=mailbox.email,
        template=f"solicitations/emails/{occasion}",
        context={"url": links.answer_url(mailbox), **context},
        about=about(solicitation, mailbox, *others),
        thread=f"request-{solicitation.pk}",
        reply_to=reply_to or links.reply_address(mailbox),
        list_id=f"demande-{solicitation.pk}.{settings.REPLY_DOMAIN}",
        unsubscribe_url=f"{links.answer_url(mailbox)}#je-ne-suis-plus-la",
        from_name=from_name,
        is_automatic=occasion not in WRITTEN_BY_PEOPLE,
        not_before=not_before,
        now=now,
    )


def remove_from_reminders(name: str) -> None:
    """Remove the lines of a request, or of a mailbox, from the unsent reminders that have other lines.

    A reminder without other lines keeps ``name`` in its ``about``, for the caller to cancel.
    """
    rows = OutgoingEmail.objects.about(name).pending().filter(template=REMINDERS)
    for row in rows.select_for_update().order_by("pk"):
        lines = [line for line in row.context["requests"] if name not in line["about"]]
        if lines:
            row.context, row.about = {"requests": lines}, [name for line in lines for name in line["about"]]
            row.save(update_fields=["context", "about"])


class LiveMatch(NamedTuple):
    """A match neither withdrawn nor replaced, and its expert's office."""

    match: int
    mailbox: int
    office: str


def live_matches(solicitation: Solicitation) -> list[LiveMatch]:
    """Return the matches neither withdrawn nor replaced, in order, with their offices' names."""
    matches = Match.objects.live().filter(need__solicitation=solicitation).in_order()
    return [LiveMatch(*row) for row in matches.values_list("pk", "mailbox", "expert__office__name")]

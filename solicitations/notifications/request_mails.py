"""Fields that all mails about a request share: recipient, thread, reply address."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection

from experts import contacts
from experts.models import Institution
from mailing import outbox
from mailing.models import OutgoingEmail, refuses_mail
from mailing.prepared_queries import PreparedQuery
from mailing.transactions import wait_for_sending
from solicitations import links, reply_addresses, wording
from solicitations.lifecycle import Voice
from solicitations.models import (
    Addition,
    Event,
    InternalMessage,
    Mailbox,
    Match,
    Message,
    Need,
    OfficeManager,
    PlannedCall,
    Question,
    Solicitation,
    StaffMessage,
    Text,
)
from solicitations.notifications import digest_lines

REMINDERS = "solicitations/emails/reminders"
DIGEST = "solicitations/emails/digest"
ON_TRIAL = {"received", "link_reissued"}  # somebody has just asked for them: the address may work again
WRITTEN_BY_PEOPLE = {"message", "staff_word", "internal_message"}
# Who reads the answer to a mail: the line above ours, short enough that no mail client breaks it.
READERS = {
    Voice.EXPERTS: "Votre réponse sera lue par les autres experts, pas par l'entreprise.",
    Voice.COMPANY: "Votre réponse sera lue par l'entreprise et par les autres experts.",
    Voice.INSTITUTION: "Votre réponse sera lue par votre institution seule.",
    Voice.STAFF: "Votre réponse sera lue par l'équipe du service seule.",
}
READERS_OF_COMPANY = "Votre réponse sera lue par tous les experts de votre demande."
READERS_OF_ANSWER = "Votre réponse sera lue par qui vous écrit et par qui s'en occupe."
NO_READERS = {"answer_readers": ""}  # in the context of a mail whose reply would be refused: it invites none
TEXT_KEYS: dict[type[Text | StaffMessage], str] = {
    Message: "m", InternalMessage: "i", Question: "q", Addition: "a", StaffMessage: "w",
}  # fmt: skip


_OF_REQUEST = PreparedQuery(
    lambda solicitation: (
        Need.objects.filter(solicitation=solicitation)
        .order_by("position", "pk")
        .values_list("subject__label", flat=True)
    )
)
_OF_MAILBOX = PreparedQuery(
    lambda mailbox: (
        Match.objects.filter(mailbox=mailbox).in_order().values_list("need__subject__label", flat=True)
    )
)


def subject_labels(solicitation: Solicitation) -> list[str]:
    """The subjects of a request, in the order they were asked."""
    return _OF_REQUEST.rows(solicitation=solicitation.pk)


def relays(subjects: Iterable[int]) -> list[str]:
    """Names of institutions that help on these subjects outside the portal, which sends them nothing."""
    found = Institution.objects.filter(answers__is_relay=True, answers__subject__in=list(subjects))
    return list(found.distinct().order_by("position", "pk").values_list("name", flat=True))


def mailboxes_that_may_reply(solicitation: Solicitation) -> set[int]:
    """Primary keys of the mailboxes whose replies the request still takes."""
    if solicitation.refuses_answers:
        return set()
    following = Mailbox.objects.following().filter(solicitation=solicitation)
    return set(following.values_list("pk", flat=True))


def _company_may_reply(solicitation: Solicitation) -> bool:
    """Return ``True`` while somebody would read what the company answers by mail."""
    if not solicitation.is_over or solicitation.refuses_answers:
        return not solicitation.refuses_answers
    return Mailbox.objects.filter(solicitation=solicitation).not_declined().exists()


def about(solicitation: Solicitation, *others: Event | Match | Mailbox | PlannedCall | Text) -> list[str]:
    """Return the outbox's names of the request and of these rows: ``request:7``, ``match:42``."""
    return [f"request:{solicitation.pk}", *(f"{type(row).__name__.lower()}:{row.pk}" for row in others)]


def about_person(person: links.Participant) -> list[str]:
    """Return the outbox's names for a mail to or from this person: the request, and an expert's mailbox."""
    if isinstance(person, OfficeManager):
        names = [f"manager:{person.user.pk}", f"institution:{person.institution.pk}"]
        return [*about(person.solicitation), *names]
    return about(person.solicitation, person) if isinstance(person, Mailbox) else about(person)


def text_key(text: Text | StaffMessage) -> str:
    """The part of a mail's key for a text that somebody wrote: ``m55``."""
    return f"{TEXT_KEYS[type(text)]}{text.pk}"


def files_line(text: Text) -> str:
    """« 2 fichiers joints, à lire sur la page : plan.pdf, devis.docx »; empty without any."""
    names = list(text.files.order_by("pk").values_list("name", flat=True))
    count = "1 fichier joint" if len(names) == 1 else f"{len(names)} fichiers joints"
    return f"{count}, à lire sur la page : {', '.join(names)}" if names else ""


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


def to_company(solicitation: Solicitation, occasion: str, **fields: Any) -> None:
    """Enqueue a mail to the company; ``fields``: see ``compose_to_company``."""
    outbox.enqueue_all([compose_to_company(solicitation, occasion, **fields)])


def compose_to_company(  # noqa: PLR0913 (a mail has that many fields)
    solicitation: Solicitation,
    occasion: str,
    *,
    key: str,
    context: dict[str, Any],
    now: datetime,
    events: Sequence[Event | PlannedCall] = (),
    not_before: datetime | None = None,
    subjects: list[str] | None = None,
    question: Question | None = None,
) -> OutgoingEmail:
    """Return an unsaved mail; with a ``question``, a reply to it goes to that question's readers.

    No mail is sent to an address that refuses ours, but for the first one: it is returned cancelled.
    """
    contact = contacts.region_contact(solicitation.region, on=solicitation.today(now))
    email = outbox.compose(
        key=key,
        to=solicitation.email,
        template=f"solicitations/emails/{occasion}",
        context={
            **common_context(solicitation, subjects=subjects),
            "url": links.mailed_follow_url(solicitation),
            "region_name": contact.name,
            "region_phone": contact.phone,
            "my_data_url": links.absolute("/mes-donnees/"),
            "answer_readers": READERS_OF_ANSWER if question else READERS_OF_COMPANY,
            **({} if _company_may_reply(solicitation) else NO_READERS),
            **context,
        },
        about=about(solicitation, *events, *([question] if question else [])),
        thread=f"request-{solicitation.pk}",
        reply_to=reply_addresses.make(solicitation, question=question),
        not_before=not_before,
        now=now,
    )
    if occasion not in ON_TRIAL and refuses_mail(solicitation.email):
        email.cancelled_at = now
    return email


def to_expert(
    mailbox: Mailbox, occasion: str, *, context: dict[str, Any], is_urgent: bool = False, **fields: Any
) -> None:
    """Enqueue a mail about the request to one mailbox, unless all its experts are gone.

    ``is_urgent``: it waits for no digest. ``fields``: see ``compose_to_expert``.
    """
    if mailbox.left_at is not None:
        return
    solicitation = mailbox.solicitation
    # One subject line from the first mail to the last: a request is one conversation in a mail client.
    headline = wording.headline(solicitation, list(dict.fromkeys(_OF_MAILBOX.rows(mailbox=mailbox.pk))))
    context = {**common_context(solicitation), "headline": headline, **context}
    email = compose_to_expert(mailbox, occasion, context=context, **fields)
    if not is_urgent:
        digest_lines.apply_choice(email, mailbox, occasion=occasion, now=email.created_at)
    outbox.enqueue_all([email])


def compose_to_expert(  # noqa: PLR0913 (a mail has that many fields)
    mailbox: Mailbox,
    occasion: str,
    *,
    key: str,
    context: dict[str, Any],
    now: datetime,
    others: Sequence[Event | Match | PlannedCall | Text] = (),
    not_before: datetime | None = None,
    from_name: str = "",
    voice: Voice = Voice.EXPERTS,
    institution: int | None = None,
    staff_message: StaffMessage | None = None,
) -> OutgoingEmail:
    """Return an unsaved mail; its ``context`` includes the ``common_context`` and the headline.

    Replies come back to the request: ``voice``, ``institution`` and ``staff_message`` are those of
    ``reply_addresses.make``.
    """
    solicitation = mailbox.solicitation
    url = context.get("url") or links.answer_url(mailbox)
    return outbox.compose(
        key=key,
        to=mailbox.email,
        template=f"solicitations/emails/{occasion}",
        context={
            "url": url,
            "own_record_url": links.record_url(mailbox),
            "answer_readers": READERS[voice],
            **context,
        },
        about=about(solicitation, mailbox, *others),
        thread=f"request-{solicitation.pk}",
        reply_to=reply_addresses.make(
            mailbox, voice=voice, institution=institution, staff_message=staff_message
        ),
        list_id=f"demande-{solicitation.pk}.{settings.REPLY_DOMAIN}",
        unsubscribe_url="" if occasion in ON_TRIAL else links.unsubscribe_url(mailbox),
        from_name=from_name,
        is_automatic=occasion not in WRITTEN_BY_PEOPLE,
        not_before=not_before,
        now=now,
    )


def remove_from_reminders(name: str) -> None:
    """Remove what is about ``name`` from unsent reminders and digests that say something else too.

    ``name``: a request, a mailbox, or one of its events or texts. A mail without anything else keeps it in
    its ``about``, for the caller to cancel.
    """
    wait_for_sending()
    rows = OutgoingEmail.objects.about(name).pending().filter(template__in=[REMINDERS, DIGEST])
    for row in rows.select_for_update().order_by("pk"):
        lines = [kept for line in row.context["requests"] if (kept := _line_without(name, line))]
        if lines:
            row.context["requests"], row.about = lines, [name for line in lines for name in line["about"]]
            row.save(update_fields=["context", "about"])


def _line_without(name: str, line: dict[str, Any]) -> dict[str, Any] | None:
    """A request's line of a reminder or a digest, less its news about ``name``; ``None`` without any left."""
    if name not in line["about"]:
        return line
    news = [one for one in line.get("news", ()) if name not in one.get("about", [name])]
    about = dict.fromkeys(other for one in news for other in one["about"])
    return {**line, "news": news, "about": list(about)} if news else None


class LiveMatch(NamedTuple):
    """A match neither withdrawn nor replaced, and its expert's office."""

    match: int
    mailbox: int
    office: str


# In SQL, as the routing's queries: it is read for each request that is sent. An array and a query within the
# row, rather than joins: before it has statistics, the planner would read whole tables.
LIVE_MATCHES = """
    SELECT match.id, match.mailbox_id, (
        SELECT office.name
        FROM experts_expert AS expert
        JOIN experts_office AS office ON office.id = expert.office_id
        WHERE expert.id = match.expert_id
    )
    FROM solicitations_match AS match
    WHERE match.need_id = ANY(ARRAY(SELECT id FROM solicitations_need WHERE solicitation_id = %s))
      AND match.state NOT IN ('withdrawn', 'replaced')
    ORDER BY (SELECT position FROM solicitations_need AS need WHERE need.id = match.need_id), match.id
"""


def live_matches(solicitation: Solicitation) -> list[LiveMatch]:
    """Return the matches neither withdrawn nor replaced, in order, with their offices' names."""
    with connection.cursor() as cursor:
        cursor.execute(LIVE_MATCHES, [solicitation.pk])
        return [LiveMatch(*row) for row in cursor.fetchall()]

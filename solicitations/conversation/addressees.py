"""Finds the author of a mail received, by the reply addresses that it was sent to.

A mail may name several of them: it is read at the address of its own sender, and published in one request.
"""

import re
from datetime import datetime
from typing import NamedTuple

from experts.tokens import ForgedLink
from mailing import reception, senders
from mailing.models import OutgoingEmail, Reason, id_in
from mailing.replies import Reply
from solicitations import links, reply_addresses
from solicitations.lifecycle import Voice
from solicitations.links import Participant
from solicitations.models import Question, Solicitation, StaffMessage

MAX_ADDRESSES = 10  # of ours, in one mail
THREAD = re.compile(r"<request-(\d{1,18})@")


class Addressee(NamedTuple):
    """The owner of a reply address: ``None`` when nobody has it; ``reason``: why it is refused, if it is.

    ``voice``: the conversation that the mail is for. ``question``, ``staff_message``: the text that it
    answers. ``institution``: that whose internal conversation it is for, if any. ``is_elsewhere``: the mail
    answers another request of the same sender, or is for two conversations. ``is_misdirected``: it came to
    another person's address, while its recipients name the sender's own.
    """

    person: Participant | None
    reason: Reason | None
    is_elsewhere: bool = False
    is_misdirected: bool = False
    voice: Voice = Voice.EXPERTS
    question: Question | None = None
    institution: int | None = None
    staff_message: StaffMessage | None = None


def request_pk(person: Participant) -> int:
    """The id of the request that the person has a part in."""
    return request_of(person).pk


def request_of(person: Participant) -> Solicitation:
    """The request that the person has a part in."""
    return person if isinstance(person, Solicitation) else person.solicitation


def find(recipient: str, reply: Reply, *, now: datetime) -> Addressee:
    """The owner of the address of delivery, unless the mail also names a reply address of its sender."""
    here = _at(recipient, now=now)
    named = [address.lower() for address in reply.recipients if reception.is_ours(address)]
    others = [
        here if address == recipient else _at(address, now=now)
        for address in dict.fromkeys(named[:MAX_ADDRESSES])
    ]
    candidates = [
        found for found in ([*others, here] if recipient not in named else others) if found.reason is None
    ]
    if not candidates:
        return here
    best_rank = max(_rank(found, reply) for found in candidates)
    if best_rank == 0:
        return here
    answered = _answered_requests(reply)
    best = [found for found in candidates if _rank(found, reply) == best_rank]
    main = next((found for found in best if _request(found) in answered), best[0])
    if here.reason is None and _rank(here, reply) < best_rank and recipient not in named:
        return here._replace(is_misdirected=True)
    if here.reason is not None or _rank(here, reply) < best_rank:
        return main
    # A mail to two conversations is for that of the mail it answers, when known.
    voices = {found.voice for found in best if _request(found) == _request(here)}
    is_other_voice = len(voices) > 1 and here.voice != _answered_voice(reply, now=now)
    return here._replace(is_elsewhere=_request(here) != _request(main) or is_other_voice)


def _at(address: str, *, now: datetime) -> Addressee:
    try:
        found = reply_addresses.correspondent_of(address, now=now)
    except reply_addresses.NoReplyAddress:
        return Addressee(None, Reason.UNKNOWN)
    except ForgedLink:
        return Addressee(None, Reason.FORGED)
    except links.ExpiredLink as expired:
        return Addressee(expired.row, Reason.EXPIRED)
    return Addressee(
        found.person,
        None,
        voice=found.voice,
        question=found.question,
        institution=found.institution,
        staff_message=found.staff_message,
    )


def _rank(found: Addressee, reply: Reply) -> int:
    """Return 2 for the sender's own address, 1 for a colleague's, 0 otherwise."""
    if found.person is None:
        return 0
    if senders.is_same_mailbox(reply.sender, found.person.email):
        return 2
    return int(senders.is_colleague(reply.sender, found.person.email))


def _request(found: Addressee) -> int:
    return request_pk(found.person) if found.person else 0


def _answered_voice(reply: Reply, *, now: datetime) -> Voice | None:
    """The conversation for which our mail, which this one answers, asked answers; ``None`` when unknown."""
    answered = OutgoingEmail.objects.original_of_reply(reply.in_reply_to, to=reply.sender)
    found = _at(answered.reply_to, now=now) if answered else None
    return found.voice if found and found.reason is None else None


def _answered_requests(reply: Reply) -> set[int]:
    """The requests that the mail answers, from the Message-IDs of our mails and of their threads."""
    threads = {int(found[1]) for name in reply.in_reply_to if (found := THREAD.match(name))}
    sent = OutgoingEmail.objects.filter(message_id__in=reply.in_reply_to).values_list("about", flat=True)
    return threads | {pk for about in sent if (pk := id_in(about, "request"))}

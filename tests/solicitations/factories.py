"""Requests on the demo directory (tests marked ``reference``), sent by the action that the form calls."""

from datetime import datetime
from typing import Any

from django.db import transaction

from experts.models import Subject
from solicitations.actions import submission
from solicitations.clock import run
from solicitations.dispatch import closing
from solicitations.models import Mailbox, Match, Solicitation
from territories.models import Commune

TEXT = "Je cherche quelqu'un depuis quatre mois et je n'ai reçu que deux CV."


def blank(*, commune: str = "21317", now: datetime, **columns: Any) -> Solicitation:
    """An unsaved request of a small painting firm."""
    known = {
        "company_name": "Peintures Vannier SARL",
        "siret": "00010037000014",
        "naf": "43.34Z",
        "craft": True,
        "headcount_min": 6,
        "headcount_max": 6,
        "contact_name": "La gérante",
        "phone": "+33353020001",
        "email": "contact@peintures.example.org",
        "consent_version": "essai",
        "consented_at": now,
    }
    return Solicitation(commune=Commune.objects.resolve(commune), **(known | columns))


def part(*slugs: str, text: str = TEXT) -> submission.RequestPart:
    """A part of a request: these subjects with one text."""
    found = {subject.slug: subject for subject in Subject.objects.filter(slug__in=slugs)}
    return submission.RequestPart(subjects=tuple(found[slug] for slug in slugs), description=text)


def send(*slugs: str, now: datetime, text: str = TEXT, **columns: Any) -> Solicitation:
    """Submit a request, as the form does: it is routed at once."""
    subjects = slugs or ("trouver-candidats",)
    sent = submission.submit(blank(now=now, **columns), parts=[part(*subjects, text=text)], now=now)
    return Solicitation.objects.get(pk=sent[0].pk)


def mailbox(solicitation: Solicitation, email: str) -> Mailbox:
    """The mailbox of the request whose address begins with ``email``."""
    return Mailbox.objects.select_related("solicitation__commune").get(
        solicitation=solicitation, email__startswith=email
    )


def match(solicitation: Solicitation, email: str, subject: str | None = None) -> Match:
    """The match of that mailbox; ``subject`` chooses when it has several."""
    rows = Match.objects.with_people().filter(mailbox=mailbox(solicitation, email))
    return (rows.filter(need__subject__slug=subject) if subject else rows).get()


def expire(pk: int, *, now: datetime) -> None:
    """Expire a match, as the clock does after its delay."""
    with transaction.atomic():
        match = Match.objects.select_related("mailbox").get(pk=pk)
        solicitation = Solicitation.objects.locked(match.mailbox.solicitation_id)
        run.expire(match, now=now)
        closing.refresh(solicitation, now=now)

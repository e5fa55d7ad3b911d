"""Who may see what, beside what the QuerySets' ``visible_to`` say of requests."""

from typing import TypeGuard

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import BigIntegerField, Case, When
from django.db.models.functions import Cast, Substr

from experts.models import User
from mailing.models import IncomingEmail, IncomingEmailQuerySet, OutgoingEmail, OutgoingEmailQuerySet
from solicitations.models import Solicitation

THREAD = "request-"  # the conversation of a request is named after it: "request-7"
REQUEST = "request:"  # what a mail that came in is about, first of all: "request:7"


def is_staff(user: User | AnonymousUser) -> TypeGuard[User]:
    """Whether the person works on requests, for a region or for the national team."""
    return isinstance(user, User) and user.is_active and user.is_staff


def visible_mails(user: User | AnonymousUser) -> OutgoingEmailQuerySet:
    """The mails of the outbox that a person may see.

    The demo shows them to everybody. The national team sees all; a region, those of the conversations of its
    requests: neither sign-in codes, nor a mail with all the links of a company, which may be about others.
    """
    mails = OutgoingEmail.objects.all()
    if settings.DEMO or (is_staff(user) and user.is_national):
        return mails
    if not is_staff(user):
        return mails.none()
    request = Cast(Substr("thread", len(THREAD) + 1), BigIntegerField())
    named = mails.annotate(request=Case(When(thread__startswith=THREAD, then=request)))
    return named.filter(request__in=Solicitation.objects.visible_to(user).values("pk"))


def visible_incoming(user: User) -> IncomingEmailQuerySet:
    """The mails that came in which a member of staff may see.

    The national team sees all, those of unknown senders included; a region, those about its requests.
    """
    mails = IncomingEmail.objects.all()
    if user.is_national:
        return mails
    request = Cast(Substr("about__0", len(REQUEST) + 1), BigIntegerField())
    named = mails.annotate(request=Case(When(about__0__startswith=REQUEST, then=request)))
    return named.filter(request__in=Solicitation.objects.visible_to(user).values("pk"))


def request_of(email: OutgoingEmail) -> int | None:
    """The id of the request whose conversation a mail belongs to."""
    return int(email.thread.removeprefix(THREAD)) if email.thread.startswith(THREAD) else None


def may_resend(user: User | AnonymousUser, email: OutgoingEmail) -> bool:
    """Whether the person may send this mail once more: one that left or was refused; no code, not erased."""
    has_content = not (email.is_secret or email.is_erased)
    return is_staff(user) and has_content and bool(email.sent_at or email.refused_at)

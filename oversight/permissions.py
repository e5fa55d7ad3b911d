"""Permissions of staff on mails; those on requests are in the QuerySets' ``visible_to``."""

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import BigIntegerField, Case, When
from django.db.models.functions import Cast, Substr

from experts.accounts.staff_access import is_staff
from experts.models import User
from mailing.models import (
    IncomingEmail,
    IncomingEmailQuerySet,
    IncomingState,
    OutgoingEmail,
    OutgoingEmailQuerySet,
    id_in,
)
from solicitations.models import Addition, InternalMessage, Message, Question, Solicitation, Text

THREAD_PREFIX = "request-"  # the thread of the mails of a request: "request-7"
TEXTS: tuple[type[Text], ...] = (Message, InternalMessage, Question, Addition)
ABOUT_PREFIX = "request:"  # the first subject of an incoming mail: "request:7"


def visible_mails(user: User | AnonymousUser) -> OutgoingEmailQuerySet:
    """Outgoing mails that a user may see.

    Everybody sees all of them in the demo. The national team sees all; a region sees those in the threads of
    its requests: neither sign-in codes, nor mails with all the links of a company, some of other regions.
    """
    mails = OutgoingEmail.objects.all()
    if settings.DEMO or (is_staff(user) and user.is_national):
        return mails
    if not is_staff(user):
        return mails.none()
    request = Cast(Substr("thread", len(THREAD_PREFIX) + 1), BigIntegerField())
    named = mails.annotate(request=Case(When(thread__startswith=THREAD_PREFIX, then=request)))
    return named.filter(request__in=Solicitation.objects.visible_to(user).values("pk"))


def visible_incoming(user: User) -> IncomingEmailQuerySet:
    """Incoming mails that a member of staff may see.

    The national team sees all, those of unknown senders included; a region sees those about its requests.
    """
    # What people of one institution write to each other is theirs, once published.
    mails = IncomingEmail.objects.exclude(state=IncomingState.ACCEPTED, about__overlap=["voice:institution"])
    if user.is_national:
        return mails
    request = Cast(Substr("about__0", len(ABOUT_PREFIX) + 1), BigIntegerField())
    named = mails.annotate(request=Case(When(about__0__startswith=ABOUT_PREFIX, then=request)))
    return named.filter(request__in=Solicitation.objects.visible_to(user).values("pk"))


def request_of(email: OutgoingEmail) -> int | None:
    """Pk of the request whose thread the mail belongs to."""
    return int(email.thread.removeprefix(THREAD_PREFIX)) if email.thread.startswith(THREAD_PREFIX) else None


def may_resend(user: User | AnonymousUser, email: OutgoingEmail) -> bool:
    """Return whether the user may resend this mail: sent or refused, without code, and not erased.

    Nor is a mail sent again whose words their author has withdrawn since.
    """
    has_content = not (email.is_secret or email.is_erased)
    is_over = bool(email.sent_at or email.refused_at)
    return is_staff(user) and has_content and is_over and not _is_withdrawn(email)


def _is_withdrawn(email: OutgoingEmail) -> bool:
    named = ((table, id_in(email.about, table.__name__.lower())) for table in TEXTS)
    return any(table.objects.filter(pk=pk).exclude(withdrawn_at=None).exists() for table, pk in named if pk)

"""Invitations to a seat or to a region: sent, sent again, taken back, accepted by a sign-in."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from experts import tokens
from experts.accounts import access_log, seats
from experts.models import AccessRecord, Expert, Invitation, Office, User
from experts.models.access import InvitationQuerySet
from experts.tokens import ForgedLink
from mailing import outbox
from mailing.models import OutgoingEmail
from territories.models import Region

PURPOSE = "invitation"


class InvitationRefused(Exception):
    """The invitation may not be sent: the message says why, and what to do."""


class InvitationEnded(Exception):
    """The link was good: the invitation has expired, was taken back, accepted or sent again since."""

    def __init__(self, invitation: Invitation) -> None:
        self.invitation = invitation
        super().__init__(str(invitation.pk))


@dataclass(frozen=True, slots=True)
class Offer:
    """The thing that an invitation gives: exactly one of an office to manage, a post, a region."""

    office: Office | None = None
    expert: Expert | None = None
    region: Region | None = None

    @property
    def description(self) -> str:
        """The seat or role, as people read it after « vous invite comme »."""
        if self.region:
            return f"référent régional, {self.region.name}"
        if self.expert:
            return f"référent, {self.expert.office.name} (boîte {self.expert.email})"
        return f"responsable, {self.office.name}" if self.office else ""


def offer_of(invitation: Invitation) -> Offer:
    """The offer of an invitation, read with ``with_offers``."""
    return Offer(office=invitation.office, expert=invitation.expert, region=invitation.region)


def may_give(user: User, offer: Offer, *, now: datetime) -> bool:
    """Return whether the user may offer this: none ever gives more than its author could."""
    if offer.region:
        return user.is_active and user.is_national
    office = offer.office or (offer.expert.office if offer.expert else None)
    return office is not None and seats.may_give_seats_in(user, office, now=now)


@transaction.atomic(durable=True)
def invite(email: str, *, name: str, offer: Offer, by: User, now: datetime) -> Invitation:
    """Mail an invitation, or mail again the one that waits. Raises ``InvitationRefused``."""
    if not may_give(by, offer, now=now):
        raise InvitationRefused("Vous ne pouvez pas donner cette place.")
    _check_account(User.objects.filter(email__iexact=email).first(), offer, now=now)
    what = {"office": offer.office, "expert": offer.expert, "region": offer.region}
    blank = {"serial": 0, "sent_at": now, "expires_at": now + settings.INVITATION_LIFE, "invited_by": by}
    pending = Invitation.objects.pending().select_for_update(of=("self",))
    invitation, _ = pending.get_or_create(email=email.lower(), **what, defaults=blank)
    invitation.name = name
    _send(invitation, by=by, now=now)
    return invitation


@transaction.atomic(durable=True)
def send_again(invitation: Invitation, *, by: User, now: datetime) -> None:
    """Mail a pending invitation again, for another while: its former link opens nothing any more."""
    locked = with_offers().select_for_update(of=("self",)).get(pk=invitation.pk)
    if locked.accepted_at or locked.withdrawn_at:
        raise InvitationRefused("Cette invitation a déjà été acceptée ou reprise.")
    _send(locked, by=by, now=now)


@transaction.atomic(durable=True)
def withdraw(invitation: Invitation, *, by: User, now: datetime) -> None:
    """Take an invitation back, and cancel its mail if it is not sent yet."""
    if Invitation.objects.pending().filter(pk=invitation.pk).update(withdrawn_at=now):
        OutgoingEmail.objects.cancel_about(f"invitation:{invitation.pk}", now=now)
        details = f"{invitation.email} : {offer_of(invitation).description}"
        access_log.record(AccessRecord.Kind.INVITATION_WITHDRAWN, by, details=details, now=now)


@transaction.atomic
def accept_all(user: User, *, now: datetime) -> list[Offer]:
    """Give an account what its address was invited to and its role allows; return what was given."""
    waiting = with_offers().open(now=now).to(user.email).select_for_update(of=("self",)).order_by("pk")
    given = []
    for invitation in waiting:
        offer = offer_of(invitation)
        if may_give(invitation.invited_by, offer, now=now):
            _give(user, offer, by=invitation.invited_by, now=now)
            given.append(offer)
        invitation.accepted_at = now
        invitation.save(update_fields=["accepted_at"])
    return given


def invites(email: str, *, now: datetime) -> bool:
    """Return whether an invitation to this address may still be accepted."""
    waiting = with_offers().open(now=now).to(email)
    return any(may_give(one.invited_by, offer_of(one), now=now) for one in waiting.order_by("pk"))


def invitation_of(token: str, *, now: datetime) -> Invitation:
    """The invitation of a mailed link. Raises ``ForgedLink`` or ``InvitationEnded``."""
    pk, serial = tokens.read_token(token, PURPOSE)
    invitation = with_offers().filter(pk=pk).first()
    if invitation is None:
        raise ForgedLink
    is_over = invitation.accepted_at or invitation.withdrawn_at or invitation.expires_at <= now
    if is_over or invitation.serial != serial:
        raise InvitationEnded(invitation)
    if not may_give(invitation.invited_by, offer_of(invitation), now=now):
        raise InvitationEnded(invitation)
    return invitation


def with_offers() -> InvitationQuerySet:
    """Invitations with all that their offers read."""
    return Invitation.objects.select_related("office", "expert__office", "region", "invited_by")


def _check_account(user: User | None, offer: Offer, *, now: datetime) -> None:
    """Refuse an account that is closed, has the seat already, or has a role: none is ever changed so."""
    if user is None:
        return
    if not user.is_active:
        raise InvitationRefused("Ce compte est fermé : demandez à l'équipe nationale de le rouvrir.")
    if offer.region and user.role:
        raise InvitationRefused(
            f"Ce compte a déjà un rôle ({user.get_role_display().lower()}) : changez-le dans « Comptes »."
        )
    held = user.seats.current(now=now)
    if (offer.office or offer.expert) and held.filter(office=offer.office, expert=offer.expert).exists():
        raise InvitationRefused(f"{user} a déjà cette place.")


def _give(user: User, offer: Offer, *, by: User, now: datetime) -> None:
    if offer.office:
        seats.give_office(user, offer.office, by=by, now=now)
    elif offer.expert:
        seats.give_posts(user, [offer.expert], by=by, now=now)
    elif offer.region and not user.role:
        user.role, user.region = User.Role.REGION, offer.region
        user.save(update_fields=["role", "region"])
        access_log.record(AccessRecord.Kind.ROLE_CHANGED, user, by=by, details=offer.description, now=now)


def _send(invitation: Invitation, *, by: User, now: datetime) -> None:
    """Save the invitation and write its mail, in place of an unsent one."""
    invitation.serial += 1
    invitation.sent_at, invitation.expires_at = now, now + settings.INVITATION_LIFE
    invitation.invited_by = by
    invitation.save()
    about = f"invitation:{invitation.pk}"
    OutgoingEmail.objects.cancel_about(about, now=now)
    description = offer_of(invitation).description
    token = tokens.make_token(PURPOSE, invitation.pk, invitation.serial)
    outbox.enqueue(
        key=f"invitation:{invitation.pk}:{invitation.serial}",
        to=invitation.email,
        template="experts/emails/invitation",
        context={
            "name": invitation.name,
            "by": str(by),
            "offer": description,
            "email": invitation.email,
            "url": settings.SITE_URL.rstrip("/") + reverse("invitation", args=[token]),
            "days": settings.INVITATION_LIFE.days,
            "needs_factor": invitation.expert is None,
        },
        about=[about],
        now=now,
    )
    access_log.record(AccessRecord.Kind.INVITED, by, details=f"{invitation.email} : {description}", now=now)

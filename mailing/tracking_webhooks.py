"""Webhooks of mail providers about mails that we sent: Anymail verifies and parses what they post.

Mailgun signs a timestamp and a token; a *stamp* is the digest of these two, and its model is ``UsedStamp``.
"""

import hashlib
import logging
from datetime import datetime
from typing import Any

from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.signals import AnymailTrackingEvent, EventType, RejectReason, tracking
from anymail.webhooks.brevo import BrevoTrackingWebhookView
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from anymail.webhooks.mailjet import MailjetTrackingWebhookView
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from mailing import delivery, delivery_reports, mailgun_stamps, provider_posts
from mailing.address_refusals import ReportKind, kind_of
from mailing.models import BOUNCE_FIELDS, OutgoingEmail, SignatureReplayed, UsedStamp
from mailing.return_path import local_part_of
from mailing.transactions import transaction_required, wait_for_sending
from mailing.webhooks import ProviderWebhook

logger = logging.getLogger(__name__)

# Providers' own names of a temporary refusal (a soft bounce).
SOFT_NAMES = {"soft_bounce", "SoftBounce", "temporary"}
# Mailjet's ``error_related_to`` where the address is not at fault: the mail's text, or Mailjet itself.
NOT_ADDRESS_FAULTS = ("content", "spam", "mailjet")
MAX_EVENT_BYTES = 2 * 1024 * 1024
MAX_EVENTS = 1000
ID_LENGTH = 20  # of ``new_message_id``, before the @


class TrackingWebhook(ProviderWebhook):
    """A webhook of tracking events. It answers 404 unless settings name its provider, and needs a secret."""

    setting = "MAILING_TRACKING_PROVIDER"
    max_bytes = MAX_EVENT_BYTES

    def run_validators(self, request: HttpRequest) -> None:
        """Verify the secret (HTTP basic authentication). Raises ``ImproperlyConfigured`` without one."""
        if not getattr(settings, "ANYMAIL_WEBHOOK_SECRET", None):
            raise ImproperlyConfigured("ANYMAIL_WEBHOOK_SECRET")
        super().run_validators(request)  # type: ignore[misc]

    def parse_events(self, request: HttpRequest) -> list[AnymailTrackingEvent]:
        """The events of a post. Raises ``AnymailWebhookValidationFailure`` when it cannot be parsed."""
        try:
            events: list[AnymailTrackingEvent] = super().parse_events(request)  # type: ignore[misc]
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
            raise AnymailWebhookValidationFailure("a post that cannot be read") from error
        return events[:MAX_EVENTS]


class BrevoTracking(TrackingWebhook, BrevoTrackingWebhookView):
    channel = "brevo"


class MailjetTracking(TrackingWebhook, MailjetTrackingWebhookView):
    channel = "mailjet"


class PostmarkTracking(TrackingWebhook, PostmarkTrackingWebhookView):
    channel = "postmark"


class MailgunTracking(TrackingWebhook, MailgunTrackingWebhookView):
    """Mailgun. It signs a timestamp and a token, not the event: each signature stores one event."""

    channel = "mailgun"

    def run_validators(self, request: HttpRequest) -> None:
        """Verify the signature, which takes the place of the secret, and refuse a body that cannot be read.

        The age of the timestamp is checked when the event is stored, in ``_use_stamp``.
        """
        try:
            super(TrackingWebhook, self).run_validators(request)
        except (UnicodeError, TypeError, AttributeError, RecursionError) as error:
            raise AnymailWebhookValidationFailure from error

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            answer: HttpResponse = super().post(request, *args, **kwargs)
        except SignatureReplayed:
            return HttpResponse()  # sent again: it was stored
        return answer


def store_event(sender: type[TrackingWebhook], event: AnymailTrackingEvent, **kwargs: object) -> None:
    """Store the event of a verified post, when it is about a mail of ours."""
    now = timezone.now()
    with transaction.atomic(durable=True):
        if sender is MailgunTracking:
            _use_stamp(event, now=now)
        email = _email_of(event)
        kind = _kind_of(event)
        if email is None:
            # Answered like any other event: after an error, the provider would post it again.
            logger.info("report about no mail of ours", extra={"provider": sender.channel, "kind": kind})
        if email is None or kind is None:
            return
        text = _text_of(event)
        if event.event_type in (EventType.BOUNCED, EventType.REJECTED) and email.record_bounce(text, at=now):
            email.save(update_fields=BOUNCE_FIELDS)
            transaction.on_commit(lambda: delivery.notify_refused(email.pk))
        delivery_reports.record(
            email,
            kind,
            key=_key_of(sender.channel, email, event),
            at=_moment_of(event, now=now),
            # A soft refusal lasts since the first try of the mail, not since this event.
            since=email.not_before if kind == ReportKind.SOFT else None,
            server_text=text,
            now=now,
        )


@transaction_required
def _use_stamp(event: AnymailTrackingEvent, *, now: datetime) -> None:
    """Record that the event's signature is used. Raises ``SignatureReplayed`` when it was used before."""
    signature = event.esp_event.get("signature") if isinstance(event.esp_event, dict) else None
    signed = signature if isinstance(signature, dict) else {}
    stamp = mailgun_stamps.read({name: str(value) for name, value in signed.items()}, now=now)
    if stamp is None:
        raise AnymailWebhookValidationFailure("the timestamp is missing, too old or in the future")
    UsedStamp.objects.use(stamp.digest, until=stamp.until)


def _email_of(event: AnymailTrackingEvent) -> OutgoingEmail | None:
    """The mail of an event, locked, found by the id in our metadata or in its Message-ID."""
    metadata = event.metadata if isinstance(event.metadata, dict) else {}
    ids = [str(metadata.get("mail") or ""), local_part_of(str(event.message_id or ""))]
    mail_id = next((each for each in ids if each.isalnum() and len(each) == ID_LENGTH), None)
    if mail_id is None:
        return None
    wait_for_sending()  # the worker that sends this mail holds its row
    rows = OutgoingEmail.objects.select_for_update().filter(message_id__startswith=f"<{mail_id}@")
    email = rows.order_by("pk").first()
    is_same = email is not None and str(event.recipient or email.to).strip().lower() == email.to.lower()
    return email if is_same else None


def _kind_of(event: AnymailTrackingEvent) -> ReportKind | None:
    """The kind of an event; ``None`` when it says nothing of the address."""
    kinds = {
        EventType.DELIVERED: ReportKind.DELIVERED,
        EventType.DEFERRED: ReportKind.SOFT,
        EventType.COMPLAINED: ReportKind.COMPLAINT,
    }
    if event.event_type in kinds:
        return kinds[event.event_type]
    if event.event_type == EventType.REJECTED and event.reject_reason == RejectReason.SPAM:
        return ReportKind.COMPLAINT
    if event.event_type not in (EventType.BOUNCED, EventType.REJECTED):
        return None
    if _provider_says_soft(event.esp_event):
        return ReportKind.SOFT
    return kind_of(str(event.mta_response)) if event.mta_response else ReportKind.HARD


def _provider_says_soft(posted: Any) -> bool:
    """Return whether the provider itself says that the refusal is temporary."""
    if not isinstance(posted, dict):
        return False
    event_names = {str(posted.get("event")), str(posted.get("Type"))}
    is_other_fault = posted.get("error_related_to") in NOT_ADDRESS_FAULTS
    return is_other_fault or posted.get("hard_bounce") is False or bool(SOFT_NAMES & event_names)


def _text_of(event: AnymailTrackingEvent) -> str:
    """The reason that the server or the provider gives, on one line."""
    found = event.mta_response or event.description or event.reject_reason or ""
    return provider_posts.one_line(found)


def _moment_of(event: AnymailTrackingEvent, *, now: datetime) -> datetime:
    at = event.timestamp
    return at if isinstance(at, datetime) and timezone.is_aware(at) else now


def _key_of(channel: str, email: OutgoingEmail, event: AnymailTrackingEvent) -> str:
    """The same event posted again has the same key; not every provider numbers its events."""
    timestamp = event.timestamp.isoformat() if isinstance(event.timestamp, datetime) else ""
    identity = f"{event.event_id or ''}|{event.event_type}|{event.reject_reason or ''}|{timestamp}"
    return f"{channel}:{email.pk}:{hashlib.sha256(provider_posts.clean(identity).encode()).hexdigest()[:40]}"


tracking.connect(store_event)

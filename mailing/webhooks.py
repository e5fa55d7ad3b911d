"""Webhooks of mail providers: Anymail checks and parses the post, ``reception`` stores the mail.

The answer is 200 once the row is committed; an error is a 5xx, and the provider tries again.
"""

import json
import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.signals import AnymailInboundEvent, EventType, inbound
from anymail.webhooks.brevo import BrevoInboundWebhookView
from anymail.webhooks.mailgun import MailgunInboundWebhookView
from anymail.webhooks.postmark import PostmarkInboundWebhookView
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ImproperlyConfigured
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt

from mailing import mailgun_stamps, posted_mails, provider_posts, reception
from mailing.models import Channel, SignatureReplayed
from mailing.posted_mails import PostedMail

# The largest mail accepted by providers (35 MB at Postmark), once encoded.
MAX_POST_BYTES = 50 * 1024 * 1024
MAIL_FIELDS = {
    "body-mime",
    "body-plain",
    "body-html",
    "message-headers",
}  # one at least, in Mailgun's post of a mail

logger = logging.getLogger(__name__)


class OtherPost(Exception):
    """A verified post that is no incoming mail: the provider is set up wrongly. The message says how."""


class ProviderWebhook:
    """A webhook of one provider (``channel``): it answers 404 unless ``setting`` names that provider."""

    channel: str
    setting: str
    max_bytes: int

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., HttpResponse]:
        """The view, with a 404 unless settings name its provider."""
        view = super().as_view(**initkwargs)  # type: ignore[misc]

        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if cls.channel != getattr(settings, cls.setting):
                raise Http404
            answer: HttpResponse = view(request, *args, **kwargs)
            return answer

        return checked

    @method_decorator(csrf_exempt)
    @method_decorator(login_not_required)
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if int(request.META.get("CONTENT_LENGTH") or 0) > self.max_bytes:
            return HttpResponse(status=413)
        answer: HttpResponse = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        return answer


class Inbound(ProviderWebhook):
    """A webhook of incoming mails."""

    channel: Channel
    setting = "MAILING_INBOUND_PROVIDER"
    max_bytes = MAX_POST_BYTES
    not_again = 403  # what the provider does not post again when it is answered so

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Refuse for good what would be the same at each try, and say why in the log."""
        try:
            answer: HttpResponse = super().post(request, *args, **kwargs)  # type: ignore[misc]
        except SignatureReplayed:
            return HttpResponse(status=self.not_again)
        except OtherPost as error:
            logger.warning("a post of %s is no incoming mail: %s", self.channel, error)
            return HttpResponse(str(error), status=self.not_again, content_type="text/plain; charset=utf-8")
        return answer


class JsonInbound(Inbound):
    """A provider that posts JSON, with a secret in the headers (HTTP basic authentication)."""

    def run_validators(self, request: HttpRequest) -> None:
        """Read the body once the secret is verified; Django's limit on bodies is meant for forms."""
        if not getattr(settings, "ANYMAIL_WEBHOOK_SECRET", None):
            raise ImproperlyConfigured("ANYMAIL_WEBHOOK_SECRET")
        super().run_validators(request)  # type: ignore[misc]
        request._body = request.read(MAX_POST_BYTES)  # noqa: SLF001


class Brevo(JsonInbound, BrevoInboundWebhookView):
    """Brevo. Only the names of attachments are stored; their content is not fetched."""

    channel = Channel.BREVO

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(api_key="", **kwargs)

    def parse_events(self, request: HttpRequest) -> list[AnymailInboundEvent]:
        given = read_json(request).get("items")
        items = given if isinstance(given, list) else []
        return [event_of(posted_mails.of_brevo(item), item) for item in items if isinstance(item, dict)]


class Mailgun(Inbound, MailgunInboundWebhookView):
    """Mailgun. The post is signed with the account's key."""

    channel = Channel.MAILGUN
    not_again = 406

    def run_validators(self, request: HttpRequest) -> None:
        """Refuse a timestamp or token that is not ASCII, and a timestamp that is old or in the future."""
        if request.content_type in provider_posts.FORM_TYPES:
            provider_posts.read_form(request, max_bytes=MAX_POST_BYTES)
        try:
            super().run_validators(request)
        except UnicodeError as error:
            raise AnymailWebhookValidationFailure from error
        if mailgun_stamps.read(request.POST, now=timezone.now()) is None:
            raise AnymailWebhookValidationFailure("the timestamp is missing, too old or in the future")

    def parse_events(self, request: HttpRequest) -> list[AnymailInboundEvent]:
        """The mail that a route forwards. Raises ``OtherPost``."""
        if request.POST.get("event", "inbound") != "inbound" or not MAIL_FIELDS & set(request.POST):
            raise OtherPost('Mailgun\'s route must forward incoming mails: forward("…/inbound/")')
        return [event_of(posted_mails.of_mailgun(request.POST, request.FILES), request)]


class Postmark(JsonInbound, PostmarkInboundWebhookView):
    """Postmark. Best with « Include raw email content in JSON payload »."""

    channel = Channel.POSTMARK

    def parse_events(self, request: HttpRequest) -> list[AnymailInboundEvent]:
        posted = read_json(request)
        if posted.get("RecordType", "Inbound") != "Inbound":
            raise OtherPost("Postmark's webhook must be the one of incoming mails")
        return [event_of(posted_mails.of_postmark(posted), posted)]


def read_json(request: HttpRequest) -> dict[str, Any]:
    """The object that is posted. Raises ``AnymailWebhookValidationFailure`` when there is none."""
    try:
        posted = json.loads(request.body.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise AnymailWebhookValidationFailure("a post that cannot be read") from error
    if not isinstance(posted, dict):
        raise AnymailWebhookValidationFailure("a post that is not a JSON object")
    return posted


def event_of(mail: PostedMail, posted: object) -> AnymailInboundEvent:
    return AnymailInboundEvent(event_type=EventType.INBOUND, esp_event=posted, message=mail)


def store_incoming(sender: type[Inbound], event: AnymailInboundEvent, **kwargs: object) -> None:
    """Store the mail of a verified post."""
    mail, now = event.message, timezone.now()
    reception.store(
        mail.with_return_path(),
        channel=sender.channel,
        recipient=mail.recipient,
        stamp=mailgun_stamps.read(event.esp_event.POST, now=now) if sender is Mailgun else None,
        now=now,
    )


inbound.connect(store_incoming)

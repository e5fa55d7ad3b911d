"""Webhooks of mail providers: Anymail checks and parses the post, ``reception`` stores the mail.

The answer is 200 once the row is committed; an error is a 5xx, and the provider tries again.
"""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.inbound import AnymailInboundMessage
from anymail.signals import AnymailInboundEvent, inbound
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

from mailing import mailgun_stamps, provider_posts, reception
from mailing.models import Channel, SignatureReplayed

# The largest mail accepted by providers (35 MB at Postmark), once encoded.
MAX_POST_BYTES = 50 * 1024 * 1024
MAX_HEADER_BYTES = 128 * 1024
USED_ALREADY = 406  # Mailgun does not post again what is answered so


class ProviderWebhook:
    """A webhook that answers 404 unless the setting named by ``setting`` is its ``channel``: the provider."""

    channel: str
    setting: str
    max_bytes: int

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., HttpResponse]:
        """The view, with a 404 unless settings name its provider."""
        view = super().as_view(**initkwargs)  # type: ignore[misc]

        @wraps(view)
        def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if cls.channel != getattr(settings, cls.setting):
                raise Http404
            answer: HttpResponse = view(request, *args, **kwargs)
            return answer

        return answered

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


class JsonInbound(Inbound):
    """A provider that posts JSON, with a secret in the headers (HTTP basic authentication)."""

    def run_validators(self, request: HttpRequest) -> None:
        """Read the body once the secret is verified; Django's limit on bodies is meant for forms."""
        if not getattr(settings, "ANYMAIL_WEBHOOK_SECRET", None):
            raise ImproperlyConfigured("ANYMAIL_WEBHOOK_SECRET")
        super().run_validators(request)  # type: ignore[misc]
        request._body = request.read(MAX_POST_BYTES)  # noqa: SLF001

    def esp_to_anymail_event(self, esp_event: dict[str, Any]) -> AnymailInboundEvent:
        """The mail of a post, without what no message can contain."""
        return super().esp_to_anymail_event(provider_posts.clean(esp_event))  # type: ignore[misc]


class Brevo(JsonInbound, BrevoInboundWebhookView):
    """Brevo. Only the names of attachments are stored; their content is not fetched."""

    channel = Channel.BREVO

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(api_key="", **kwargs)

    def _fetch_attachment(self, attachment: dict[str, Any]) -> AnymailInboundMessage:
        return AnymailInboundMessage.construct_attachment(
            content_type=attachment.get("ContentType") or "application/octet-stream",
            content=b"",
            filename=attachment.get("Name"),
            content_id=attachment.get("ContentID") or None,
        )


class Mailgun(Inbound, MailgunInboundWebhookView):
    """Mailgun. The post is signed with the account's key."""

    channel = Channel.MAILGUN

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            answer: HttpResponse = super().post(request, *args, **kwargs)
        except SignatureReplayed:
            return HttpResponse(status=USED_ALREADY)
        return answer

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

    def esp_to_anymail_event(self, request: HttpRequest) -> AnymailInboundEvent:
        raw = request.POST.get("body-mime")
        if raw is not None:
            provider_posts.replace_field(request, "body-mime", top_of(raw))
        return with_raw(super().esp_to_anymail_event(request), raw)


class Postmark(JsonInbound, PostmarkInboundWebhookView):
    """Postmark. Best with « Include raw email content in JSON payload »."""

    channel = Channel.POSTMARK

    def esp_to_anymail_event(self, esp_event: dict[str, Any]) -> AnymailInboundEvent:
        raw = esp_event.get("RawEmail")
        posted = esp_event if raw is None else {**esp_event, "RawEmail": top_of(raw)}
        for attachment in posted.get("Attachments") or []:
            attachment["ContentType"] = provider_posts.attachment_type(attachment.get("ContentType") or "")
        for header in posted.get("Headers") or []:
            header["Value"] = provider_posts.one_line(header.get("Value"))
        return with_raw(super().esp_to_anymail_event(posted), provider_posts.clean(raw))


def top_of(raw: str) -> str:
    """The headers of a raw message: its body is not parsed before it is stored."""
    return re.split(r"\r?\n\r?\n", raw[:MAX_HEADER_BYTES], maxsplit=1)[0] + "\n\n"


def with_raw(event: AnymailInboundEvent, raw: str | None) -> AnymailInboundEvent:
    """Keep the raw message with the event, when the provider gives it."""
    event.raw = raw
    return event


def store_incoming(sender: type[Inbound], event: AnymailInboundEvent, **kwargs: object) -> None:
    """Store the mail of a verified post."""
    message, raw, now = event.message, getattr(event, "raw", None), timezone.now()
    reception.store(
        raw_of(message) if raw is None else return_path(message).encode() + raw.encode(),
        channel=sender.channel,
        recipient=message.envelope_recipient or "",
        stamp=mailgun_stamps.read(event.esp_event.POST, now=now) if sender is Mailgun else None,
        now=now,
    )


def raw_of(message: AnymailInboundMessage) -> bytes:
    """The message as a mail server would pipe it, with the envelope sender as ``Return-Path``."""
    raw: bytes = message.as_bytes()
    return return_path(message).encode() + raw


def return_path(message: AnymailInboundMessage) -> str:
    """The line of the envelope sender; empty when it is unknown, or in the message already."""
    if message.envelope_sender is None or "Return-Path" in message:
        return ""
    return f"Return-Path: <{provider_posts.one_line(message.envelope_sender)}>\n"


inbound.connect(store_incoming)

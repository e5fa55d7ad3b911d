"""Posts of providers about mails that we sent."""

import json
import time

import pytest
from django.conf import settings as project
from django.test import Client
from django.utils import timezone

from mailing.message_builder import build_message
from mailing.models import DeliveryEvent, OutgoingEmail, OutgoingState, RefusedAddress
from tests.mailing.factories import OutgoingEmailFactory
from tests.mailing.test_webhooks import KEY, SECRET, password, signed

pytestmark = pytest.mark.django_db
TO = "lea@example.org"


@pytest.fixture(autouse=True)
def nobody_called(settings):
    settings.MAILING_REFUSED_TASKS = settings.MAILING_DELIVERY_TASKS = []


@pytest.fixture
def sent():
    """A mail of today: refusals that last five days count as final."""
    return OutgoingEmailFactory(sent_at=timezone.now(), to=TO, created_at=timezone.now())


def name_of(mail):
    return mail.message_id[1:21]


def brevo(mail, event="hard_bounce", **more):
    mark = json.dumps({"mail": name_of(mail)})
    posted = {
        "event": event,
        "email": TO,
        "id": 26224,
        "date": "2026-12-01 10:00:00",
        "X-Mailin-custom": mark,
    }
    at = int(time.time() * 1000)
    return posted | {"message-id": "<202612010900.1@relay.example>", "ts_epoch": at} | more


def mailgun(  # noqa: PLR0913 (as many as the test tries)
    mail, *, severity="permanent", event="failed", token="e" * 50, key=KEY, code=550, text="no such user"
):
    posted = {
        "id": f"id-{token[:4]}",
        "event": event,
        "severity": severity,
        "timestamp": time.time(),
        "recipient": TO,
        "message": {"headers": {"message-id": mail.message_id[1:-1]}},
        "user-variables": {},
        "delivery-status": {"code": code, "message": text, "description": ""},
    }
    return {"signature": signed({}, key, token=token), "event-data": posted}


def postmark(mail, kind="HardBounce"):
    return {
        "RecordType": "Bounce",
        "ID": 4323372036854775807,
        "Type": kind,
        "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
        "Description": "The server was unable to deliver your message (ex: unknown user).",
        "Details": "smtp;550 5.1.1 unknown user",
        "Email": "LEA@example.org",
        "BouncedAt": "2026-11-29T10:00:00.0000000-05:00",
        "Metadata": {"mail": name_of(mail)},
    }


def mailjet(mail, **more):
    return [
        {
            "event": "bounce",
            "time": int(time.time()),
            "MessageID": 19421777835146490,
            "email": TO,
            "hard_bounce": True,
            "error": "user unknown",
            "Payload": json.dumps({"mail": name_of(mail)}),
        }
        | more
    ]


POSTS = {"brevo": brevo, "mailgun": mailgun, "mailjet": mailjet, "postmark": postmark}


@pytest.fixture
def post(settings):
    def posted(provider, payload, *, secret=SECRET, named=None):
        settings.MAILING_TRACKING_PROVIDER = named or provider
        if provider == "mailgun":
            settings.ANYMAIL_MAILGUN_WEBHOOK_SIGNING_KEY = KEY
        else:
            settings.ANYMAIL_WEBHOOK_SECRET = [SECRET]
        headers = {} if provider == "mailgun" else password(secret)
        client = Client(enforce_csrf_checks=True, raise_request_exception=False)
        content = payload if isinstance(payload, str) else json.dumps(payload)
        return client.post(
            f"/anymail/{provider}/tracking/", content, content_type="application/json", **headers
        )

    return posted


@pytest.mark.parametrize("provider", POSTS)
def test_a_hard_bounce_refuses_mail_and_address_once(provider, sent, post):
    payload = POSTS[provider](sent)

    assert [post(provider, payload).status_code for _ in range(2)] == [200, 200]

    [event] = DeliveryEvent.objects.all()
    assert (event.email, event.kind, event.address) == (sent, "hard", TO)
    assert RefusedAddress.objects.get().is_final
    sent.refresh_from_db()
    assert sent.state == OutgoingState.REFUSED


@pytest.mark.parametrize(
    ("provider", "payload", "kind"),
    [
        ("brevo", lambda mail: brevo(mail, "delivered"), "delivered"),
        ("brevo", lambda mail: brevo(mail, "deferred"), "soft"),
        ("brevo", lambda mail: brevo(mail, "soft_bounce", reason="550 5.1.1 unknown"), "soft"),
        ("brevo", lambda mail: brevo(mail, "blocked"), "hard"),
        ("brevo", lambda mail: brevo(mail, "spam"), "complaint"),
        ("mailgun", lambda mail: mailgun(mail, severity="temporary", code=452), "soft"),
        ("mailgun", lambda mail: mailgun(mail, text="5.7.1 spam"), "soft"),
        ("mailgun", lambda mail: mailgun(mail, event="delivered", code=250, text="OK"), "delivered"),
        ("mailgun", lambda mail: mailgun(mail, event="complained"), "complaint"),
        ("mailjet", lambda mail: mailjet(mail, hard_bounce=False, error="quota exceeded"), "soft"),
        ("postmark", lambda mail: postmark(mail, "SoftBounce"), "soft"),
        ("postmark", lambda mail: postmark(mail, "SpamComplaint"), "complaint"),
        ("brevo", lambda mail: brevo(mail, "opened"), None),
        ("brevo", lambda mail: brevo(mail, "delivered", email="other@example.org"), None),
        ("brevo", lambda mail: brevo(mail, **{"X-Mailin-custom": '{"mail": "00000000000000000000"}'}), None),
        ("brevo", lambda mail: brevo(mail, **{"X-Mailin-custom": "[1]"}), None),
        ("brevo", lambda mail: brevo(mail, **{"X-Mailin-custom": '{"mail": "%"}'}), None),
    ],
)
def test_each_event_has_its_kind_or_none(provider, payload, kind, sent, post):
    assert post(provider, payload(sent)).status_code == 200

    assert list(DeliveryEvent.objects.values_list("kind", flat=True)) == ([kind] if kind else [])
    assert RefusedAddress.objects.exists() == (kind == "hard")


@pytest.mark.parametrize("is_marked", [True, False], ids=["erased since", "another sender's"])
@pytest.mark.parametrize("provider", POSTS)
def test_a_report_about_no_mail_of_ours_is_logged_and_never_posted_again(
    provider, is_marked, sent, post, caplog
):
    payload = POSTS[provider](sent)
    if is_marked:
        OutgoingEmail.objects.all().delete()
    elif provider == "mailgun":
        payload["event-data"]["message"]["headers"]["message-id"] = "abc@another.example.org"
    else:
        [payload if isinstance(payload, dict) else payload[0]][0].pop(
            {"brevo": "X-Mailin-custom", "mailjet": "Payload", "postmark": "Metadata"}[provider]
        )

    with caplog.at_level("INFO", "mailing.tracking_webhooks"):
        assert post(provider, payload).status_code == 200

    assert not DeliveryEvent.objects.exists()
    assert not RefusedAddress.objects.exists()
    logged = [row for row in caplog.records if row.name == "mailing.tracking_webhooks"]
    assert [(row.message, row.provider) for row in logged] == [("report about no mail of ours", provider)]


@pytest.mark.parametrize(
    ("provider", "options"),
    [
        ("brevo", {"secret": "fournisseur:autre"}),
        ("brevo", {"named": "postmark"}),
        ("brevo", {"payload": "{"}),
        ("brevo", {"payload": "[" * 5000}),
        ("brevo", {"payload": "null"}),
        ("brevo", {"payload": json.dumps({"event": "hard_bounce", "ts_epoch": "hier"})}),
        ("mailgun", {"key": "autre"}),
        ("mailgun", {"payload": "[]"}),
        ("mailgun", {"payload": json.dumps({"signature": {"token": 1, "timestamp": 2, "signature": "é"}})}),
        ("postmark", {"payload": json.dumps({"RecordType": "Bounce", "Metadata": None})}),
    ],
    ids=str,
)
def test_forged_or_broken_posts_store_nothing(provider, options, sent, post):
    key = options.pop("key", None)
    payload = options.pop("payload", None) or (mailgun(sent, key=key) if key else POSTS[provider](sent))

    assert post(provider, payload, **options).status_code in (400, 404)
    assert not DeliveryEvent.objects.exists()


def test_a_signature_of_mailgun_stores_one_event(sent, post):
    first = mailgun(sent, event="delivered", code=250, text="OK")
    other = mailgun(OutgoingEmailFactory(to=TO)) | {"signature": first["signature"]}

    assert [post("mailgun", first).status_code, post("mailgun", other).status_code] == [200, 200]
    assert [event.kind for event in DeliveryEvent.objects.all()] == ["delivered"]


def test_a_provider_is_told_the_name_of_the_mail(sent):
    assert build_message(sent, sent.rendered()).metadata == {"mail": name_of(sent)}
    assert sent.message_id.endswith(f"@{project.REPLY_DOMAIN}>")

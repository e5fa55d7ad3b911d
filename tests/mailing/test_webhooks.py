"""Webhooks: authentic posts are stored, others are refused."""

import base64
import hashlib
import hmac
import json
import time
from datetime import timedelta
from email import message_from_bytes
from urllib.parse import urlencode

import pytest
import time_machine
from django.conf import settings as project
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone

from mailing import reception, replies
from mailing.models import IncomingEmail

pytestmark = pytest.mark.django_db

OURS = f"reponse+e1-0123456789abcdef0123@{project.REPLY_DOMAIN}"
SECRET, KEY = "fournisseur:un secret assez long", "clé de signature".encode().hex()
TEXT = "Je l'appelle lundi, à 9 h.\n"
RAW = (
    f"From: Léa Vannier <lea@office.example.org>\r\nTo: {OURS}\r\nSubject: Re: Trouver\r\n"
    f"Message-ID: <un@poste.example.org>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    f"Content-Transfer-Encoding: 8bit\r\n\r\n{TEXT}"
)

# As Brevo's documentation shows it: https://developers.brevo.com/docs/inbound-parse-webhooks
BREVO = {
    "items": [
        {
            "Uuid": ["8d79f2ae-0000-4f8f-9f9c-000000000000"],
            "MessageId": "<un@poste.example.org>",
            "InReplyTo": "<deux@poste.example.org>",
            "From": {"Name": "Léa Vannier", "Address": "lea@office.example.org"},
            "To": [{"Name": None, "Address": OURS}],
            "Cc": [],
            "Recipients": [OURS],
            "SentAtDate": "Tue, 01 Dec 2026 09:58:00 +0100",
            "Subject": "Re: Trouver — Dijon",
            "Attachments": [
                {
                    "Name": "devis.pdf",
                    "ContentType": "application/pdf",
                    "ContentLength": 12345,
                    "ContentID": "",
                    "DownloadToken": "jeton",
                }
            ],
            "Headers": {
                "From": "Léa Vannier <lea@office.example.org>",
                "To": OURS,
                "Subject": "Re: Trouver — Dijon",
                "Message-ID": "<un@poste.example.org>",
                "In-Reply-To": "<deux@poste.example.org>",
                "Received": ["from a.example.org", "from b.example.org"],
                "MIME-Version": "1.0",
            },
            "SpamScore": 0.1,
            "ExtractedMarkdownMessage": "Je l'appelle lundi",
            "RawHtmlBody": None,
            "RawTextBody": TEXT,
        }
    ]
}

# https://postmarkapp.com/developer/user-guide/inbound/parse-an-email
POSTMARK = {
    "FromName": "Léa Vannier",
    "From": "lea@office.example.org",
    "FromFull": {"Email": "lea@office.example.org", "Name": "Léa Vannier", "MailboxHash": ""},
    "To": OURS,
    "ToFull": [{"Email": OURS, "Name": "", "MailboxHash": "e1-0123456789abcdef0123"}],
    "OriginalRecipient": OURS,
    "Subject": "Re: Trouver",
    "MessageID": "73e6d360-66eb-11e1-8e72-a8904824019b",
    "MessageStream": "inbound",
    "Date": "Tue, 1 Dec 2026 09:58:00 +0100",
    "TextBody": TEXT,
    "HtmlBody": "",
    "Headers": [
        {"Name": "Return-Path", "Value": "<lea@office.example.org>"},
        {"Name": "Message-ID", "Value": "<un@poste.example.org>"},
    ],
    "Attachments": [
        {
            "Name": "devis.pdf",
            "Content": base64.b64encode(b"%PDF").decode(),
            "ContentType": "application/pdf",
            "ContentLength": 4,
        }
    ],
}


@pytest.fixture(autouse=True)
def nobody_told(settings):
    settings.MAILING_INCOMING_TASKS = []


@pytest.fixture
def inbound(settings):
    """A client of the provider named in settings, with only its secret set."""

    def named(provider: str) -> Client:
        settings.MAILING_INBOUND_PROVIDER = provider
        if provider == "mailgun":
            settings.ANYMAIL_MAILGUN_WEBHOOK_SIGNING_KEY = KEY
        else:
            settings.ANYMAIL_WEBHOOK_SECRET = [SECRET]
        return Client(enforce_csrf_checks=True, raise_request_exception=False)

    return named


def password(given: str = SECRET) -> dict[str, str]:
    return {"HTTP_AUTHORIZATION": f"Basic {base64.b64encode(given.encode()).decode()}"}


def signed(fields: dict, key: str = KEY, stamp: str = "", token: str = "f" * 50) -> dict:
    stamp = stamp or str(int(time.time()))
    signature = hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    return fields | {"timestamp": stamp, "token": token, "signature": signature}


def post_json(client: Client, provider: str, payload: dict, **headers):
    content = json.dumps(payload)
    return client.post(f"/anymail/{provider}/inbound/", content, content_type="application/json", **headers)


# https://documentation.mailgun.com/docs/mailgun/user-manual/receive-forward-store/receive-http
MAILGUN = {
    "recipient": OURS,
    "sender": "lea@office.example.org",
    "from": "Léa Vannier <lea@office.example.org>",
    "subject": "Re: Trouver",
    "body-plain": TEXT,
    "stripped-text": "Je l'appelle",
    "attachment-count": "1",
    "message-headers": json.dumps(
        [
            ["From", "Léa Vannier <lea@office.example.org>"],
            ["To", OURS],
            ["Subject", "Re: Trouver"],
            ["Message-Id", "<un@poste.example.org>"],
        ]
    ),
}


def post_mailgun(client: Client, fields: dict, path: str = "/anymail/mailgun/inbound/"):
    return client.post(path, fields)


def mailgun_parsed() -> dict:
    return signed(MAILGUN) | {"attachment-1": SimpleUploadedFile("devis.pdf", b"%PDF", "application/pdf")}


def mailgun_mime() -> dict:
    return signed({"recipient": OURS, "sender": "lea@office.example.org", "body-mime": RAW})


POSTS = {
    "brevo": lambda client: post_json(client, "brevo", BREVO, **password()),
    "postmark parsed": lambda client: post_json(client, "postmark", POSTMARK, **password()),
    "postmark raw": lambda client: post_json(client, "postmark", {**POSTMARK, "RawEmail": RAW}, **password()),
    "mailgun parsed": lambda client: post_mailgun(client, mailgun_parsed()),
    "mailgun raw": lambda client: post_mailgun(client, mailgun_mime(), "/anymail/mailgun/inbound_mime/"),
}


@pytest.mark.parametrize("name", POSTS)
def test_a_mail_posted_by_the_provider_is_kept_and_says_what_its_author_wrote(name, inbound):
    provider = name.split()[0]

    response = POSTS[name](inbound(provider))

    assert response.status_code == 200
    email = IncomingEmail.objects.get()
    assert (email.channel, email.recipient, email.sender) == (provider, OURS, "lea@office.example.org")
    assert email.message_id == "<un@poste.example.org>"
    reply = replies.read(bytes(email.raw))
    assert reply.text == TEXT.strip()
    assert reply.sender == "lea@office.example.org"
    assert reply.attachments == (() if "raw" in name else ("devis.pdf",))


@pytest.mark.parametrize("name", [name for name in POSTS if "mailgun" not in name])
def test_posted_twice_it_is_kept_twice_with_the_same_text_and_message_id(name, inbound):
    client = inbound(name.split()[0])

    assert [POSTS[name](client).status_code for _ in range(2)] == [200, 200]
    first, second = IncomingEmail.objects.order_by("pk")
    assert first.message_id == second.message_id
    assert replies.read(bytes(first.raw)).text_digest == replies.read(bytes(second.raw)).text_digest


FORGERIES = {
    "brevo without password": ("brevo", lambda client: post_json(client, "brevo", BREVO)),
    "brevo wrong": ("brevo", lambda client: post_json(client, "brevo", BREVO, **password("autre:mot"))),
    "brevo noise": ("brevo", lambda client: post_json(client, "brevo", BREVO, HTTP_AUTHORIZATION="Basic é")),
    "postmark without password": ("postmark", lambda client: post_json(client, "postmark", POSTMARK)),
    "postmark wrong": (
        "postmark",
        lambda client: post_json(client, "postmark", POSTMARK, **password(SECRET.upper())),
    ),
    "mailgun without signature": ("mailgun", lambda client: post_mailgun(client, dict(MAILGUN))),
    "mailgun other key": ("mailgun", lambda client: post_mailgun(client, signed(MAILGUN, "autre"))),
    "mailgun other stamp": (
        "mailgun",
        lambda client: post_mailgun(client, signed(MAILGUN) | {"timestamp": str(int(time.time()) + 1)}),
    ),
    "mailgun no stamp": (
        "mailgun",
        lambda client: post_mailgun(client, signed(MAILGUN, stamp="hier")),
    ),
    "mailgun noise": ("mailgun", lambda client: post_mailgun(client, signed(MAILGUN) | {"token": "é"})),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_post_is_refused_and_nothing_is_kept(name, inbound):
    provider, post = FORGERIES[name]

    response = post(inbound(provider))

    assert response.status_code in {400, 403}
    assert not IncomingEmail.objects.exists()


@pytest.mark.parametrize(("hours", "status"), [(8, 200), (10, 400)], ids=["it comes back", "sent again"])
def test_a_signed_post_is_good_for_as_long_as_mailgun_comes_back(hours, status, inbound):
    fields = signed(MAILGUN)

    with time_machine.travel(timezone.now() + timedelta(hours=hours), tick=False):
        assert post_mailgun(inbound("mailgun"), fields).status_code == status

    assert IncomingEmail.objects.exists() == (status == 200)


@pytest.mark.parametrize(
    "again",
    [
        lambda fields: fields,
        lambda fields: fields | {"body-plain": "D'autres mots.", "message-headers": "[]"},
        lambda fields: fields | {"timestamp": fields["timestamp"] + "1", "token": fields["token"][1:]},
        lambda fields: fields | {"recipient": f"reponse+c2-0123456789abcdef0123@{project.REPLY_DOMAIN}"},
    ],
    ids=["the same", "other words", "a digit of the token in the time", "to somebody else"],
)
def test_a_signature_of_mailgun_stores_one_mail(again, inbound):
    client, fields = inbound("mailgun"), signed(MAILGUN, token="1" + "f" * 49)
    assert post_mailgun(client, fields).status_code == 200

    assert post_mailgun(client, again(fields)).status_code in {400, 406}
    assert [reply.text for reply in map(replies.read, kept())] == [TEXT.strip()]


def test_a_signature_that_stored_nothing_is_still_good(inbound):
    client, fields = inbound("mailgun"), signed(MAILGUN)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE mailing_incomingemail RENAME TO away")
        assert post_mailgun(client, fields).status_code == 500
        cursor.execute("ALTER TABLE away RENAME TO mailing_incomingemail")

    assert post_mailgun(client, fields).status_code == 200


def test_a_signature_of_tomorrow_or_of_another_kind_of_post_is_refused(inbound):
    client, tomorrow = inbound("mailgun"), str(int(time.time()) + 86_400)
    fields = signed({})

    assert post_mailgun(client, signed(MAILGUN, stamp=tomorrow)).status_code == 400
    assert post_json(client, "mailgun", {"signature": fields}).status_code == 400
    assert kept() == []


def kept() -> list[bytes]:
    return [bytes(raw) for raw in IncomingEmail.objects.order_by("pk").values_list("raw", flat=True)]


@pytest.mark.parametrize("provider", ["", "postmark"])
def test_only_the_provider_that_settings_name_has_an_address(provider, inbound):
    assert POSTS["brevo"](inbound(provider)).status_code == 404
    assert not IncomingEmail.objects.exists()


@pytest.mark.parametrize("secret", [None, "", []])
def test_every_post_is_refused_without_a_secret_in_the_settings(secret, inbound, settings):
    client = inbound("brevo")
    settings.ANYMAIL_WEBHOOK_SECRET = secret

    assert POSTS["brevo"](client).status_code == 500
    assert not IncomingEmail.objects.exists()


@pytest.mark.parametrize("name", POSTS)
def test_a_database_that_fails_makes_the_provider_come_back(name, inbound):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE mailing_incomingemail RENAME TO away")

    assert POSTS[name](inbound(name.split()[0])).status_code == 500


def test_more_than_a_form_may_hold_is_read_once_the_password_is_good(inbound):
    heavy = base64.b64encode(b"x" * 4_000_000).decode()
    payload = {**POSTMARK, "Attachments": [{**POSTMARK["Attachments"][0], "Content": heavy}]}

    assert post_json(inbound("postmark"), "postmark", payload, **password()).status_code == 200
    assert IncomingEmail.objects.get().reason == ""


def test_post_larger_than_any_provider_accepts_is_not_read(inbound):
    response = inbound("postmark").post(
        "/anymail/postmark/inbound/",
        b"{}",
        content_type="application/json",
        CONTENT_LENGTH=10**9,
        **password(),
    )

    assert response.status_code == 413


def test_a_null_sender_is_still_null_once_kept(inbound):
    """Bounces are detected by it."""
    post_mailgun(inbound("mailgun"), signed(MAILGUN | {"sender": ""}))

    assert message_from_bytes(bytes(IncomingEmail.objects.get().raw))["Return-Path"] == "<>"


def post_urlencoded(client: Client, fields: dict):
    return client.post(
        "/anymail/mailgun/inbound/", urlencode(fields), content_type="application/x-www-form-urlencoded"
    )


def stored_reply():
    return replies.read(bytes(IncomingEmail.objects.get().raw))


LONG = TEXT + "x" * 3_000_000
LARGE = {
    "text": signed(MAILGUN | {"body-plain": LONG}),
    "html": signed(MAILGUN | {"body-html": f"<p>{LONG}</p>"}),
    "message": signed(
        {"recipient": OURS, "sender": "lea@office.example.org", "body-mime": RAW + "x" * 3_000_000}
    ),
    "headers": signed({f"X-A{number}": "a" * 40 for number in range(2_000)} | MAILGUN),
}


@pytest.mark.parametrize("post", [post_mailgun, post_urlencoded], ids=["parts", "pairs"])
@pytest.mark.parametrize("name", LARGE)
def test_mailgun_post_above_the_limits_of_forms_is_kept(name, post, inbound):
    response = post(inbound("mailgun"), LARGE[name])

    assert response.status_code == 200
    email = IncomingEmail.objects.get()
    assert (email.recipient, email.sender) == (OURS, "lea@office.example.org")
    assert stored_reply().text.startswith("Je l'appelle")


def test_mailgun_post_of_hundreds_of_files_is_kept(inbound):
    files = {f"attachment-{number}": SimpleUploadedFile(f"{number}.pdf", b"%PDF") for number in range(1, 201)}

    response = post_mailgun(inbound("mailgun"), signed(MAILGUN | {"attachment-count": "200"}) | files)

    assert response.status_code == 200
    assert len(stored_reply().attachments) == 50


def test_a_mail_above_the_limit_is_kept_in_part_with_its_reason(inbound):
    post_mailgun(inbound("mailgun"), signed(MAILGUN | {"body-plain": "x" * (reception.MAX_BYTES + 1)}))

    assert IncomingEmail.objects.get().reason == "oversized"


LONE = "Je l'appelle \ud83d lundi"
ODD = {
    "postmark subject": ("postmark", {**POSTMARK, "Subject": LONE}),
    "postmark text": ("postmark", {**POSTMARK, "TextBody": LONE}),
    "postmark html": ("postmark", {**POSTMARK, "HtmlBody": f"<p>{LONE}</p>"}),
    "postmark raw": ("postmark", {**POSTMARK, "RawEmail": RAW + LONE}),
    "postmark name": (
        "postmark",
        {**POSTMARK, "FromFull": {"Email": "lea@office.example.org", "Name": LONE}},
    ),
    "postmark header": (
        "postmark",
        {**POSTMARK, "Headers": [*POSTMARK["Headers"], {"Name": "X-A", "Value": f"{LONE}\r\nBcc: x@y.fr"}]},
    ),
    "postmark file": (
        "postmark",
        {
            **POSTMARK,
            "Attachments": [{**POSTMARK["Attachments"][0], "Name": LONE, "ContentType": "n'importe"}],
        },
    ),
    "postmark message inside": (
        "postmark",
        {**POSTMARK, "Attachments": [{**POSTMARK["Attachments"][0], "ContentType": "message/rfc822"}]},
    ),
    "brevo text": ("brevo", {"items": [{**BREVO["items"][0], "RawTextBody": LONE}]}),
    "brevo header": (
        "brevo",
        {"items": [{**BREVO["items"][0], "Headers": {**BREVO["items"][0]["Headers"], "Subject": LONE}}]},
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_characters_that_no_mail_can_contain_do_not_lose_it(name, inbound):
    provider, payload = ODD[name]

    assert post_json(inbound(provider), provider, payload, **password()).status_code == 200
    assert stored_reply().text.startswith("Je l'appelle")
    assert stored_reply().sender == "lea@office.example.org"


@pytest.mark.parametrize(
    "headers",
    [
        json.dumps(
            [["From", "Léa <lea@office.example.org>"], ["Subject", LONE], ["X-A", "a\r\nBcc: x@y.fr"]]
        ),
        json.dumps([["From", "Léa <lea@office.example.org>"], ["X A:", "b"], ["Subject", None]]),
        "ceci n'est pas du JSON",
        '"une chaîne"',
    ],
    ids=["surrogate", "names", "no JSON", "no list"],
)
def test_mailgun_headers_that_cannot_be_written_do_not_lose_the_mail(headers, inbound):
    fields = signed(MAILGUN | {"message-headers": headers})

    assert post_urlencoded(inbound("mailgun"), fields).status_code == 200
    assert stored_reply().text == TEXT.strip()
    assert stored_reply().sender == "lea@office.example.org"
    assert b"\nBcc:" not in bytes(IncomingEmail.objects.get().raw)


@pytest.mark.parametrize("provider", ["mailgun", "postmark"])
def test_a_raw_message_is_kept_as_it_came(provider, inbound):
    raw = RAW + "--\n" * 1000
    if provider == "mailgun":
        fields = signed({"recipient": OURS, "sender": "lea@office.example.org", "body-mime": raw})
        post_urlencoded(inbound("mailgun"), fields)
    else:
        post_json(inbound("postmark"), "postmark", {**POSTMARK, "RawEmail": raw}, **password())

    _, _, kept = bytes(IncomingEmail.objects.get().raw).partition(b"\n")
    assert kept == raw.encode()


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary=é"])
def test_form_that_cannot_be_read_is_refused(content_type, inbound):
    response = inbound("mailgun").post("/anymail/mailgun/inbound/", b"--x", content_type=content_type)

    assert response.status_code == 400


FILE, ITEM = POSTMARK["Attachments"][0], BREVO["items"][0]
SHAPES = {
    "no files": ("postmark", {**POSTMARK, "Attachments": None}),
    "file that is cut": ("postmark", {**POSTMARK, "Attachments": [{**FILE, "Content": "QQQQQ"}]}),
    "file without content": ("postmark", {**POSTMARK, "Attachments": [{"Name": "devis.pdf"}]}),
    "odd content id": ("postmark", {**POSTMARK, "Attachments": [{**FILE, "ContentID": "a\r\nb <é>"}]}),
    "odd headers": (
        "postmark",
        {**POSTMARK, "Headers": ["X-A: b", {"Value": "b"}, {"Name": "É", "Value": 1}]},
    ),
    "author without address": ("postmark", {**POSTMARK, "FromFull": {"Email": "personne", "Name": "Léa"}}),
    "author without anything": ("postmark", {**POSTMARK, "From": "", "FromFull": {"Email": "", "Name": ""}}),
    "text that is none": ("postmark", {**POSTMARK, "TextBody": None, "HtmlBody": f"<p>{TEXT}</p>"}),
    "folded header": ("brevo", {**ITEM, "Headers": {**ITEM["Headers"], "X-A": "a\r\n b\r\nBcc: x@y.fr"}}),
    "header that is none": ("brevo", {**ITEM, "Headers": {**ITEM["Headers"], "X-A": None, "X-B": [None, 3]}}),
    "no headers": ("brevo", {**ITEM, "Headers": None}),
    "no count of files": ("mailgun", {**MAILGUN, "attachment-count": "beaucoup", "content-id-map": "x"}),
    "no list of headers": ("mailgun", {name: MAILGUN[name] for name in MAILGUN if name != "message-headers"}),
    "event that is a mail": ("mailgun", {**MAILGUN, "event": "inbound"}),
    "stored": ("mailgun", {**MAILGUN, "message-url": "https://x.example.org/m", "attachments": "[]"}),
    "stored, odd files": ("mailgun", {**MAILGUN, "attachments": '[1, {"name": 3}, {"url": []}, null]'}),
    "stored, no list of files": ("mailgun", {**MAILGUN, "attachments": "[" * 50_000}),
    "deep headers": ("mailgun", {**MAILGUN, "message-headers": "[" * 50_000}),
}


def post(client: Client, provider: str, mail: dict):
    if provider == "mailgun":
        return post_mailgun(client, signed(mail))
    payload = {"items": [mail]} if provider == "brevo" else mail
    return post_json(client, provider, payload, **password())


@pytest.mark.parametrize("name", SHAPES)
def test_a_post_of_an_odd_shape_is_kept(name, inbound):
    provider, mail = SHAPES[name]

    assert post(inbound(provider), provider, mail).status_code == 200
    assert stored_reply().text == TEXT.strip()
    assert OURS in {IncomingEmail.objects.get().recipient, *stored_reply().recipients}
    assert b"\nBcc:" not in bytes(IncomingEmail.objects.get().raw)


def test_mail_that_a_route_of_mailgun_stores_is_kept_with_the_names_of_its_files(inbound):
    files = [
        {"name": "devis.pdf", "content-type": "application/pdf", "size": 4, "url": "https://x.example.org/1"},
        {
            "name": "plan d'accès.png",
            "content-type": "image/png",
            "size": 9,
            "url": "https://x.example.org/2",
        },
    ]
    mail = {**MAILGUN, "message-url": "https://x.example.org/m", "attachments": json.dumps(files)}

    assert post(inbound("mailgun"), "mailgun", mail).status_code == 200
    assert stored_reply().text == TEXT.strip()
    assert list(stored_reply().attachments) == ["devis.pdf", "plan d'accès.png"]


@pytest.mark.parametrize(
    ("provider", "posted", "status"),
    [
        ("mailgun", {**MAILGUN, "event": "delivered"}, 406),
        ("mailgun", {**MAILGUN, "event": "bounced"}, 406),
        ("mailgun", {"recipient": OURS, "sender": "lea@office.example.org"}, 406),
        ("postmark", {**POSTMARK, "RecordType": "Bounce"}, 403),
        ("postmark", {"RecordType": "Delivery", "MessageID": "x"}, 403),
    ],
)
def test_post_that_is_no_mail_is_refused_for_good_with_a_sentence(provider, posted, status, inbound, caplog):
    answer = post(inbound(provider), provider, posted)

    assert answer.status_code == status
    assert "incoming mails" in answer.content.decode()
    assert "is no incoming mail" in caplog.text
    assert not IncomingEmail.objects.exists()


LONG_HEADERS = {"References": "<a@b.fr> " * 100_000, "X-A": "é" * 500_000, "Subject": "é " * 300_000}


@pytest.mark.parametrize("header", LONG_HEADERS)
@pytest.mark.parametrize("provider", ["postmark", "brevo", "mailgun"])
def test_a_long_header_is_cut_not_folded(provider, header, inbound):
    """Folding one took minutes of a web worker."""
    value = LONG_HEADERS[header]
    mail = {
        "postmark": {**POSTMARK, "Headers": [*POSTMARK["Headers"], {"Name": header, "Value": value}]},
        "brevo": {**ITEM, "Headers": {**ITEM["Headers"], header: value}},
        "mailgun": {
            **MAILGUN,
            "message-headers": json.dumps([*json.loads(MAILGUN["message-headers"]), [header, value]]),
        },
    }[provider]

    assert post(inbound(provider), provider, mail).status_code == 200
    assert stored_reply().text == TEXT.strip()
    assert len(bytes(IncomingEmail.objects.get().raw)) < 50_000


def test_blind_copy_to_one_of_our_addresses_is_found_among_the_recipients_of_brevo(inbound):
    headers = {**ITEM["Headers"], "To": "moi@office.example.org"}

    post(inbound("brevo"), "brevo", {**ITEM, "Headers": headers, "To": []})

    assert IncomingEmail.objects.get().recipient == OURS


@pytest.mark.parametrize(
    "posted", [b"[1]", b'"x"', b"null", b"{", b"[" * 100_000], ids=lambda text: str(text[:5])
)
def test_a_post_that_is_no_object_is_refused(posted, inbound):
    client = inbound("postmark")

    response = client.post(
        "/anymail/postmark/inbound/", posted, content_type="application/json", **password()
    )

    assert response.status_code == 400

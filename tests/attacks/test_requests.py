"""Forged requests: methods, cross-site forms, hosts, open redirects."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.urls import resolve, reverse

from experts.models import Subject, User
from mailing.models import OutgoingEmail
from tests.attacks.addresses import Address, every_address
from tests.attacks.sample_data import SampleData, database_digest
from tests.attacks.wsgi_client import call
from tests.experts.factories import signed_in
from tests.owners.visitor import CONTACT

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

ADDRESSES = every_address()
OURS = [address for address in ADDRESSES if not address.is_admin]
# They check no CSRF token: programs call them, without a cookie of ours.
UNSUBSCRIBE = "directory:unsubscribe"  # RFC 8058: the button of mail programs posts without session or token
FOR_PROGRAMS = {"mailing:brevo", "mailing:mailgun", "mailing:postmark", UNSUBSCRIBE} | {
    f"mailing:{provider}_tracking" for provider in ("brevo", "mailgun", "mailjet", "postmark")
}
# Posted so that what is typed is in no address; they write nothing, and need no cookie.
WRITE_NOTHING = {"search", "owners:start"}
ELSEWHERE = [
    "https://evil.example",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https:evil.example",
    "http:///evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    " https://evil.example",
    "\thttps://evil.example",
    "/%0d%0aLocation:%20https://evil.example",
    "\r\nLocation: https://evil.example",
    "https://localhost/",
    "https://testserver@evil.example/",
]
FRAMED = {"oversight:outbox_html"}  # shown in a frame of ours, under a policy of its own
OTHER_METHODS = ("HEAD", "PUT", "OPTIONS", "PATCH", "TRACE", "DELETE", "X" * 60)


SELECT = re.compile(r"<select[^>]*>.*?</select>", re.DOTALL)


@dataclass(frozen=True)
class Answer:
    """The answer of a page to a visitor, or to the national team, and the lists that it shows."""

    address: Address
    is_signed_in: bool
    status: int
    headers: Mapping[str, str]
    lists: list[str]


_read: list[Answer] = []  # by the first test of this process that needs them


@pytest.fixture
def answers(request) -> list[Answer]:
    """The answers of every page; opening them all has changed nothing."""
    if not _read:
        sample_data = request.getfixturevalue("sample_data")
        _read.extend(open_every_page(sample_data, request.getfixturevalue("national")))
    return _read


def open_every_page(sample_data: SampleData, national: User) -> list[Answer]:
    found = []
    for client, is_signed_in in ((Client(), False), (signed_in(national), True)):
        before = database_digest()
        for address in ADDRESSES:
            answer = client.get(sample_data.path(address))
            lists = lists_of(answer) if answer.status_code == 200 and not answer.streaming else []
            found.append(Answer(address, is_signed_in, answer.status_code, dict(answer.headers), lists))
        assert database_digest() == before
    return found


def lists_of(answer) -> list[str]:
    return SELECT.findall(answer.content.decode(errors="replace").replace("&#x27;", "'"))


def is_for_programs(address: Address, path: str) -> bool:
    return (
        address.route.startswith("api/") or address.name in FOR_PROGRAMS | WRITE_NOTHING or "anymail" in path
    )


class TestLooking:
    """Mail scanners open links, and browsers prefetch them."""

    def test_looking_at_any_page_changes_nothing(self, answers: list[Answer]):
        for answer in answers:
            assert answer.status < 500 or answer.address.name == "health", answer.address

    def test_no_page_may_be_framed_or_guessed(self, answers: list[Answer]):
        for answer in answers:
            address, headers = answer.address, answer.headers
            if address.is_admin:
                continue
            policy = headers.get("Content-Security-Policy", "")
            if address.name in FRAMED and answer.status == 200:
                assert "sandbox" in policy
                assert "default-src 'none'" in policy
                continue
            assert "frame-ancestors 'none'" in policy, address
            assert "default-src 'none'" in policy, address
            assert "unsafe" not in policy, address
            assert headers["X-Frame-Options"] == "DENY", address
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Referrer-Policy"] == "same-origin"
            assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
            assert "camera=()" in headers["Permissions-Policy"]

    def test_no_browser_keeps_what_is_somebodys(self, answers: list[Answer]):
        for answer in answers:
            parameters = answer.address.parameters
            is_anybodys = not parameters or "slug" in parameters or "position" in parameters
            if answer.is_signed_in and not answer.address.is_admin and not is_anybodys:
                assert "no-store" in answer.headers.get("Cache-Control", "no-store"), answer.address

    def test_every_list_of_subjects_is_grouped(self, answers: list[Answer]):
        """The subjects of the catalogue are under their theme, wherever they are chosen."""
        labels = set(Subject.objects.listed().values_list("label", flat=True))
        found = [
            (answer.address.route, listed)
            for answer in answers
            if not answer.address.is_admin
            for listed in answer.lists
            if sum(f">{label}<" in listed for label in labels) > 20
        ]

        assert len({route for route, _ in found}) >= 4, found
        assert [route for route, listed in found if "<optgroup" not in listed] == []

    def test_other_methods_do_nothing(self, sample_data: SampleData, national):
        """Each page gets two of the methods, and each method a quarter of the pages, in turn."""
        client, before = signed_in(national), database_digest()
        for place, address in enumerate(OURS):
            for method in OTHER_METHODS[place % 4 :: 4]:
                answer = client.generic(method, sample_data.path(address))
                assert answer.status_code < 500 or address.name == "health", (address, method)
        assert database_digest() == before

    def test_what_acts_says_which_methods_it_takes(self, sample_data: SampleData, national):
        for name in ("outbox_resend",):
            answer = signed_in(national).get(reverse(f"oversight:{name}", args=[sample_data.mail.pk]))
            assert (answer.status_code, answer["Allow"]) == (405, "POST")


class TestOtherSites:
    def test_every_post_asks_for_our_token(self, sample_data: SampleData, national):
        """Sign-in and sign-out included; refused before the view runs."""
        client, before = signed_in(national), database_digest()
        client.handler.enforce_csrf_checks = True
        for address in ADDRESSES:
            if address.name == UNSUBSCRIBE:
                continue
            path = sample_data.path(address)
            answer = client.post(path, {"words": "x", "email": "x@example.org"})
            assert is_for_programs(address, path) or answer.status_code == 403, address
        assert database_digest() == before

    def test_only_programs_are_spared(self, sample_data: SampleData):
        spared = [
            address.name
            for address in ADDRESSES
            if getattr(resolve(sample_data.path(address)).func, "csrf_exempt", False)
        ]

        assert {name for name in spared if not name.startswith("api-")} <= FOR_PROGRAMS | WRITE_NOTHING

    @pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://testserver.evil.example"])
    def test_a_good_token_from_another_site_is_refused(self, origin):
        client = Client(enforce_csrf_checks=True)
        token = client.get("/suivi/").cookies["csrftoken"].value

        posted = {"email": "x@example.org", "csrfmiddlewaretoken": token}
        assert client.post("/suivi/", posted, headers={"Origin": origin}).status_code == 403
        assert client.post("/suivi/", posted).status_code == 302


class TestAddressesOfOthers:
    @pytest.mark.parametrize("there", ELSEWHERE)
    def test_nobody_is_sent_elsewhere(self, client, national, there):
        """Sign-in, sign-out, and whatever reads ``next`` or the referrer."""
        posts: list[tuple[Client, str]] = [
            (client, "/connexion/"),
            (signed_in(national), "/connexion/fin/"),
            (client, "/admin/login/"),
        ]
        for browser, path in posts:
            for answer in (
                browser.get(path, {"next": there}, headers={"Referer": there}),
                browser.post(path, {"next": there, "email": national.email}, headers={"Referer": there}),
                browser.post(path, headers={"HX-Request": "true", "HX-Current-URL": there}),
            ):
                for header in ("Location", "HX-Redirect", "HX-Location", "HX-Push-Url"):
                    assert leads_home(answer.get(header, "/")), (path, answer.get(header))
                assert "evil.example" not in answer.get("Refresh", "")

    @pytest.mark.parametrize(
        "path", ["//evil.example/", "//evil.example/..", "/\\evil.example", "/%2F/evil.example"]
    )
    def test_a_missing_slash_leads_nowhere_else(self, path):
        answer = call(path.replace("%2F", "/"))

        assert leads_home(answer["headers"].get("Location", "/"))

    @pytest.mark.parametrize(
        "host",
        [
            "evil.example",
            "testserver.evil.example",
            "testserver:80@evil.example",
            "testserver, evil.example",
            "[::1",
            "",
        ],
    )
    def test_another_host_is_refused(self, settings, host):
        settings.ALLOWED_HOSTS = ["testserver"]

        assert call("/contact/", HTTP_HOST=host)["status"] == 400 or not host

    @pytest.mark.parametrize(
        "header",
        [
            "HTTP_X_FORWARDED_HOST",
            "HTTP_FORWARDED",
            "HTTP_X_HOST",
            "HTTP_X_ORIGINAL_URL",
            "HTTP_X_REWRITE_URL",
        ],
    )
    def test_links_of_mails_come_from_the_settings_alone(self, visitor, settings, header):
        settings.SITE_URL = "https://relais.example.org"
        visitor.client.defaults[header] = "evil.example"

        visitor.send()

        for email in OutgoingEmail.objects.all():
            written = json.dumps(email.context) + email.rendered().html + email.rendered().text
            assert "evil.example" not in written
            assert "https://relais.example.org/" in written
            assert "testserver" not in written


def test_a_session_ends_after_a_working_day(national: User):
    client = signed_in(national)
    session = client.session
    session["account_authentication_methods"] = [{"method": "code", "at": 1_000_000_000}]
    session.save()

    assert client.get("/demandes/")["Location"].startswith("/connexion/")
    assert "_auth_user_id" not in client.session


def test_the_cookie_of_a_session_ends_with_the_browser(national: User, settings):
    """Nothing says when it expires: the browser forgets it when it is closed."""
    client = Client()
    for path, posted in (
        ("/connexion/", {"email": national.email}),
        ("/demande/trouver-candidats/", CONTACT),
    ):
        client.post(path, posted)

        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        assert (cookie["expires"], cookie["max-age"]) == ("", "")


def test_no_page_is_about_passwords():
    """Passwords do not exist here; Django's admin and allauth bring pages to change or to reset one."""
    assert not [address for address in every_address() if "password" in f"{address.name} {address.route}"]


@pytest.mark.parametrize("path", ["password_change/", "password_change/done/", "experts/user/{pk}/password/"])
def test_the_admin_has_no_page_about_passwords(path, national: User):
    national.password = make_password("un mot de passe")  # as createsuperuser would
    national.save()
    client = signed_in(national)

    assert client.get("/admin/" + path.format(pk=national.pk)).status_code in {302, 404}
    page = client.get("/admin/")
    assert page.status_code == 200
    assert "password_change" not in page.content.decode()


def test_cookies_are_reported_to_be_ours_alone(client, settings):
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True

    client.post("/demande/trouver-candidats/", CONTACT)
    client.get("/suivi/")

    for name in ("sessionid", "csrftoken"):
        cookie = client.cookies[name]
        assert cookie["samesite"] == "Lax"
        assert cookie["secure"]
        assert (cookie["domain"], cookie["path"]) == ("", "/")
    assert client.cookies["sessionid"]["httponly"]


def leads_home(location: str) -> bool:
    return location.startswith("/") and not location.startswith(("//", "/\\"))

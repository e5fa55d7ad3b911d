"""What browsers and programs may be made to send: methods, other sites' forms, hosts, addresses, bodies."""

import json
from io import BytesIO
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from django.urls import resolve, reverse

from experts.models import User
from mailing.models import OutgoingEmail
from portal.wsgi import application
from tests.attacks.addresses import Address, every_address
from tests.attacks.world import World, fingerprint
from tests.experts.factories import signed_in
from tests.solicitations.company.visitor import CONTACT

pytestmark = [pytest.mark.django_db, pytest.mark.reference]

ADDRESSES = every_address()
OURS = [address for address in ADDRESSES if not address.is_admin]
# They check no CSRF token: programs call them, without a cookie of ours.
FOR_PROGRAMS = {"mailing:brevo", "mailing:mailgun", "mailing:postmark"}
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
FRAMED = {"solicitations:outbox_html"}  # shown in a frame of ours, under a policy of its own


def is_for_programs(address: Address, path: str) -> bool:
    return address.route.startswith("api/") or address.name in FOR_PROGRAMS or "anymail" in path


class TestLooking:
    def test_looking_at_any_page_changes_nothing(self, world: World, national):
        """Scanners open links, browsers open them ahead."""
        for client in (Client(), signed_in(national)):
            before = fingerprint()
            for address in ADDRESSES:
                for method in ("get", "head", "options"):
                    answer = getattr(client, method)(world.path(address))
                    assert answer.status_code < 500 or address.name == "health", (method, address)
                if not address.is_admin:
                    assert fingerprint() == before, address
            assert fingerprint() == before

    def test_other_methods_do_nothing(self, world: World, national):
        client, before = signed_in(national), fingerprint()
        for address in OURS:
            for method in ("PUT", "PATCH", "DELETE", "TRACE", "X" * 60):
                answer = client.generic(method, world.path(address))
                assert answer.status_code < 500 or address.name == "health", (address, method)
        assert fingerprint() == before

    def test_what_acts_says_which_methods_it_takes(self, world: World, national):
        for name in ("outbox_resend",):
            answer = signed_in(national).get(reverse(f"solicitations:{name}", args=[world.mail.pk]))
            assert (answer.status_code, answer["Allow"]) == (405, "POST")


class TestOtherSites:
    def test_every_post_asks_for_our_token(self, world: World, national):
        """Sign-in and sign-out included. Refused before anything is looked at."""
        client, before = signed_in(national), fingerprint()
        client.handler.enforce_csrf_checks = True
        for address in ADDRESSES:
            path = world.path(address)
            answer = client.post(path, {"words": "x", "email": "x@example.org"})
            assert is_for_programs(address, path) or answer.status_code == 403, address
        assert fingerprint() == before

    def test_only_programs_are_spared(self, world: World):
        spared = [
            address.name
            for address in ADDRESSES
            if getattr(resolve(world.path(address)).func, "csrf_exempt", False)
        ]

        assert {name for name in spared if not name.startswith("api-")} <= FOR_PROGRAMS

    @pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://testserver.evil.example"])
    def test_a_good_token_from_another_site_is_refused(self, origin):
        client = Client(enforce_csrf_checks=True)
        token = client.get("/suivi/").cookies["csrftoken"].value

        posted = {"email": "x@example.org", "csrfmiddlewaretoken": token}
        assert client.post("/suivi/", posted, headers={"Origin": origin}).status_code == 403
        assert client.post("/suivi/", posted).status_code == 302

    def test_no_page_may_be_framed_or_guessed(self, world: World, national):
        for client in (Client(), signed_in(national)):
            for address in OURS:
                answer = client.get(world.path(address))
                policy = answer.get("Content-Security-Policy", "")
                if address.name in FRAMED and answer.status_code == 200:
                    assert "sandbox" in policy
                    assert "default-src 'none'" in policy
                    continue
                assert "frame-ancestors 'none'" in policy, address
                assert "default-src 'none'" in policy, address
                assert "unsafe" not in policy, address
                assert answer["X-Frame-Options"] == "DENY", address
                assert answer["X-Content-Type-Options"] == "nosniff"
                assert answer["Referrer-Policy"] == "same-origin"
                assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
                assert "camera=()" in answer["Permissions-Policy"]

    def test_no_browser_keeps_what_is_somebodys(self, world: World, national):
        client = signed_in(national)
        for address in OURS:
            is_anybodys = (
                not address.parameters or "slug" in address.parameters or "position" in address.parameters
            )
            if not is_anybodys:
                assert "no-store" in client.get(world.path(address)).get("Cache-Control", "no-store"), address


class TestAddressesOfOthers:
    @pytest.mark.parametrize("there", ELSEWHERE)
    def test_nobody_is_sent_elsewhere(self, client, national, there):
        """After signing in, out, or anything that reads where one comes from."""
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


class TestBodies:
    """Ten megabytes, odd charsets: a sentence, never an error."""

    LENGTH = 10_000_000

    @pytest.mark.parametrize(
        ("kind", "start"),
        [
            ("application/x-www-form-urlencoded", b"email="),
            (
                "multipart/form-data; boundary=x",
                b'--x\r\nContent-Disposition: form-data; name="email"\r\n\r\n',
            ),
            (
                "multipart/form-data; boundary=x",
                b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n',
            ),
            ("application/json", b'{"email": "'),
            ("text/plain", b""),
        ],
        ids=["form", "multipart", "file", "json", "text"],
    )
    def test_ten_megabytes_are_refused_unread(self, kind, start):
        body = BytesIO(start + b"a" * self.LENGTH)
        answer = call("/suivi/", body, method="POST", CONTENT_TYPE=kind, CONTENT_LENGTH=str(self.LENGTH))

        assert answer["status"] == 413
        assert "Votre envoi est trop lourd" in answer["body"]
        assert body.tell() == 0

    def test_a_program_that_sends_ten_megabytes_is_answered(self):
        for path in ("/api/v1/themes/", "/api/v1/rien/"):
            assert call(path, BytesIO(b"a" * self.LENGTH), CONTENT_LENGTH=str(self.LENGTH))["status"] < 500

    def test_many_fields_are_refused(self):
        posted = {f"a{number}": "1" for number in range(5000)}

        assert Client().post("/suivi/", posted).status_code == 400

    @pytest.mark.parametrize(
        "charset",
        [
            "base64",
            "hex",
            "rot13",
            "unicode_escape",
            "undefined",
            "idna",
            "utf-7",
            "utf-16",
            "nonsense",
            "x" * 900,
        ],
    )
    @pytest.mark.parametrize(
        "kind", ["text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"]
    )
    def test_no_charset_breaks_a_page(self, kind, charset):
        body = b'--x\r\nContent-Disposition: form-data; name="email"\r\n\r\n\\ud800\r\n--x--\r\n'
        for written in (f"{kind}; charset={charset}", f'{kind}; CHARSET*="{charset}"; a=b'):
            for method, path in (("GET", "/recherche/?q=%5Cud800&q=%FF"), ("POST", "/suivi/?q=%5Cud800")):
                answer = call(
                    path, BytesIO(body), method=method, CONTENT_TYPE=written, CONTENT_LENGTH=str(len(body))
                )
                assert answer["status"] < 500, (written, method)

    @pytest.mark.parametrize(
        "part",
        [
            b"",
            b"name",
            b"name*=base64''%41",
            b'name="' + b"a" * 5000 + b'"',
            b'name="a"\r\nContent-Transfer-Encoding: base64',
            b'name="a"\r\nContent-Type: text/plain; charset=hex',
            b'name="f"; filename="../../etc/passwd"',
            b'name="f"; filename="\x00"',
        ],
        ids=[
            "nothing",
            "no name",
            "odd name",
            "long name",
            "base64",
            "charset",
            "path",
            "NUL in a file's name",
        ],
    )
    def test_no_multipart_breaks_a_page(self, part):
        start = b"--x\r\nContent-Disposition: form-data; " + part
        for body in (start, start + b"\r\n\r\n!", start + b"\r\n\r\n!\r\n--x--\r\n"):
            assert post("/suivi/", body, "multipart/form-data; boundary=x")["status"] < 500

    @pytest.mark.parametrize(
        "cookie",
        [
            'sessionid="\\000\\000abcdefghijk"',
            'sessionid="\\377\\377abcdefghij"',
            "sessionid=" + "x" * 5000,
            "sessionid=é",
            'csrftoken="\\000"; messages="\\000"',
            "messages=a:b:c; sessionid=; ;;=",
        ],
        ids=["NUL", "bytes", "long", "accent", "NUL elsewhere", "nothing"],
    )
    def test_no_cookie_breaks_a_page(self, cookie):
        for path in ("/demandes/", "/suivi/", "/demande/trouver-candidats/", "/connexion/"):
            assert call(path, HTTP_COOKIE=cookie)["status"] < 500

    @pytest.mark.parametrize(
        "path",
        [
            "/%00",
            "/%ff",
            "/suivi/%00/",
            "/suivi/%ed%a0%80/",
            "/reponse/" + "a" * 5000 + "/",
            "/demandes/%2e%2e/",
        ],
    )
    @pytest.mark.parametrize(
        "query",
        ["", "?q=%00", "?q=%ed%a0%80", "?q=%e2%80%ae&page=%d9%a3", "?page=9" + "9" * 4000, "?" + "a&" * 900],
    )
    def test_no_address_breaks_a_page(self, path, query):
        for where in (path, "/recherche/", "/demande/trouver-candidats/", "/api/v1/communes/", "/connexion/"):
            assert Client().get(where + query).status_code < 500


def test_no_number_in_an_address_breaks_a_page(world: World, national):
    """Larger than the database's own, too."""
    client = signed_in(national)
    for address in ADDRESSES:
        for name in {"pk", "position", "object_id"} & set(address.parameters):
            for number in ("0", "9" * 30, "%D9%A1", "%00"):
                answer = client.get(world.path(address, **{name: number}))
                assert answer.status_code < 500, (address, number)


def test_a_session_ends_after_a_working_day(national: User):
    client = signed_in(national)
    session = client.session
    session["account_authentication_methods"] = [{"method": "code", "at": 1_000_000_000}]
    session.save()

    assert client.get("/demandes/")["Location"].startswith("/connexion/")
    assert "_auth_user_id" not in client.session


def test_cookies_are_said_to_be_ours_alone(client, settings):
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


def post(path: str, body: bytes, kind: str) -> dict[str, Any]:
    return call(path, BytesIO(body), method="POST", CONTENT_TYPE=kind, CONTENT_LENGTH=str(len(body)))


def call(path: str, body: BytesIO | None = None, *, method: str = "GET", **environ: str) -> dict[str, Any]:
    """The portal as its server calls it: Django's own client would correct what we send."""
    path, _, query = path.partition("?")
    answer: dict[str, Any] = {}

    def start(status: str, headers: list[tuple[str, str]], error: Any = None) -> None:
        answer.update(status=int(status[:3]), headers=dict(headers))

    request = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "testserver",
        "HTTP_COOKIE": "csrftoken=" + "a" * 32,  # without it no form is read at all
        "wsgi.input": body or BytesIO(),
        "wsgi.errors": BytesIO(),
        "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for signal in (request_started, request_finished):  # as Django's client: the test keeps its connection
        signal.disconnect(close_old_connections)
    try:
        answer["body"] = b"".join(application(request | environ, start)).decode(errors="replace")
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)
    return answer

"""Malformed bodies, cookies and addresses: ten megabytes, odd charsets, huge numbers."""

from io import BytesIO

import pytest
from django.test import Client

from tests.attacks.addresses import every_address
from tests.attacks.sample_data import SampleData
from tests.attacks.wsgi_client import call, post
from tests.experts.factories import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

ADDRESSES = every_address()


class TestBodies:
    """Bodies of ten megabytes or with odd charsets are refused without a server error."""

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


def test_no_number_in_an_address_breaks_a_page(sample_data: SampleData, national):
    """Numbers larger than the database's integers included."""
    client = signed_in(national)
    for address in ADDRESSES:
        for name in {"pk", "position", "object_id"} & set(address.parameters):
            for number in ("0", "9" * 30, "%D9%A1", "%00"):
                answer = client.get(sample_data.path(address, **{name: number}))
                assert answer.status_code < 500, (address, number)

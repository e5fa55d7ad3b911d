"""Sign-in: the same page for everybody, a code by mail, then a second factor before any other page."""

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.core import mail
from django.core.cache import cache
from django.urls import reverse

from experts.models import User
from mailing.models import OutgoingEmail

pytestmark = pytest.mark.django_db

LOGIN = "/connexion/"


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    cache.clear()


@pytest.fixture
def staff() -> User:
    return User.objects.create_user("equipe@example.org", role=User.Role.NATIONAL)


@pytest.fixture
def secret(staff) -> str:
    """The key of the staff member's application, already registered."""
    key = totp.generate_totp_secret()
    totp.TOTP.activate(staff, key)
    RecoveryCodes.activate(staff)
    return key


def ask_code(client, email="equipe@example.org"):
    return client.post(LOGIN, {"email": email})


def mailed_code() -> str:
    return re.search(r"[A-Z]{4}-[A-Z]{4}", mail.outbox[-1].body)[0]


def current(secret: str) -> str:
    return totp.format_hotp_value(totp.hotp_value(secret, max(totp.yield_hotp_counters_from_time())))


def signed_in(client) -> bool:
    return "_auth_user_id" in client.session


def sign_in(client, staff) -> None:
    """Sign in without the second factor's check."""
    client.force_login(staff)


def mailed_changes() -> list[tuple[str, str]]:
    """Mails about a change of a second factor: recipient and change, in order."""
    rows = OutgoingEmail.objects.filter(template="experts/emails/second_factor").order_by("pk")
    return [(row.to, row.context["change"]) for row in rows]


class TestCode:
    def test_code_comes_by_mail_and_leads_to_the_enrolment_of_a_second_factor(self, client, staff):
        answer = ask_code(client, "EQUIPE@example.org")
        assert answer.url == reverse("account_confirm_login_code")

        answer = client.post(answer.url, {"code": mailed_code().lower().replace("-", " ")}, follow=True)

        assert signed_in(client)
        assert answer.redirect_chain[-1][0] == reverse("mfa_activate_totp")

    @pytest.mark.parametrize(
        "typed", ["equipe@example.org\u200b", "\ufeffequipe@exam\u00adple.org", "e\u2060quipe@example.org"]
    )
    def test_invisible_characters_of_an_address_go(self, client, staff, typed):
        assert ask_code(client, typed).status_code == 302
        assert mail.outbox[-1].to == [staff.email]

    def test_unknown_address_gets_the_same_page_and_nothing_else(self, client, staff):
        known = client.get(ask_code(client).url).content.decode()
        client.post(reverse("account_logout"))

        unknown = client.get(ask_code(client, "inconnue@example.org").url).content.decode()

        assert known.replace("equipe@", "inconnue@").split("</h1>")[1].split("<input")[0] in unknown
        assert [message.to for message in mail.outbox] == [["equipe@example.org"]]
        assert User.objects.count() == 1

    def test_code_is_mailed_after_the_response(self, client, staff, rf):
        """Response times must not reveal which addresses have an account."""
        done = []

        class WatchedList(list):
            def append(self, work):
                done.append(len(mail.outbox))
                super().append(work)

        client.post(LOGIN, {"email": staff.email}, **{"relais.after_response": WatchedList()})

        assert done == [0]
        assert len(mail.outbox) == 1

    def test_closed_account_gets_no_code(self, client, staff):
        User.objects.update(is_active=False)

        ask_code(client)

        assert mail.outbox == []

    def test_wrong_code_is_reported_and_the_third_ends_the_try(self, client, staff):
        page = ask_code(client).url

        assert "n&#x27;est pas le bon" in client.post(page, {"code": "BBBB-BBBB"}).content.decode()
        client.post(page, {"code": "BBBB-BBBB"})
        assert client.post(page, {"code": "BBBB-BBBB"}).url == LOGIN
        client.post(page, {"code": mailed_code()})

        assert not signed_in(client)

    @pytest.mark.parametrize("code", ["", " ", "\0", "é" * 8, "x" * 5000, "<b>", "🙂"])
    def test_bad_code_gets_a_sentence(self, client, staff, code):
        answer = client.post(ask_code(client).url, {"code": code})

        assert answer.status_code == 200
        assert "fr-error-text" in answer.content.decode() or "fr-message--error" in answer.content.decode()

    @pytest.mark.parametrize(
        "email",
        [
            "",
            "equipe",
            "a@b",
            "x" * 300 + "@example.org",
            "equipe@ex\u2011ample.org",
            "\u0435quipe@example.org",
        ],
    )
    def test_bad_address_gets_a_sentence(self, client, staff, email):
        answer = ask_code(client, email)

        assert answer.status_code == 200
        assert "fr-message--error" in answer.content.decode()

    def test_code_can_be_sent_again_and_the_first_one_is_invalid(self, client, staff):
        page = ask_code(client).url
        first = mailed_code()

        client.post(page, {"action": "resend"})
        client.post(page, {"code": first})
        assert not signed_in(client)
        client.post(page, {"code": mailed_code()})

        assert signed_in(client)

    def test_address_can_be_changed(self, client, staff):
        ask_code(client, "faute@example.org")

        answer = client.post(reverse("account_logout"), {"next": LOGIN}, follow=True)

        assert "Votre adresse électronique" in answer.content.decode()

    def test_limit_per_address_is_reported(self, client, staff):
        for _ in range(3):
            ask_code(client)
            client.post(reverse("account_logout"))

        assert "Trop d" in ask_code(client).content.decode()
        assert len(mail.outbox) == 3

    def test_mail_is_a_row_without_its_code(self, client, staff):
        ask_code(client)

        row = OutgoingEmail.objects.get()
        assert row.is_secret
        assert row.sent_at
        assert row.context == {}

    def test_mail_server_down_changes_nothing_on_the_page(self, client, staff, settings):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1

        answer = ask_code(client)

        assert answer.status_code == 302
        row = OutgoingEmail.objects.get()
        assert row.refused_at
        assert not OutgoingEmail.objects.pending().exists()


class TestSecondFactor:
    def test_code_by_mail_is_not_enough_once_an_application_is_registered(self, client, staff, secret):
        answer = client.post(ask_code(client).url, {"code": mailed_code()})
        assert answer.url == reverse("mfa_authenticate")
        assert not signed_in(client)

        assert client.post(answer.url, {"code": "000000"}).status_code == 200
        answer = client.post(answer.url, {"code": current(secret)})

        assert answer.url == "/demandes/"
        assert signed_in(client)

    def test_recovery_code_replaces_the_application_once(self, client, staff, secret):
        code = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()[0]

        for expected in (True, False):
            answer = client.post(ask_code(client).url, {"code": mailed_code()})
            client.post(answer.url, {"code": code})
            assert signed_in(client) is expected
            client.post(reverse("account_logout"))

    @pytest.mark.parametrize("path", ["/", "/demandes/", "/courrier/", "/admin/"])
    def test_nobody_without_a_second_factor_opens_a_page(self, client, staff, path):
        sign_in(client, staff)

        assert client.get(path).url == reverse("mfa_activate_totp")

    def test_enrolment_gives_recovery_codes_then_opens_the_pages(self, client, staff):
        sign_in(client, staff)
        page = client.get(reverse("mfa_activate_totp"))
        key = page.context["form"].secret

        answer = client.post(reverse("mfa_activate_totp"), {"code": current(key)}, follow=True)

        assert answer.redirect_chain[-1][0] == reverse("mfa_view_recovery_codes")
        assert len(re.findall(r"<code>", answer.content.decode())) == 10
        assert client.get("/admin/").status_code == 200

    def test_each_change_is_mailed_to_its_owner(self, client, staff, django_capture_on_commit_callbacks):
        client.post(ask_code(client).url, {"code": mailed_code()})
        key = client.get(reverse("mfa_activate_totp")).context["form"].secret
        changes = {
            "activate_totp": {"code": current(key)},
            "generate_recovery_codes": {},
            "deactivate_totp": {},
        }

        for name, fields in changes.items():
            with django_capture_on_commit_callbacks(execute=True):
                client.post(reverse(f"mfa_{name}"), fields)

        assert mailed_changes() == [(staff.email, "added"), (staff.email, "codes"), (staff.email, "removed")]

    def test_second_factor_removed_by_the_team_is_mailed_too(self, client, staff, secret):
        other = User.objects.create_user("autre@example.org", role=User.Role.NATIONAL)
        sign_in(client, staff)

        page = f"/equipe/comptes/{other.pk}/second-facteur/"
        assert "Dites pourquoi" in client.post(page, {"reason": " "}).content.decode()
        client.post(page, {"reason": "Téléphone volé"})

        assert mailed_changes() == [(other.email, "forgotten")]
        assert "Téléphone volé" in OutgoingEmail.objects.get(to=other.email).rendered().text
        line = other.access_records.get()
        assert (line.kind, line.by, line.details) == ("factor_reset", staff, "Téléphone volé")

    def test_secrets_are_encrypted_in_the_database(self, staff, secret):
        stored = {key: value for row in Authenticator.objects.all() for key, value in row.data.items()}

        assert secret not in str(stored)
        assert stored["secret"].startswith("sealed:")
        assert stored["seed"].startswith("sealed:")

    def test_secrets_of_a_replaced_key_are_read_while_it_is_a_fallback(self, client, staff, secret, settings):
        application = Authenticator.objects.get(type="totp").wrap()
        first, settings.SECRET_KEY = settings.SECRET_KEY, "another key of ours"
        assert not application.validate_code(current(secret))

        settings.SECRET_KEY_FALLBACKS = [first]
        assert application.validate_code(current(secret))

    def test_secret_stored_unencrypted_is_still_valid(self, staff, secret):
        Authenticator.objects.filter(type="totp").update(data={"secret": secret})

        assert Authenticator.objects.get(type="totp").wrap().validate_code(current(secret))

    def test_application_without_recent_proof_cannot_be_removed(self, client, staff, secret):
        sign_in(client, staff)

        answer = client.post(reverse("mfa_deactivate_totp"))

        assert answer.url.startswith(reverse("mfa_reauthenticate"))
        assert Authenticator.objects.filter(type="totp").exists()

    def test_demo_requires_no_second_factor(self, client, staff, settings):
        settings.DEMO = True
        sign_in(client, staff)

        assert client.get("/admin/").status_code == 200


class TestAddresses:
    @pytest.mark.parametrize("name", ["account_signup", "account_reset_password", "account_email"])
    def test_page_of_allauth_that_we_do_not_want_has_no_address(self, name):
        with pytest.raises(Exception, match=name):
            reverse(name)

    def test_admin_sends_to_our_sign_in(self, client):
        assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith(LOGIN)

    def test_signing_out(self, client, staff, secret):
        sign_in(client, staff)
        assert client.get(reverse("account_logout")).status_code == 200
        assert signed_in(client)

        client.post(reverse("account_logout"))

        assert not signed_in(client)

"""Sign-in through ProConnect, against a server in its shape over real HTTP, and against its lies."""

from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse

from experts.models import AccessRecord, Expert, Seat, User
from tests.experts import proconnect_server
from tests.experts.factories import ExpertFactory, PersonFactory
from tests.experts.proconnect_server import CLIENT, SECRET, Lies

pytestmark = pytest.mark.django_db

LOGIN, BEGIN, BACK = "/connexion/", "/connexion/proconnect/", "/connexion/proconnect/retour/"
PAST = datetime(2016, 12, 1, 9, tzinfo=UTC)
STRONG = "https://proconnect.gouv.fr/assurance/self-asserted-2fa"
OLD_TOKEN = {"iat": 1_000_000_000, "exp": 1_000_000_300}  # in 2001


@pytest.fixture(scope="module")
def running():
    with proconnect_server.running() as server:
        yield server


@pytest.fixture
def proconnect(running, settings):
    settings.PROCONNECT_ISSUER = running.issuer
    settings.PROCONNECT_CLIENT_ID, settings.PROCONNECT_CLIENT_SECRET = CLIENT, SECRET
    settings.PROCONNECT_TIMEOUT = timedelta(seconds=60)
    running.reset()
    return running


def way_there(client: Client, **posted: str) -> str:
    """The address that the button leads to."""
    page = client.post(BEGIN, posted).content.decode()
    return unescape(page.partition('content="0;url=')[2].partition('"')[0])


def way_back(address: str) -> str:
    """The answer to a visitor who is identified at ProConnect."""
    location = requests.get(address, allow_redirects=False, timeout=60).headers["Location"]
    return location.removeprefix("http://localhost:8000")


def sign_in(client: Client, **posted: str):
    return client.get(way_back(way_there(client, **posted)))


def account_of(client: Client) -> User | None:
    pk = client.session.get("_auth_user_id")
    return User.objects.get(pk=pk) if pk else None


def test_nothing_shows_it_where_it_is_not_configured(client):
    assert "ProConnect" not in client.get(LOGIN).content.decode()
    assert client.post(BEGIN).status_code == client.get(BACK).status_code == 404


def test_the_button_leads_there_with_state_nonce_proof_key_and_levels(client, proconnect):
    assert "S'identifier avec" in client.get(LOGIN).content.decode()

    asked = {name: value[0] for name, value in parse_qs(urlsplit(way_there(client)).query).items()}

    assert asked["redirect_uri"] == f"http://localhost:8000{BACK}"
    assert asked["code_challenge_method"] == "S256"
    assert STRONG in asked["acr_values"].split()
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 32
    assert (asked["scope"], asked["response_type"]) == ("openid email", "code")


def test_an_expert_of_that_address_is_signed_in_and_gets_the_page_she_asked_for(client, proconnect):
    ExpertFactory(email="Marie@example.org", name="Marie Petit")

    answer = sign_in(client, next="/contact/")

    assert answer.url == "/contact/"
    user = account_of(client)
    assert (user.email, user.name, user.role) == ("marie@example.org", "Marie Petit", "")
    line = AccessRecord.objects.get()
    assert (line.kind, line.user, line.details) == (AccessRecord.Kind.SIGNED_IN, user, "par ProConnect")
    assert sign_in(Client(), next="https://example.com/").url == "/besoins/"
    assert User.objects.count() == 1


def test_no_role_and_no_account_come_from_it(client, proconnect):
    proconnect.person |= {"roles": ["agent_public"], "role": "national", "is_staff": True}
    ExpertFactory(email="marie@example.org", left_at=PAST)
    PersonFactory(email="ferme@example.org", is_active=False, role="national")

    for email in ("marie@example.org", "ferme@example.org", "inconnue@example.org"):
        proconnect.person["email"] = email
        answer = sign_in(client)
        assert answer.status_code == 403
        assert "demandez à votre responsable" in answer.content.decode()
        assert f"{proconnect.issuer}/session/end?id_token_hint=" in answer.content.decode()

    assert account_of(client) is None
    assert User.objects.count() == 1
    assert AccessRecord.objects.filter(kind=AccessRecord.Kind.PROCONNECT_REFUSED).count() == 3


class TestSecondFactor:
    @pytest.fixture
    def manager(self, proconnect):
        user = PersonFactory(email="marie@example.org")
        Seat.objects.create(user=user, office=ExpertFactory().office, given_at=PAST)
        return user

    def test_of_managers_is_asked_for_unless_the_level_proves_one(self, client, proconnect, manager):
        sign_in(client)
        assert client.get("/contact/").url == reverse("mfa_activate_totp")

        proconnect.acr = STRONG
        strong = Client()
        sign_in(strong)
        assert strong.get("/contact/").status_code == 200

    def test_that_exists_is_typed_unless_the_level_proves_one(self, client, proconnect, manager):
        Authenticator.objects.create(user=manager, type=Authenticator.Type.TOTP, data={"secret": "x"})

        assert sign_in(client).url == reverse("mfa_authenticate")
        assert account_of(client) is None

        proconnect.acr = "eidas2"
        sign_in(client)
        assert account_of(client) == manager

    def test_proved_for_one_session_is_worth_nothing_in_another(self, client, proconnect, manager):
        proconnect.acr = STRONG
        sign_in(client)
        client.post(reverse("account_logout"))
        client.force_login(manager)

        assert client.get("/contact/").url == reverse("mfa_activate_totp")


LIES = {
    "other issuer in the token": Lies(id_token={"iss": "https://proconnect.gouv.fr/api/v2"}),
    "other issuer of the person": Lies(userinfo={"iss": "https://proconnect.gouv.fr/api/v2"}),
    "another client": Lies(id_token={"aud": "another"}),
    "a person for another client": Lies(userinfo={"aud": "another"}),
    "authorised party": Lies(id_token={"aud": [CLIENT, "another"], "azp": "another"}),
    "other key": Lies(with_other_key=("id_token",)),
    "other key for the person": Lies(with_other_key=("userinfo",)),
    "other nonce": Lies(id_token={"nonce": "x" * 43}),
    "no nonce": Lies(id_token={"nonce": None}),
    "alg none": Lies(algorithm="none"),
    "signed with the client's secret": Lies(algorithm="HS256"),
    "expired": Lies(id_token=OLD_TOKEN),
    "no end": Lies(id_token={"exp": None}),
    "from later": Lies(id_token={"iat": 4_000_000_000, "exp": 4_000_000_300}),
    "another person": Lies(userinfo={"sub": "someone else"}),
    "plain userinfo": Lies(plain_userinfo=True),
    "unverified address": Lies(userinfo={"email_verified": False}),
    "unverified address as a word": Lies(userinfo={"email_verified": "false"}),
    "no address": Lies(userinfo={"email": None}),
    "two addresses": Lies(userinfo={"email": ["marie@example.org"]}),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())
def test_a_lie_signs_nobody_in(client, proconnect, lie):
    ExpertFactory(email="marie@example.org")
    proconnect.lies = lie

    answer = sign_in(client)

    assert answer.url == LOGIN
    assert account_of(client) is None
    assert "n&#x27;a pas confirmé votre identité" in client.get(LOGIN).content.decode()
    assert AccessRecord.objects.get().kind == AccessRecord.Kind.PROCONNECT_REFUSED


class TestAnswer:
    """The address that ProConnect sends the visitor back to."""

    @pytest.fixture(autouse=True)
    def expert(self, proconnect) -> Expert:
        return ExpertFactory(email="marie@example.org")

    def refused(self, client: Client, path: str, sentence: str = "n&#x27;a pas abouti") -> None:
        assert client.get(path).url == LOGIN
        assert account_of(client) is None
        assert sentence in client.get(LOGIN).content.decode()

    def test_of_another_visitor_or_of_nobody_is_worth_nothing(self, client):
        stolen = way_back(way_there(Client()))
        self.refused(client, stolen)
        way_there(client)
        self.refused(client, stolen)

    def test_is_worth_something_once(self, client):
        answer = way_back(way_there(client))
        client.get(answer)
        client.post(reverse("account_logout"))

        self.refused(client, answer)

    def test_that_comes_too_late_or_names_another_server(self, client):
        there = way_there(client)
        session = client.session
        session["proconnect_attempt"] = {**session["proconnect_attempt"], "at": 1_000_000_000}
        session.save()
        self.refused(client, way_back(there))

        other = way_back(way_there(client)).partition("&iss=")[0]
        self.refused(client, f"{other}&iss=https%3A%2F%2Fexample.com")

    def test_of_somebody_who_gave_up_says_so(self, client):
        state = parse_qs(urlsplit(way_there(client)).query)["state"][0]
        self.refused(client, f"{BACK}?error=access_denied&state={state}", "vous avez quitté ProConnect")


@pytest.mark.parametrize("path", [".well-known/openid-configuration", "token", "userinfo", "jwks"])
def test_a_server_that_fails_is_reported_and_codes_go_on(client, proconnect, path):
    ExpertFactory(email="marie@example.org")
    there = way_there(client)
    proconnect.lies = Lies(broken=(path,))

    assert client.get(way_back(there)).url == LOGIN

    assert "Recevez plutôt un code" in client.get(LOGIN).content.decode()
    assert client.post(LOGIN, {"email": "marie@example.org"}).url == "/connexion/code/"


def test_a_server_that_is_away_or_not_itself_is_not_visited(client, proconnect, settings):
    proconnect.lies = Lies(issuer="https://example.com/api/v2")
    assert client.post(BEGIN).url == LOGIN
    settings.PROCONNECT_ISSUER = "http://127.0.0.1:1/api/v2"
    assert client.post(BEGIN).url == LOGIN

    assert "Recevez plutôt un code" in client.get(LOGIN).content.decode()


def test_signing_out_here_signs_out_there(client, proconnect):
    ExpertFactory(email="marie@example.org")
    sign_in(client)

    page = unescape(client.post(reverse("account_logout")).content.decode())

    asked = parse_qs(urlsplit(page.partition('content="0;url=')[2].partition('"')[0]).query)
    assert asked["post_logout_redirect_uri"] == ["http://localhost:8000/"]
    assert asked["id_token_hint"][0].count(".") == 2
    assert account_of(client) is None
    assert "proconnect" not in client.session

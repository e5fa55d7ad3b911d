"""Security keys that lie: answers that no key writes, tries without end, answers sent again."""

import json
import re

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.cache import cache
from django.test import Client

from experts.models import AccessRecord
from tests.attacks.security_key import SecurityKey

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

PATH = "/connexion/second-facteur/"
AGAIN = "/connexion/securite/cles/confirmation/"
MALFORMED = [
    "",
    "[]",
    "null",
    "1",
    '"clé"',
    '{"id": 1}',
    '{"id": "a", "rawId": "a", "type": "public-key", "response": {}}',
    '{"id": "YQ", "rawId": "YQ", "type": "public-key", "response": {"clientDataJSON": "e30"}}',
    "[" * 5000,
    '{"id": NaN}',
]


@pytest.fixture
def key(national, today) -> SecurityKey:
    made = SecurityKey()
    credential = made.registration("YQ")
    Authenticator.objects.create(user=national, type="webauthn", data={"name": "x", "credential": credential})
    return made


@pytest.fixture
def half_in(national, key) -> Client:
    """Somebody who has read the code mailed to a member of staff."""
    client = Client()
    client.post("/connexion/", {"email": national.email})
    code = re.search(r"[A-Z]{4}-[A-Z]{4}", mail.outbox[-1].body)[0]
    assert client.post("/connexion/code/", {"code": code})["Location"] == PATH
    return client


def challenge_of(client: Client, path: str = PATH) -> str:
    return re.search(r'"challenge": "([^"]+)"', client.get(path).content.decode())[1]


def is_in_after(client: Client, answer: dict[str, object]) -> bool:
    client.post(PATH, {"credential": json.dumps(answer)})
    return "_auth_user_id" in client.session


@pytest.mark.parametrize("posted", MALFORMED)
def test_answer_that_no_key_writes_is_refused_with_a_sentence(half_in, posted):
    for _ in range(2):  # before any question, and after one
        page = half_in.post(PATH, {"credential": posted})

        assert page.status_code == 200
        assert "Cette clé n&#x27;a pas été reconnue." in page.content.decode()
    assert "_auth_user_id" not in half_in.session


@pytest.mark.parametrize("posted", [*MALFORMED, "registration"])
def test_no_registration_breaks_the_page(half_in, key, posted):
    assert is_in_after(half_in, key.answer(challenge_of(half_in)))
    half_in.post(AGAIN, {"credential": json.dumps(key.answer(challenge_of(half_in, AGAIN)))})
    path = "/connexion/securite/cles/nouvelle/"
    asked = challenge_of(half_in, path)
    if posted == "registration":
        posted = json.dumps(SecurityKey().registration(f"{asked}x"))

    page = half_in.post(path, {"name": "Clé", "credential": posted})

    assert page.status_code == 200
    assert "Cette clé n&#x27;a pas été reconnue." in page.content.decode()
    assert Authenticator.objects.filter(type="webauthn").count() == 1


@pytest.mark.parametrize(("wrong", "is_in"), [(4, True), (5, False)])
def test_keys_tried_at_once_are_judged_five_times(half_in, key, wrong, is_in):
    """The session is as before at each of them, as when all are posted at the same time."""
    kept = dict(half_in.session.items())
    for _ in range(wrong):
        is_in_after(half_in, SecurityKey().answer(challenge_of(half_in)))
        session = half_in.session
        session.update(kept)
        session.save()
        cache.clear()

    assert is_in_after(half_in, key.answer(challenge_of(half_in))) == is_in
    assert AccessRecord.objects.filter(kind=AccessRecord.Kind.FACTOR_REFUSED).count() == wrong


def test_answer_serves_once(half_in, key, national):
    answer = key.answer(challenge_of(half_in))
    assert is_in_after(half_in, answer)
    half_in.logout()
    half_in.post("/connexion/", {"email": national.email})
    code = re.search(r"[A-Z]{4}-[A-Z]{4}", mail.outbox[-1].body)[0]
    half_in.post("/connexion/code/", {"code": code})

    assert not is_in_after(half_in, answer)
    challenge_of(half_in)
    assert not is_in_after(half_in, answer)


def test_wrong_keys_before_a_change_count_too(half_in, key):
    assert is_in_after(half_in, key.answer(challenge_of(half_in)))
    for _ in range(7):
        half_in.post(AGAIN, {"credential": json.dumps(SecurityKey().answer(challenge_of(half_in, AGAIN)))})

    assert AccessRecord.objects.filter(kind=AccessRecord.Kind.FACTOR_REFUSED).count() == 5


def test_copy_of_a_key_is_refused_by_name_and_counts_as_a_try(half_in, key):
    assert is_in_after(half_in, key.answer(challenge_of(half_in)))
    key.signed = 0

    half_in.post(AGAIN, {"credential": json.dumps(key.answer(challenge_of(half_in, AGAIN)))})

    [refused] = AccessRecord.objects.filter(kind=AccessRecord.Kind.FACTOR_REFUSED)
    assert "peut-être copiée" in refused.details

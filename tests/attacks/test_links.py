"""Secret links: what is forged, replaced, out of date or another's opens nothing, and no link leaks."""

from datetime import timedelta

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experts import tokens
from experts.tokens import ForgedLink
from solicitations import links
from solicitations.links import ANSWER, CALL_CHECK, FOLLOW, RESUME, SURVEY
from solicitations.models import Draft
from tests.attacks.addresses import Address, every_address
from tests.attacks.world import World, fingerprint, token_of

pytestmark = [pytest.mark.django_db, pytest.mark.reference]

BY_TOKEN = [address for address in every_address() if "token" in address.parameters]
OPENING = {
    "suivi/<str:token>/avis/": SURVEY,
    "suivi/<str:token>/rappel/": CALL_CHECK,
    "suivi/": FOLLOW,
    "reponse/": ANSWER,
    "reprise/": RESUME,
}
SECRET = "Je cherche quelqu'un depuis quatre mois"  # the factories' text


def purpose_of(address: Address) -> str:
    return next(purpose for beginning, purpose in OPENING.items() if address.route.startswith(beginning))


def assert_opens_nothing(address: Address, path: str, *, client: Client | None = None) -> None:
    """Neither looking nor posting shows or changes a thing."""
    before = fingerprint()
    for method in ("get", "post"):
        answer = getattr(client or Client(), method)(path, {"body": "x", "words": "x"})
        assert answer.status_code in {302, 404, 405, 410}, (method, path)
        assert SECRET not in answer.content.decode()
        if answer.status_code == 302:  # an act opened by hand leads to the page, which opens nothing either
            assert SECRET not in (client or Client()).get(answer["Location"]).content.decode()
    assert fingerprint() == before


def test_every_kind_of_link_is_known():
    assert {purpose_of(address) for address in BY_TOKEN} == set(OPENING.values())


@pytest.mark.parametrize("purpose", OPENING.values())
def test_no_character_of_a_token_may_change(purpose):
    token = tokens.make_token(purpose, 31, 1)

    for place, char in enumerate(token):
        for other in {"A", "b", "7", "-", "_", ".", "", " ", "é", char.swapcase()} - {char}:
            with pytest.raises(ForgedLink):
                tokens.read_token(token[:place] + other + token[place + 1 :], purpose)


@given(st.text(max_size=80))
@settings(max_examples=150, suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow])
def test_no_text_is_a_token(text):
    with pytest.raises(ForgedLink):
        tokens.read_token(text, ANSWER)


@pytest.mark.parametrize(
    "forged",
    [
        lambda: signing.Signer(sep=".").sign("31-1"),
        lambda: signing.Signer(salt="experts.links", sep=".").sign("31-1"),
        lambda: signing.Signer(key="tests only.", salt="experts.links.answer", sep=".").sign("31-1"),
        lambda: signing.TimestampSigner(salt="experts.links.answer", sep=".").sign("31-1"),
        lambda: signing.Signer(salt="experts.links.answer", sep=".").sign("31"),
        lambda: signing.Signer(salt="experts.links.answer", sep=".").sign("31-1-1"),
        lambda: signing.Signer(salt="experts.links.answer", sep=".").sign("٣١-١"),
        lambda: signing.dumps((31, 1), salt="experts.links.answer"),
    ],
    ids=[
        "no salt",
        "half the salt",
        "other key",
        "dated",
        "no serial",
        "three parts",
        "other figures",
        "dumps",
    ],
)
def test_other_signatures_are_forged(forged):
    with pytest.raises(ForgedLink):
        tokens.read_token(forged(), ANSWER)


def test_a_key_that_was_replaced_opens_what_it_signed_for_as_long_as_it_is_kept(world: World, now, settings):
    box, request = world.mailbox, world.solicitation
    token, address = token_of(links.answer_url(box)), links.reply_address(box)
    by_mail = links.mailed_follow_url(request).rpartition("=")[2]

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key of ours", [settings.SECRET_KEY]
    assert links.reply_address(box) != address
    assert links.mailbox_of(token, now=now) == links.person_of(address, now=now) == box
    assert links.came_by_mail(by_mail, request)

    settings.SECRET_KEY_FALLBACKS = []
    for opened in (lambda: links.mailbox_of(token, now=now), lambda: links.person_of(address, now=now)):
        with pytest.raises(ForgedLink):
            opened()
    assert not links.came_by_mail(by_mail, request)


def test_forged_token_opens_nothing(world: World):
    for address in BY_TOKEN:
        token = str(world.value(address, "token"))

        assert_opens_nothing(
            address, world.path(address, token=token[:-1] + ("x" if token[-1] != "x" else "y"))
        )


def test_token_of_another_page_opens_nothing(world: World):
    """An owner's, an expert's or a draft's link, used where another kind is asked for."""
    tokens_of = {purpose_of(address): world.value(address, "token") for address in BY_TOKEN}
    for address in BY_TOKEN:
        for purpose, token in tokens_of.items():
            if purpose != purpose_of(address):
                assert_opens_nothing(address, world.path(address, token=token))


def test_token_of_a_row_that_does_not_exist_opens_nothing(world: World):
    for address in BY_TOKEN:
        for pk, serial in ((999_999, 1), (0, 0), (10**17, 10**8)):
            assert_opens_nothing(
                address, world.path(address, token=tokens.make_token(purpose_of(address), pk, serial))
            )


def test_replaced_token_opens_nothing(world: World):
    paths = [(address, world.path(address)) for address in BY_TOKEN]
    world.solicitation.link_serial += 1
    world.mailbox.serial += 1
    world.draft.serial += 1
    for row in (world.solicitation, world.mailbox, world.draft):
        row.save()

    for address, path in paths:
        assert_opens_nothing(address, path)


def test_revoked_token_opens_nothing(world: World):
    world.mailbox.revoked_at = timezone.now()
    world.mailbox.save()

    for address in BY_TOKEN:
        if purpose_of(address) == ANSWER:
            assert_opens_nothing(address, world.path(address))


def test_expired_token_opens_nothing(world: World, today):
    """Sixty days after the end; the page says how to get another, by mail."""
    world.solicitation.state, world.solicitation.ended_at = "cancelled", today - timedelta(days=61)
    world.solicitation.save()
    Draft.objects.update(updated_at=today - timedelta(days=8))

    for address in BY_TOKEN:
        if "nouveau-lien" not in address.route:
            assert_opens_nothing(address, world.path(address))


def test_what_a_link_opens_names_itself_nowhere(world: World):
    """No other site learns it, nobody stores or indexes it, the page and its errors alike."""
    for address in BY_TOKEN:
        for token in (world.value(address, "token"), "forged.x"):
            answer = Client().get(world.path(address, token=token))

            assert answer["Referrer-Policy"] == "same-origin"
            assert "no-store" in answer["Cache-Control"]
            assert "noindex" in answer["X-Robots-Tag"]
            assert "Set-Cookie" not in answer or "token" not in answer["Set-Cookie"]


def test_a_page_opened_by_a_link_asks_no_other_site_for_anything(world: World):
    for address in BY_TOKEN:
        page = Client().get(world.path(address), follow=True).content.decode()

        for attribute in ('src="http', "src='http", 'srcset="http', "@import", 'http-equiv="refresh"'):
            assert attribute not in page


def test_serials_and_keys_are_read_in_bounds():
    """A huge number in a well signed token is a refusal, never an error of the database."""
    token = signing.Signer(salt="experts.links.answer", sep=".").sign("9" * 18 + "-" + "9" * 9)

    assert tokens.read_token(token, ANSWER) == (10**18 - 1, 10**9 - 1)
    assert Client().get(f"/reponse/{token}/").status_code == 410


class TestReplyAddress:
    """The signed address that mails are answered to."""

    def test_signature_depends_on_the_person_the_request_and_the_issue(self, world: World, other: World):
        rows = [world.solicitation, world.mailbox, other.solicitation, other.mailbox]

        before = {links.reply_address(row).partition("@")[0].rpartition("-")[2] for row in rows}
        world.mailbox.serial += 1
        world.solicitation.link_serial += 1
        after = {links.reply_address(row).partition("@")[0].rpartition("-")[2] for row in rows}

        assert len(before) == 4
        assert len(before | after) == 6

"""Secret links: forged, replaced, expired and other people's ones open nothing; no link leaks."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TypeVar

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experts import tokens
from experts.models import Invitation
from experts.tokens import ForgedLink
from portal import my_data
from solicitations import links, reply_addresses
from solicitations.links import ADDRESS, ANSWER, CALL_CHECK, FOLLOW, RECORD_LINK, RESUME, SURVEY, UNSUBSCRIBE
from solicitations.models import AddressChange, Draft
from tests.attacks.addresses import Address, every_address
from tests.attacks.sample_data import SampleData, database_digest, token_of

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

BY_TOKEN = [address for address in every_address() if "token" in address.parameters]
OPENING = {
    "suivi/<str:token>/avis/": SURVEY,
    "suivi/<str:token>/rappel/": CALL_CHECK,
    "suivi/": FOLLOW,
    "reponse/": ANSWER,
    "reprise/": RESUME,
    "adresse/": ADDRESS,
    "ma-fiche/envoyer/": RECORD_LINK,
    "ma-fiche/antenne/": "office_record",
    "ma-fiche/": "record",
    "connexion/invitation/": "invitation",
    "desinscription/": UNSUBSCRIBE,
    "mes-donnees/suppression/": my_data.DELETION,
    "mes-donnees/": my_data.COPY,
}
# A person may always stop mails, by whatever mail; « Ma fiche » has a life of its own.
STILL_GOOD = {"record", "office_record", UNSUBSCRIBE, my_data.COPY, my_data.DELETION}
Attack = TypeVar("Attack")
SECRET = "Je cherche quelqu'un depuis quatre mois"  # the factories' text


def purpose_of(address: Address) -> str:
    return next(purpose for beginning, purpose in OPENING.items() if address.route.startswith(beginning))


def assert_opens_nothing(address: Address, path: str, *, client: Client | None = None) -> None:
    """Check that neither GET nor POST shows or changes anything."""
    before = database_digest()
    for method in ("get", "post"):
        answer = getattr(client or Client(), method)(path, {"body": "x", "words": "x"})
        assert answer.status_code in {302, 404, 405, 410}, (method, path)
        assert SECRET not in answer.content.decode()
        if answer.status_code == 302:  # an act opened by hand leads to the page, which opens nothing either
            assert SECRET not in (client or Client()).get(answer["Location"]).content.decode()
    assert database_digest() == before


def in_turns(attacks: Sequence[Attack]) -> Iterator[tuple[Address, Attack]]:
    """The first page of each purpose gets every attack; each other page gets two of them, in turn."""
    known = set()
    for place, address in enumerate(BY_TOKEN):
        is_first = purpose_of(address) not in known
        known.add(purpose_of(address))
        for attack in (
            attacks if is_first else (attacks[place % len(attacks)], attacks[place % len(attacks) - 1])
        ):
            yield address, attack


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
@settings(suppress_health_check=[HealthCheck.differing_executors])
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


def test_a_key_that_was_replaced_opens_what_it_signed_for_as_long_as_it_is_kept(
    sample_data: SampleData, now, settings
):
    box, request = sample_data.mailbox, sample_data.solicitation
    token, address = token_of(links.answer_url(box)), reply_addresses.make(box)
    by_mail = links.mailed_follow_url(request).rpartition("=")[2]

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key of ours", [settings.SECRET_KEY]
    assert reply_addresses.make(box) != address
    assert links.mailbox_of(token, now=now) == reply_addresses.person_of(address, now=now) == box
    assert links.came_by_mail(by_mail, request)

    settings.SECRET_KEY_FALLBACKS = []
    for opened in (
        lambda: links.mailbox_of(token, now=now),
        lambda: reply_addresses.person_of(address, now=now),
    ):
        with pytest.raises(ForgedLink):
            opened()
    assert not links.came_by_mail(by_mail, request)


def test_forged_token_opens_nothing(sample_data: SampleData):
    for address in BY_TOKEN:
        token = str(sample_data.value(address, "token"))

        assert_opens_nothing(
            address, sample_data.path(address, token=token[:-1] + ("x" if token[-1] != "x" else "y"))
        )


def test_token_of_another_page_opens_nothing(sample_data: SampleData):
    """Token of an owner, expert or draft used in another kind of page."""
    tokens_of = {purpose_of(address): sample_data.value(address, "token") for address in BY_TOKEN}
    for address, purpose in in_turns(list(tokens_of)):
        if purpose != purpose_of(address):
            assert_opens_nothing(address, sample_data.path(address, token=tokens_of[purpose]))


def test_token_of_a_row_that_does_not_exist_opens_nothing(sample_data: SampleData):
    for address, (pk, serial) in in_turns([(999_999, 1), (0, 0), (10**17, 10**8)]):
        assert_opens_nothing(
            address, sample_data.path(address, token=tokens.make_token(purpose_of(address), pk, serial))
        )


def test_replaced_token_opens_nothing(sample_data: SampleData):
    paths = [
        (one, sample_data.path(one)) for one in BY_TOKEN if purpose_of(one) not in STILL_GOOD - {"record"}
    ]
    sample_data.solicitation.link_serial += 1
    sample_data.mailbox.serial += 1
    sample_data.draft.serial += 1
    sample_data.address_change.serial += 1
    sample_data.invitation.serial += 1
    sample_data.expert.email = "autre@example.org"
    changed = (sample_data.solicitation, sample_data.mailbox, sample_data.draft, sample_data.address_change)
    for row in (*changed, sample_data.invitation, sample_data.expert):
        row.save()

    for address, path in paths:
        assert_opens_nothing(address, path)


def test_revoked_token_opens_nothing(sample_data: SampleData):
    sample_data.mailbox.revoked_at = timezone.now()
    sample_data.mailbox.save()

    for address in BY_TOKEN:
        if purpose_of(address) == ANSWER:
            assert_opens_nothing(address, sample_data.path(address))


def test_expired_token_opens_nothing(sample_data: SampleData, today):
    """Links expire sixty days after the end of the request."""
    sample_data.solicitation.state, sample_data.solicitation.ended_at = (
        "cancelled",
        today - timedelta(days=61),
    )
    sample_data.solicitation.save()
    Draft.objects.update(updated_at=today - timedelta(days=8))
    Invitation.objects.update(expires_at=today - timedelta(days=1))
    AddressChange.objects.update(asked_at=today - timedelta(days=61))

    for address in BY_TOKEN:
        if "nouveau-lien" not in address.route and purpose_of(address) not in STILL_GOOD:
            assert_opens_nothing(address, sample_data.path(address))


def test_pages_of_secret_links_are_neither_stored_nor_indexed_nor_sent_as_referrer(sample_data: SampleData):
    """Error pages included."""
    for address in BY_TOKEN:
        for token in (sample_data.value(address, "token"), "forged.x"):
            answer = Client().get(sample_data.path(address, token=token))

            assert answer["Referrer-Policy"] == "same-origin", address
            assert "no-store" in answer.get("Cache-Control", ""), address
            assert "noindex" in answer.get("X-Robots-Tag", ""), address
            assert "Set-Cookie" not in answer or "token" not in answer["Set-Cookie"]


def test_a_page_opened_by_a_link_asks_no_other_site_for_anything(sample_data: SampleData):
    for address in BY_TOKEN:
        answer = Client().get(sample_data.path(address), follow=True)
        if answer.streaming:  # a file
            continue
        page = answer.content.decode()

        for attribute in ('src="http', "src='http", 'srcset="http', "@import", 'http-equiv="refresh"'):
            assert attribute not in page


def test_serials_and_keys_are_read_in_bounds():
    """A huge number in a valid token is refused without a database error."""
    token = signing.Signer(salt="experts.links.answer", sep=".").sign("9" * 18 + "-" + "9" * 9)

    assert tokens.read_token(token, ANSWER) == (10**18 - 1, 10**9 - 1)
    assert Client().get(f"/reponse/{token}/").status_code == 410


class TestReplyAddress:
    """Signed address of the Reply-To header."""

    def test_signature_depends_on_the_person_the_request_and_the_issue(
        self, sample_data: SampleData, other: SampleData
    ):
        rows = [sample_data.solicitation, sample_data.mailbox, other.solicitation, other.mailbox]

        before = {reply_addresses.make(row).partition("@")[0].rpartition("-")[2] for row in rows}
        sample_data.mailbox.serial += 1
        sample_data.solicitation.link_serial += 1
        after = {reply_addresses.make(row).partition("@")[0].rpartition("-")[2] for row in rows}

        assert len(before) == 4
        assert len(before | after) == 6

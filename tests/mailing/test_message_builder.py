"""Headers of mails: threads, lists, and no header injection."""

from email import message_from_bytes, policy

import pytest
from django.core.exceptions import ValidationError

from mailing.message_builder import build_message
from mailing.rendering import Rendered
from mailing.replies import headers
from tests.mailing.factories import OutgoingEmailFactory

CONTENT = Rendered(subject="Sujet", text="Texte\n", html="<p>Texte</p>")


def built(**values):
    return build_message(OutgoingEmailFactory.build(**values), CONTENT).message()


def test_mails_of_one_thread_answer_the_same_root(settings):
    settings.REPLY_DOMAIN = "example.org"
    first, second = built(thread="request-7"), built(thread="request-7")

    assert first["Message-ID"] != second["Message-ID"]
    for message in (first, second):
        assert message["In-Reply-To"] == message["References"] == "<request-7@example.org>"


def test_the_same_row_keeps_its_message_id():
    email = OutgoingEmailFactory.build()

    assert (
        build_message(email, CONTENT).message()["Message-ID"]
        == build_message(email, CONTENT).message()["Message-ID"]
    )


def test_a_mail_alone_answers_nothing():
    message = built()

    assert message["In-Reply-To"] is None
    assert message["List-Id"] is None
    assert message["Auto-Submitted"] == "auto-generated"


def test_a_persons_mail_is_not_marked_as_automatic():
    assert built(is_automatic=False)["Auto-Submitted"] is None


def test_list_headers():
    message = built(list_id="demande-7.example.org", unsubscribe_url="https://example.org/stop/")

    assert message["List-Id"] == "<demande-7.example.org>"
    assert message["List-Unsubscribe"] == "<https://example.org/stop/>"


def test_names_of_the_sender_add_no_header(settings):
    settings.REQUESTS_FROM_EMAIL = "Relais <relais@example.org>"
    message = built(from_name='Chambre, "de" métiers\r\nBcc: x@example.org', reply_to="a@example.org")

    assert message["Bcc"] is None
    assert "relais@example.org" in message["From"]
    assert message["Reply-To"] == "a@example.org"


@pytest.mark.parametrize("to", ["", "nobody", "a@b@c", "a@example.org\nBcc: x@example.org", "é@example.org"])
def test_invalid_address_is_refused(to):
    with pytest.raises(ValidationError):
        built(to=to)


def test_only_x_request_id_is_a_header_of_our_own():
    invented = [
        name for name in built(thread="request-7", request_id="8f2c") if name.lower().startswith("x-")
    ]

    assert invented == ["X-Request-ID"]
    assert built(request_id="8f2c")["X-Request-ID"] == "8f2c"


def test_mail_that_can_be_answered_is_sent_from_an_address_that_invites_to(settings):
    settings.DEFAULT_FROM_EMAIL = "Relais <ne-pas-repondre@example.org>"
    settings.REQUESTS_FROM_EMAIL = "Relais <demandes@example.org>"

    assert built()["From"] == "Relais <ne-pas-repondre@example.org>"
    for reply_to in ("reponse+e1@example.org", "reponse+d7-ab12@example.org", "Zoé <zoe@dreets.example.org>"):
        assert built(reply_to=reply_to)["From"] == "Relais <demandes@example.org>"


SUBJECTS = [
    "Sujet",
    "Réponse",
    "Nouveau message — Peintures Vannier SARL, Dijon (12 salariés) : recruter un peintre en bâtiment",
    "Question de droit du travail — Établissements Ménétrier-Bréchet & Fils, Châtillon-sur-Seine",
    "A plain subject that is long enough to be folded on two lines of a mail, at the least",
    "a" * 200,
    "é" * 200,
    "👩‍🔧 " * 40 + "fin",
]


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize(
    "from_name",
    [
        "",
        "Nadia Benali, via Relais Entreprises",
        "Zoé Ménétrier-Bréchet, via R" * 3,
        'Lou "Chef" (RH), via Relais',
        "x" * 500,
        "😀" * 100,
    ],
)
def test_subject_and_sender_begin_on_the_line_of_their_name_and_are_read_back(subject, from_name):
    email = OutgoingEmailFactory.build(from_name=from_name, reply_to="r@example.org")
    raw = (
        build_message(email, Rendered(subject=subject, text="Texte\n", html="<p>Texte</p>"))
        .message()
        .as_bytes()
    )

    lines = raw.partition(b"\n\n")[0].split(b"\n")
    for name in (b"Subject:", b"From:"):
        (first,) = [line for line in lines if line.startswith(name)]
        assert len(first.removeprefix(name).strip()) > 0
    assert all(len(line) <= 998 for line in lines)
    read = message_from_bytes(raw, policy=policy.default)
    assert read["Subject"] == subject
    sender = headers.people(message_from_bytes(raw), "From")
    assert sender == [(from_name or "Relais Entreprises", "demandes@relais-entreprises.example.org")]

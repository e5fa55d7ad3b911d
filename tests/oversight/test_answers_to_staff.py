"""Answers of experts, by mail, to a message of staff: for staff alone, and mailed to its author."""

from datetime import timedelta

import pytest
from django.test import Client

from mailing.models import IncomingState, OutgoingEmail, Reason
from solicitations import links, reply_addresses
from solicitations.actions import held_replies, staff_actions, staff_letters
from solicitations.models import InternalMessage, Mailbox, Message, Question, StaffMessage
from tests.solicitations.factories import mailbox
from tests.solicitations.incoming import raw, receive

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db, pytest.mark.usefixtures("first_request")]

WORD, ANSWER = "Pouvez-vous l'appeler avant vendredi ?", "Elle me rappelle lundi à neuf heures."


@pytest.fixture
def sent(sent_once):
    return sent_once


@pytest.fixture
def expert(sent) -> Mailbox:
    return mailbox(sent, "recrutement@france-travail")


@pytest.fixture
def word(commit, expert, regional, today) -> StaffMessage:
    return commit(staff_letters.write_to_expert, expert, body=WORD, by=regional, now=today)


@pytest.fixture
def answer(word, expert, today):
    """Answer the word as a mail client does."""

    def answered(text: str = ANSWER, *, now=today, **how):
        to = reply_addresses.make(expert, staff_message=word)
        return receive(raw(expert, text, to=to, **how), now=now)

    return answered


def answer_mails() -> list[OutgoingEmail]:
    return list(OutgoingEmail.objects.filter(template__endswith="/staff_answered").order_by("pk"))


def test_answer_is_kept_and_mailed_to_who_wrote_the_word(answer, word, regional, as_regional, sent):
    email = answer(files=("devis.pdf",))

    assert email.state == IncomingState.ACCEPTED
    [kept] = StaffMessage.objects.exclude(answers=None)
    assert (kept.body, kept.answers, kept.incoming) == (ANSWER, word, email)
    [mail] = answer_mails()
    assert mail.to == regional.email
    assert ANSWER in mail.rendered().text
    assert kept.attachments == ["devis.pdf"]
    assert "1 pièce jointe retenue" in mail.rendered().text
    page = as_regional.get(f"/demandes/{sent.reference}/").content.decode()
    assert ANSWER in page
    assert "Réponse à La région, de l&#x27;équipe" in page


def test_nobody_else_reads_it(answer, sent, expert):
    answer()

    assert not Message.objects.exists()
    assert not InternalMessage.objects.exists()
    assert not Question.objects.exists()
    for box in sent.mailboxes.all():
        assert ANSWER not in Client().get(links.answer_url(box)).content.decode()
    assert ANSWER not in Client().get(links.follow_url(sent)).content.decode()
    assert [mail.to for mail in OutgoingEmail.objects.all() if ANSWER in mail.rendered().text] == [
        answer_mails()[0].to
    ]


def test_answer_to_a_colleague_who_left_goes_to_the_region(answer, regional, national, sent):
    type(regional).objects.filter(pk=regional.pk).update(is_active=False)

    answer()

    assert answer_mails()
    assert regional.email not in {mail.to for mail in answer_mails()}


def test_confidential_answer_is_read_on_the_page_alone(commit, confidential, regional, today):
    expert = confidential.mailboxes.order_by("pk").first()
    word = commit(staff_letters.write_to_expert, expert, body=WORD, by=regional, now=today)

    receive(raw(expert, ANSWER, to=reply_addresses.make(expert, staff_message=word)), now=today)

    [mail] = answer_mails()
    assert "Demande confidentielle" in mail.rendered().text
    for part in (mail.rendered().subject, mail.rendered().text, mail.rendered().html):
        assert "lundi" not in part
        assert confidential.company_name not in part


def test_expert_who_takes_by_mail_is_told_where_the_button_is(answer, expert):
    answer("Je prends en charge, j'appelle lundi.")

    [mail] = OutgoingEmail.objects.filter(template__endswith="/where_the_button_is")
    assert mail.to == expert.email
    assert "Votre message est passé à l'équipe du service" in mail.rendered().text


def test_answer_of_somebody_else_is_held_then_kept_for_staff_alone(answer, commit, regional, today):
    email = answer(sender="quelquun@ailleurs.example.org")
    assert (email.state, email.reason) == (IncomingState.HELD, Reason.OTHER_SENDER)

    commit(held_replies.publish_reply, email, by=regional, now=today)

    [kept] = StaffMessage.objects.exclude(answers=None)
    assert (kept.body, kept.sent_from) == (ANSWER, "quelquun@ailleurs.example.org")
    assert not Message.objects.exists()


def test_the_same_answer_is_kept_once_and_the_same_words_to_others_are_another(answer, expert, today):
    assert answer().state == IncomingState.ACCEPTED
    assert answer().reason == Reason.DUPLICATE

    to_experts = receive(raw(expert, ANSWER, message_id="<third@poste.example.org>"), now=today)

    assert to_experts.state in {IncomingState.ACCEPTED, IncomingState.HELD}
    assert StaffMessage.objects.exclude(answers=None).count() == 1


def test_automatic_answers_alike_are_held(answer, today):
    states = [
        answer(
            f"Nous avons bien reçu votre message n° {n}",
            now=today + timedelta(seconds=n),
            message_id=f"<{n}@x.fr>",
        ).state
        for n in range(6)
    ]

    assert states == [IncomingState.ACCEPTED] * 2 + [IncomingState.HELD] * 4


def test_answer_is_kept_after_the_end(answer, commit, sent, regional, today):
    commit(staff_actions.close, sent, message="Réglée par téléphone.", by=regional, now=today)

    assert answer().state == IncomingState.ACCEPTED


@pytest.mark.parametrize(
    "spoil",
    [
        lambda address, word: address.replace(f"+s{word.pk}-", f"+s{word.pk + 1}-"),
        lambda address, word: address.replace("+s", "+e"),
        lambda address, word: address.replace(f"+s{word.pk}-", f"+s0{word.pk}-"),
    ],
    ids=["another word", "another voice", "a zero before"],
)
def test_forged_address_speaks_to_nobody(word, expert, today, spoil):
    to = spoil(reply_addresses.make(expert, staff_message=word), word)

    email = receive(raw(expert, ANSWER, to=to), now=today)

    assert email.state == IncomingState.REFUSED
    assert not StaffMessage.objects.exclude(answers=None).exists()
    assert not Message.objects.exists()

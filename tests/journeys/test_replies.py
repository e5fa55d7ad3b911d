"""Replies by mail, with a real worker and mail server: their text reaches the page and the other experts."""

from email.message import EmailMessage
from functools import partial

import pytest
from django.utils import timezone

from mailing.models import IncomingEmail, IncomingState
from solicitations import links
from solicitations.models import Mailbox
from tests.journeys.person import Person
from tests.smtp_sink import SmtpSink
from tests.solicitations.factories import send
from tests.workers import running_worker, wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.demo_directory]

WORDS = "Bonjour,\n\nJe l'appelle lundi à 9 h : c'est le chantier d'à côté.\n\nQui vient avec moi ?"


def answer_to(mail: EmailMessage, text: str) -> bytes:
    """Reply as a mail client writes it, above the quoted mail."""
    content = mail.get_body(("plain",)).get_content().splitlines()
    quoted = "\n".join(f"> {line}" for line in content)
    answer = EmailMessage()
    answer["From"] = mail["To"]
    answer["To"] = mail["Reply-To"]
    answer["Subject"] = f"RE: {mail['Subject']}"
    answer["Message-ID"] = f"<{abs(hash(text))}@poste.example.org>"
    answer["In-Reply-To"] = answer["References"] = mail["Message-ID"]
    answer.set_content(f"{text}\n\nLe mar. 1 déc. 2026 à 10:02, Relais Entreprises a écrit :\n\n{quoted}\n")
    return answer.as_bytes()


def to(sink: SmtpSink, address: str, text: str = "") -> list[EmailMessage]:
    found = sink.to(address)
    return [mail for mail in found if text in mail.get_body(("plain",)).get_content()]


def test_words_typed_in_a_mail_client_reach_the_page_and_the_others(
    run_python, smtp_sink, process_environment
):
    receive = partial(run_python, "manage.py", "receive_mail", environment=process_environment)
    with running_worker(process_environment, smtp_sink):
        request = send(now=timezone.now())
        author, other = Mailbox.objects.filter(solicitation=request).order_by("pk")[:2]
        wait_for(lambda: to(smtp_sink, author.email) and to(smtp_sink, request.email))
        mail = to(smtp_sink, author.email)[0]

        ended = receive(stdin=answer_to(mail, WORDS))
        assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr
        wait_for(lambda: to(smtp_sink, other.email, "> Qui vient avec moi ?"))

        companys_mail = to(smtp_sink, request.email)[0]
        assert receive(stdin=answer_to(companys_mail, "C'est urgent.")).returncode == 0
        wait_for(lambda: to(smtp_sink, author.email, "> C'est urgent."))

    assert request.messages.get().body == WORDS
    assert request.additions.get().body == "C'est urgent."
    page = Person().open(links.answer_url(other))
    assert " ".join(WORDS.split()) in page.text
    assert not to(smtp_sink, author.email, "> Qui vient avec moi ?")
    assert set(IncomingEmail.objects.values_list("state", flat=True)) == {IncomingState.ACCEPTED}

"""The owner's page: its actions, and invalid links."""

import functools
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.utils import timezone
from django.utils.html import escape
from icalendar import Calendar

from mailing.models import OutgoingEmail
from solicitations import links, tasks
from solicitations.actions import company_requests, expert_answers, expert_messages
from solicitations.lifecycle import ContactWish, EventKind, HeldReason, MatchState, RequestState
from solicitations.models import Question, Solicitation
from tests.owners.visitor import text_of
from tests.solicitations.factories import match, send
from workspace import call_planning

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

BAD_WORDS = {"empty": "", "invisible": "\0\u202e", "huge": "x" * 10_000}


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def sent(commit, now) -> Solicitation:
    return commit(send, now=now)


def path_of(solicitation: Solicitation) -> str:
    return urlsplit(links.follow_url(solicitation)).path


@pytest.fixture
def owner(client, sent):
    """Open the page, or post to one of its addresses."""

    def opened(act: str = "", **answers):
        if answers or act:
            return client.post(path_of(sent) + act, answers)
        return client.get(path_of(sent))

    return opened


def test_page_is_not_indexed_not_stored_and_not_sent_as_a_referrer(owner):
    headers = owner().headers

    assert "noindex" in headers["X-Robots-Tag"]
    assert "no-store" in headers["Cache-Control"]
    assert headers["Referrer-Policy"] == "same-origin"


def test_page_says_who_received_and_who_took(owner, sent, commit, now):
    taken = sent.mailboxes.order_by("pk").first().matches.with_people().get()
    commit(expert_answers.move, taken, MatchState.TAKEN, by=taken.mailbox, now=now)

    text = text_of(owner())

    assert "l'a prise en charge" in text
    assert taken.expert.name in text
    assert taken.expert.office.phone in text
    assert "a reçu votre demande" in text


def test_page_says_that_experts_were_reminded_once_they_were(client, sent, commit, now):
    before = text_of(client.get(path_of(sent)))
    for days in range(7, 12):  # a working day is among them
        commit(tasks.run_clock, now=(now + timedelta(days=days)).replace(hour=12))
    after = text_of(client.get(path_of(sent)))

    assert "Sans réponse sous 7 jours, nous relançons" in before
    assert "Sans réponse sous" not in after
    assert "Nous avons relancé les conseillers, et nous vous l'avons écrit " in after


def test_distress_in_what_is_added_shows_numbers_to_call(client, sent):
    assert 'href="tel:3114"' not in client.get(path_of(sent)).content.decode()

    page = client.post(f"{path_of(sent)}completer/", {"body": "Je craque, je n'en peux plus."}, follow=True)

    assert 'href="tel:3114"' in page.content.decode()


def test_text_is_added_and_shown(owner, sent):
    answer = owner("completer/", body="Le poste est à temps plein.")

    assert answer.url == path_of(sent)
    text = text_of(owner())
    assert "Le poste est à temps plein." in text
    assert "ajoutées à votre demande" in text


def test_addition_answers_a_question(owner, sent, now):
    Question.objects.create(
        solicitation=sent,
        mailbox=sent.mailboxes.first(),
        author="Le conseiller",
        institution="France Travail Dijon",
        body="Quel contrat ?",
        asked_at=now,
    )
    assert "Quel contrat ?" in text_of(owner())

    owner("completer/", body="Un CDI.")

    assert sent.questions.get().answered_at
    assert "Répondez ci-dessous" not in text_of(owner())


@pytest.mark.parametrize(
    "asked",
    [["Quel contrat ?"], ["Quel contrat ?", "À temps plein ?"], ["<b>Où ?</b>", "Quand ?", "Combien ?"]],
)
@pytest.mark.parametrize("query", ["", "?merci"], ids=["follow-up", "thanks"])
def test_questions_come_first_each_with_its_answer_box(client, sent, commit, now, asked, query):
    mailboxes = list(sent.mailboxes.order_by("pk"))
    for number, body in enumerate(asked):
        commit(expert_messages.ask, mailboxes[number % len(mailboxes)], body=body, now=now)

    page = client.get(path_of(sent) + query).content.decode()

    above, _, below = page.partition('id="questions"')
    questions, _, below = below.partition("</section>")
    assert [body for body in asked if escape(body) in questions] == asked
    assert questions.count("<textarea") == len(asked)
    for later in ("rl-timeline", "annuler/", "adresse/"):
        assert later not in above + questions
        assert later in below


def test_the_answer_to_an_expert_who_declined_names_its_new_readers(owner, sent, commit, now):
    author = match(sent, "recrutement@france-travail")
    commit(expert_messages.ask, author.mailbox, body="Quel contrat ?", now=now)
    name = author.expert.name
    assert f"Envoyer ma réponse à {name}" in text_of(owner())
    commit(
        expert_answers.move, author, MatchState.DECLINED, by=author.mailbox, decline_reason="other", now=now
    )

    page = text_of(owner())
    assert f"{name} ne suit plus votre demande" in page
    assert "Envoyer ma réponse à tous les experts de votre demande" in page

    other = match(sent, "entreprises@mission-locale")
    commit(expert_answers.move, other, MatchState.TAKEN, by=other.mailbox, now=now)

    assert "Envoyer ma réponse à qui s'occupe de votre demande" in text_of(owner())
    asked = sent.questions.get()
    shown = owner("completer/", body="Un CDI.", question=asked.pk)
    assert sent.additions.get().question == asked
    assert f"est envoyée à {name}" not in text_of(owner()) + shown.content.decode()


@pytest.mark.parametrize("body", BAD_WORDS.values(), ids=BAD_WORDS)
def test_bad_addition_is_refused_with_a_sentence(owner, sent, body):
    answer = owner("completer/", body=body)

    assert answer.context["addition_form"].errors["body"]
    assert not sent.additions.exists()


def test_html_added_stays_text(owner):
    owner("completer/", body="<script>alert(1)</script>")

    assert b"<script>alert" not in owner().content


def test_phone_and_hours_are_corrected(owner, sent):
    owner("corriger/", phone="0692123456", days=["wed"], hours=["evening"])

    sent.refresh_from_db()
    assert (sent.phone, sent.callback_days, sent.callback_hours) == ("06 92 12 34 56", ["wed"], ["evening"])


@pytest.mark.parametrize(
    ("field", "typed"), [("phone", "12"), ("phone", ""), ("days", "jeudi"), ("hours", "\0")]
)
def test_bad_correction_is_refused_and_changes_nothing(owner, sent, field, typed):
    answer = owner("corriger/", **({"phone": "0692123456"} | {field: typed}))

    assert answer.context["correction_form"].errors[field]
    assert Solicitation.objects.get(pk=sent.pk).phone == sent.phone


def test_company_can_report_not_being_called_once_a_day(owner, sent, now):
    with time_machine.travel(now + timedelta(days=10), tick=False):
        owner("insister/")
        owner("insister/")

    assert sent.events.filter(kind=EventKind.STILL_WAITING).count() == 1
    assert "déjà dit" in text_of(owner())


def test_cancelling_asks_for_a_confirmation(owner, client, sent):
    assert "Annuler votre demande ?" in text_of(client.get(path_of(sent) + "annuler/"))
    assert Solicitation.objects.get().state == RequestState.SUBMITTED

    owner("annuler/")

    assert Solicitation.objects.get().state == RequestState.CANCELLED
    assert "Vous avez annulé" in text_of(owner())


@pytest.mark.parametrize("act", ["completer/", "corriger/", "insister/", "annuler/"])
def test_nothing_changes_after_cancelling(owner, sent, act):
    owner("annuler/")

    owner(act, body="Encore un mot", phone="0692123456")

    assert "ne peut plus être changée" in text_of(owner())
    assert not sent.additions.exists()


@pytest.mark.parametrize("act", ["completer/", "corriger/", "insister/"])
def test_action_opened_with_get_redirects_to_the_page(client, sent, act):
    assert client.get(path_of(sent) + act).url == path_of(sent)


def test_forged_link_is_not_found(client, sent):
    assert client.get("/suivi/1-1.faux/").status_code == 404
    assert client.get(path_of(sent)[:-2] + "x/").status_code == 404
    assert client.post("/suivi/1-1.faux/annuler/").status_code == 404


def test_replaced_link_is_invalid(client, sent):
    Solicitation.objects.update(link_serial=2)

    assert client.get(path_of(sent)).status_code == 410
    assert client.post(path_of(sent) + "annuler/").status_code == 410
    assert Solicitation.objects.get().state == RequestState.SUBMITTED


def test_link_of_another_purpose_opens_nothing(client, sent):
    token = urlsplit(links.answer_url(sent.mailboxes.first())).path.split("/")[2]

    assert client.get(f"/suivi/{token}/").status_code == 404


def test_expired_link_is_sent_again_to_the_same_mailbox(client, sent, commit, now):
    commit(company_requests.cancel, sent, now=now)
    Solicitation.objects.update(ended_at=now - timedelta(days=61))
    path = path_of(sent)
    expired = client.get(path)
    assert expired.status_code == 410
    assert "Recevoir un nouveau lien" in text_of(expired)

    client.post(path + "nouveau-lien/")

    assert OutgoingEmail.objects.filter(template__endswith="lost_links").get().to == sent.email
    assert client.get(path).status_code == 410
    sent.refresh_from_db()
    assert client.get(path_of(sent)).status_code == 200


def test_good_link_is_not_sent_again(client, sent):
    assert client.post(path_of(sent) + "nouveau-lien/").url == path_of(sent)
    assert not OutgoingEmail.objects.filter(template__endswith="lost_links").exists()


def comparable(client, solicitation: Solicitation) -> str:
    """Return the page without the values that differ from request to request."""
    shown = text_of(client.get(path_of(solicitation)))
    own = (solicitation.reference, solicitation.email, path_of(solicitation))
    return functools.reduce(lambda text, word: text.replace(word, "…"), own, shown)


def test_held_duplicate_of_a_stranger_looks_like_any_request_not_read_yet(client, sent, now):
    held = Solicitation.objects.create(**_columns(sent, now, email="autre@example.org", duplicate_of=sent))
    plain = Solicitation.objects.create(
        **_columns(sent, now, email="tiers@example.org", siret="", held_reason=HeldReason.AUTOMATIC)
    )
    unrouted = Solicitation.objects.create(**_columns(sent, now, email="lent@example.org"))
    Solicitation.objects.filter(pk=unrouted.pk).update(state=RequestState.SUBMITTED, held_reason="")
    Solicitation.objects.filter(pk=plain.pk).update(siret=sent.siret)

    pages = {comparable(client, row) for row in (held, plain, unrouted)}

    assert len(pages) == 1
    assert "a reçu votre demande" not in pages.pop()


def test_held_duplicate_of_the_same_mailbox_leads_to_the_first_from_its_mail_alone(client, sent, now):
    held = Solicitation.objects.create(**_columns(sent, now, email=sent.email.upper(), duplicate_of=sent))
    mailed = links.mailed_follow_url(held).removeprefix(links.absolute(""))

    assert path_of(sent) in client.get(mailed).content.decode()
    for typed in ("", "?merci", f"?{links.BY_MAIL}=", f"?{links.BY_MAIL}=é"):
        assert path_of(sent) not in client.get(path_of(held) + typed).content.decode()
        assert "déjà une demande" not in text_of(client.get(path_of(held) + typed))


def test_page_opened_from_the_mail_of_a_held_duplicate_says_the_same_after_an_action(client, sent, now):
    held = Solicitation.objects.create(**_columns(sent, now, email=sent.email, duplicate_of=sent))
    mailed = links.mailed_follow_url(held)

    added = client.post(
        f"{path_of(held)}completer/", {"body": "Une précision."}, headers={"Referer": mailed}, follow=True
    )
    forged = client.post(
        f"{path_of(held)}completer/", {"body": "Une autre."}, headers={"Referer": f"{mailed}x"}, follow=True
    )

    assert path_of(sent) in added.content.decode()
    assert path_of(sent) not in forged.content.decode()


def test_merged_duplicate_of_a_stranger_still_shows_received_only(client, sent, now):
    held = Solicitation.objects.create(**_columns(sent, now, email="autre@example.org", duplicate_of=sent))
    before = comparable(client, held)
    Solicitation.objects.filter(pk=held.pk).update(
        state=RequestState.CLOSED, closed_reason="duplicate", ended_at=now
    )

    assert comparable(client, held) == before


def _columns(first: Solicitation, now, **own) -> dict:
    same = ("commune", "region", "description", "company_name", "siret", "naf", "contact_name", "phone")
    return {
        **{name: getattr(first, name) for name in same},
        "state": RequestState.HELD,
        "held_at": now,
        "held_reason": HeldReason.DUPLICATE if "duplicate_of" in own else HeldReason.AUTOMATIC,
        "submitted_at": now,
        "consent_version": "essai",
        "consented_at": now,
        **own,
    }


def test_the_wished_contact_is_corrected_and_mailed_to_the_experts(
    owner, sent, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        owner("corriger/", phone=sent.phone, wish="written")

    sent.refresh_from_db()
    assert sent.contact_wish == ContactWish.WRITTEN
    assert "Vous souhaitez échanger : par écrit." in text_of(owner())
    mails = OutgoingEmail.objects.filter(template__endswith="/contact_corrected")
    assert mails.exists()
    assert {mail.context["way"] for mail in mails} == {"par écrit"}
    owner("corriger/", phone=sent.phone)  # an older page does not ask for it
    sent.refresh_from_db()
    assert sent.contact_wish == ContactWish.WRITTEN


def test_an_unknown_wish_is_refused(owner, sent):
    assert owner("corriger/", phone="0692123456", wish="pigeon").context["correction_form"].errors["wish"]
    sent.refresh_from_db()
    assert sent.contact_wish == ContactWish.CALL


def test_the_calendar_file_of_a_call_exists_from_its_mail_until_its_cancellation(client, owner, sent, now):
    mailbox = sent.mailboxes.order_by("pk").first()
    call_planning.plan(mailbox, starts_at=now + timedelta(days=2), now=now)
    path = f"{path_of(sent)}appels/{mailbox.planned_call.pk}/rendez-vous.ics"
    assert client.get(path).status_code == 404  # it may still be undone
    assert path not in owner().content.decode()

    with time_machine.travel(now + timedelta(minutes=2), tick=False):
        assert path in owner().content.decode()
        file = client.get(path)
        [mail] = OutgoingEmail.objects.filter(template__endswith="/planned_call")
        call_planning.cancel(mailbox, now=timezone.now())
        gone = client.get(path)

    assert file["Content-Type"] == "text/calendar; charset=utf-8"
    [event] = Calendar.from_ical(file.content).walk("VEVENT")
    [mailed] = Calendar.from_ical(mail.context["calendar"]).walk("VEVENT")
    assert (event["uid"], event["sequence"], event["dtstart"].dt) == (
        mailed["uid"], mailed["sequence"], mailed["dtstart"].dt,
    )  # fmt: skip
    assert gone.status_code == 404


def test_the_calendar_file_of_a_confidential_request_names_no_office(client, commit, now):
    sent = commit(send, "point-confidentiel", now=now)
    mailbox = sent.mailboxes.order_by("pk").first()
    call_planning.plan(mailbox, starts_at=now + timedelta(days=2), now=now)

    with time_machine.travel(now + timedelta(minutes=2), tick=False):
        path = f"{path_of(sent)}appels/{mailbox.planned_call.pk}/rendez-vous.ics"
        [event] = Calendar.from_ical(client.get(path).content).walk("VEVENT")

    assert event["summary"] == "Appel prévu"

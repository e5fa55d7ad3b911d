"""Choice of each address: immediately, one digest a day, or new needs alone."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import reverse

from directory.own_record import record_links
from experts.models import Expert, MailPreference, User
from experts.models.mail_preferences import MailChoice
from mailing import delivery
from mailing.accepted_files import AcceptedFile
from mailing.message_builder import build_headers
from mailing.models import OutgoingEmail, OutgoingState
from solicitations import tasks
from solicitations.actions import expert_answers, expert_messages, mail_choice
from solicitations.clock import digests
from solicitations.lifecycle import MatchState
from solicitations.notifications.digest_lines import LINES, digest_lines
from territories.models import Commune
from tests.experts.factories import signed_in
from tests.solicitations.factories import mailbox, match

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory, pytest.mark.usefixtures("first_request")]
HOUR = timedelta(hours=1)
OTHER = "entreprises@mission-locale"
PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture
def sent(sent_once):
    return sent_once


@pytest.fixture
def reader(sent):
    """The mailbox that reads what the other one writes."""
    return mailbox(sent, "recrutement@france-travail")


def choose(commit, box, choice, **options):
    return commit(mail_choice.choose, box.email, choice, **options)


def write(commit, sent, *, now, body="Je l'appelle lundi.", **how):
    commit(expert_messages.post_message, mailbox(sent, OTHER), body=body, now=now, **how)


def messages(box, **filters):
    return list(
        OutgoingEmail.objects.filter(template__endswith="/message", to=box.email, **filters).order_by("pk")
    )


def digest_of(box):
    return list(OutgoingEmail.objects.filter(template__endswith="/digest", to=box.email).order_by("pk"))


class TestDigest:
    @pytest.fixture
    def waiting(self, commit, sent, reader, now):
        choose(commit, reader, MailChoice.DIGEST, hour=16, now=now)
        write(commit, sent, now=now + HOUR)
        others_match = match(sent, OTHER)
        commit(expert_answers.move, others_match, MatchState.TAKEN, by=others_match.mailbox, now=now + HOUR)
        return reader

    def test_the_rest_waits_and_new_needs_do_not(self, waiting, now):
        [mail] = messages(waiting)
        assert mail.is_for_digest
        assert mail.not_before == now.replace(hour=16)
        assert delivery.deliver(mail.pk, now=now + 30 * HOUR) is None
        assert not OutgoingEmail.objects.get(template__endswith="/notified", to=waiting.email).is_for_digest

    def test_one_mail_says_all_of_it_in_order(self, waiting, commit, sent, now):
        commit(digests.gather, waiting.email.lower(), now=now.replace(hour=16))

        [digest] = digest_of(waiting)
        [line] = digest.context["requests"]
        assert [news["sentence"].split()[-1] for news in line["news"]] == ["experts", "candidats"]
        assert "Je l'appelle lundi." in digest.rendered().text
        assert "Personne ne lit les réponses" in digest.rendered().text
        assert [mail.state for mail in messages(waiting)] == [OutgoingState.CANCELLED]
        assert not digests.due_addresses(now=now + 30 * HOUR)

    def test_it_names_the_files_but_those_of_a_confidential_request(
        self, waiting, commit, sent, now, settings, tmp_path
    ):
        settings.PRIVATE_FILES = str(tmp_path)
        plan = AcceptedFile("plan.pdf", "application/pdf", b"%PDF-")
        write(commit, sent, now=now + HOUR, body="Voici.", attached=[plan])
        row = messages(waiting)[-1]
        [line] = digest_lines([row])
        row.context["is_confidential"] = True
        [hidden] = digest_lines([row])

        assert line["news"][0]["files"] == ["1 fichier joint, à lire sur la page\u00a0: plan.pdf"]
        assert (hidden["news"][0]["files"], hidden["news"][0]["quote"]) == ([], "")
        commit(digests.gather, waiting.email.lower(), now=now.replace(hour=16))
        assert "1 fichier joint" in digest_of(waiting)[0].rendered().text
        assert "1 fichier joint" in digest_of(waiting)[0].rendered().html

    def test_a_second_one_waits_for_the_next_day(self, waiting, commit, sent, now):
        at = now.replace(hour=16)
        commit(digests.gather, waiting.email, now=at)
        write(commit, sent, now=at + HOUR, body="Autre")
        assert [mail.not_before for mail in messages(waiting, cancelled_at=None)] == [at + 24 * HOUR]

        commit(digests.gather, waiting.email, now=at + 24 * HOUR)

        assert len(digest_of(waiting)) == 2

    def test_missed_days_are_in_the_next_one(self, waiting, commit, sent, now):
        saturday_night = datetime(2026, 12, 5, 3, tzinfo=PARIS)
        commit(digests.gather, waiting.email, now=saturday_night)
        assert digest_of(waiting) == []

        monday = datetime(2026, 12, 7, 8, tzinfo=PARIS)
        assert digests.due_addresses(now=monday) == [waiting.email.lower()]
        commit(digests.gather, waiting.email, now=monday)

        assert len(digest_of(waiting)[0].context["requests"][0]["news"]) == 2

    def test_what_was_undone_is_not_told(self, waiting, commit, sent, now):
        with transaction.atomic():
            OutgoingEmail.objects.cancel_about(f"request:{sent.pk}", now=now)
        assert digests.due_addresses(now=now.replace(hour=17)) == []

    def test_the_sweep_sends_it(self, waiting, commit, now):
        with time_machine.travel(now.replace(hour=16, minute=1), tick=False):
            commit(tasks.run_clock, now=now.replace(hour=16, minute=1))

        assert len(digest_of(waiting)) == 1

    @pytest.mark.parametrize(
        ("choice", "states"), [(MailChoice.ALL, {"waiting"}), (MailChoice.NEEDS, {"cancelled"})]
    )
    def test_another_choice_is_followed_by_what_waits(self, waiting, commit, now, choice, states):
        choose(commit, waiting, choice, now=now + 2 * HOUR)

        assert {mail.state for mail in messages(waiting)} == states
        assert not any(mail.is_for_digest for mail in messages(waiting, cancelled_at=None))


@pytest.mark.parametrize(("choice", "state"), [(MailChoice.ALL, "waiting"), (MailChoice.NEEDS, "cancelled")])
def test_a_message_is_sent_at_once_or_never(commit, sent, reader, now, choice, state):
    choose(commit, reader, choice, now=now)
    write(commit, sent, now=now + HOUR)

    assert [(mail.state, mail.is_for_digest) for mail in messages(reader)] == [(state, False)]


def test_new_needs_and_what_is_asked_are_never_lines():
    assert not set(LINES) & {"notified", "reminders", "staff_reminder", "not_called", "call_instead"}


@pytest.mark.parametrize(
    ("place", "at", "expected"),
    [
        ("75056", datetime(2026, 12, 1, 10, tzinfo=PARIS), datetime(2026, 12, 1, 17, tzinfo=PARIS)),
        ("75056", datetime(2026, 12, 4, 17, tzinfo=PARIS), datetime(2026, 12, 7, 17, tzinfo=PARIS)),
        ("75056", datetime(2026, 12, 24, 18, tzinfo=PARIS), datetime(2026, 12, 28, 17, tzinfo=PARIS)),
        ("97411", datetime(2026, 12, 1, 10, tzinfo=PARIS), datetime(2026, 12, 1, 14, tzinfo=PARIS)),
    ],
    ids=["today", "after the week-end", "after Christmas", "La Réunion"],
)
def test_the_hour_is_that_of_the_persons_place(place, at, expected):
    preference = MailPreference(commune=Commune.objects.get(pk=place), hour=17)

    assert preference.next_digest_at(now=at) == expected


class TestOneClick:
    @pytest.fixture
    def mail(self, reader):
        return OutgoingEmail.objects.get(template__endswith="/notified", to=reader.email)

    def post(self, mail, **client):
        path = mail.unsubscribe_url.removeprefix(settings.SITE_URL)
        return Client(enforce_csrf_checks=True).post(path, {"List-Unsubscribe": "One-Click"}, **client)

    def test_headers_follow_rfc_8058(self, mail):
        headers = build_headers(mail)
        assert headers["List-Unsubscribe"] == f"<{mail.unsubscribe_url}>"
        assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    def test_a_post_alone_means_new_needs_only_and_nobody_is_absent(self, mail, reader):
        assert self.post(mail).status_code == 200
        assert self.post(mail).status_code == 200

        assert MailPreference.objects.of(reader.email).choice == MailChoice.NEEDS
        expert = Expert.objects.get(email=reader.email)
        assert (expert.is_paused, expert.left_at, expert.is_bouncing) == (False, None, False)

    def test_a_mail_scanner_changes_nothing(self, mail, reader):
        page = Client().get(mail.unsubscribe_url.removeprefix(settings.SITE_URL))

        assert "Ne recevoir que les nouvelles demandes" in page.content.decode()
        assert not MailPreference.objects.exists()

    def test_a_mail_whose_other_links_have_expired_still_does_it(self, mail, reader):
        reader.serial += 1
        reader.save(update_fields=["serial"])

        assert self.post(mail).status_code == 200

    def test_a_forged_one_does_not(self, mail):
        mail.unsubscribe_url = mail.unsubscribe_url.replace("desinscription/", "desinscription/1")

        assert self.post(mail).status_code == 410
        assert not MailPreference.objects.exists()


class TestOwnRecord:
    def test_the_choice_is_made_there(self, reader, client):
        expert = Expert.objects.get(email=reader.email)
        token = (
            record_links.record_url(expert, today=datetime.now(tz=PARIS).date()).rstrip("/").split("/")[-1]
        )

        page = client.post(
            reverse("directory:own_record_mails", args=[token]),
            {"choice": "digest", "hour": "9"},
            follow=True,
        )

        assert "C'est noté" in page.content.decode().replace("&#x27;", "'")
        preference = MailPreference.objects.of(reader.email)
        assert (preference.choice, preference.hour, preference.commune.department_id) == ("digest", 9, "21")
        refused = client.post(
            reverse("directory:own_record_mails", args=[token]), {"choice": "none", "hour": "3"}
        )
        assert refused.status_code == 422


def test_an_account_chooses_for_its_posts(reader):
    user = User.objects.create_user(reader.email, name="Léa")
    client = signed_in(user)
    path = reverse("directory:account_mails")
    assert "Quels courriels" in client.get(path).content.decode()

    client.post(path, {"choice": "needs", "hour": "17"})

    assert MailPreference.objects.of(reader.email).choice == MailChoice.NEEDS
    other = signed_in(User.objects.create_user("autre@example.org"))
    assert other.get(path).status_code in (302, 404)  # an account without any post is signed out

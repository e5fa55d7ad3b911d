"""Reports about our mails: while sending, from servers, from providers; in any order, twice, forged."""

from datetime import timedelta

import pytest
from django.db import transaction

from mailing import bounces, delivery, delivery_reports, reception, return_path
from mailing.address_refusals import ReportKind
from mailing.models import Channel, DeliveryEvent, OutgoingEmail, RefusedAddress, refuses_mail
from tests.mailing.factories import OutgoingEmailFactory
from tests.mailing.test_bounces import NO_MAILBOX, report

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
DELAYED = report("Final-Recipient: rfc822; x\nAction: delayed\nStatus: 4.4.1\n")


@pytest.fixture(autouse=True)
def nobody_called(settings):
    settings.MAILING_INCOMING_TASKS = settings.MAILING_REFUSED_TASKS = settings.MAILING_DELIVERY_TASKS = []


@pytest.fixture
def sent(now):
    return OutgoingEmailFactory(sent_at=now, to="Lea@example.org", created_at=now)


def notice(raw, mail, *, now):
    [email] = reception.store(
        raw.encode(), channel=Channel.PIPE, recipient=return_path.address_of(mail), now=now
    )
    with transaction.atomic():
        bounces.process(email, now=now)


def kinds():
    return list(DeliveryEvent.objects.order_by("pk").values_list("kind", flat=True))


class TestNotices:
    def test_a_refused_address_is_known_in_whatever_case(self, sent, now):
        notice(report(), sent, now=now)

        assert refuses_mail("LEA@example.org")
        [event] = DeliveryEvent.objects.all()
        assert (event.email, event.kind, event.server_text) == (sent, "hard", "5.1.1")
        assert list(DeliveryEvent.objects.to_follow()) == [event]

    def test_the_same_notice_twice_is_one_event(self, sent, now):
        notice(report(), sent, now=now)
        notice(report(), sent, now=now + DAY)

        assert kinds() == ["hard"]

    def test_a_status_counts_when_the_words_have_no_code(self, sent, now):
        notice(report(NO_MAILBOX + "Diagnostic-Code: smtp; over quota, blocked\n"), sent, now=now)

        assert kinds() == ["hard"]

    def test_delays_count_after_five_days(self, sent, now):
        notice(DELAYED, sent, now=now + 4 * DAY)
        assert not RefusedAddress.objects.exists()
        notice(DELAYED, sent, now=now + 5 * DAY)

        refused = RefusedAddress.objects.get()
        assert (refused.is_final, refused.since) == (False, now)
        sent.refresh_from_db()
        assert sent.refused_at is None

    def test_a_delivery_said_by_the_server_ends_it(self, sent, now):
        notice(report(), sent, now=now)
        notice(report("Action: delivered\nStatus: 2.0.0\n"), OutgoingEmailFactory(to=sent.to), now=now + DAY)

        assert kinds() == ["hard", "delivered"]
        assert not RefusedAddress.objects.exists()
        assert DeliveryEvent.objects.to_follow().count() == 2

    def test_an_erased_mail_keeps_no_event_and_learns_none(self, sent, now):
        notice(report(), sent, now=now)
        OutgoingEmail.objects.all().erase(now=now)
        notice(report("Action: delayed\nStatus: 4.4.1\n"), sent, now=now)

        assert not DeliveryEvent.objects.exists()
        assert list(RefusedAddress.objects.without_reports()) == list(RefusedAddress.objects.all())


class TestWhileSending:
    def attempt(self, email, *, now):
        OutgoingEmail.objects.filter(pk=email.pk).update(next_try_at=now)
        return delivery.deliver(email.pk, now=now)

    def test_the_servers_own_refusal_ends_when_it_accepts(self, sink, now):
        sink.on_rcpt = "550 5.1.1 no such user"
        self.attempt(OutgoingEmailFactory(to="lea@example.org"), now=now)
        assert RefusedAddress.objects.get().server_text == "550 5.1.1 no such user"

        sink.on_rcpt = "250 OK"
        self.attempt(OutgoingEmailFactory(to="Lea@example.org"), now=now + DAY)

        assert not RefusedAddress.objects.exists()

    def test_to_an_address_that_refused_for_good_only_what_was_asked_for_leaves(self, sink, sent, now):
        notice(report(), sent, now=now)
        news = OutgoingEmailFactory(to=sent.to, unsubscribe_url="https://example.org/non-merci/")
        asked = OutgoingEmailFactory(to=sent.to)

        for email in (news, asked):
            self.attempt(email, now=now + DAY)
            email.refresh_from_db()

        assert (news.state, asked.state) == ("cancelled", "sent")

    def test_to_an_address_that_refused_for_a_while_all_leave(self, sink, sent, now):
        notice(DELAYED, sent, now=now + 5 * DAY)
        assert not RefusedAddress.objects.get().is_final
        news = OutgoingEmailFactory(to=sent.to, unsubscribe_url="https://example.org/non-merci/")

        self.attempt(news, now=now + 6 * DAY)

        news.refresh_from_db()
        assert news.state == "sent"

    def test_an_acceptance_says_nothing_after_a_notice(self, sink, sent, now):
        notice(report(), sent, now=now)

        self.attempt(OutgoingEmailFactory(to=sent.to), now=now + DAY)

        assert RefusedAddress.objects.exists()
        assert kinds() == ["hard"]

    def test_a_full_mailbox_counts_when_the_mail_is_given_up(self, sink, now):
        sink.on_rcpt = "452 4.2.2 mailbox full"
        email = OutgoingEmailFactory(to="lea@example.org", created_at=now)
        for hours in (0, 1, 30, 119):
            self.attempt(email, now=now + timedelta(hours=hours))
        assert not RefusedAddress.objects.exists()

        self.attempt(email, now=now + timedelta(hours=121))

        assert kinds() == ["soft"] * 4
        assert RefusedAddress.objects.get().since == now

    def test_a_server_that_is_away_says_nothing_of_the_address(self, no_server, now):
        self.attempt(OutgoingEmailFactory(), now=now)

        assert kinds() == []


def test_somebody_says_that_an_address_works(sent, now):
    notice(report(), sent, now=now)

    with transaction.atomic():
        delivery_reports.record_working("LEA@example.org", now=now + DAY)

    assert not RefusedAddress.objects.exists()


def test_a_late_word_of_an_earlier_delivery_ends_nothing(sent, now):
    with transaction.atomic():
        delivery_reports.record(sent, ReportKind.HARD, key="a", at=now, now=now)
        delivery_reports.record(sent, ReportKind.DELIVERED, key="b", at=now - DAY, now=now)

    assert refuses_mail(sent.to)

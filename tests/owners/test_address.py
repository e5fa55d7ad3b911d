"""A wrong address is corrected on the owner's page, and confirmed from the new mailbox."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.utils import timezone

from experts.accounts import limits
from experts.models import User
from mailing.models import OutgoingEmail
from solicitations import links, reply_addresses
from solicitations.actions import company_address, company_requests, expert_answers, staff_actions, submission
from solicitations.dispatch import alerts
from solicitations.lifecycle import AlertCause, MatchState
from solicitations.models import AddressChange, Solicitation
from tests.owners.visitor import text_of
from tests.solicitations.factories import blank, part, send

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

NEW = "gerante@peintures.example.org"


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def sent(commit, now) -> Solicitation:
    return commit(send, now=now)


def path_of(solicitation: Solicitation) -> str:
    return urlsplit(links.follow_url(solicitation)).path


def confirm_path() -> str:
    return urlsplit(links.address_url(AddressChange.objects.get())).path


def mails(occasion: str) -> list[OutgoingEmail]:
    return list(OutgoingEmail.objects.filter(template__endswith=f"/{occasion}").order_by("pk"))


@pytest.fixture
def ask(client, sent, django_capture_on_commit_callbacks):
    def asked(email: str = NEW, *, follow: bool = True):
        with django_capture_on_commit_callbacks(execute=True):
            return client.post(path_of(sent) + "adresse/", {"new_email": email}, follow=follow)

    return asked


@pytest.fixture
def confirmed(client, ask, sent, django_capture_on_commit_callbacks):
    ask()
    with django_capture_on_commit_callbacks(execute=True):
        return client.post(confirm_path(), follow=True)


class TestAsking:
    @pytest.mark.parametrize("query", ["", "?merci"], ids=["follow-up", "thanks"])
    def test_both_pages_offer_it_and_name_the_spam_folder(self, client, sent, query):
        text = text_of(client.get(path_of(sent) + query))

        assert sent.email in text
        assert "Corriger mon adresse électronique" in text
        assert ("Regardez aussi dans les indésirables" in text) == (query == "?merci")

    def test_the_new_mailbox_is_asked_and_nothing_changes(self, ask, sent):
        text = text_of(ask())

        assert [row.to for row in mails("address_to_confirm")] == [NEW]
        assert f"Un message vient de partir à {NEW}" in text
        assert "Regardez aussi dans les indésirables" in text
        assert Solicitation.objects.get().email == sent.email

    def test_the_mail_tells_a_stranger_nothing_of_the_request(self, ask, sent):
        ask()

        rendered = mails("address_to_confirm")[0].rendered()
        for own in (sent.email, sent.company_name, sent.contact_name, sent.phone, "/suivi/"):
            assert own not in rendered.subject + rendered.text + rendered.html

    def test_the_page_does_not_show_the_new_address_to_who_holds_the_old_link(self, ask, client, sent):
        ask(follow=False)
        client.cookies.clear()

        text = text_of(client.get(path_of(sent)))

        assert NEW not in text
        assert "Une nouvelle adresse attend d'être confirmée" in text

    @pytest.mark.parametrize(
        ("typed", "read"),
        [
            ("GERANTE@Exemple.FR", "GERANTE@Exemple.FR"),
            ("gerante+relais@exemple.fr", "gerante+relais@exemple.fr"),
            ("Nadia <nadia@exemple.fr>", "nadia@exemple.fr"),
            ("mailto:nadia@exemple.fr", "nadia@exemple.fr"),
            ("nadia\u200b@exemple.fr.\u00a0", "nadia@exemple.fr"),
        ],
        ids=["capitals", "plus", "a name beside it", "a link", "invisible"],
    )
    def test_an_address_however_it_was_copied_is_the_one_written_to(self, ask, typed, read):
        ask(typed)

        assert [row.to for row in mails("address_to_confirm")] == [read]

    @pytest.mark.parametrize(
        "typed",
        [
            *("", "gerante", "gerante@", "x" * 250 + "@exemple.fr", "\0"),
            *(
                "gerante@exemple,fr",
                "gerante(at)exemple.fr",
                "a@exemple.fr;b@exemple.fr",
                "gérante@exemple.fr",
            ),
            "nadia@exemple.fr\nBcc: x@exemple.fr",
            "ne-pas-repondre@relais-entreprises.example.org",
            "reponse+c2-0123456789abcdef0123@reponses.relais-entreprises.example.org",
        ],
    )
    def test_what_is_no_address_is_refused_with_a_sentence(self, ask, typed):
        answer = ask(typed)

        assert answer.context["address_form"].errors["new_email"]
        assert "Un point est à revoir" in text_of(answer)
        assert not mails("address_to_confirm")

    def test_the_same_address_is_reported_to_be_the_same(self, ask, sent):
        assert "C'est déjà l'adresse de votre demande." in text_of(ask(sent.email.upper()))
        assert not AddressChange.objects.exists()

    def test_it_is_limited_per_request(self, ask):
        for count in range(limits.ADDRESSES_PER_SOLICITATION.most):
            assert ask(f"un{count}@exemple.fr").status_code == 200

        assert ask("encore@exemple.fr").status_code == 429

    def test_a_cancelled_request_keeps_its_address(self, ask, commit, sent, now):
        commit(company_requests.cancel, sent, now=now)

        assert "ne peut plus être changée" in text_of(ask())
        assert not mails("address_to_confirm")

    def test_a_mail_that_was_refused_is_reported_on_the_page(self, client, commit, sent, now):
        cause = AlertCause.ACKNOWLEDGEMENT_REFUSED
        commit(alerts.raise_alert, sent, cause, now=now, by_mail=False)

        assert f"Notre courriel n'est pas arrivé à {sent.email}" in text_of(client.get(path_of(sent)))


class TestConfirming:
    def test_opening_the_link_changes_nothing(self, ask, client, sent):
        ask()

        page = client.get(confirm_path())

        assert "Confirmez votre adresse" in text_of(page)
        assert sent.company_name not in text_of(page)
        assert "noindex" in page.headers["X-Robots-Tag"]
        assert Solicitation.objects.get().email == sent.email

    def test_the_button_gives_the_request_its_new_address(self, confirmed):
        assert Solicitation.objects.get().email == NEW
        assert f"nous écrivons désormais à {NEW}" in text_of(confirmed)
        assert not AddressChange.objects.exists()

    def test_the_new_mailbox_gets_the_link(self, confirmed):
        [notice] = mails("address_confirmed")

        assert notice.to == NEW
        assert links.follow_url(Solicitation.objects.get()) in notice.rendered().text

    def test_the_old_mailbox_gets_a_word_that_tells_nothing(self, confirmed, sent):
        [notice] = mails("address_left")

        rendered = notice.rendered()
        assert notice.to == sent.email
        for own in (NEW, sent.company_name, sent.contact_name, sent.phone, "/suivi/"):
            assert own not in rendered.subject + rendered.text + rendered.html

    @pytest.mark.parametrize("act", ["", "completer/", "corriger/", "annuler/", "adresse/"])
    def test_the_old_link_opens_nothing_any_more(self, confirmed, client, sent, act):
        answer = client.get(path_of(sent) + act)

        assert answer.status_code == 410
        assert NEW not in text_of(answer)
        assert client.post(path_of(sent) + act, {"new_email": "x@exemple.fr"}).status_code == 410

    def test_lost_links_are_no_longer_sent_to_the_old_mailbox(self, confirmed, commit, sent, now):
        commit(company_requests.send_lost_links, sent.email, now=now)

        assert not mails("lost_links")

    def test_unsent_mails_go_to_the_new_mailbox(self, ask, client, commit, sent, now):
        expert_match = sent.mailboxes.order_by("pk").first().matches.with_people().get()
        commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now)
        ask()
        commit(company_address.confirm, AddressChange.objects.get(), now=now)

        [notice] = mails("taken_for_company")
        fresh = Solicitation.objects.get()
        assert (notice.to, notice.reply_to) == (NEW, reply_addresses.make(fresh))
        assert notice.context["url"] == links.mailed_follow_url(fresh)

    def test_the_experts_read_the_new_address(self, confirmed, sent):
        notice = mails("contact_corrected")

        assert {row.to for row in notice} == set(sent.mailboxes.values_list("email", flat=True))
        assert all(NEW in row.rendered().text for row in notice)

    def test_the_alert_of_the_refused_acknowledgement_ends(self, ask, commit, sent, now):
        cause = AlertCause.ACKNOWLEDGEMENT_REFUSED
        commit(alerts.raise_alert, sent, cause, now=now, by_mail=False)
        ask()

        commit(company_address.confirm, AddressChange.objects.get(), now=now)

        assert not sent.alerts.open().filter(cause=cause).exists()

    def test_corrected_twice_then_back_each_time_the_last_one_holds(
        self, ask, client, sent, django_capture_on_commit_callbacks
    ):
        for email in (NEW, "autre@exemple.fr", sent.email):
            before = Solicitation.objects.get()
            with django_capture_on_commit_callbacks(execute=True):
                client.post(path_of(before) + "adresse/", {"new_email": email})
                client.post(confirm_path())

            assert Solicitation.objects.get().email == email
            assert client.get(path_of(before)).status_code == 410
            assert client.get(path_of(Solicitation.objects.get())).status_code == 200

        open_mails = OutgoingEmail.objects.filter(template__endswith="/address_confirmed", cancelled_at=None)
        assert [row.to for row in open_mails] == [sent.email]

    def test_a_request_that_staff_closed_meanwhile_follows_one_cancelled_does_not(
        self, ask, client, commit, sent, now
    ):
        ask()
        admin = User.objects.create_user("nationale@equipe.example.org", role="national")
        commit(staff_actions.close, sent, message="Réglé au téléphone.", by=admin, now=now)
        client.post(confirm_path())
        assert Solicitation.objects.get().email == NEW

        other = commit(send, now=now, siret="", commune="21231", email="deux@exemple.fr")
        client.post(path_of(other) + "adresse/", {"new_email": "trois@exemple.fr"})
        commit(company_requests.cancel, other, now=now)

        assert client.post(confirm_path()).status_code == 410
        assert Solicitation.objects.get(pk=other.pk).email == "deux@exemple.fr"

    def test_an_address_given_before_another_one_confirms_nothing(self, ask, client, sent):
        ask("trompe@exemple.fr")
        first = confirm_path()
        ask()

        assert client.post(first).status_code == 410
        assert Solicitation.objects.get().email == sent.email

    def test_it_works_once(self, ask, client):
        ask()
        path = confirm_path()
        client.post(path)

        again = client.post(path)

        assert again.status_code == 410
        assert "Cette adresse ne peut plus être confirmée" in text_of(again)

    def test_it_ends_after_three_days(self, ask, client, sent, now):
        ask()
        path = confirm_path()

        with time_machine.travel(now + timedelta(days=3, minutes=1), tick=False):
            assert client.post(path).status_code == 410
        assert Solicitation.objects.get().email == sent.email

    def test_a_forged_link_opens_nothing(self, client, sent):
        assert client.get("/adresse/1-1.faux/").status_code == 404
        assert client.get(f"/adresse/{path_of(sent).split('/')[2]}/").status_code == 404

    def test_requests_of_one_sending_follow(self, client, commit, now):
        parts = [part("trouver-candidats"), part("licenciement", text="Mon serveur ne vient plus.")]
        first, apart = commit(submission.submit, blank(now=now), parts=parts, now=now)
        other = commit(send, now=now, siret="", commune="21231")

        commit(company_address.ask, apart, email=NEW, now=now)
        commit(company_address.confirm, AddressChange.objects.get(), now=now)

        emails = dict(Solicitation.objects.values_list("pk", "email"))
        assert emails == {first.pk: NEW, apart.pk: NEW, other.pk: other.email}
        assert len(mails("address_confirmed")[0].context["requests"]) == 2
        assert client.get(path_of(first)).status_code == 410

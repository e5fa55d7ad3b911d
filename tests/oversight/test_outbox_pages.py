"""Pages of the outbox: who sees which mails, masked links, sandboxed frame; in the demo, open to all."""

import re
from urllib.parse import urlsplit

import pytest

from mailing import delivery
from mailing.models import OutgoingEmail
from solicitations.actions import company_address, company_requests, expert_messages
from solicitations.lifecycle import EventKind
from solicitations.models import AddressChange, Draft, Mailbox
from tests.solicitations.factories import mailbox, send

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db, pytest.mark.usefixtures("first_request")]

OUTBOX = "/courrier/"
LINK = re.compile(r"https?://[^\s\"'<>]+/(?:suivi|reponse)/[^\s\"'<>…]+")


@pytest.fixture
def sent(sent_once):
    return sent_once


@pytest.fixture
def acknowledgement(sent) -> OutgoingEmail:
    return OutgoingEmail.objects.get(key=f"received:{sent.pk}")


def listed(client, **query) -> list[str]:
    return [line.occasion for line in client.get(OUTBOX, query).context["lines"]]


def text_of(client, path) -> str:
    return client.get(path).content.decode().replace("&#x27;", "'")


@pytest.fixture
def code(today) -> OutgoingEmail:
    return delivery.send_now(
        key="login_code:x", to="x@example.org", template="experts/emails/login_code",
        context={"code": "BCDF-GHJK", "minutes": 15}, now=today,
    )  # fmt: skip


class TestOutboxList:
    def test_each_mail_shows_its_recipient_time_occasion_and_state(self, as_regional, acknowledgement, sent):
        text = text_of(as_regional, OUTBOX)

        for shown in (sent.email, "Accusé de réception", "En attente", sent.reference, "à l'instant"):
            assert shown in text

    def test_refused_mail_says_why(self, as_regional, acknowledgement, today):
        OutgoingEmail.objects.filter(pk=acknowledgement.pk).update(
            refused_at=today, last_error="550 inconnue"
        )

        assert "550 inconnue" in text_of(as_regional, OUTBOX)
        assert listed(as_regional, sort="refused") == ["Accusé de réception"]

    def test_filters_by_occasion_state_recipient_and_reference(self, as_regional, sent, confidential, today):
        OutgoingEmail.objects.filter(template__endswith="received").update(sent_at=today)

        assert set(listed(as_regional, occasion="notified")) == {"Nouvelle demande"}
        assert listed(as_regional, sort="sent") == ["Accusé de réception"] * 2
        assert listed(as_regional, q="contact@peintures") == ["Accusé de réception"] * 2
        assert listed(as_regional, q=sent.reference) == ["Nouvelle demande"] * 4 + ["Accusé de réception"]
        assert listed(as_regional, q="AAAA-AAAA") == []

    @pytest.mark.parametrize(
        "query", [{"sort": "x"}, {"occasion": "x"}, {"q": "\0"}, {"q": "%"}, {"page": "x"}]
    )
    def test_unknown_filters_never_fail(self, as_regional, sent, query):
        assert as_regional.get(OUTBOX, query).status_code == 200

    def test_region_sees_neither_codes_nor_drafts_nor_mails_about_several_requests(
        self, as_regional, as_national, commit, sent, code
    ):
        now = sent.submitted_at
        commit(send, now=now, commune="2A004", siret="00010074300012")
        commit(company_requests.send_lost_links, sent.email, now=now)
        draft = Draft.objects.create(created_at=now, updated_at=now)
        commit(company_requests.send_resume_link, draft, email="x@example.org", now=now)

        assert set(listed(as_regional)) == {"Accusé de réception", "Nouvelle demande"}
        assert len(listed(as_regional)) == 5
        assert {"Liens perdus", "Reprendre plus tard", "Code de connexion"} <= set(listed(as_national))

    def test_the_subject_comes_first_then_the_occasion(self, as_regional, sent):
        text = text_of(as_regional, OUTBOX)

        subject = (
            "Diffuser une offre et trouver des candidats — Peintures Vannier SARL, Is-sur-Tille (6 salariés)"
        )
        assert f"{subject}</a>" in text
        assert text.index(subject) < text.index("Nouvelle demande ·")

    def test_neither_subjects_nor_texts_of_a_confidential_request_are_listed(self, as_regional, confidential):
        text = text_of(as_regional, OUTBOX)

        assert "Engager un licenciement" not in text
        assert "Mon serveur" not in text
        assert "Demande confidentielle</a>" in text

    def test_a_code_is_not_a_subject_of_the_list(self, as_national, code):
        text = text_of(as_national, OUTBOX)

        assert "votre code de connexion" not in text
        assert "Code de connexion</a>" in text

    def test_occasions_are_grouped_by_whom_they_are_for(self, as_regional, sent):
        text = text_of(as_regional, OUTBOX)

        groups = [text.index(f'<optgroup label="{group}">') for group in ("À l'entreprise", "Aux référents")]
        assert groups[0] < text.index(">Accusé de réception<") < groups[1] < text.index(">Nouvelle demande<")

    def test_queries_do_not_grow_with_the_list(
        self, as_regional, commit, sent, today, django_assert_max_num_queries
    ):
        with django_assert_max_num_queries(15) as few:
            as_regional.get(OUTBOX)
        commit(send, "digitaliser", now=today)

        with django_assert_max_num_queries(len(few.captured_queries)):
            as_regional.get(OUTBOX)


class TestOutboxMail:
    def test_links_are_masked_in_text_and_html(self, as_regional, sent):
        mail = OutgoingEmail.objects.filter(template__endswith="notified").first()
        assert LINK.search(mail.rendered().text)

        for path in (f"{OUTBOX}{mail.pk}/", f"{OUTBOX}{mail.pk}/html/"):
            assert not LINK.search(text_of(as_regional, path))

    def test_html_is_a_page_with_a_policy_of_its_own(self, as_regional, acknowledgement):
        answer = as_regional.get(f"{OUTBOX}{acknowledgement.pk}/html/")

        policy = answer["Content-Security-Policy"]
        assert policy.endswith("frame-ancestors 'self'; sandbox")
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert answer["X-Frame-Options"] == "SAMEORIGIN"
        assert 'sandbox=""' in text_of(as_regional, f"{OUTBOX}{acknowledgement.pk}/")

    def test_page_around_keeps_the_strict_policy(self, as_regional, acknowledgement):
        assert "unsafe" not in as_regional.get(f"{OUTBOX}{acknowledgement.pk}/")["Content-Security-Policy"]

    def test_code_was_not_kept(self, as_national, code):
        page = as_national.get(f"{OUTBOX}{code.pk}/")

        assert page.status_code == 200
        assert "BCDF" not in page.content.decode()
        assert "n'a pas été conservé" in page.content.decode()
        assert as_national.get(f"{OUTBOX}{code.pk}/html/").status_code == 404

    def test_opening_a_mail_about_a_confidential_request_is_recorded_once(
        self, as_regional, regional, confidential
    ):
        mail = OutgoingEmail.objects.get(key=f"received:{confidential.pk}")

        as_regional.get(f"{OUTBOX}{mail.pk}/")
        as_regional.get(f"{OUTBOX}{mail.pk}/html/")

        event = confidential.events.get(kind=EventKind.MAIL_OPENED)
        assert event.by_user == regional
        assert event.reason == mail.key

    def test_opening_another_mail_is_not_recorded(self, as_regional, acknowledgement, sent):
        as_regional.get(f"{OUTBOX}{acknowledgement.pk}/")

        assert not sent.events.filter(kind=EventKind.MAIL_OPENED).exists()


class TestEnvelope:
    """Sender and reply address, as the recipient sees them."""

    def envelope(self, client, mail) -> str:
        return text_of(client, f"{OUTBOX}{mail.pk}/").split("staff-mail__envelope")[1].split("</dl>")[0]

    def test_sender_and_reply_address_are_shown_and_what_signs_it_is_not(self, as_regional, sent):
        mail = OutgoingEmail.objects.filter(template__endswith="notified").first()
        signature = mail.reply_to.partition("@")[0].rpartition("-")[2]

        shown = self.envelope(as_regional, mail)

        assert "Relais Entreprises &lt;" in shown
        assert f"reponse+…@{mail.reply_to.partition('@')[2]}" in shown
        assert signature not in shown

    def test_the_name_of_a_person_who_writes_is_readable(self, as_regional, sent, today):
        mail = OutgoingEmail.objects.filter(template__endswith="notified").first()
        OutgoingEmail.objects.filter(pk=mail.pk).update(
            from_name="Zoé Lefèvre, via Relais", reply_to="zoe@dreets.example.org"
        )

        shown = self.envelope(as_regional, mail)

        assert "Zoé Lefèvre, via Relais &lt;" in shown
        assert "zoe@dreets.example.org" in shown

    def test_a_mail_without_reply_address_says_so(self, as_national, sent, commit):
        commit(company_requests.send_lost_links, sent.email, now=sent.submitted_at)
        mail = OutgoingEmail.objects.get(template__endswith="lost_links")

        assert "la même adresse" in self.envelope(as_national, mail)

    def test_a_code_and_an_erased_mail_have_none(self, as_national, code):
        assert "Répondre à" not in self.envelope(as_national, code)


class TestResend:
    def test_mail_that_was_sent_is_sent_again_as_a_row_of_its_own(self, as_regional, acknowledgement, today):
        OutgoingEmail.objects.filter(pk=acknowledgement.pk).update(sent_at=today)

        answer = as_regional.post(f"{OUTBOX}{acknowledgement.pk}/renvoyer/", follow=True)

        assert "Le courriel repart" in answer.content.decode()
        assert OutgoingEmail.objects.filter(key__startswith=f"{acknowledgement.key}:again").count() == 1

    def test_mail_to_a_company_that_corrected_its_address_goes_to_the_new_one_with_links_that_open(
        self, client, as_regional, acknowledgement, sent, commit, today
    ):
        OutgoingEmail.objects.filter(pk=acknowledgement.pk).update(sent_at=today)
        commit(company_address.ask, sent, email="gerante@peintures.example.org", now=today)
        commit(company_address.confirm, AddressChange.objects.get(), now=today)

        answer = as_regional.post(f"{OUTBOX}{acknowledgement.pk}/renvoyer/", follow=True)

        again = OutgoingEmail.objects.get(key__startswith=f"{acknowledgement.key}:again")
        assert "Le courriel repart à gerante@peintures.example.org" in answer.content.decode()
        assert again.to == "gerante@peintures.example.org"
        assert client.get(urlsplit(again.context["url"]).path).status_code == 200

    def test_nothing_is_sent_again_to_an_expert_who_is_gone(self, as_regional, sent, today):
        mail = OutgoingEmail.objects.filter(template__endswith="notified").first()
        OutgoingEmail.objects.filter(pk=mail.pk).update(sent_at=today)
        Mailbox.objects.filter(email=mail.to).update(left_at=today)

        answer = as_regional.post(f"{OUTBOX}{mail.pk}/renvoyer/", follow=True)

        assert "Rien ne part" in answer.content.decode()
        assert not OutgoingEmail.objects.filter(key__startswith=f"{mail.key}:again").exists()

    def test_waiting_mail_and_code_are_not_sent_again(self, as_national, acknowledgement, code):
        for mail in (acknowledgement, code):
            assert as_national.post(f"{OUTBOX}{mail.pk}/renvoyer/").status_code == 403
            assert "Renvoyer ce courriel" not in text_of(as_national, f"{OUTBOX}{mail.pk}/")


class TestDemo:
    @pytest.fixture(autouse=True)
    def demo(self, settings):
        settings.DEMO = True

    def test_everybody_reads_every_mail_with_its_links(self, client, sent):
        mail = OutgoingEmail.objects.filter(template__endswith="notified").first()

        assert len(listed(client)) == 5
        assert LINK.search(text_of(client, f"{OUTBOX}{mail.pk}/html/"))
        assert 'sandbox="allow-top-navigation-by-user-activation"' in text_of(client, f"{OUTBOX}{mail.pk}/")
        assert '<base target="_top">' in text_of(client, f"{OUTBOX}{mail.pk}/html/")
        assert "_blank" not in text_of(client, f"{OUTBOX}{mail.pk}/html/")

    def test_sign_in_code_is_kept_to_be_read(self, client, code):
        assert "BCDF-GHJK" in text_of(client, f"{OUTBOX}{code.pk}/")

    def test_words_that_were_withdrawn_do_not_leave_again(self, as_regional, sent, today):
        author = mailbox(sent, "recrutement@france-travail")
        message = expert_messages.post_message(author, body="Mot de trop.", now=today)
        mail = OutgoingEmail.objects.filter(template__endswith="/message").order_by("pk")[0]
        OutgoingEmail.objects.filter(pk=mail.pk).update(sent_at=today)
        page = f"{OUTBOX}{mail.pk}/"
        assert f"{page}renvoyer/" in as_regional.get(page).content.decode()

        expert_messages.withdraw(message, by=author, now=today)

        assert f"{page}renvoyer/" not in as_regional.get(page).content.decode()
        assert as_regional.post(f"{page}renvoyer/").status_code == 403

    def test_visitor_resends_nothing(self, client, acknowledgement, today):
        OutgoingEmail.objects.filter(pk=acknowledgement.pk).update(sent_at=today)

        assert client.post(f"{OUTBOX}{acknowledgement.pk}/renvoyer/").status_code == 403

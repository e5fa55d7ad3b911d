"""The inbox: whose needs it lists, in which order, and the two doors of a request."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from experts.models import Seat
from solicitations.actions import expert_answers, expert_messages, feedback
from solicitations.dispatch import reoffer
from solicitations.lifecycle import EventKind, MatchState
from solicitations.models import Event, Match
from tests.experts.factories import ExpertFactory, NationalFactory, PersonFactory, signed_in
from tests.solicitations.factories import TEXT, mailbox, match, send
from tests.workspace.conftest import answer_path, page_text

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db, pytest.mark.usefixtures("first_request")]
INBOX = "/besoins/"
EXPERT, OTHER = "recrutement@france-travail", "entreprises@mission-locale"


@pytest.fixture
def sent(sent_once):
    return sent_once


@pytest.fixture
def expert_match(sent) -> Match:
    return match(sent, EXPERT)


@pytest.fixture
def expert_client(expert_match) -> Client:
    return signed_in(PersonFactory(email=expert_match.mailbox.email.upper()))


@pytest.fixture
def manager(expert_match, now):
    """The manager of the expert's office."""
    person = PersonFactory(name="Mme Robert")
    Seat.objects.create(user=person, office=expert_match.expert.office, given_at=now)
    return person


def request_path(row: Match) -> str:
    return reverse("workspace:request", args=[row.mailbox_id])


def listed(client: Client, query: str = "") -> list[str]:
    """Subjects and companies of the lines, in order."""
    rows = client.get(INBOX + query).context["rows"]
    return [f"{row.subject}, {row.applicant}" for row in rows]


def tab_counts(client: Client, query: str = "") -> dict[str, int]:
    context = client.get(INBOX + query).context
    return {tab.label: tab.count for tab in (*context["scopes"], *context["states"])}


class TestLists:
    def test_a_need_moves_from_tab_to_tab_with_exact_counters(self, expert_client, expert_match, now):
        assert tab_counts(expert_client) == {
            "Pour moi": 1,
            "En suppléance": 0,
            "Mon antenne": 1,
            "À répondre": 1,
            "Pris en charge": 0,
            "Clos": 0,
            "Refusés": 0,
            "Expirés": 0,
            "Tous": 1,
        }

        expert_answers.move(expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now)

        assert listed(expert_client) == []
        assert listed(expert_client, "?onglet=pris-en-charge") == [
            "Diffuser une offre et trouver des candidats, Peintures Vannier SARL"
        ]
        assert tab_counts(expert_client)["Pris en charge"] == 1

    def test_stand_in_needs_are_listed_apart_too(self, expert_client, expert_match):
        Match.objects.filter(pk=expert_match.pk).update(
            reason=expert_match.reason | {"stand_in_for": "absente@example.org"}
        )

        assert listed(expert_client, "?pour=suppleance") == listed(expert_client)
        assert "à la place de absente@example.org" in page_text(expert_client.get(INBOX))

    def test_colleague_sees_a_line_that_opens_nothing(self, expert_match):
        colleague = ExpertFactory(office=expert_match.expert.office, email="collegue@example.org")
        client = signed_in(PersonFactory(email=colleague.email))

        page = client.get(f"{INBOX}?pour=antenne")

        assert "Peintures Vannier SARL" in page_text(page)
        assert TEXT not in page_text(page)
        assert request_path(expert_match) not in page.content.decode()
        assert client.get(request_path(expert_match)).status_code == 404

    def test_confidential_company_is_hidden_from_colleagues(self, expert_match):
        type(expert_match.mailbox.solicitation).objects.update(is_confidential=True)
        colleague = ExpertFactory(office=expert_match.expert.office, email="collegue@example.org")

        page = page_text(signed_in(PersonFactory(email=colleague.email)).get(f"{INBOX}?pour=antenne"))

        assert "Demande confidentielle" in page
        assert "Peintures" not in page

    def test_late_then_not_called_needs_come_before_older_ones(
        self, expert_client, commit, expert_match, now
    ):
        names = ("Ancienne", "Rappelée en vain", "Récente", "En retard")
        for name, days in zip(names, (6, 2, 1, 8), strict=True):
            commit(send, now=now - timedelta(days=days), company_name=name, siret="", email=f"{days}@x.fr")
        row = Match.objects.get(
            expert=expert_match.expert, need__solicitation__company_name="Rappelée en vain"
        )
        feedback.report_not_called(row.mailbox.solicitation, now=now)

        order = [line.split(", ")[1] for line in listed(expert_client)]

        assert order == ["En retard", "Rappelée en vain", "Ancienne", "Récente", "Peintures Vannier SARL"]

    def test_labour_law_comes_first_with_its_deadline(self, commit, now):
        old = commit(send, now=now - timedelta(days=8), email="a@x.fr", siret="")
        legal = commit(send, "licenciement", now=now, email="b@x.fr", siret="")
        expert = ExpertFactory(email="tout@example.org")
        for request in (old, legal):
            first = Match.objects.filter(need__solicitation=request).earliest("pk")
            Match.objects.filter(pk=first.pk).update(expert=expert)

        rows = signed_in(PersonFactory(email=expert.email)).get(INBOX).context["rows"]

        assert rows[0].due_on is not None
        assert [row.reference for row in rows] == [legal.reference, old.reference]

    def test_queries_do_not_grow_with_needs(
        self, expert_client, commit, expert_match, now, django_assert_max_num_queries
    ):
        for number in range(4):
            commit(send, now=now, email=f"{number}@x.fr", siret="")

        with django_assert_max_num_queries(24) as captured:
            assert len(listed(expert_client)) == 5
        many = len(captured)
        Match.objects.filter(expert=expert_match.expert).exclude(pk=expert_match.pk).update(
            expert=ExpertFactory()
        )
        with django_assert_max_num_queries(many) as captured:
            assert len(listed(expert_client)) == 1
        assert len(captured) == many

    def test_first_day_says_what_will_come_and_how_to_reach_the_region(self, sent):
        expert = ExpertFactory(email="neuve@example.org", office=match(sent, EXPERT).expert.office)
        text = page_text(signed_in(PersonFactory(email=expert.email)).get(INBOX))

        assert "Rien n'est encore arrivé" in text
        assert "Une question ?" in text

    def test_staff_without_a_seat_are_told_so(self):
        assert "n'est pas à vous" in page_text(signed_in(NationalFactory()).get(INBOX))

    def test_visitors_are_led_to_the_sign_in(self, client, expert_match):
        for path in (INBOX, request_path(expert_match)):
            assert client.get(path).url.startswith("/connexion/")


class TestUnread:
    def is_unread(self, client: Client) -> bool:
        [row] = client.get(f"{INBOX}?onglet=tous").context["rows"]
        return row.is_unread

    def test_what_a_manager_writes_in_the_institution_is_unread(
        self, expert_client, manager, expert_match, clock
    ):
        path, manages = request_path(expert_match), signed_in(manager)
        version = expert_client.get(path).context["version"].tag
        clock.shift(timedelta(minutes=1))
        manages.get(path)
        manages.post(f"{path}interne/", {"body": "Prioritaire."})

        assert self.is_unread(expert_client)
        asked = expert_client.get(f"{path}suite/", headers={"If-None-Match": version})
        assert asked.status_code == 286  # which tells htmx to ask no more
        expert_client.get(path)
        clock.shift(timedelta(minutes=1))
        expert_client.post(f"{path}interne/", {"body": "Bien reçu."})
        assert not self.is_unread(expert_client)

    def test_what_was_read_at_either_door_is_read(self, expert_client, client, expert_match):
        assert self.is_unread(expert_client)

        client.get(answer_path(expert_match.mailbox))

        assert not self.is_unread(expert_client)

    def test_what_others_write_is_unread_and_ones_own_acts_are_not(
        self, expert_client, sent, expert_match, clock, now
    ):
        expert_client.get(request_path(expert_match))
        clock.shift(60)
        expert_messages.post_message(expert_match.mailbox, body="De moi.", now=now + timedelta(seconds=30))
        expert_answers.move(
            expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now + timedelta(seconds=40)
        )
        assert not self.is_unread(expert_client)

        expert_messages.post_message(mailbox(sent, OTHER), body="D'elle.", now=now + timedelta(seconds=50))
        assert self.is_unread(expert_client)


class TestTwoDoors:
    def test_both_doors_show_the_same_page(self, expert_client, client, expert_match):
        by_link, by_account = (
            client.get(answer_path(expert_match.mailbox)),
            expert_client.get(request_path(expert_match)),
        )

        for shown in (page_text(by_link), page_text(by_account)):
            assert TEXT in shown
            assert "Je prends en charge" in shown

    def test_act_by_account_is_the_mailboxs_and_says_whose_hand_pressed(self, expert_client, expert_match):
        path = request_path(expert_match)
        seen = expert_client.get(path).context["page"].cards[0].last_event_id

        answer = expert_client.post(f"{path}besoins/{expert_match.pk}/prendre/", {"seen": seen})

        assert answer.url == path
        event = Event.objects.get(match=expert_match, kind=EventKind.MOVED)
        assert event.by_mailbox == expert_match.mailbox
        assert event.by_user.email.lower() == expert_match.mailbox.email

    def test_what_was_done_at_one_door_is_undone_at_the_other(self, expert_client, submit, expert_match):
        submit(expert_match.mailbox, f"besoins/{expert_match.pk}/prendre/")
        path = request_path(expert_match)
        card = expert_client.get(path).context["page"].cards[0]

        expert_client.post(f"{path}besoins/{expert_match.pk}/annuler/", {"seen": card.last_event_id})

        expert_match.refresh_from_db()
        assert expert_match.state == MatchState.SENT

    def test_page_older_than_the_last_act_changes_nothing(self, expert_client, expert_match):
        path = request_path(expert_match)
        answer = expert_client.post(f"{path}besoins/{expert_match.pk}/prendre/", {"seen": "1"})

        assert answer.status_code == 409

    def test_nothing_is_done_once_the_seat_ended(self, expert_client, expert_match):
        ExpertFactory(email=expert_match.mailbox.email)  # another post of hers stays
        type(expert_match.expert).objects.filter(pk=expert_match.expert_id).update(
            left_at=expert_match.sent_at
        )
        path = request_path(expert_match)

        assert expert_client.get(path).status_code == 404
        assert (
            expert_client.post(f"{path}besoins/{expert_match.pk}/prendre/", {"seen": "0"}).status_code == 404
        )


class TestManagers:
    def test_manager_reads_every_need_of_her_offices_and_acts_for_no_expert(self, manager, expert_match):
        client, path = signed_in(manager), request_path(expert_match)

        assert TEXT in page_text(client.get(path))
        assert client.post(f"{path}besoins/{expert_match.pk}/prendre/", {"seen": "0"}).status_code == 404

    def test_each_confidential_opening_by_a_manager_is_recorded(self, manager, expert_match):
        type(expert_match.mailbox.solicitation).objects.update(is_confidential=True)
        client = signed_in(manager)

        for _ in range(2):
            client.get(request_path(expert_match))

        assert Event.objects.filter(kind=EventKind.OPENED, by_user=manager, by_mailbox=None).count() == 2

    def test_managers_of_other_offices_find_nothing(self, sent, expert_match, now):
        person = PersonFactory()
        Seat.objects.create(user=person, office=match(sent, OTHER).expert.office, given_at=now)

        assert signed_in(person).get(request_path(expert_match)).status_code == 404


class TestDepartures:
    @pytest.fixture
    def left_behind(self, commit, expert_match, now) -> Match:
        """A need taken by somebody who left since."""
        expert_answers.move(expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now)
        type(expert_match.expert).objects.filter(pk=expert_match.expert_id).update(left_at=now)
        commit(reoffer.reoffer, expert_match.need.solicitation_id, now=now)
        return expert_match

    def test_what_they_had_taken_heads_the_managers_list(self, manager, left_behind, commit, now):
        clerk = ExpertFactory(office=left_behind.expert.office, has_all_subjects=True)
        later = commit(send, now=now - timedelta(days=60), email="b@example.org", siret="")
        clerks_match = match(later, clerk.email)
        Match.objects.filter(pk=clerks_match.pk).update(
            state=MatchState.TAKEN, taken_at=now - timedelta(days=50)
        )

        page = signed_in(manager).get(f"{INBOX}?onglet=pris-en-charge")

        assert [row.pk for row in page.context["rows"]] == [left_behind.pk, clerks_match.pk]
        assert "n'est plus là : à confier" in page_text(page)

    def test_what_is_taken_by_who_gets_no_mails_heads_the_managers_list(
        self, manager, expert_client, expert_match, commit, now
    ):
        clerk = ExpertFactory(office=expert_match.expert.office, has_all_subjects=True)
        late = commit(send, now=now - timedelta(days=60), email="b@example.org", siret="")
        clerks_match = match(late, clerk.email)
        expert_answers.move(expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now)
        Match.objects.filter(pk=clerks_match.pk).update(
            state=MatchState.TAKEN, taken_at=now - timedelta(days=50)
        )
        type(expert_match.expert).objects.filter(pk=expert_match.expert_id).update(is_bouncing=True)

        page = signed_in(manager).get(f"{INBOX}?onglet=pris-en-charge")

        assert [row.pk for row in page.context["rows"]] == [expert_match.pk, clerks_match.pk]
        assert "refuse nos courriels : à appeler, ou à confier" in page_text(page)
        own = page_text(expert_client.get(f"{INBOX}?onglet=pris-en-charge"))
        assert "refuse nos courriels" not in own

    def test_their_links_answer_a_sentence_and_do_nothing(self, client, left_behind):
        path = answer_path(left_behind.mailbox)
        before = Event.objects.count()

        for page in (
            client.get(path),
            client.get(f"{path}fichiers/1/"),
            client.post(f"{path}message/", {"body": "Bonjour"}),
            client.post(f"{path}besoins/{left_behind.pk}/conclure/", {"outcome": "helped", "seen": "0"}),
        ):
            assert page.status_code == 410
            assert "Vous ne faites plus partie de cette antenne" in page_text(page)
            assert TEXT not in page_text(page)
        assert Event.objects.count() == before

    def test_links_of_a_post_that_stays_go_on(self, client, expert_match, now):
        ExpertFactory(email=expert_match.mailbox.email, left_at=now)

        assert TEXT in page_text(client.get(answer_path(expert_match.mailbox)))


class TestNews:
    def ask(self, client: Client, path: str, version: str):
        return client.get(path, headers={"If-None-Match": version})

    def test_list_is_sent_again_only_when_one_of_its_needs_changed(
        self, expert_client, expert_match, commit, now
    ):
        seen = expert_client.get(INBOX).context["version"].tag
        commit(send, "licenciement", now=now, commune="33063", email="b@x.fr", siret="")
        assert self.ask(expert_client, f"{INBOX}suite/", seen).status_code == 304

        expert_answers.move(expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now)

        again = self.ask(expert_client, f"{INBOX}suite/?onglet=pris-en-charge", seen)
        assert "Peintures Vannier SARL" in page_text(again)
        assert again["ETag"] != seen
        assert self.ask(expert_client, f"{INBOX}suite/", again["ETag"]).status_code == 304

    def test_old_list_is_sent_again_though_nothing_happened(self, expert_client, expert_match):
        seen = replace(expert_client.get(INBOX).context["version"], read_at=0)
        assert self.ask(expert_client, f"{INBOX}suite/", seen.tag).status_code == 200

    def test_a_tab_left_open_does_not_keep_a_manager_s_session(self, manager, clock):
        client = signed_in(manager)
        assert client.get(INBOX).status_code == 200
        clock.shift(timedelta(minutes=20))
        assert client.get(f"{INBOX}suite/").status_code == 200

        clock.shift(timedelta(minutes=11))

        assert client.get(f"{INBOX}suite/")["Location"].startswith("/connexion/")

    def test_asking_again_costs_the_same_few_queries(
        self, expert_client, expert_match, django_assert_num_queries
    ):
        seen = expert_client.get(INBOX).context["version"].tag
        with django_assert_num_queries(4):  # session, account, its work, news
            assert self.ask(expert_client, f"{INBOX}suite/", seen).status_code == 304

    def test_open_request_says_what_others_did_and_not_ones_own_acts(
        self, expert_client, sent, expert_match, now
    ):
        path = request_path(expert_match)
        page = expert_client.get(path)
        seen, card = page.context["version"].tag, page.context["page"].cards[0]
        expert_client.post(f"{path}besoins/{expert_match.pk}/prendre/", {"seen": card.last_event_id})
        assert self.ask(expert_client, f"{path}suite/", seen).status_code == 304

        other = match(sent, OTHER)
        expert_answers.move(other, MatchState.TAKEN, by=other.mailbox, now=now)
        assert "vient de changer" in page_text(self.ask(expert_client, f"{path}suite/", seen))

    def test_others_are_told_nothing(self, expert_match):
        stranger = signed_in(PersonFactory(email=ExpertFactory().email))

        assert self.ask(stranger, f"{request_path(expert_match)}suite/", '"0.0"').status_code == 404

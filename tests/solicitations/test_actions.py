"""Actions and the rows that they write: states, events, mails."""

from datetime import timedelta

import pytest

from experts.models import Expert, Institution, Office, Subject, User
from mailing import delivery
from mailing.models import OutgoingEmail
from solicitations import tasks
from solicitations.actions import (
    company_requests,
    expert_answers,
    expert_messages,
    feedback,
    staff_actions,
    submission,
    undoing,
)
from solicitations.dispatch import fallback, holding, refusals, routing
from solicitations.lifecycle import (
    AlertCause,
    ClosedReason,
    ForbiddenMove,
    HeldReason,
    MatchState,
    NeedState,
    RequestState,
)
from solicitations.models import Draft, Match, Solicitation
from territories.models import Commune
from tests.solicitations.factories import blank, mailbox, match, part, send
from workspace import record_changes

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db]

MINUTE = timedelta(minutes=1)


def occasions(solicitation, *, to=None) -> list[str]:
    rows = OutgoingEmail.objects.about(f"request:{solicitation.pk}").pending()
    rows = rows.filter(to=to) if to else rows
    return sorted(row.template.rsplit("/")[-1] for row in rows)


def mark_sent(solicitation, *, at) -> None:
    OutgoingEmail.objects.about(f"request:{solicitation.pk}").pending().filter(not_before__lte=at).update(
        sent_at=at
    )


@pytest.fixture
def sent(commit, now) -> Solicitation:
    return commit(send, now=now)


@pytest.fixture
def admin() -> User:
    return User.objects.create_user("nationale@equipe.example.org", role="national")


class TestSubmit:
    def test_a_request_is_acknowledged_routed_and_each_mailbox_mailed_once(self, sent):
        sent.refresh_from_db()

        assert sent.progress == NeedState.WAITING
        assert sent.region_id == "27"
        assert occasions(sent) == ["notified"] * 4 + ["received"]

    def test_two_subjects_of_one_expert_make_one_mailbox_and_one_mail(self, commit, now):
        request = commit(
            send,
            "recrutement-developpement",
            "financer-formation",
            commune="21231",
            naf="72.19Z",
            craft=False,
            headcount_min=38,
            headcount_max=38,
            now=now,
        )

        region = mailbox(request, "formation@region-bfc")
        assert region.matches.count() == 2
        assert occasions(request, to=region.email) == ["notified"]

    def test_a_confidential_subject_is_a_request_of_its_own_linked_to_the_other(self, commit, now):
        parts = [part("trouver-candidats"), part("dettes-fiscales", text="Deux trimestres de TVA.")]

        first, apart = commit(submission.submit, blank(now=now), parts=parts, now=now)

        assert (first.is_confidential, apart.is_confidential) == (False, True)
        assert apart.sent_with == first
        assert apart.description == "Deux trimestres de TVA."
        assert apart.reference != first.reference

    def test_a_similar_request_within_seven_days_is_held_as_duplicate_and_the_first_owner_is_told(
        self, commit, sent, now
    ):
        second = commit(send, now=now + timedelta(days=6), email="autre@peintures.example.org")

        assert second.state == RequestState.HELD
        assert second.held_reason == HeldReason.DUPLICATE
        assert second.duplicate_of == sent
        commit(holding.report_held, second.pk, now=now + timedelta(days=6))
        assert "second_came" in occasions(sent, to=sent.email)
        assert occasions(second, to=second.email) == ["received"]
        assert not second.mailboxes.exists()

    def test_a_similar_request_after_seven_days_is_not_a_duplicate(self, commit, sent, now):
        second = commit(send, now=now + timedelta(days=7, minutes=1))

        assert second.state == RequestState.SUBMITTED

    def test_without_siret_same_email_and_subject_make_a_duplicate(self, commit, now):
        commit(send, now=now, siret="")

        second = commit(send, now=now, siret="", email="Contact@Peintures.example.org")

        assert second.held_reason == HeldReason.DUPLICATE

    def test_a_text_that_looks_automatic_is_held_and_staff_are_mailed(self, commit, now):
        request = commit(send, now=now, text="Voir https://a.example.org et https://b.example.org")

        assert request.held_reason == HeldReason.AUTOMATIC
        commit(holding.report_held, request.pk, now=now)
        assert request.alerts.get().cause == AlertCause.HELD
        assert occasions(request) == ["alert", "received"]

    def test_staff_are_alerted_once_of_a_held_request_by_the_sweep_too(self, commit, now):
        request = commit(send, now=now, text="Voir https://a.example.org et https://b.example.org")
        assert list(Solicitation.objects.held_without_alert()) == [request]

        commit(holding.report_held, request.pk, now=now)
        commit(holding.report_held, request.pk, now=now)

        assert not Solicitation.objects.held_without_alert().exists()
        assert occasions(request) == ["alert", "received"]

    def test_a_worker_decides_on_a_held_request_and_makes_no_match(self, commit, now):
        request = commit(send, now=now, text="Voir https://a.example.org et https://b.example.org")
        assert request.needs.get().decision is None

        tasks.tell_held(request.pk)

        assert request.needs.get().decision["offices"]
        assert not Match.objects.filter(need__solicitation=request).exists()
        assert not request.mailboxes.exists()
        assert not OutgoingEmail.objects.filter(template__endswith="notified").exists()

    def test_a_draft_sent_twice_makes_one_request(self, commit, now):
        draft = Draft.objects.create(answers={"texte": "…"}, created_at=now, updated_at=now)
        (first,) = commit(
            submission.submit, blank(now=now), parts=[part("trouver-candidats")], draft=draft, now=now
        )

        with pytest.raises(submission.AlreadySent) as caught:
            submission.submit(blank(now=now), parts=[part("trouver-candidats")], draft=draft, now=now)

        assert caught.value.solicitation == first
        draft.refresh_from_db()
        assert draft.answers == {}

    def test_an_unticked_institution_is_never_asked(self, commit, now):
        unticked = [Institution.objects.get(code="ML")]

        (request,) = commit(
            submission.submit,
            blank(now=now),
            parts=[part("trouver-candidats")],
            unticked=unticked,
            now=now,
        )

        assert not Match.objects.filter(
            need__solicitation=request, expert__office__institution__code="ML"
        ).exists()


class TestRoute:
    def test_a_second_routing_finds_nothing_to_do(self, sent, commit, now):
        commit(routing.route, sent.pk, now=now)

        assert occasions(sent) == ["notified"] * 4 + ["received"]

    @pytest.mark.parametrize(
        "step",
        [
            "experts.routing.loading.decide",
            "solicitations.dispatch.matching.make_first_matches",
            "solicitations.notifications.to_experts.notified",
        ],
    )
    def test_a_routing_that_fails_keeps_the_request_and_is_tried_again(self, commit, now, monkeypatch, step):
        with monkeypatch.context() as broken:
            broken.setattr(step, None)
            request = commit(send, now=now)
        assert request.routing_error == "TypeError"
        assert request.progress == NeedState.RECEIVED
        assert occasions(request) == ["received"]
        assert not Match.objects.filter(need__solicitation=request).exists()

        assert not Solicitation.objects.unrouted(now=now).exists()
        for pk in Solicitation.objects.unrouted(now=now + MINUTE).values_list("pk", flat=True):
            commit(routing.route_safely, pk, now=now + 2 * MINUTE)

        request.refresh_from_db()
        assert request.progress == NeedState.WAITING
        assert "contacted" in occasions(request, to=request.email)

    def test_a_query_of_the_routing_that_fails_keeps_the_request(self, commit, now, monkeypatch):
        """The database refuses all that follows in the transaction; the request is written by another."""
        monkeypatch.setattr("experts.routing.queries.OFFICES", "SELECT nothing_of_the_kind")

        request = commit(send, now=now)

        assert request.routing_error == "ProgrammingError"
        assert occasions(request) == ["received"]

    def test_when_one_of_two_routings_fails_both_requests_are_kept(self, commit, now, monkeypatch):
        parts = [part("trouver-candidats"), part("dettes-fiscales", text="Deux trimestres de TVA.")]
        decide = routing.decide

        def decide_all_but_confidential(request, *, now):
            return None if request.solicitation.is_confidential else decide(request, now=now)

        monkeypatch.setattr(routing, "decide", decide_all_but_confidential)

        commit(submission.submit, blank(now=now), parts=parts, now=now)

        first, apart = Solicitation.objects.order_by("pk")
        assert apart.sent_with == first
        assert {first.progress, apart.progress} == {NeedState.RECEIVED}
        assert occasions(first) == occasions(apart) == ["received"]
        assert Solicitation.objects.unrouted(now=now + MINUTE).count() == 2

    def test_the_fallback_office_is_told_at_once_that_nobody_else_answers(self, commit, now):
        Office.objects.filter(is_fallback=False).update(closed_on=now.date())

        request = commit(send, now=now)

        mail = OutgoingEmail.objects.about(f"request:{request.pk}").get(template__endswith="/notified")
        [why] = mail.context["why"]
        assert why.startswith("Personne d'autre ne répond sur ce sujet")

    def test_a_request_that_reaches_nobody_alerts_staff(self, commit, now):
        Office.objects.all().update(closed_on=now.date())

        request = commit(send, now=now)

        assert request.is_fallback
        assert request.progress == NeedState.UNCOVERED
        assert request.alerts.get().cause == AlertCause.NOBODY
        assert Solicitation.objects.uncovered().get() == request

    def test_more_than_eight_experts_with_a_known_activity_hold_the_request(self, commit, now):
        office = Office.objects.get(code="PE-DIJON")
        rows = Expert.objects.bulk_create(
            Expert(office=office, name=f"Conseil {n}", email=f"c{n}@x.example.org", phone="03 53 01 00 02",
                   has_all_subjects=True)
            for n in range(6)
        )  # fmt: skip

        known = commit(send, now=now)
        unknown = commit(send, "saisonniers", now=now, naf="", siret="00010074300012")

        assert len(rows) == 6
        assert known.held_reason == HeldReason.MANY_EXPERTS
        assert known.routing_due_at is None
        assert len(known.needs.get().decision["experts"]) > routing.MANY_EXPERTS
        assert known.alerts.get().cause == AlertCause.HELD
        assert occasions(known) == ["alert", "received"]
        assert not Match.objects.filter(need__solicitation=known).exists()
        assert unknown.state == RequestState.SUBMITTED


class TestAnswer:
    def test_taking_tells_the_company_and_the_others_after_a_minute(self, commit, sent, now):
        taker = match(sent, "recrutement@france-travail")

        commit(expert_answers.move, taker, MatchState.TAKEN, by=taker.mailbox, now=now)

        sent.refresh_from_db()
        assert sent.progress == NeedState.IN_PROGRESS
        mails = OutgoingEmail.objects.filter(template__contains="/taken_for_")
        assert mails.count() == 4
        assert {row.not_before for row in mails} == {now + MINUTE}
        assert not mails.filter(to=taker.mailbox.email).exists()

    def test_taking_all_makes_one_mail_for_two_needs(self, commit, now):
        request = commit(
            send, "recrutement-developpement", "financer-formation", commune="21231", naf="72.19Z", now=now
        )
        region = mailbox(request, "formation@region-bfc")

        count = commit(expert_answers.take_all, region, now=now)

        assert count == 2
        assert occasions(request, to=request.email) == ["received", "taken_for_company"]

    def test_undo_within_a_minute_leaves_no_mail(self, commit, sent, now):
        taker = match(sent, "recrutement@france-travail")
        commit(expert_answers.move, taker, MatchState.TAKEN, by=taker.mailbox, now=now)

        commit(undoing.undo, taker, by=taker.mailbox, now=now + timedelta(seconds=30))

        taker.refresh_from_db()
        assert taker.state == MatchState.SENT
        assert taker.taken_at is None
        assert "taken_for_company" not in occasions(sent)
        assert not OutgoingEmail.objects.filter(template__contains="undone").exists()

    def test_undo_later_mails_those_who_were_told(self, commit, sent, now):
        taker = match(sent, "recrutement@france-travail")
        commit(expert_answers.move, taker, MatchState.TAKEN, by=taker.mailbox, now=now)
        mark_sent(sent, at=now + 2 * MINUTE)

        commit(undoing.undo, taker, by=taker.mailbox, now=now + timedelta(hours=2))

        assert occasions(sent) == ["undone_for_company"] + ["undone_for_experts"] * 3

    def test_undoing_one_of_two_needs_taken_together_still_tells_of_the_other(self, commit, now):
        request = commit(
            send, "recrutement-developpement", "financer-formation", commune="21231", naf="72.19Z", now=now
        )
        region = mailbox(request, "formation@region-bfc")
        commit(expert_answers.take_all, region, now=now)

        undone = match(request, "formation@region-bfc", "recrutement-developpement")
        commit(undoing.undo, undone, by=region, now=now)

        mail = OutgoingEmail.objects.pending().get(template__endswith="taken_for_company")
        assert mail.context["taken_subjects"] == [Subject.objects.get(slug="financer-formation").label]

    def test_undo_is_done_once(self, commit, sent, now):
        taker = match(sent, "recrutement@france-travail")
        commit(expert_answers.move, taker, MatchState.TAKEN, by=taker.mailbox, now=now)
        commit(undoing.undo, taker, by=taker.mailbox, now=now)

        with pytest.raises(undoing.NothingToUndo):
            undoing.undo(taker, by=taker.mailbox, now=now)

    def test_a_match_of_another_mailbox_cannot_be_moved(self, sent, now):
        stranger = mailbox(sent, "entreprises@mission-locale")
        other = match(sent, "recrutement@france-travail")

        with pytest.raises(ForbiddenMove):
            expert_answers.move(other, MatchState.TAKEN, by=stranger, now=now)

        other.refresh_from_db()
        assert other.state == MatchState.SENT

    def test_a_stale_page_changes_nothing(self, commit, sent, now):
        taker = match(sent, "recrutement@france-travail")
        commit(
            expert_answers.move, taker, MatchState.DECLINED, by=taker.mailbox, now=now, decline_reason="other"
        )

        with pytest.raises(ForbiddenMove):
            expert_answers.move(taker, MatchState.TAKEN, by=taker.mailbox, now=now)

    def test_a_labour_law_question_is_concluded_by_a_written_answer(self, commit, now):
        request = commit(send, "travail-dimanche", commune="21231", naf="47.71Z", craft=False, now=now)
        expert = match(request, "contrats@droit-travail")
        commit(expert_answers.move, expert, MatchState.TAKEN, by=expert.mailbox, now=now)

        with pytest.raises(expert_answers.AnswerRequired):
            expert_answers.move(expert, MatchState.HELPED, by=expert.mailbox, now=now)
        commit(
            expert_answers.move,
            expert,
            MatchState.HELPED,
            by=expert.mailbox,
            answer="Oui, sous accord.",
            now=now,
        )

        expert.refresh_from_db()
        assert expert.answer == "Oui, sous accord."

    def test_an_employer_of_three_hundred_is_outside_the_legal_clock(self, commit, now):
        request = commit(
            send,
            "travail-dimanche",
            commune="21231",
            naf="47.71Z",
            headcount_min=350,
            headcount_max=350,
            now=now,
        )
        expert = match(request, "contrats@droit-travail")
        commit(expert_answers.move, expert, MatchState.TAKEN, by=expert.mailbox, now=now)

        commit(expert_answers.move, expert, MatchState.HELPED, by=expert.mailbox, now=now)

        assert not expert.need.is_on_the_legal_clock

    def test_the_request_closes_with_its_last_answer_and_reopens_with_a_late_take(self, commit, now):
        request = commit(send, "clause-insertion", commune="21166", naf="81.30Z", craft=False, now=now)
        expert = match(request, "facilitation@clauses")
        commit(expert_answers.move, expert, MatchState.TAKEN, by=expert.mailbox, now=now)
        commit(expert_answers.move, expert, MatchState.NO_HELP, by=expert.mailbox, now=now)
        request.refresh_from_db()
        assert (request.state, request.closed_reason) == ("closed", ClosedReason.DONE)

        commit(expert_answers.move, expert, MatchState.TAKEN, by=expert.mailbox, now=now + timedelta(days=3))

        request.refresh_from_db()
        assert (request.state, request.ended_at, request.closed_reason) == ("submitted", None, "")


class TestFallback:
    @pytest.fixture
    def request_for_one(self, commit, now) -> Solicitation:
        return commit(send, "clause-insertion", commune="21166", naf="81.30Z", craft=False, now=now)

    def decline(self, commit, expert, now):
        commit(
            expert_answers.move,
            expert,
            MatchState.DECLINED,
            by=expert.mailbox,
            decline_reason="no_capacity",
            now=now,
        )

    def test_a_need_all_declined_goes_to_the_regional_then_national_office_then_the_company_is_told(
        self, commit, request_for_one, now
    ):
        need = request_for_one.needs.get()
        self.decline(commit, match(request_for_one, "facilitation@clauses"), now)

        commit(fallback.offer_fallback, need.pk, now=now + timedelta(seconds=59))
        assert need.matches.count() == 1

        commit(fallback.offer_fallback, need.pk, now=now + timedelta(seconds=61))
        assert "taken_over" in occasions(request_for_one, to=request_for_one.email)
        regional = need.matches.order_by("-pk")[0]
        assert regional.expert.office.code == "REFERENT-27"

        self.decline(commit, regional, now + 2 * MINUTE)
        commit(fallback.offer_fallback, need.pk, now=now + 4 * MINUTE)
        national = need.matches.order_by("-pk")[0]
        assert national.expert.office.code == "REFERENT-FRANCE"

        self.decline(commit, national, now + 5 * MINUTE)
        commit(fallback.offer_fallback, need.pk, now=now + 7 * MINUTE)
        request_for_one.refresh_from_db()
        assert request_for_one.closed_reason == ClosedReason.DECLINED
        assert "nobody_could_help" in occasions(request_for_one, to=request_for_one.email)
        assert request_for_one.alerts.open().filter(cause=AlertCause.EXHAUSTED).exists()

    def test_an_undone_refusal_starts_no_fallback(self, commit, request_for_one, now):
        expert = match(request_for_one, "facilitation@clauses")
        self.decline(commit, expert, now)
        commit(undoing.undo, expert, by=expert.mailbox, now=now)

        commit(fallback.offer_fallback, expert.need_id, now=now + 2 * MINUTE)

        assert expert.need.matches.count() == 1


class TestHandOver:
    def test_hand_over_ends_the_match_and_asks_the_other_institution_after_a_minute(self, commit, sent, now):
        expert_match = match(sent, "entreprises@mission-locale")
        target = Institution.objects.get(code="GEIQ")

        commit(
            expert_answers.hand_over,
            expert_match,
            target,
            comment="Plutôt pour vous.",
            by=expert_match.mailbox,
            now=now,
        )

        expert_match.refresh_from_db()
        made = expert_match.introduces.get()
        assert (expert_match.state, made.state) == (MatchState.REPLACED, MatchState.SENT)
        mail = OutgoingEmail.objects.get(to=made.mailbox.email)
        assert mail.not_before == now + MINUTE
        assert mail.context["word"] == "Plutôt pour vous."

    def test_undoing_a_hand_over_withdraws_the_match_it_made(self, commit, sent, now):
        expert_match = match(sent, "entreprises@mission-locale")
        commit(
            expert_answers.hand_over,
            expert_match,
            Institution.objects.get(code="GEIQ"),
            comment="",
            by=expert_match.mailbox,
            now=now,
        )

        commit(undoing.undo, expert_match, by=expert_match.mailbox, now=now)

        expert_match.refresh_from_db()
        made = expert_match.introduces.get()
        assert (expert_match.state, made.state) == (MatchState.SENT, MatchState.WITHDRAWN)
        assert not OutgoingEmail.objects.pending().filter(to=made.mailbox.email).exists()

    def test_undoing_a_hand_over_that_was_taken_mails_those_told_of_the_taking(self, commit, sent, now):
        expert_match = match(sent, "entreprises@mission-locale")
        geiq = Institution.objects.get(code="GEIQ")
        commit(expert_answers.hand_over, expert_match, geiq, comment="", by=expert_match.mailbox, now=now)
        made = expert_match.introduces.get()
        commit(expert_answers.move, made, MatchState.TAKEN, by=made.mailbox, now=now + MINUTE)
        mark_sent(sent, at=now + 3 * MINUTE)

        commit(undoing.undo, expert_match, by=expert_match.mailbox, now=now + 4 * MINUTE)

        mail = OutgoingEmail.objects.pending().get(to=sent.email)
        assert occasions(sent) == ["undone_for_company"] + ["undone_for_experts"] * 4
        assert mail.context["office"] == made.expert.office.name

    def test_bring_in_keeps_the_match(self, commit, sent, now):
        expert_match = match(sent, "entreprises@mission-locale")

        commit(
            expert_answers.bring_in,
            expert_match,
            Institution.objects.get(code="GEIQ"),
            comment="",
            by=expert_match.mailbox,
            now=now,
        )

        expert_match.refresh_from_db()
        assert expert_match.state == MatchState.SENT
        assert expert_match.introduces.get().origin == "bring_in"

    def test_an_institution_that_was_asked_already_changes_nothing(self, sent, now):
        expert_match = match(sent, "entreprises@mission-locale")

        with pytest.raises(expert_answers.NobodyThere):
            expert_answers.hand_over(
                expert_match, Institution.objects.get(code="PE"), comment="", by=expert_match.mailbox, now=now
            )

        expert_match.refresh_from_db()
        assert expert_match.state == MatchState.SENT

    def test_an_institution_that_was_handed_over_can_be_brought_in_again(self, commit, sent, now):
        expert_match = match(sent, "entreprises@mission-locale")
        other = match(sent, "recrutement@france-travail")
        commit(
            expert_answers.hand_over,
            expert_match,
            Institution.objects.get(code="GEIQ"),
            comment="",
            by=expert_match.mailbox,
            now=now,
        )

        commit(
            expert_answers.bring_in,
            other,
            Institution.objects.get(code="ML"),
            comment="",
            by=other.mailbox,
            now=now,
        )

        expert_match.refresh_from_db()
        assert expert_match.state == MatchState.SENT


class TestThread:
    def test_a_message_is_mailed_to_the_others_and_never_to_its_author(self, commit, sent, now):
        author = mailbox(sent, "recrutement@france-travail")

        commit(expert_messages.post_message, author, body="Qui appelle ?", now=now)

        notified = OutgoingEmail.objects.filter(template__endswith="/message").values_list("to", flat=True)
        assert len(notified) == 3
        assert author.email not in notified

    def test_an_expert_who_declined_may_not_write(self, commit, sent, now):
        expert_match = match(sent, "recrutement@france-travail")
        commit(
            expert_answers.move,
            expert_match,
            MatchState.DECLINED,
            by=expert_match.mailbox,
            decline_reason="other",
            now=now,
        )

        with pytest.raises(expert_messages.NotInThread):
            expert_messages.post_message(expert_match.mailbox, body="Encore un mot", now=now)

    def test_a_message_is_not_mailed_to_experts_who_declined(self, commit, sent, now):
        expert_match = match(sent, "recrutement@france-travail")
        commit(
            expert_answers.move,
            expert_match,
            MatchState.DECLINED,
            by=expert_match.mailbox,
            decline_reason="other",
            now=now,
        )

        commit(
            expert_messages.post_message, mailbox(sent, "entreprises@mission"), body="Qui appelle ?", now=now
        )

        assert not OutgoingEmail.objects.filter(
            template__endswith="/message", to=expert_match.mailbox.email
        ).exists()

    def test_a_text_of_the_company_is_mailed_to_those_who_have_not_declined_and_not_in_the_thread(
        self, commit, sent, now
    ):
        expert_match = match(sent, "recrutement@france-travail")
        commit(
            expert_answers.move,
            expert_match,
            MatchState.DECLINED,
            by=expert_match.mailbox,
            decline_reason="other",
            now=now,
        )

        commit(company_requests.add_information, sent, body="C'est urgent.", now=now)

        assert OutgoingEmail.objects.filter(template__endswith="/added").count() == 3
        assert not sent.messages.exists()


class TestCompany:
    def test_a_cancellation_cancels_unsent_mails(self, commit, sent, now):
        commit(company_requests.cancel, sent, now=now)

        sent.refresh_from_db()
        assert (sent.state, sent.progress) == (RequestState.CANCELLED, NeedState.CANCELLED)
        assert occasions(sent) == []

    def test_a_cancellation_is_mailed_to_experts_who_had_a_mail(self, commit, sent, now):
        mark_sent(sent, at=now)

        commit(company_requests.cancel, sent, now=now)

        assert occasions(sent) == ["stopped"] * 4

    def test_a_company_not_called_alerts_experts_and_staff_once_a_day(self, commit, sent, now):
        commit(feedback.report_not_called, sent, now=now)

        assert sent.alerts.get().cause == AlertCause.NOT_CALLED
        with pytest.raises(feedback.TooEarly):
            feedback.report_not_called(sent, now=now + timedelta(hours=23))

    def test_lost_links_come_in_one_mail_and_an_unknown_address_gets_nothing(self, commit, sent, now):
        commit(send, "saisonniers", now=now)

        commit(company_requests.send_lost_links, "CONTACT@peintures.example.org", now=now)
        commit(company_requests.send_lost_links, "inconnue@example.org", now=now)

        mail = OutgoingEmail.objects.get(template__endswith="lost_links")
        assert len(mail.context["requests"]) == 2


class TestStaff:
    def test_a_released_request_is_routed(self, commit, admin, now):
        request = commit(send, now=now, text="Voir https://a.example.org et https://b.example.org")

        commit(staff_actions.release, request, by=admin, now=now)

        request.refresh_from_db()
        assert request.progress == NeedState.WAITING
        assert not request.alerts.open().exists()

    def test_the_sweep_releases_after_four_working_hours_but_never_a_duplicate(self, commit, sent, now):
        held = commit(
            send, "saisonniers", now=now, text="Voir https://a.example.org et https://b.example.org"
        )
        duplicate = commit(send, now=now)

        for request in (held, duplicate):
            commit(holding.release_when_due, request.pk, now=now + timedelta(hours=3, minutes=59))
        held.refresh_from_db()
        assert held.state == RequestState.HELD
        for request in (held, duplicate):
            commit(holding.release_when_due, request.pk, now=now + timedelta(hours=4))

        held.refresh_from_db()
        duplicate.refresh_from_db()
        assert (held.state, duplicate.state) == (RequestState.SUBMITTED, RequestState.HELD)

    def test_merging_adds_the_duplicates_text_to_the_first(self, commit, sent, admin, now):
        second = commit(send, now=now, text="Je précise : un plaquiste aussi.")

        commit(staff_actions.merge, second, by=admin, now=now)

        second.refresh_from_db()
        assert (second.state, second.closed_reason) == (RequestState.CLOSED, ClosedReason.DUPLICATE)
        assert sent.additions.get().body == "Je précise : un plaquiste aussi."
        assert OutgoingEmail.objects.filter(template__endswith="/added").count() == 4

    def test_spam_sends_nothing_more_and_is_not_counted(self, commit, sent, admin, now):
        commit(staff_actions.mark, sent, ClosedReason.SPAM, by=admin, now=now)

        assert occasions(sent) == []
        assert not Solicitation.objects.counted().filter(pk=sent.pk).exists()

    def test_correcting_the_commune_routes_again_and_keeps_earlier_matches(self, commit, sent, admin, now):
        dijon = Commune.objects.resolve("21231")

        commit(staff_actions.correct, sent, columns={"commune": dijon}, subjects={}, by=admin, now=now)

        sent.refresh_from_db()
        offices = set(
            Match.objects.live()
            .filter(need__solicitation=sent)
            .values_list("expert__office__code", flat=True)
        )
        assert sent.commune == dijon
        assert {"MDE-RCE", "MDE-CREATIV", "PLIE-DIJON"} <= offices

    def test_an_institution_added_and_an_expert_withdrawn_by_staff(self, commit, sent, admin, now):
        need = sent.needs.get()

        commit(
            staff_actions.add_institution,
            need,
            Institution.objects.get(code="GEIQ"),
            reason="utile",
            by=admin,
            now=now,
        )
        commit(staff_actions.withdraw, match(sent, "entreprises@mission"), reason="erreur", by=admin, now=now)

        assert need.matches.filter(expert__office__institution__code="GEIQ", state="sent").exists()
        assert match(sent, "entreprises@mission").state == MatchState.WITHDRAWN
        assert not OutgoingEmail.objects.pending().filter(to__startswith="entreprises@mission").exists()

    def test_withdrawing_the_taker_mails_those_told_of_the_taking(self, commit, sent, admin, now):
        taker = match(sent, "entreprises@mission")
        commit(expert_answers.move, taker, MatchState.TAKEN, by=taker.mailbox, now=now)
        mark_sent(sent, at=now + 2 * MINUTE)

        commit(staff_actions.withdraw, taker, reason="en congé", by=admin, now=now + 3 * MINUTE)

        assert occasions(sent) == ["stopped", "undone_for_company"] + ["undone_for_experts"] * 3
        assert occasions(sent, to=taker.mailbox.email) == ["stopped"]

    def test_a_refused_acknowledgement_alerts_staff_with_the_phone_number(self, commit, sent, now):
        mail = OutgoingEmail.objects.get(key=f"received:{sent.pk}")
        OutgoingEmail.objects.filter(pk=mail.pk).update(refused_at=now)

        commit(refusals.report_refused_mail, mail.pk, now=now)
        commit(refusals.report_refused_mail, mail.pk, now=now)

        alert = sent.alerts.get()
        assert alert.cause == AlertCause.ACKNOWLEDGEMENT_REFUSED
        assert sent.phone in alert.details
        assert occasions(sent).count("alert") == 1


class TestDeparture:
    def test_an_expert_who_left_is_absent_and_staff_are_alerted(self, commit, sent, now):
        expert_match = match(sent, "recrutement@france-travail")

        commit(
            record_changes.report_departure,
            expert_match.expert,
            by=expert_match.mailbox,
            successor="une@autre.example.org",
            now=now,
        )

        expert_match.expert.refresh_from_db()
        assert expert_match.expert.left_at == now
        assert sent.alerts.get().cause == AlertCause.DEPARTURE
        later = commit(send, "trouver-candidats", now=now, siret="00010074300012")
        assert not later.mailboxes.filter(email=expert_match.mailbox.email).exists()


def test_every_mail_enqueued_by_a_request_can_be_delivered_or_waits(commit, sent, now):
    for row in OutgoingEmail.objects.due(now=now):
        delivery.deliver(row.pk, now=now)

    assert not OutgoingEmail.objects.about(f"request:{sent.pk}").filter(sent_at=None).exists()

"""Rare cases: two posts of one mailbox, late moves, closings, corrections, overseas time zones."""

import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from experts.models import Expert, Institution, Office, Subject, User
from mailing.models import OutgoingEmail
from solicitations import links, tasks, wording
from solicitations.actions import (
    company_requests,
    expert_answers,
    expert_messages,
    staff_actions,
    submission,
    undoing,
)
from solicitations.dispatch import fallback, holding, routing
from solicitations.lifecycle import (
    AlertCause,
    ClosedReason,
    EventKind,
    ForbiddenMove,
    HeldReason,
    MatchState,
    NeedState,
    RequestState,
)
from solicitations.models import Mailbox, Match, Need, Solicitation
from solicitations.notifications import to_staff
from territories.models import Commune, Region
from tests.solicitations.factories import blank, expire, mailbox, match, part, send
from workspace import record_changes

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db]

SECONDS = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
AUTOMATIC = "Voir https://a.example.org et https://b.example.org"


@pytest.fixture
def sent(commit, now) -> Solicitation:
    return commit(send, now=now)


@pytest.fixture
def for_one(commit, now) -> Solicitation:
    return commit(send, "clause-insertion", commune="21166", naf="81.30Z", craft=False, now=now)


@pytest.fixture
def of_two_needs(commit, now) -> Solicitation:
    return commit(
        send, "recrutement-developpement", "financer-formation", commune="21231", naf="72.19Z", now=now
    )


@pytest.fixture
def admin() -> User:
    return User.objects.create_user("nationale@equipe.example.org", role="national")


@pytest.fixture
def answer(commit, now):
    def answered(request, email, target, *, at=None, subject=None):
        row = match(request, email, subject)
        reason = "other" if target == MatchState.DECLINED else ""
        commit(expert_answers.move, row, target, by=row.mailbox, decline_reason=reason, now=at or now)
        return row

    return answered


def pending(occasion: str, **columns) -> list[OutgoingEmail]:
    rows = OutgoingEmail.objects.pending().filter(template__endswith=f"/{occasion}", **columns)
    return list(rows.order_by("pk"))


def deliver_all(*, at) -> None:
    OutgoingEmail.objects.pending().filter(not_before__lte=at).update(sent_at=at)


class TestTwoPosts:
    @pytest.fixture
    def twice(self, commit, now) -> Solicitation:
        """The local mission's expert has a second post, at the job centre: same address, other case."""
        other = Expert.objects.get(email__startswith="recrutement@france-travail-dijon")
        expert = Expert.objects.get(email__startswith="entreprises@mission-locale")
        Expert.objects.filter(pk=other.pk).update(email=expert.email.upper())
        return commit(send, now=now)

    def shared_mailbox(self, twice) -> Mailbox:
        return twice.mailboxes.get(email__istartswith="entreprises@mission-locale")

    def test_two_posts_behind_one_address_make_one_mailbox_and_one_mail(self, twice):
        box = self.shared_mailbox(twice)

        assert box.matches.count() == 2
        assert len(pending("notified", to__iexact=box.email)) == 1

    def test_one_answer_counts_for_both_posts_and_is_mailed_once(self, twice, commit, now):
        box = self.shared_mailbox(twice)

        commit(expert_answers.move, box.matches.first(), MatchState.TAKEN, by=box, now=now)

        assert {row.state for row in box.matches.all()} == {MatchState.TAKEN}
        (mail,) = pending("taken_for_company")
        assert mail.context["taken_subjects"] == [Subject.objects.get(slug="trouver-candidats").label]
        assert not pending("taken_for_others", to__iexact=box.email)

    def test_undoing_on_one_post_undoes_both(self, twice, commit, now):
        box = self.shared_mailbox(twice)
        first, last = box.matches.order_by("pk")
        commit(expert_answers.move, first, MatchState.TAKEN, by=box, now=now)

        commit(undoing.undo, last, by=box, now=now + 30 * SECONDS)

        assert {row.state for row in box.matches.all()} == {MatchState.SENT}
        assert not pending("taken_for_company")

    def test_a_refusal_counts_for_both_posts(self, twice, commit, now):
        box = self.shared_mailbox(twice)

        commit(
            expert_answers.move,
            box.matches.first(),
            MatchState.DECLINED,
            by=box,
            decline_reason="other",
            now=now,
        )

        assert {row.state for row in box.matches.all()} == {MatchState.DECLINED}

    def test_handing_over_ends_both_matches_and_undoing_restores_both(self, twice, commit, now):
        box = self.shared_mailbox(twice)
        geiq = Institution.objects.get(code="GEIQ")
        commit(expert_answers.hand_over, box.matches.first(), geiq, comment="", by=box, now=now)
        assert {row.state for row in box.matches.all()} == {MatchState.REPLACED}

        commit(undoing.undo, box.matches.last(), by=box, now=now + 30 * SECONDS)

        assert {row.state for row in box.matches.all()} == {MatchState.SENT}
        assert not Match.objects.active().filter(expert__office__institution=geiq).exists()


class TestLaterMove:
    def test_a_taking_followed_by_unreachable_within_a_minute_is_not_mailed(self, sent, answer, now):
        answer(sent, "recrutement@france-travail", MatchState.TAKEN)

        answer(sent, "recrutement@france-travail", MatchState.UNREACHABLE, at=now + 20 * SECONDS)

        assert not pending("taken_for_company")
        assert not pending("taken_for_others")
        assert pending("unreachable")

    def test_undoing_the_later_move_restores_the_mail_of_the_first(self, sent, answer, commit, now):
        row = answer(sent, "recrutement@france-travail", MatchState.TAKEN)
        answer(sent, "recrutement@france-travail", MatchState.UNREACHABLE, at=now + 20 * SECONDS)

        commit(undoing.undo, row, by=row.mailbox, now=now + 40 * SECONDS)

        assert len(pending("taken_for_company")) == 1
        assert len(pending("taken_for_others")) == 3
        assert not pending("unreachable")

    def test_a_need_helped_right_after_taking_is_mailed_as_taken(self, sent, answer, now):
        answer(sent, "recrutement@france-travail", MatchState.TAKEN)

        answer(sent, "recrutement@france-travail", MatchState.HELPED, at=now + 20 * SECONDS)

        assert len(pending("taken_for_company")) == 1

    def test_a_taking_handed_over_within_a_minute_is_not_mailed(self, sent, answer, commit, now):
        row = answer(sent, "recrutement@france-travail", MatchState.TAKEN)

        commit(
            expert_answers.hand_over,
            row,
            Institution.objects.get(code="GEIQ"),
            comment="",
            by=row.mailbox,
            now=now + 20 * SECONDS,
        )

        assert not pending("taken_for_company")

    def test_a_taking_that_staff_withdraw_within_a_minute_is_not_mailed(
        self, sent, answer, commit, admin, now
    ):
        row = answer(sent, "recrutement@france-travail", MatchState.TAKEN)

        commit(staff_actions.withdraw, row, reason="erreur", by=admin, now=now + 20 * SECONDS)

        assert not pending("taken_for_company")
        assert not pending("taken_for_others")

    def test_a_move_on_one_need_keeps_the_mail_about_the_other_taken_in_the_same_click(
        self, of_two_needs, answer, commit, now
    ):
        commit(expert_answers.take_all, mailbox(of_two_needs, "formation@region-bfc"), now=now)

        answer(
            of_two_needs,
            "formation@region-bfc",
            MatchState.UNREACHABLE,
            subject="recrutement-developpement",
            at=now + 20 * SECONDS,
        )

        (mail,) = pending("taken_for_company")
        assert mail.context["taken_subjects"] == [Subject.objects.get(slug="financer-formation").label]


class TestUndo:
    def test_undoing_a_taking_after_somebody_else_concluded_leaves_the_need_helped(
        self, sent, answer, commit, now
    ):
        expert_match = answer(sent, "recrutement@france-travail", MatchState.TAKEN)
        answer(sent, "entreprises@mission-locale", MatchState.TAKEN)
        answer(sent, "entreprises@mission-locale", MatchState.HELPED)

        commit(undoing.undo, expert_match, by=expert_match.mailbox, now=now + 2 * MINUTE)

        sent.refresh_from_db()
        assert (sent.state, sent.progress) == (RequestState.SUBMITTED, NeedState.HELPED)

    def test_undoing_a_late_taking_erases_its_date(self, for_one, commit, answer, now):
        row = match(for_one, "facilitation@clauses")
        commit(expire, row.pk, now=now + 45 * DAY)
        answer(for_one, "facilitation@clauses", MatchState.TAKEN, at=now + 46 * DAY)

        commit(undoing.undo, row, by=row.mailbox, now=now + 46 * DAY + 30 * SECONDS)

        row.refresh_from_db()
        assert (row.state, row.taken_at) == (MatchState.EXPIRED, None)

    def test_undoing_a_hand_over_keeps_experts_brought_in_before(self, sent, commit, now):
        expert_match = match(sent, "entreprises@mission-locale")
        geiq, cap = Institution.objects.get(code="GEIQ"), Institution.objects.get(code="ARACT")
        commit(expert_answers.bring_in, expert_match, geiq, comment="", by=expert_match.mailbox, now=now)
        commit(
            expert_answers.hand_over,
            expert_match,
            cap,
            comment="",
            by=expert_match.mailbox,
            now=now + 10 * SECONDS,
        )

        commit(undoing.undo, expert_match, by=expert_match.mailbox, now=now + 20 * SECONDS)

        states = dict(expert_match.introduces.values_list("expert__office__institution__code", "state"))
        assert states == {"GEIQ": MatchState.SENT, "ARACT": MatchState.WITHDRAWN}

    @pytest.mark.parametrize("end", ["cancelled", "spam", "staff"])
    def test_a_move_cannot_be_undone_once_the_company_or_staff_ended_the_request(
        self, sent, answer, commit, admin, end, now
    ):
        expert_match = answer(sent, "recrutement@france-travail", MatchState.DECLINED)
        at = now + 10 * SECONDS
        if end == "cancelled":
            commit(company_requests.cancel, sent, now=at)
        elif end == "spam":
            commit(staff_actions.mark, sent, ClosedReason.SPAM, by=admin, now=at)
        else:
            commit(staff_actions.close, sent, message="Traité au téléphone.", by=admin, now=at)

        with pytest.raises((ForbiddenMove, undoing.NothingToUndo)):
            undoing.undo(expert_match, by=expert_match.mailbox, now=now + 20 * SECONDS)

        expert_match.refresh_from_db()
        assert expert_match.state == MatchState.DECLINED


class TestEnds:
    def test_a_late_answer_to_a_cancelled_request_is_refused(self, for_one, commit, now):
        row = match(for_one, "facilitation@clauses")
        commit(expire, row.pk, now=now)
        Solicitation.objects.filter(pk=for_one.pk).update(state="cancelled", closed_reason="")

        with pytest.raises(ForbiddenMove):
            expert_answers.move(row, MatchState.TAKEN, by=row.mailbox, now=now)

    @pytest.mark.parametrize("reason", [ClosedReason.SPAM, ClosedReason.TEST])
    def test_spam_and_tests_accept_no_answer_and_no_message(self, sent, answer, commit, admin, reason, now):
        answer(sent, "recrutement@france-travail", MatchState.TAKEN)
        expert_match = answer(sent, "recrutement@france-travail", MatchState.HELPED)
        commit(staff_actions.mark, sent, reason, by=admin, now=now)
        geiq = Institution.objects.get(code="GEIQ")

        with pytest.raises(ForbiddenMove):
            expert_answers.bring_in(expert_match, geiq, comment="", by=expert_match.mailbox, now=now)
        with pytest.raises(ForbiddenMove):
            company_requests.add_information(sent, body="Encore", now=now)
        with pytest.raises(expert_messages.NotInThread):
            expert_messages.post_message(expert_match.mailbox, body="Encore", now=now)

    def test_bringing_an_expert_in_after_closing_reopens_the_request(self, for_one, answer, commit, now):
        answer(for_one, "facilitation@clauses", MatchState.TAKEN)
        row = answer(for_one, "facilitation@clauses", MatchState.NO_HELP)
        for_one.refresh_from_db()
        assert for_one.state == RequestState.CLOSED

        commit(
            expert_answers.bring_in,
            row,
            Institution.objects.get(code="ARACT"),
            comment="",
            by=row.mailbox,
            now=now + 3 * DAY,
        )

        for_one.refresh_from_db()
        assert (for_one.state, for_one.progress, for_one.ended_at) == ("submitted", NeedState.WAITING, None)

    def test_an_anonymised_request_refuses_everything(self, for_one, commit, now):
        row = match(for_one, "facilitation@clauses")
        commit(company_requests.cancel, for_one, now=now)
        Solicitation.objects.filter(pk=for_one.pk).update(state=RequestState.ANONYMISED)
        serial = row.mailbox.serial

        with pytest.raises(ForbiddenMove):
            expert_answers.move(row, MatchState.TAKEN, by=row.mailbox, now=now)
        with pytest.raises(ForbiddenMove):
            company_requests.add_information(for_one, body="Encore", now=now)
        commit(expert_messages.reissue_link, row.mailbox, now=now)

        row.mailbox.refresh_from_db()
        assert row.mailbox.serial == serial


class TestFallback:
    def test_a_need_declined_beside_one_in_progress_has_its_own_fallback(
        self, of_two_needs, answer, commit, now
    ):
        declined = of_two_needs.needs.get(subject__slug="recrutement-developpement")
        kept = of_two_needs.needs.get(subject__slug="financer-formation")
        first = kept.matches.first()
        commit(expert_answers.move, first, MatchState.TAKEN, by=first.mailbox, now=now)
        for row in declined.matches.all():
            commit(
                expert_answers.move, row, MatchState.DECLINED, by=row.mailbox, decline_reason="other", now=now
            )

        commit(fallback.offer_fallback, declined.pk, now=now + 61 * SECONDS)

        of_two_needs.refresh_from_db()
        declined.refresh_from_db()
        assert of_two_needs.state == RequestState.SUBMITTED
        assert (declined.state, declined.is_fallback) == (NeedState.WAITING, True)
        assert not kept.matches.filter(origin="fallback").exists()
        (mail,) = pending("taken_over")
        assert mail.context["concerned"] == [declined.subject.label]

    def test_the_company_is_told_of_each_need_that_nobody_can_help_with(self, of_two_needs, commit, now):
        Office.objects.filter(is_fallback=True).update(closed_on=now.date())
        needs = list(of_two_needs.needs.order_by("position"))
        for row in Match.objects.filter(need__in=needs):
            row.refresh_from_db()
            if row.state == MatchState.SENT:
                box = row.mailbox
                commit(expert_answers.move, row, MatchState.DECLINED, by=box, decline_reason="other", now=now)

        for need in needs:
            commit(fallback.offer_fallback, need.pk, now=now + 61 * SECONDS)

        mails = pending("nobody_could_help")
        assert [mail.context["concerned"] for mail in mails] == [[need.subject.label] for need in needs]
        alert = of_two_needs.alerts.get(cause=AlertCause.EXHAUSTED)
        assert all(need.subject.label in alert.details for need in needs)
        of_two_needs.refresh_from_db()
        assert of_two_needs.closed_reason == ClosedReason.DECLINED

    def test_a_request_cancelled_before_its_fallback_asks_nobody(self, for_one, answer, commit, now):
        row = answer(for_one, "facilitation@clauses", MatchState.DECLINED)
        commit(company_requests.cancel, for_one, now=now + 30 * SECONDS)

        commit(fallback.offer_fallback, row.need_id, now=now + 61 * SECONDS)

        assert row.need.matches.count() == 1
        assert not pending("taken_over")

    def test_staff_are_alerted_when_an_expert_brought_in_after_the_last_fallback_declines(
        self, for_one, answer, commit, now
    ):
        Office.objects.filter(is_fallback=True).update(closed_on=now.date())
        need = for_one.needs.get()
        answer(for_one, "facilitation@clauses", MatchState.DECLINED)
        commit(fallback.offer_fallback, need.pk, now=now + 61 * SECONDS)
        admin = User.objects.create_user("nationale@equipe.example.org", role="national")
        commit(
            staff_actions.add_institution,
            need,
            Institution.objects.get(code="ARACT"),
            reason="essai",
            by=admin,
            now=now + DAY,
        )
        for_one.alerts.update(settled_at=now + DAY)
        for row in Match.objects.sent().filter(need=need):
            at = now + 2 * DAY
            commit(
                expert_answers.move, row, MatchState.DECLINED, by=row.mailbox, decline_reason="other", now=at
            )

        commit(fallback.offer_fallback, need.pk, now=now + 2 * DAY + 61 * SECONDS)

        for_one.refresh_from_db()
        assert for_one.closed_reason == ClosedReason.DECLINED
        assert for_one.alerts.open().get().cause == AlertCause.EXHAUSTED

    def test_an_unticked_institution_is_never_asked_in_any_round(self, commit, admin, now):
        unticked = [Institution.objects.get(code="ML")]
        (request,) = commit(
            submission.submit,
            blank(now=now),
            parts=[part("trouver-candidats")],
            unticked=unticked,
            now=now,
        )
        expert_match = match(request, "recrutement@france-travail")

        for act in (expert_answers.hand_over, expert_answers.bring_in):
            with pytest.raises(expert_answers.NobodyThere):
                act(expert_match, unticked[0], comment="", by=expert_match.mailbox, now=now)
        with pytest.raises(expert_answers.NobodyThere):
            staff_actions.add_institution(request.needs.get(), unticked[0], reason="", by=admin, now=now)
        commit(staff_actions.correct, request, columns={"naf": "43.34Z"}, subjects={}, by=admin, now=now)

        assert not Match.objects.filter(expert__office__institution__code="ML").exists()

    def test_the_reason_of_those_first_asked_does_not_change_when_the_fallback_takes_over(
        self, for_one, answer, commit, now
    ):
        row = answer(for_one, "facilitation@clauses", MatchState.DECLINED)
        before = wording.reason(match(for_one, "facilitation@clauses"))

        commit(fallback.offer_fallback, row.need_id, now=now + 61 * SECONDS)

        assert wording.reason(match(for_one, "facilitation@clauses")) == before


class TestDirectoryMeanwhile:
    def test_an_expert_whose_address_changed_keeps_his_mailbox_until_brought_in_again(
        self, sent, commit, now
    ):
        expert_match, other = (
            match(sent, "entreprises@mission-locale"),
            match(sent, "recrutement@france-travail"),
        )
        Expert.objects.filter(pk=expert_match.expert_id).update(email="nouvelle@mission.example.org")
        geiq, ml = Institution.objects.get(code="GEIQ"), Institution.objects.get(code="ML")
        with pytest.raises(expert_answers.NobodyThere):
            expert_answers.bring_in(other, ml, comment="", by=other.mailbox, now=now)
        assert not sent.mailboxes.filter(email="nouvelle@mission.example.org").exists()
        commit(expert_answers.hand_over, expert_match, geiq, comment="", by=expert_match.mailbox, now=now)

        commit(expert_answers.bring_in, other, ml, comment="", by=other.mailbox, now=now + MINUTE)

        expert_match.refresh_from_db()
        assert (expert_match.state, expert_match.mailbox.email) == (
            MatchState.SENT,
            "nouvelle@mission.example.org",
        )
        assert len(pending("notified", to="nouvelle@mission.example.org")) == 1

    def test_an_expert_who_left_may_still_answer_and_is_not_brought_in_again(self, sent, answer, now):
        expert_match, other = (
            match(sent, "entreprises@mission-locale"),
            match(sent, "recrutement@france-travail"),
        )
        Expert.objects.filter(office=expert_match.expert.office).update(left_at=now)

        answer(sent, "entreprises@mission-locale", MatchState.TAKEN)
        geiq = Institution.objects.get(code="GEIQ")
        Office.objects.filter(institution=geiq).update(dropped_at=now)
        with pytest.raises(expert_answers.NobodyThere):
            expert_answers.bring_in(other, geiq, comment="", by=other.mailbox, now=now)

        expert_match.refresh_from_db()
        assert expert_match.state == MatchState.TAKEN

    def test_an_institution_whose_expert_declined_is_not_asked_again(self, sent, answer, now):
        answer(sent, "entreprises@mission-locale", MatchState.DECLINED)
        other = match(sent, "recrutement@france-travail")

        with pytest.raises(expert_answers.NobodyThere):
            expert_answers.hand_over(
                other, Institution.objects.get(code="ML"), comment="", by=other.mailbox, now=now
            )

        other.refresh_from_db()
        assert other.state == MatchState.SENT


class TestStaff:
    def test_open_alerts_are_sent_to_the_new_region_when_the_commune_is_corrected(self, commit, admin, now):
        there = User.objects.create_user(
            "paca@equipe.example.org", role="region", region=Region.objects.get(code="93")
        )
        request = commit(send, now=now, text=AUTOMATIC)
        commit(holding.report_held, request.pk, now=now)

        commit(
            staff_actions.correct,
            request,
            columns={"commune": Commune.objects.resolve("13055")},
            subjects={},
            by=admin,
            now=now,
        )

        request.refresh_from_db()
        assert (request.region_id, request.state) == ("93", RequestState.HELD)
        assert len(pending("alert", to=there.email)) == 1

    def test_a_correction_that_finds_an_expert_resolves_the_alert(self, commit, admin, now):
        Office.objects.update(closed_on=now.date())
        request = commit(send, now=now)
        assert request.alerts.open().get().cause == AlertCause.NOBODY
        Office.objects.update(closed_on=None)

        commit(staff_actions.correct, request, columns={}, subjects={}, by=admin, now=now + MINUTE)

        request.refresh_from_db()
        assert request.progress == NeedState.WAITING
        assert not request.alerts.open().exists()

    def test_two_needs_cannot_be_corrected_into_one_subject(self, of_two_needs, admin, now):
        first, second = of_two_needs.needs.select_related("subject").order_by("position")

        with pytest.raises(staff_actions.SubjectTwice):
            staff_actions.correct(
                of_two_needs, columns={}, subjects={first.pk: second.subject}, by=admin, now=now
            )

    def test_two_needs_may_swap_their_subjects(self, of_two_needs, commit, admin, now):
        first, second = of_two_needs.needs.select_related("subject").order_by("position")

        swapped = {first.pk: second.subject, second.pk: first.subject}
        commit(staff_actions.correct, of_two_needs, columns={}, subjects=swapped, by=admin, now=now)

        assert of_two_needs.needs.get(pk=first.pk).subject == second.subject

    def test_a_corrected_phone_is_mailed_to_the_experts(self, sent, commit, admin, now):
        commit(staff_actions.correct, sent, columns={"phone": "+33353020009"}, subjects={}, by=admin, now=now)

        assert len(pending("contact_corrected")) == 4

    def test_a_held_request_can_be_cancelled_and_nothing_is_released(self, commit, now):
        request = commit(send, now=now, text=AUTOMATIC)
        commit(company_requests.cancel, request, now=now)

        commit(holding.release_when_due, request.pk, now=now + DAY)
        commit(routing.route, request.pk, now=now + DAY)

        request.refresh_from_db()
        assert request.state == RequestState.CANCELLED
        assert not request.mailboxes.exists()
        assert not request.alerts.open().exists()

    def test_a_released_request_is_not_held_again_for_its_many_experts(self, commit, admin, now):
        office = Office.objects.get(code="PE-DIJON")
        Expert.objects.bulk_create(
            Expert(office=office, name=f"Conseil {n}", email=f"c{n}@x.example.org", phone="03 53 01 00 02",
                   has_all_subjects=True)
            for n in range(9)
        )  # fmt: skip
        request = commit(send, now=now)
        assert request.held_reason == HeldReason.MANY_EXPERTS

        commit(staff_actions.release, request, by=admin, now=now)
        commit(staff_actions.correct, request, columns={"naf": "43.31Z"}, subjects={}, by=admin, now=now)

        request.refresh_from_db()
        assert request.state == RequestState.SUBMITTED
        assert request.progress == NeedState.WAITING

    def test_a_duplicate_of_a_request_that_is_over_is_not_merged(self, sent, commit, admin, now):
        second = commit(send, now=now)
        commit(company_requests.cancel, sent, now=now)

        with pytest.raises(ForbiddenMove):
            staff_actions.merge(second, by=admin, now=now)

        second.refresh_from_db()
        assert second.state == RequestState.HELD

    def test_several_causes_of_one_alert_are_all_kept(self, sent, commit, now):
        for email in ("recrutement@france-travail", "entreprises@mission-locale"):
            row = match(sent, email)
            commit(record_changes.report_departure, row.expert, by=row.mailbox, successor="", now=now)

        alert = sent.alerts.get()
        assert "recrutement@" in alert.details
        assert "entreprises@" in alert.details

    def test_staff_mails_go_to_the_regions_staff_else_its_fallback_mailbox_else_the_national_team(
        self, sent, admin, now
    ):
        fallback_email = Office.objects.get(code="REFERENT-27").email
        assert to_staff.staff_addresses(sent, now=now) == [fallback_email]

        Office.objects.filter(code="REFERENT-27").update(closed_on=now.date())
        assert to_staff.staff_addresses(sent, now=now) == [admin.email]

        regional = User.objects.create_user("bfc@equipe.example.org", role="region", region=sent.region)
        assert to_staff.staff_addresses(sent, now=now) == [regional.email]


class TestDuplicates:
    @pytest.mark.parametrize(("first", "second"), [("00010037000014", ""), ("", "00010037000014")])
    def test_requests_are_compared_by_email_when_one_has_no_siret(self, commit, first, second, now):
        commit(send, now=now, siret=first)

        again = commit(send, now=now, siret=second)

        assert again.held_reason == HeldReason.DUPLICATE

    def test_two_companies_with_one_email_are_no_duplicates(self, commit, now):
        commit(send, now=now)

        other = commit(send, now=now, siret="00010074300012")

        assert other.state == RequestState.SUBMITTED

    def test_a_released_duplicate_is_a_request_that_can_be_repeated(self, sent, commit, admin, now):
        second = commit(send, now=now + 6 * DAY)
        commit(staff_actions.release, second, by=admin, now=now + 6 * DAY)

        third = commit(send, now=now + 8 * DAY)

        assert (third.state, third.duplicate_of) == (RequestState.HELD, second)

    def test_the_response_to_a_duplicate_takes_the_time_of_a_routing(self, commit, now, monkeypatch):
        """The sender may be a stranger: the response time must not reveal that a first request exists."""
        waits = []
        monkeypatch.setattr(time, "sleep", waits.append)
        monkeypatch.setattr(submission, "usual_duration", lambda: 3600.0)
        commit(send, now=now)
        assert waits == []

        commit(send, now=now)

        assert len(waits) == 1
        assert 0 < waits[0] <= 3600


class TestLinks:
    def token(self, url: str) -> str:
        return url.rstrip("/").rsplit("/", 1)[-1]

    def test_links_are_valid_sixty_days_after_the_end_and_only_the_renewed_one_longer(
        self, for_one, commit, now
    ):
        box = mailbox(for_one, "facilitation@clauses")
        commit(company_requests.cancel, for_one, now=now)
        answer, follow = self.token(links.answer_url(box)), self.token(links.follow_url(for_one))
        assert links.solicitation_of(follow, now=now + 59 * DAY) == for_one
        with pytest.raises(links.ExpiredLink):
            links.mailbox_of(answer, now=now + 60 * DAY)

        for_one.refresh_from_db()
        commit(company_requests.renew_link, for_one, now=now + 61 * DAY)

        for_one.refresh_from_db()
        with pytest.raises(links.RevokedLink):
            links.solicitation_of(follow, now=now + 61 * DAY)
        with pytest.raises(links.ExpiredLink):
            links.mailbox_of(answer, now=now + 61 * DAY)
        fresh = self.token(links.follow_url(for_one))
        assert links.solicitation_of(fresh, now=now + 120 * DAY) == for_one
        with pytest.raises(links.ExpiredLink):
            links.solicitation_of(fresh, now=now + 122 * DAY)

    def test_two_clicks_on_one_expired_page_issue_one_link(self, for_one, commit, now):
        box = mailbox(for_one, "facilitation@clauses")
        commit(company_requests.cancel, for_one, now=now)
        stale = Mailbox.objects.get(pk=box.pk)

        commit(expert_messages.reissue_link, box, now=now + 61 * DAY)
        commit(expert_messages.reissue_link, stale, now=now + 61 * DAY)

        box.refresh_from_db()
        assert box.serial == 2
        assert len(pending("link_reissued")) == 1
        assert links.mailbox_of(self.token(links.answer_url(box)), now=now + 61 * DAY) == box


class TestLists:
    def test_a_waiting_need_is_late_whatever_the_state_of_the_others(self, of_two_needs, commit, now):
        row = of_two_needs.needs.get(subject__slug="financer-formation").matches.first()
        commit(expert_answers.move, row, MatchState.TAKEN, by=row.mailbox, now=now)
        of_two_needs.refresh_from_db()
        assert of_two_needs.progress == NeedState.IN_PROGRESS

        assert not Solicitation.objects.late(now=now + 6 * DAY).exists()
        assert Solicitation.objects.late(now=now + 7 * DAY).get() == of_two_needs


class TestFarZones:
    @pytest.mark.parametrize(
        ("commune", "at", "on"),
        [
            pytest.param(
                "97209", "2026-12-02T02:30+01:00", "2026-12-01", id="the evening before in Martinique"
            ),
            pytest.param(
                "97411", "2026-12-01T22:30+01:00", "2026-12-02", id="the morning after in La Réunion"
            ),
        ],
    )
    def test_the_day_of_the_routing_is_that_of_the_commune(self, commit, commune, at, on):
        closes = datetime.fromisoformat(on).date()
        Office.objects.update(closed_on=closes)

        request = commit(send, commune=commune, now=datetime.fromisoformat(at))

        covered = not request.alerts.filter(cause=AlertCause.NOBODY).exists()
        assert covered is (datetime.fromisoformat(at).astimezone(request.time_zone).date() < closes)

    def test_the_four_hours_of_a_held_request_are_counted_where_it_is(self, commit):
        noon = datetime(2026, 12, 1, 12, 0, tzinfo=ZoneInfo("UTC"))  # 16:00 in Saint-Denis
        request = commit(send, commune="97411", now=noon, text=AUTOMATIC)

        commit(holding.release_when_due, request.pk, now=noon + timedelta(hours=15, minutes=59))
        request.refresh_from_db()
        assert request.state == RequestState.HELD

        commit(holding.release_when_due, request.pk, now=noon + timedelta(hours=17))
        request.refresh_from_db()
        assert request.state == RequestState.SUBMITTED


class TestRoutingQueue:
    def test_a_routing_that_fails_after_the_end_is_not_retried(self, sent, commit, monkeypatch, now):
        commit(company_requests.cancel, sent, now=now)
        with monkeypatch.context() as broken:
            broken.setattr("solicitations.dispatch.routing.route", None)
            commit(routing.route_safely, sent.pk, now=now)

        assert not Solicitation.objects.unrouted(now=now + DAY).exists()


def test_the_sweep_goes_on_after_a_need_that_fails(for_one, answer, commit, now, monkeypatch, caplog):
    answer(for_one, "facilitation@clauses", MatchState.DECLINED, at=now)
    with monkeypatch.context() as broken:
        broken.setattr("experts.routing.loading.decide_fallback", None)
        tasks.each_safely(fallback.offer_fallback, [for_one.needs.get().pk], now=now + 2 * MINUTE)

    commit(
        tasks.each_safely,
        fallback.offer_fallback,
        Need.objects.values_list("pk", flat=True),
        now=now + 2 * MINUTE,
    )

    assert "offer_fallback failed" in caplog.text
    assert for_one.events.filter(kind=EventKind.FALLBACK).exists()

"""Yearly letters, conventions that end, people who left, and the region's list."""

from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from directory import tasks
from directory.letters import agreements, departed, yearly
from directory.letters.to_verify import to_verify
from directory.models import Letter, RecordRemark
from directory.own_record import record_actions
from experts.models import Expert, Office, RevisedRow, Revision
from mailing.models import OutgoingEmail
from solicitations.actions import expert_answers
from solicitations.lifecycle import MatchState
from solicitations.models import Match
from territories.models import Region
from tests.directory.pages import text
from tests.experts.factories import ExpertFactory, NationalFactory, RegionalFactory, signed_in
from tests.solicitations.factories import send

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]
NOW = datetime(2026, 12, 1, 10, tzinfo=UTC)
DAY = timedelta(days=1)
EMAIL = "recrutement@france-travail-dijon.example.org"


def sent(template):
    return OutgoingEmail.objects.filter(template=f"directory/emails/{template}")


def verify_all_but(email):
    Expert.objects.exclude(email=email).update(verified_on=date(2026, 11, 1))


class TestYearlyLetter:
    def test_is_one_per_person_whatever_the_posts(self, commit):
        verify_all_but(EMAIL)
        ExpertFactory(email=EMAIL.upper(), office__name="Autre antenne")

        for email in yearly.addresses_to_write(now=NOW):
            commit(yearly.write, email, now=NOW)

        assert sent("letter").filter(to__iexact=EMAIL).count() == 1
        offices = {post["office"] for post in sent("letter").get(to__iexact=EMAIL).context["posts"]}
        assert offices == {"France Travail Dijon", "Autre antenne"}

    def test_is_not_written_again_while_it_waits(self, commit):
        verify_all_but(EMAIL)
        commit(yearly.write, EMAIL, now=NOW)

        assert yearly.addresses_to_write(now=NOW + 400 * DAY) != [EMAIL]
        commit(yearly.write, EMAIL, now=NOW)
        assert sent("letter").count() == 1

    def test_waits_a_year_after_a_verification(self):
        Expert.objects.update(verified_on=NOW.date() - 364 * DAY)

        assert yearly.addresses_to_write(now=NOW) == []

    def test_is_not_written_to_who_left(self):
        verify_all_but(EMAIL)
        Expert.objects.filter(email=EMAIL).update(left_at=NOW)

        assert yearly.addresses_to_write(now=NOW) == []

    def test_is_reminded_twice_then_shown_to_the_region(self, commit):
        verify_all_but(EMAIL)
        commit(yearly.write, EMAIL, now=NOW)
        for day in range(1, 60):
            for pk in yearly.letters_to_remind(now=NOW + day * DAY):
                commit(yearly.remind, pk, now=NOW + day * DAY)

        assert sent("letter").count() == 3
        admin = RegionalFactory(region=Region.objects.get(code="27"))
        doubts = to_verify(admin, now=NOW + 60 * DAY).doubts
        assert [doubt.expert.email for doubt in doubts if "lettre annuelle" in doubt.evidence] == [EMAIL]

    def test_answer_ends_it(self, commit):
        verify_all_but(EMAIL)
        commit(yearly.write, EMAIL, now=NOW)
        commit(record_actions.confirm, Expert.objects.get(email=EMAIL), now=NOW + DAY)

        assert yearly.letters_to_remind(now=NOW + 20 * DAY) == []
        assert Letter.objects.get().answered_at == NOW + DAY

    def test_an_answer_about_one_post_of_two_does_not_end_it(self, commit):
        verify_all_but(EMAIL)
        first = Expert.objects.get(email=EMAIL)
        second = ExpertFactory(email=EMAIL.upper(), office__name="Autre antenne")
        commit(yearly.write, EMAIL, now=NOW)

        commit(record_actions.leave, first, successor="", now=NOW + DAY)
        assert yearly.letters_to_remind(now=NOW + 20 * DAY)
        commit(record_actions.correct, second, {"phone": "03 80 00 00 09"}, now=NOW + 2 * DAY)

        assert yearly.letters_to_remind(now=NOW + 20 * DAY) == []
        assert Letter.objects.get().answered_at == NOW + 2 * DAY

    def test_a_word_to_the_region_ends_it(self, commit):
        verify_all_but(EMAIL)
        commit(yearly.write, EMAIL, now=NOW)
        commit(record_actions.remark, Expert.objects.get(email=EMAIL), "Un sujet de moins", now=NOW + DAY)

        assert yearly.letters_to_remind(now=NOW + 20 * DAY) == []

    @pytest.mark.parametrize("way", ["verified", "left"])
    def test_the_region_may_end_it(self, commit, way):
        verify_all_but(EMAIL)
        ExpertFactory(email=EMAIL.upper(), office__name="Autre antenne")
        commit(yearly.write, EMAIL, now=NOW)
        posts = Expert.objects.filter(email__iexact=EMAIL)
        facts = {"verified_on": NOW.date()} if way == "verified" else {"left_at": NOW}

        posts.filter(email=EMAIL).update(**facts)
        yearly.close_verified(now=NOW + DAY)
        assert yearly.letters_to_remind(now=NOW + 20 * DAY)
        posts.update(**facts)
        yearly.close_verified(now=NOW + DAY)

        assert not yearly.letters_to_remind(now=NOW + 20 * DAY)
        assert (EMAIL in yearly.addresses_to_write(now=NOW + 400 * DAY)) is (way == "verified")

    def test_office_mailbox_gets_its_list(self, commit):
        commit(yearly.write_to_office, Office.objects.get(code="PE-DIJON").pk, NOW.date(), now=NOW)

        assert any(EMAIL in person for person in sent("office_letter").get().context["people"])


class TestListOfAnOffice:
    """The office's mailbox answers its letter by a link, without account."""

    @pytest.fixture
    def path(self, commit, now):
        commit(yearly.write_to_office, Office.objects.get(code="PE-DIJON").pk, now.date(), now=now)
        return urlsplit(sent("office_letter").get().context["record_url"]).path

    @pytest.fixture
    def now(self):
        return timezone.now()

    def test_it_is_reported_to_be_right(self, client, commit, path, now):
        assert EMAIL in text(client.get(path))

        for _ in range(2):
            assert client.post(path, {"juste": "oui"}).status_code == 302

        office = Office.objects.get(code="PE-DIJON")
        assert office.verified_on == timezone.localdate(now)
        assert Revision.objects.get(cause="letter").note == office.email
        assert "Vérifiée aujourd'hui" in text(client.get(path))

    def test_what_is_wrong_is_read_by_the_region(self, client, path):
        assert client.post(path, {"body": ""}).status_code == 422
        client.post(path, {"body": "Il manque Paul Roux."})

        remark = RecordRemark.objects.get()
        assert (remark.region_id, remark.expert.office.code) == ("27", "PE-DIJON")
        assert "La boîte de France Travail Dijon écrit" in remark.body

    def test_the_link_expires_with_the_address_and_the_month(self, client, path, now):
        with time_machine.travel(now + 31 * DAY, tick=False):
            assert client.get(path).status_code == 410
        Office.objects.filter(code="PE-DIJON").update(email="autre@exemple.org")

        assert client.get(path).status_code == 410
        assert client.post(path, {"juste": "oui"}).status_code == 410
        assert client.get(path[:-2] + "x/").status_code == 410

    def test_an_office_without_anybody_is_told_whom_to_call(self, client, path):
        Expert.objects.filter(office__code="PE-DIJON").update(left_at=NOW - DAY)

        page = text(client.get(path))

        assert "aucune demande ne peut vous être adressée" in page.replace("\u00a0", " ")
        assert client.post(path, {"body": "x"}).status_code == 200


def test_office_letter_due_on_a_week_end_is_sent_after_it_and_once(commit):
    office = Office.objects.get(code="PE-DIJON")
    day_of_year = office.pk % 365 or 365
    due = datetime(2027, 1, 1, 10, tzinfo=UTC) + (day_of_year - 1) * DAY

    assert (office.pk, due.date()) not in yearly.offices_to_write(now=due - DAY)
    for late in (2, 3, 20):
        [found] = [each for each in yearly.offices_to_write(now=due + late * DAY) if each[0] == office.pk]
        commit(yearly.write_to_office, *found, now=due + late * DAY)

    assert sent("office_letter").count() == 1


@pytest.mark.parametrize(
    ("day", "is_written"), [("2026-12-01", True), ("2026-12-06", False), ("2026-12-25", False)]
)
def test_letters_are_sent_on_working_days_alone(day, is_written, django_capture_on_commit_callbacks):
    verify_all_but(EMAIL)

    with time_machine.travel(f"{day}T09:10+01:00", tick=False), django_capture_on_commit_callbacks():
        tasks.write_letters()

    assert sent("letter").exists() is is_written


class TestAgreementsThatEnd:
    @pytest.mark.parametrize(("days", "step"), [(60, 60), (30, 60), (15, 15), (1, 15)])
    def test_are_reminded_sixty_and_fifteen_days_before(self, days, step):
        Office.objects.filter(code="PE-DIJON").update(agreement_ends_on=NOW.date() + days * DAY)

        assert [found for _, found in agreements.ending(now=NOW)] == [step]

    def test_sixty_one_days_before_is_too_early(self):
        Office.objects.filter(code="PE-DIJON").update(agreement_ends_on=NOW.date() + 61 * DAY)

        assert agreements.ending(now=NOW) == []

    def test_office_and_region_are_told_once(self, commit):
        admin = RegionalFactory(region=Region.objects.get(code="27"))
        Office.objects.filter(code="PE-DIJON").update(agreement_ends_on=NOW.date() + 15 * DAY)

        for day in range(5):
            for pk, step in agreements.ending(now=NOW + day * DAY):
                commit(agreements.remind, pk, step, now=NOW + day * DAY)

        notified = sorted(sent("agreement_ends").values_list("to", flat=True))
        assert notified == sorted(["contact@france-travail-dijon.example.org", admin.email])


class TestPeopleWhoLeft:
    def left(self, at):
        Expert.objects.filter(email=EMAIL).update(left_at=at)
        return Expert.objects.get(email=EMAIL)

    def test_are_erased_after_two_years_in_the_journal_too(self, commit):
        expert = self.left(NOW - 731 * DAY)
        assert RevisedRow.objects.filter(row_pk=expert.pk, kind="expert", after__email=EMAIL).exists()

        assert departed.people_to_erase(now=NOW) == [expert.pk]
        commit(departed.erase, expert.pk, now=NOW)

        expert.refresh_from_db()
        assert (expert.name, expert.job) == ("Personne partie", "")
        journal = RevisedRow.objects.filter(row_pk=expert.pk, kind="expert")
        assert EMAIL not in str(list(journal.values_list("label", "before", "after")))
        assert departed.people_to_erase(now=NOW) == []

    @pytest.mark.parametrize("days", [0, 700])
    def test_are_kept_until_then(self, days):
        self.left(NOW - days * DAY)

        assert departed.people_to_erase(now=NOW) == []

    def test_are_kept_while_a_request_of_the_last_two_years_names_them(self, commit, now):
        commit(send, now=now)
        self.left(NOW - 731 * DAY)

        assert departed.people_to_erase(now=NOW) == []
        assert departed.people_to_erase(now=now + 731 * DAY) != []


class TestListToVerify:
    @pytest.fixture
    def admin(self):
        return RegionalFactory(region=Region.objects.get(code="27"))

    def doubts(self, user, now=NOW):
        return [(doubt.expert.email, doubt.evidence) for doubt in to_verify(user, now=now).doubts]

    def test_names_refused_addresses(self, admin):
        Expert.objects.filter(email=EMAIL).update(is_bouncing=True)

        assert (EMAIL, "Son adresse refuse nos courriels") in self.doubts(admin)

    def test_proposes_the_edit_after_three_refusals_alike(self, admin, commit, now):
        for turn in range(3):
            sent_request = commit(send, now=now, text=f"Texte {turn}", email=f"e{turn}@example.org", siret="")
            match = Match.objects.get(expert__email=EMAIL, need__solicitation=sent_request)
            reason = {"decline_reason": "not_my_subject"}
            commit(expert_answers.move, match, MatchState.DECLINED, by=match.mailbox, now=now, **reason)

        [doubt] = [doubt for doubt in to_verify(admin, now=NOW).doubts if doubt.expert.email == EMAIL]

        assert doubt.evidence.startswith("3 refus « Ce n'est pas mon sujet »")
        assert doubt.gesture == "Retirer le sujet"
        page = signed_in(admin).get(doubt.url)
        assert page.context["form"]["extent"].value() == "some"
        declined = set(Match.objects.filter(state="declined").values_list("need__subject__slug", flat=True))
        assert declined
        assert not declined & set(page.context["form"]["subjects"].value())

        Expert.objects.filter(email=EMAIL).update(verified_on=date(2026, 12, 2))
        assert EMAIL not in {email for email, _ in self.doubts(admin)}

    def send_three_needs(self, commit, now):
        """A request of three needs that one person is asked about."""
        slugs = ("trouver-candidats", "premier-salarie", "recruter-handicap")
        expert = Expert.objects.get(email=EMAIL)
        expert.has_all_subjects = True
        expert.save()
        return Match.objects.filter(need__solicitation=commit(send, *slugs, now=now), expert=expert)

    def test_one_request_of_many_needs_is_not_three(self, admin, commit, now):
        matches = self.send_three_needs(commit, now)
        assert matches.count() > 1

        assert not [email for email, _ in self.doubts(admin, now=now + 20 * DAY) if email == EMAIL]
        for turn in range(2):
            commit(send, now=now, text=f"Texte {turn}", email=f"e{turn}@example.org", siret="")
        evidence = "N'a répondu à aucune des trois dernières demandes"
        assert (EMAIL, evidence) in self.doubts(admin, now=now + 20 * DAY)

        reason = {"decline_reason": "not_my_area"}
        for match in matches:
            commit(expert_answers.move, match, MatchState.DECLINED, by=match.mailbox, now=now, **reason)
        assert not [email for email, _ in self.doubts(admin, now=now + 20 * DAY) if email == EMAIL]

    def test_of_another_region_is_not_shown(self):
        Expert.objects.filter(email=EMAIL).update(is_bouncing=True)
        other = RegionalFactory(region=Region.objects.get(code="11"))

        assert EMAIL not in {email for email, _ in self.doubts(other)}

    def test_remark_is_read_and_resolved(self, admin):
        remark = RecordRemark.objects.create(
            expert=Expert.objects.get(email=EMAIL), region_id="27", body="Un collègue arrive", at=NOW
        )
        client = signed_in(admin)
        assert "Un collègue arrive" in client.get(reverse("directory:verification")).content.decode()

        client.post(reverse("directory:resolve_remark", args=[remark.pk]))

        assert "Un collègue arrive" not in client.get(reverse("directory:verification")).content.decode()

    def test_remark_of_another_region_is_not_found(self):
        remark = RecordRemark.objects.create(
            expert=Expert.objects.get(email=EMAIL), region_id="27", body="Un collègue arrive", at=NOW
        )
        other = signed_in(RegionalFactory(region=Region.objects.get(code="11")))

        assert other.post(reverse("directory:resolve_remark", args=[remark.pk])).status_code == 404
        national = signed_in(NationalFactory())
        assert national.post(reverse("directory:resolve_remark", args=[remark.pk])).status_code == 302

"""Erasure of a person who left, everywhere: no column of any table names them two years later."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import transaction

from directory import address_reports, tasks
from directory.address_changes import change_address
from directory.letters import departed, yearly
from directory.models import Letter, SheetUpload
from directory.own_record import record_actions
from directory.revision_undo import undo
from directory.sheets import uploads
from experts import tasks as experts_tasks
from experts.changes.directory_facts import AbsenceEntry
from experts.models import Absence, Expert, MailPreference, RevisedRow, User
from experts.models.mail_preferences import MailChoice
from mailing import delivery_reports
from mailing.address_refusals import ReportKind
from mailing.models import OutgoingEmail
from portal import tasks as portal_tasks
from solicitations import tasks as solicitations_tasks
from solicitations.actions import expert_answers, expert_messages, mail_choice
from solicitations.lifecycle import MatchState
from solicitations.models import Match
from tests.directory.sheets.workbooks import csv
from tests.experts.factories import ExpertFactory, NationalFactory
from tests.solicitations.factories import expire, send
from tests.solicitations.test_erasure import traces
from workspace.models import SavedSearch

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]
NOW = datetime(2026, 12, 1, 10, tzinfo=UTC)
DAY = timedelta(days=1)
FORMER = "zelie.ancienne@antenne.example.org"
EMAIL = "zelie.quatrevents@antenne.example.org"
NAME = "Zélie Quatrevents"
PHONE = "03 80 98 76 54"
WORDS = ("uatrevents", "zelie.", "Zélie", PHONE)


@pytest.fixture(scope="module")
def departure(undone, commit) -> Iterator[int]:
    """A person who came by a sheet, answered, stood in, was written to, succeeded somebody, and left."""
    with undone():
        yield _depart(commit)


@pytest.fixture
def gone(departure) -> Expert:
    return Expert.objects.get(pk=departure)


def _depart(commit) -> int:
    admin = NationalFactory()
    content = csv(["Code", "Nom", "Mail", "Téléphone", "Sujets"], ["PE-DIJON", NAME, FORMER, PHONE, "tous"])
    upload = uploads.send(
        content, "referents.csv", author=admin, region=None, whole="", replaces_declared=False, now=NOW
    )
    uploads.work(upload.pk, clock=lambda: NOW)
    uploads.accept(SheetUpload.objects.get(pk=upload.pk), by=admin)
    uploads.work(upload.pk, clock=lambda: NOW)
    commit(change_address, FORMER, EMAIL, by=admin, now=NOW)
    expert = Expert.objects.get(email=EMAIL)
    colleague = expert.office.experts.exclude(pk=expert.pk).first()
    absence = AbsenceEntry(NOW.date() - 9 * DAY, NOW.date() - 2 * DAY, EMAIL)
    commit(record_actions.add_absence, colleague, absence, now=NOW)
    commit(record_actions.remark, expert, f"{NAME} ne suit plus ce sujet", now=NOW)
    request = commit(send, now=NOW)
    match = Match.objects.with_people().get(expert=expert, need__solicitation=request)
    commit(expert_answers.move, match, MatchState.TAKEN, by=match.mailbox, now=NOW)
    commit(expert_messages.post_message, match.mailbox, body="Bonjour", now=NOW)
    match.refresh_from_db()
    commit(expert_answers.move, match, MatchState.HELPED, by=match.mailbox, answer="Fait.", now=NOW)
    for late in Match.objects.active().filter(need__solicitation=request):
        commit(expire, late.pk, now=NOW)
    account = User.objects.create_user(EMAIL, name=NAME)
    SavedSearch.objects.create(user=account, name="La mienne", query=f"q={NAME}")
    Expert.objects.filter(pk=expert.pk).update(verified_on=None)
    for address in yearly.addresses_to_write(now=NOW):
        commit(yearly.write, address, now=NOW)
    other = Expert.objects.exclude(office=expert.office_id).filter(left_at=None).first()
    commit(record_actions.leave, other, successor=f"{NAME}, {EMAIL}", now=NOW + 1590 * DAY)
    with time_machine.travel(NOW, tick=False):
        commit(mail_choice.choose, EMAIL, MailChoice.NEEDS, now=NOW)
    mail = OutgoingEmail.objects.filter(to=EMAIL).first()
    commit(_report, mail)
    commit(address_reports.follow, EMAIL, now=NOW)
    commit(record_actions.leave, Expert.objects.get(pk=expert.pk), successor="", now=NOW + DAY)
    return expert.pk


@transaction.atomic
def _report(mail: OutgoingEmail) -> None:
    server_text = f"550 {EMAIL} inconnue"
    delivery_reports.record(mail, ReportKind.HARD, key="hard", server_text=server_text, at=NOW, now=NOW)


def test_nothing_names_them_two_years_later(gone, commit):
    assert len({trace.partition(":")[0] for trace in traces(*WORDS)}) > 8
    with time_machine.travel(NOW + 1600 * DAY, tick=False):
        for task in (
            solicitations_tasks.sweep,
            solicitations_tasks.erase_stray_mails,
            tasks.sweep_sheets,
            tasks.erase_departed,
            experts_tasks.erase_old_access,
            experts_tasks.delete_old_counters,
            portal_tasks.erase_expired,
        ):
            commit(task)

    assert traces(*WORDS) == []


def test_what_another_post_of_the_address_needs_stays(gone, commit):
    ExpertFactory(email=EMAIL.upper(), office__name="Autre antenne")
    letters = Letter.objects.filter(email__iexact=EMAIL).count()
    assert letters

    commit(departed.erase, gone.pk, now=NOW + 1600 * DAY)

    assert Letter.objects.filter(email__iexact=EMAIL).count() == letters
    assert MailPreference.objects.filter(address__iexact=EMAIL).exists()
    assert User.objects.get(email=EMAIL).is_active


def test_the_journal_of_a_colleague_can_still_be_undone(gone, commit):
    commit(departed.erase, gone.pk, now=NOW + 1600 * DAY)
    row = RevisedRow.objects.get(after__declared_absences__0__0="2026-11-22")

    commit(undo, row.revision, by=NationalFactory(), now=NOW + 1600 * DAY)

    assert not Absence.objects.filter(expert=row.row_pk).exists()

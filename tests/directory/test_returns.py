"""Whoever is back, by a page, an undo or a reopening, has again what nobody took."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from directory.revision_undo import undo
from experts.models import Expert, Office, Revision
from solicitations import tasks
from solicitations.lifecycle import MatchState
from solicitations.models import Mailbox, Solicitation
from tests.directory.pages import confirm, save
from tests.experts.factories import NationalFactory
from tests.solicitations.factories import match, send

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]
EMAIL = "recrutement@france-travail-dijon.example.org"
OFFICE = "/annuaire/antennes/PE-DIJON"


class Followed:
    """The tasks that follow a change, done where they are ordered, without a broker."""

    @staticmethod
    def delay():
        tasks.reoffer_needs_of_gone()


@pytest.fixture(autouse=True)
def followers(settings):
    settings.DIRECTORY_CHANGED_TASKS = [f"{__name__}.Followed"]


@pytest.fixture
def person() -> Expert:
    return Expert.objects.get(email=EMAIL)


@pytest.fixture
def sent(commit, person):
    return match(commit(send, now=timezone.now()), EMAIL)


def today() -> str:
    return timezone.localdate().isoformat()


def at_once(client, path):
    assert confirm(client, path, client.get(path)).status_code == 302


def leave(client, person):
    save(client, f"/annuaire/referents/{person.pk}/depart/", left_on=today())


def come_back(client, person):
    at_once(client, f"/annuaire/referents/{person.pk}/retour/")


def pause(client, person):
    at_once(client, f"/annuaire/referents/{person.pk}/pause/")


def close(client, person):
    save(client, f"{OFFICE}/fermer/", closed_on=today())


def reopen(client, person):
    at_once(client, f"{OFFICE}/rouvrir/")


def end_convention(client, person):
    save(client, f"{OFFICE}/convention/", agreement_ends_on=today())


def extend_convention(client, person):
    later = timezone.localdate() + timedelta(days=300)
    save(client, f"{OFFICE}/convention/", agreement_ends_on=later.isoformat())


def undo_last(client, person):
    path = f"/annuaire/journal/{Revision.objects.newest_first().first().pk}/"
    assert client.post(path).status_code == 302


@pytest.mark.parametrize(
    "acts",
    [
        (leave, come_back, undo_last),
        (close, reopen, undo_last),
        (pause, pause, undo_last),
        (end_convention, extend_convention, reopen),
    ],
)
def test_who_is_back_in_either_way_has_again_what_nobody_took(
    commit, undone, as_regional, person, sent, acts
):
    go, *ways_back = acts
    commit(go, as_regional, person)
    sent.refresh_from_db()
    assert sent.state == MatchState.WITHDRAWN

    for back in ways_back:
        with undone():
            commit(back, as_regional, person)

            sent.refresh_from_db()
            assert sent.state == MatchState.SENT, back.__name__
            assert Mailbox.objects.get(pk=sent.mailbox_id).left_at is None, back.__name__


def test_a_file_that_dropped_somebody_gives_back_when_it_is_undone(commit, sent, tmp_path):
    path = tmp_path / "annuaire.yaml"
    text = Path("experts/data/directory-demo.yaml").read_text()
    path.write_text(text.replace(EMAIL, "autre@france-travail-dijon.example.org"))
    commit(call_command, "import_directory", str(path), verbosity=0)
    sent.refresh_from_db()
    assert sent.state == MatchState.WITHDRAWN

    revision = Revision.objects.newest_first().first()
    commit(undo, revision, by=NationalFactory(), now=timezone.now())

    sent.refresh_from_db()
    assert sent.state == MatchState.SENT


def test_who_is_back_in_an_office_that_is_closed_gets_nothing(commit, as_regional, person, sent):
    commit(leave, as_regional, person)
    commit(close, as_regional, person)
    before = sent.events.count()

    commit(come_back, as_regional, person)

    sent.refresh_from_db()
    assert (sent.state, sent.events.count()) == (MatchState.WITHDRAWN, before)
    assert not Office.objects.get(code="PE-DIJON").is_open_on(timezone.localdate())


@pytest.mark.parametrize(
    "acts",
    [
        (pause, leave, come_back),
        (close, pause, reopen),
        (end_convention, pause, reopen),
    ],
    ids=["left while paused", "paused in a closed office", "paused after a convention"],
)
def test_who_has_two_reasons_to_be_gone_is_back_when_both_end(commit, as_regional, person, sent, acts):
    """One reason ends, then the pause."""
    for act in acts:
        commit(act, as_regional, person)
    sent.refresh_from_db()
    assert sent.state == MatchState.WITHDRAWN

    commit(pause, as_regional, person)

    sent.refresh_from_db()
    assert sent.state == MatchState.SENT


def test_who_is_away_when_the_office_opens_again_is_back_after_the_absence(commit, as_regional, person, sent):
    commit(close, as_regional, person)
    day = timezone.localdate()
    absence = person.absences.create(from_on=day, to_on=day + timedelta(days=3))
    commit(reopen, as_regional, person)
    sent.refresh_from_db()
    assert sent.state == MatchState.WITHDRAWN

    absence.delete()
    commit(tasks.sweep)

    sent.refresh_from_db()
    assert sent.state == MatchState.SENT


def test_a_return_whose_task_was_lost_is_found_by_the_sweep(commit, as_regional, person, sent, settings):
    commit(leave, as_regional, person)
    settings.DIRECTORY_CHANGED_TASKS = []
    commit(come_back, as_regional, person)
    sent.refresh_from_db()
    assert sent.state == MatchState.WITHDRAWN

    commit(tasks.sweep)

    sent.refresh_from_db()
    assert sent.state == MatchState.SENT


def test_a_request_that_staff_closed_is_not_sent_again(commit, as_regional, person, sent):
    commit(leave, as_regional, person)
    Solicitation.objects.update(state="closed", closed_reason="staff", ended_at=timezone.now())

    commit(come_back, as_regional, person)

    sent.refresh_from_db()
    assert sent.state == MatchState.WITHDRAWN


def test_who_moved_from_an_office_that_closed_gets_nothing_of_its_needs(commit, as_regional, person, sent):
    commit(close, as_regional, person)

    commit(save, as_regional, f"/annuaire/referents/{person.pk}/antenne/", office="ML-DIJON")
    commit(tasks.sweep)

    sent.refresh_from_db()
    assert (sent.state, sent.expert.office.code) == (MatchState.WITHDRAWN, "ML-DIJON")

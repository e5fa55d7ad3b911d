"""A file, a form and a spreadsheet at the same moment: one waits, and the others see what changed."""

from pathlib import Path
from threading import Thread

import pytest
from django.db import connections, transaction
from django.utils import timezone

from directory.importing import check, import_file
from directory.sheets.applying_sheets import apply_trial
from directory.sheets.sheet_plan import SheetOptions
from directory.sheets.trial import try_sheet
from experts.changes import applying, editing, snapshot
from experts.changes.applying import StalePlan
from experts.changes.row_plans import Plan
from experts.models import Cause, Expert, Revision
from solicitations.actions import expert_answers
from solicitations.dispatch import reoffer
from solicitations.lifecycle import ForbiddenMove, MatchState
from solicitations.models import Match, Solicitation
from tests.directory.sheets.workbooks import csv
from tests.solicitations.factories import match, send
from tests.workers import wait_for_a_blocked_session

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.demo_directory]

PLIE = "entreprises@plie-dijon.example.org"
PE = "recrutement@france-travail-dijon.example.org"
DEMO = Path("experts/data/directory-demo.yaml")


def test_a_file_a_form_and_a_sheet_at_once(now):
    expert = Expert.objects.get(email=PLIE)
    key, stored = next(iter(snapshot.load(experts=[expert.pk]).experts.items()))
    form = Plan(experts=(editing.change(key, stored, {"job": "Par la page"}),))
    sheet = try_sheet(
        csv(["Mail", "Fonction"], [PLIE, "Par le tableur"]), "f.csv", SheetOptions("27"), now=now
    )
    file = check(DEMO.read_text().replace("name: France Travail Dijon", "name: Par le fichier").encode())
    assert sheet.plan.changes_something

    def import_sheet() -> None:
        with transaction.atomic():
            apply_trial(sheet, "f.csv", now=now)

    acts = (
        lambda: import_file(file, name="f.yaml", now=now),
        lambda: applying.apply(form, cause=Cause.PAGE, now=now),
        import_sheet,
    )
    outcomes = held_then_released(*acts)

    assert [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)] == [StalePlan]
    made = Revision.objects.filter(made_at=now).order_by("cause").values_list("cause", flat=True)
    assert list(made) in (["file", "page"], ["file", "sheet"])
    expert.refresh_from_db()
    assert expert.job in {"Par la page", "Par le tableur"}
    assert not Expert.objects.filter(office__name="France Travail Dijon").exists()


@pytest.mark.parametrize("turn", range(3))
def test_an_office_closes_while_its_match_is_taken(now, turn):
    sent = send(now=now)
    taken = match(sent, PE)
    office = taken.expert.office
    [(code, stored)] = snapshot.load(offices=[office.pk]).offices.items()
    closing = Plan(offices=(editing.close_office(code, stored, on=timezone.localdate(now)),))

    def close() -> None:
        applying.apply(closing, cause=Cause.PAGE, now=now)
        reoffer.reoffer(sent.pk, now=now)

    acts = [
        lambda: expert_answers.move(taken, MatchState.TAKEN, by=taken.mailbox, now=now),
        close,
        lambda: reoffer.reoffer(sent.pk, now=now),
    ]
    acts = acts[turn:] + acts[:turn]
    outcomes = held_then_released(*acts, lock=lambda: Solicitation.objects.locked(sent.pk), waiting=2)
    reoffer.reoffer(sent.pk, now=now)

    assert {type(outcome) for outcome in outcomes} <= {type(None), ForbiddenMove}
    taken.refresh_from_db()
    assert taken.state in {MatchState.TAKEN, MatchState.WITHDRAWN}
    assert (taken.expert_left_at is not None) is (taken.state == MatchState.TAKEN)
    live = Match.objects.active().filter(need=taken.need)
    assert live.exists()
    assert live.filter(expert_left_at=None).exclude(expert__office=office).exists()


def held_then_released(*acts, lock=applying.lock_directory, waiting: int = 0) -> list[object]:
    """Start all calls while the directory is locked, then let them go; their results, or exceptions.

    ``waiting``: how many of them ask for the lock, all by default.
    """
    outcomes: list[object] = [None] * len(acts)

    def play(place: int) -> None:
        try:
            outcomes[place] = acts[place]()
        except Exception as error:  # noqa: BLE001 (the outcome is what the test looks at)
            outcomes[place] = error
        finally:
            connections.close_all()

    with transaction.atomic():
        lock()
        threads = [Thread(target=play, args=(place,), daemon=True) for place in range(len(acts))]
        for thread in threads:
            thread.start()
        wait_for_a_blocked_session(waiting or len(acts))
    for thread in threads:
        thread.join(300)
    return outcomes

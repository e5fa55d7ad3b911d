"""Random sheets: the plan says what the apply does, and the undo leaves every table as it was."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from directory import revision_undo
from directory.sheets.applying_sheets import apply_trial
from directory.sheets.sheet_lines import directory_lines
from directory.sheets.sheet_plan import SheetOptions
from directory.sheets.trial import try_sheet
from directory.sheets.whole import Whole
from experts.changes import history, snapshot
from experts.models import Expert, User
from tests.directory.sheets.workbooks import csv

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
HEADINGS = [
    "Code", "Antenne", "Institution", "Téléphone de l'antenne", "Courriel de l'antenne", "Territoires",
    "Mail", "Nom", "Fonction", "Tél.", "Sujets", "Territoires propres", "Absence du", "Absence au",
]  # fmt: skip
PHONES = ["", "380000001", "03 80 00 00 02"]
PLACES = ["", "Beaune ; Dole", "département 21", "EPCI 242100410", "zone:bassin-dijonnais"]
SUBJECTS = ["", "-", "tous", "gpec", "trouver-candidats ; premier-salarie"]
PERSON = st.tuples(
    st.sampled_from(["Conseil", "Conseil d'été"]),
    st.sampled_from(["", "-", "Nouvelle fonction"]),
    st.sampled_from(PHONES),
    st.sampled_from(SUBJECTS),
    st.sampled_from([*PLACES, "-"]),
    st.sampled_from([("", ""), ("-", "-"), ("01/02/2027", "09/02/2027")]),
)


def facts_by_row() -> dict[object, dict[str, object]]:
    """Every fact of every zone, office and expert."""
    stored = snapshot.load()
    return shown(stored)


def shown(stored) -> dict[object, dict[str, object]]:
    return {
        (kind, key): dict(row.facts)
        for kind in ("zones", "offices", "experts")
        for key, row in getattr(stored, kind).items()
    }


@st.composite
def sheets(draw):
    """Lines for some experts of the region, known or new, in known offices or a new one."""
    posts = sorted(Expert.objects.filter(office__region="27").values_list("office__code", "email"))
    rows = []
    for code, email in draw(st.lists(st.sampled_from(posts), max_size=4, unique=True)):
        *person, absence = draw(PERSON)
        place = draw(st.sampled_from([email, f"neuf-{len(rows)}@example.org"]))
        rows.append([code, "", "", "", "", "", place, *person, *absence])
    if draw(st.booleans()) or not rows:
        *person, absence = draw(PERSON)
        office = ["", "Antenne neuve", "PE", "0380000009", "neuve@example.org", "Beaune"]
        rows.append([*office, "premier@example.org", *person, *absence])
    whole = draw(st.sampled_from([None, Whole("institution", "PE"), Whole("department", "21")]))
    return csv(
        HEADINGS, *[[f'"{cell}"' if ";" in cell else cell for cell in row] for row in rows], separator="\t"
    ), whole


@pytest.fixture
def author(db) -> User:
    return User.objects.create_user("nationale@equipe.example.org", name="Nationale", role="national")


def test_a_plan_says_what_is_written_and_undoes_it_and_the_journal_gives_each_export(author):
    hours = count()

    @settings(max_examples=3)
    @given(st.data())
    def check(data):
        content, whole = data.draw(sheets())
        now = NOW + next(hours) * timedelta(hours=3)  # the journal is that of all the examples
        before, exported = facts_by_row(), export(snapshot.load())
        trial = try_sheet(content, "f.csv", SheetOptions("27", whole), now=now)
        foreseen = shown(trial.plan.applied_to(snapshot.load()))

        with transaction.atomic(durable=True):
            revision = apply_trial(trial, "f.csv", now=now, author=author)

        after = snapshot.load()
        assert {key: comparable(facts) for key, facts in shown(after).items()} == {
            key: comparable(facts) for key, facts in foreseen.items()
        }
        assert export(history.as_of(now - timedelta(seconds=1))) == exported
        if revision is not None:
            revision_undo.undo(revision, by=author, now=now + timedelta(hours=1))
            assert export(history.as_of(now)) == export(after)
        assert facts_by_row() == before

    check()


def export(stored) -> list[str]:
    """The lines of the whole directory as its spreadsheet has them, in an order of their own."""
    return sorted(map(str, directory_lines(stored, None, today=NOW.date())))


def comparable(facts):
    """The facts that people see: the fields marked as edited are the journal's."""
    return {fact: value for fact, value in facts.items() if fact not in {"edited_fields", "source"}}

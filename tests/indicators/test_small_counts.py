"""Recruitments by qualification, and confidential subjects on an office's page."""

import io

import openpyxl
import pytest

from experts.models import Office, Seat, Subject
from indicators import need_facts
from solicitations.actions import expert_answers
from solicitations.lifecycle import MatchState
from solicitations.models import Match
from tests.experts.factories import NationalFactory, PersonFactory, signed_in
from tests.indicators.test_figures import clock, fill  # noqa: F401 (the fixture)
from tests.solicitations.factories import match, send
from workspace.models import RecruitmentOutcome
from workspace.recruitment import DEFINITION

CANDIDATES = "Diffuser une offre et trouver des candidats"


@pytest.mark.demo_directory
@pytest.mark.django_db
def test_recruitments_are_counted_by_qualification_with_small_counts_hidden_beyond_the_office(commit, now):
    sent = commit(send, now=now)
    expert_match = match(sent, "recrutement@france-travail")
    other = match(sent, "entreprises@mission-locale")
    for one in (expert_match, other):
        expert_answers.move(one, MatchState.TAKEN, by=one.mailbox, now=now)
        expert_answers.move(one, MatchState.HELPED, by=one.mailbox, now=now)
    RecruitmentOutcome.objects.create(
        match=expert_match, qualification="skilled", offers=7, posts=30, filled=2
    )
    RecruitmentOutcome.objects.create(
        match=expert_match, qualification="executive", offers=9, posts=12, filled=9
    )
    RecruitmentOutcome.objects.create(match=other, qualification="skilled", offers=8, posts=9, filled=2)
    need_facts.refresh(now=now)
    manager = PersonFactory()
    Seat.objects.create(user=manager, office=expert_match.expert.office, given_at=now)

    client = signed_in(manager)
    office = client.get("/chiffres/")
    nation = signed_in(NationalFactory()).get("/chiffres/")

    def table(page):
        return {line.label: line.counts for line in page.context["report"].recruitment}

    assert DEFINITION.replace("'", "&#x27;") in office.content.decode()
    assert table(office)["Ouvriers et employés qualifiés"] == (7, 30, 2)
    assert table(office)["Ensemble"] == (16, 42, 11)
    assert table(nation)["Ouvriers et employés qualifiés"] == (10, 30, None)  # of both, the higher
    book = openpyxl.load_workbook(io.BytesIO(client.get("/chiffres/tableaux.xlsx").content))
    rows = list(book["Recrutements"].iter_rows(min_row=2, max_row=7, values_only=True))
    assert ("Ouvriers et employés qualifiés", 7, 30, 2) in rows


@pytest.mark.demo_directory
@pytest.mark.django_db
def test_no_total_of_an_office_tells_how_many_needs_are_confidential(commit, now):
    sent = commit(send, "saisonniers", now=now)
    office = Office.objects.get(code="PE-DIJON")
    assert Match.objects.filter(need__solicitation=sent, expert__office=office).exists()
    Subject.objects.filter(slug="trouver-candidats").update(is_confidential=True)
    manager = PersonFactory()
    Seat.objects.create(user=manager, office=office, given_at=now)
    client = signed_in(manager)

    def numbers():
        need_facts.refresh(now=now)
        report = client.get("/chiffres/").context["report"]
        subjects, departments = report.tables
        shown = {line.label: line.received.text for line in subjects.lines}
        of_departments = [line.received.text for line in departments.lines]
        return (
            shown,
            of_departments,
            report.total.received.text,
            [one.received.text for one in report.parts.lines],
        )

    before = numbers()
    assert before[0][CANDIDATES] == "<\u00a05"
    assert before[2] == "1"
    hidden = commit(send, now=now)

    assert numbers() == before
    listed = {"par": "sujet", "valeur": Subject.objects.get(slug="trouver-candidats").pk, "chiffre": "recus"}
    assert client.get("/chiffres/besoins/", listed).status_code == 404
    assert Match.objects.filter(need__solicitation=hidden, expert__office=office).exists()

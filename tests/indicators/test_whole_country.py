"""The nation less its regions, and an office less its other subjects, give no hidden count."""

import io
from collections import Counter, defaultdict
from itertools import product

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from experts.models import Office, Seat, Subject
from indicators import need_facts
from indicators.definitions import MEASURES
from indicators.disclosure import LEAST, Sum
from indicators.figure_tables import Family, hidden_of_office
from indicators.places import WHOLE_YEAR
from indicators.whole_country import DEPARTMENT, INSTITUTION, NO_REGION, SUBJECT, TOTAL, WholeCountry
from indicators.whole_country import _with_nation as with_nation
from solicitations.actions import expert_answers
from solicitations.lifecycle import MatchState
from solicitations.models import Match
from tests.experts.factories import NationalFactory, PersonFactory, signed_in
from tests.indicators.test_disclosure import solved
from tests.indicators.test_figures import clock, fill  # noqa: F401 (the fixture)
from tests.solicitations.factories import match, send
from workspace.models import RecruitmentOutcome
from workspace.recruitment import DEFINITION

REGIONS = {"a1": "A", "a2": "A", "b1": "B", "c1": "C", "x1": NO_REGION}
INSIDE = {"A": ["a1", "a2"], "B": ["b1"], "C": ["c1"], NO_REGION: ["x1"]}
CODES = {SUBJECT: ("s", "t", "u"), INSTITUTION: ("i", "j"), DEPARTMENT: tuple(REGIONS)}
LISTED = {TOTAL: ("",), SUBJECT: CODES[SUBJECT], INSTITUTION: CODES[INSTITUTION]}
PARTS = (1, 2)
CANDIDATES = "Diffuser une offre et trouver des candidats"
YEAR = (WHOLE_YEAR, *PARTS)
MEASURE = MEASURES[0].code
NUMBERS = st.lists(st.integers(0, 12), min_size=30, max_size=30)


def country_of(numbers):
    """A year of two parts: each number is the needs of a part, a department and a subject."""
    families = {name: defaultdict(lambda: defaultdict(Counter)) for name in CODES}
    cells = product(PARTS, REGIONS.items(), enumerate(CODES[SUBJECT]))
    for number, (part, (department, region), (place, subject)) in zip(numbers, cells, strict=True):
        codes = {SUBJECT: subject, DEPARTMENT: department, INSTITUTION: CODES[INSTITUTION][place % 2]}
        for family, code in codes.items():
            for when in (part, WHOLE_YEAR):
                families[family][region][when, code][MEASURE] += number
    by_family = {name: with_nation(counts) for name, counts in families.items()}
    return WholeCountry(by_family, REGIONS, INSIDE)


def sums_of_readers():
    """All sums that the national team can make of the pages, written apart from the code that hides."""
    for part, place in product(YEAR, ("", *INSIDE)):
        yield Sum((place, part, TOTAL, ""), tuple((place, part, SUBJECT, one) for one in CODES[SUBJECT]))
    for part, (place, departments) in product(YEAR, INSIDE.items()):
        yield Sum((place, part, TOTAL, ""), tuple((place, part, DEPARTMENT, one) for one in departments))
    listed = [(family, code) for family, codes in LISTED.items() for code in codes]
    for part, (family, code) in product(YEAR, listed):
        yield Sum(("", part, family, code), tuple((place, part, family, code) for place in INSIDE))
    lines = [(place, *line) for place, line in product(("", *INSIDE), listed)]
    for place, family, code in [*lines, *((region, DEPARTMENT, code) for code, region in REGIONS.items())]:
        yield Sum((place, WHOLE_YEAR, family, code), tuple((place, part, family, code) for part in PARTS))


@settings(max_examples=40, deadline=None)
@given(NUMBERS)
def test_the_nation_less_its_regions_gives_no_hidden_count(numbers):
    country = country_of(numbers)

    hidden = country.hidden(CODES, PARTS).by_measure[MEASURE]

    sums = list(sums_of_readers())
    assert solved(sums, hidden) == set()
    for one in sums:
        unknown = [cell for cell in one.parts if cell in hidden]
        assert one.total in hidden or len(unknown) != 1
    for family, place in product((SUBJECT, INSTITUTION), ("", "A", "B", "C")):
        for (part, code), counts in country.counts(family, place).items():
            assert counts[MEASURE] >= LEAST or (place, part, family, code) in hidden


def narrowed(sums, bounds):
    """The bounds that a reader knows of each count, once no sum narrows any further."""
    before = None
    while bounds != before:
        before = dict(bounds)
        for one in sums:
            ends = [sum(bounds[cell][end] for cell in one.parts) for end in (0, 1)]
            low, high = bounds[one.total]
            bounds[one.total] = low, high = max(low, ends[0]), min(high, ends[1])
            for cell in one.parts:
                least = sum(bounds[other][0] for other in one.parts if other != cell)
                most = sum(bounds[other][1] for other in one.parts if other != cell)
                bounds[cell] = max(bounds[cell][0], low - most), min(bounds[cell][1], high - least)
    return bounds


@settings(max_examples=25, deadline=None)
@given(NUMBERS)
@example([4, 3, 0, 1, 8, 0, 0, 0, 6, 2, 12, 0, 0, 5, 5, 9, 0, 4, 4, 0, 0, 0, 0, 12, 1, 3, 0, 8, 0, 0])
def test_one_sum_after_another_counts_no_need_of_a_small_count(numbers):
    country = country_of(numbers)
    hidden = country.hidden(CODES, PARTS).by_measure[MEASURE]
    sums = list(sums_of_readers())
    bounds, small = {}, set()
    for cell in {cell for one in sums for cell in one.members}:
        place, part, family, code = cell
        counts = country.totals(place) if family == TOTAL else country.counts(family, place)
        count = counts.get((part, code), {}).get(MEASURE, 0)
        is_small, most = count < LEAST, sum(numbers)
        within = (0, LEAST - 1) if is_small else (LEAST, most)
        bounds[cell] = within if cell in hidden else (count, count)
        if is_small and count and not (place == NO_REGION and family in {SUBJECT, INSTITUTION}):
            small.add(cell)

    known = narrowed(sums, bounds)

    assert [cell for cell in small if known[cell][0] == known[cell][1]] == []


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 7), min_size=3, max_size=3), min_size=2, max_size=2))
def test_an_office_s_months_give_no_small_count_of_a_confidential_subject(numbers):
    months = (1, 2, 3)
    counts = {}
    for code, row in zip(("u", "v"), numbers, strict=True):
        counts |= {(part, code): {MEASURE: number} for part, number in zip(months, row, strict=True)}
        counts[WHOLE_YEAR, code] = {MEASURE: sum(row)}
    subjects = Family(SUBJECT, "", "", {}, counts, {}, frozenset({"u", "v"}))

    hidden = hidden_of_office(subjects, months, confidential=frozenset({"u", "v"}))[MEASURE]

    sums = [Sum((WHOLE_YEAR, SUBJECT, one), tuple((part, SUBJECT, one) for part in months)) for one in "uv"]
    assert {(part, SUBJECT, one) for (part, one), found in counts.items() if found[MEASURE] < LEAST} <= hidden
    assert solved(sums, hidden) == set()


@pytest.mark.reference
@pytest.mark.django_db
def test_the_pages_of_the_nation_and_of_a_region_leave_the_other_region_unknown(now):
    fill(40, now=now)
    fill(30, now=now, subject="financer-formation")
    fill(3, now=now, commune="2A004", region_code="94")
    fill(60, now=now, subject="financer-formation", commune="2A004", region_code="94")
    need_facts.refresh(now=now)
    client = signed_in(NationalFactory())

    def shown(place):
        report = client.get("/chiffres/", {"lieu": place}).context["report"]
        return {line.label: line.received.count for line in report.tables[0].lines}

    read = [shown(place).get(CANDIDATES) for place in ("france", "region-27", "region-94")]
    assert read[2] is None
    assert sorted(read[:2], key=str) in ([40, None], [43, None])  # only one of both is told


@pytest.mark.reference
@pytest.mark.django_db
def test_recruitments_are_counted_by_qualification_with_small_counts_hidden_beyond_the_office(commit, now):
    sent = commit(send, now=now)
    mine = match(sent, "recrutement@france-travail")
    other = match(sent, "entreprises@mission-locale")
    for one in (mine, other):
        expert_answers.move(one, MatchState.TAKEN, by=one.mailbox, now=now)
        expert_answers.move(one, MatchState.HELPED, by=one.mailbox, now=now)
    RecruitmentOutcome.objects.create(match=mine, qualification="skilled", offers=7, posts=30, filled=2)
    RecruitmentOutcome.objects.create(match=mine, qualification="executive", offers=9, posts=12, filled=9)
    RecruitmentOutcome.objects.create(match=other, qualification="skilled", offers=8, posts=9, filled=2)
    need_facts.refresh(now=now)
    manager = PersonFactory()
    Seat.objects.create(user=manager, office=mine.expert.office, given_at=now)

    client = signed_in(manager)
    office = client.get("/chiffres/")
    nation = signed_in(NationalFactory()).get("/chiffres/")

    def table(page):
        return {line.label: line.counts for line in page.context["report"].recruitment}

    assert DEFINITION.replace("'", "&#x27;") in office.content.decode()
    assert table(office)["Ouvriers et employés qualifiés"] == (7, 30, 2)
    assert table(office)["Ensemble"] == (16, 42, 11)
    assert table(nation)["Ouvriers et employés qualifiés"][1] == 30  # one need: the higher of both
    assert table(nation)["Ouvriers et employés qualifiés"][2] is None
    book = openpyxl.load_workbook(io.BytesIO(client.get("/chiffres/tableaux.xlsx").content))
    rows = list(book["Recrutements"].iter_rows(min_row=2, max_row=7, values_only=True))
    assert ("Ouvriers et employés qualifiés", 7, 30, 2) in rows


@pytest.mark.reference
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
    assert Match.objects.filter(need__solicitation=hidden, expert__office=office).exists()

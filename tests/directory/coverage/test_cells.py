"""Cells of coverage, compared with the routing engine on a seeded directory."""

import random

import pytest

from directory.coverage import content_loading, office_reach, subject_coverage
from directory.coverage.cells import answers_by_group
from directory.coverage.content_loading import CoveragePlace
from directory.coverage.directory_content import CoverageExpert, CoverageOffice
from directory.coverage.subject_coverage import CoverageEngine, Flag
from experts.models import Office, Subject
from experts.routing import loading
from experts.routing.engine import ApplicantFacts
from territories.models import Commune
from tests.directory.coverage import random_directory
from tests.directory.coverage.random_directory import ON

CELLS = 5_000
SEED = 20_261_129

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]


@pytest.fixture(scope="module")
def communes(undone):
    """Communes of a seeded directory, enough of them for the cells to compare."""
    with undone():
        codes = random_directory.fill(SEED)
        subjects = Subject.objects.listed().count()
        random_source = random.Random(SEED)  # noqa: S311
        yield random_source.sample(sorted(set(codes)), -(-CELLS // subjects))


@pytest.fixture(scope="module")
def routed(communes):
    """The cells as the engine decides them."""
    return routed_cells(communes)


def covered_cells(content, communes):
    """Offices, experts, fallback and flags that follow from the answer, by subject and commune."""
    groups = {commune.code: place for place, own in enumerate(content.groups.communes) for commune in own}
    found = {}
    for coverage in CoverageEngine(content).subjects():
        answers = answers_by_group(coverage, content.groups)
        for code in communes:
            answer = answers[groups[code]]
            flags = sorted(set(answer.flags) - {Flag.SILENT_ONLY})
            found[coverage.subject, code] = (
                list(answer.offices),
                list(answer.experts),
                answer.is_fallback,
                flags,
            )
    return found


def routed_cells(communes):
    """The cells as the engine decides them, to compare."""
    slugs = list(Subject.objects.listed().order_by("position").values_list("slug", flat=True))
    exclusive = {
        (office.code, subject.slug)
        for office in Office.objects.prefetch_related("exclusive_subjects")
        for subject in office.exclusive_subjects.all()
    }
    found = {}
    for code in communes:
        commune = Commune.objects.resolve(code)
        decision = loading.decide(subjects=slugs, commune=commune, facts=ApplicantFacts(), on=ON)
        for need in decision.needs:
            flags = [] if need.is_fallback else expected_flags(need, exclusive)
            found[need.subject, code] = (list(need.offices), list(need.emails), need.is_fallback, flags)
    return found


def expected_flags(need, exclusive):
    institutions = {chosen.office: chosen.institution for chosen in need.chosen}
    holds = {
        Flag.CRITERIA_ONLY: all(chosen.unverified for chosen in need.chosen),
        Flag.STAND_IN_ONLY: all(chosen.stand_in_for for chosen in need.chosen),
        Flag.DOUBLED: len(set(institutions.values())) < len(institutions),
        Flag.EXCLUSIVE: any((office, need.subject) in exclusive for office in institutions),
    }
    return sorted(flag for flag, stands in holds.items() if stands)


def test_five_thousand_cells_are_those_of_the_engine(communes, routed):
    covered = covered_cells(content_loading.load(CoveragePlace(), on=ON), communes)

    assert len(routed) >= CELLS
    assert {key: covered[key] for key in routed if covered[key] != routed[key]} == {}
    assert covered.keys() == routed.keys()
    seen = {flag for *_, flags in routed.values() for flag in flags}
    assert seen == set(Flag) - {Flag.SILENT_ONLY}, "the seeded directory must reach each flag"


def test_a_region_alone_has_the_cells_that_the_nation_has(communes):
    inside = set(
        Commune.objects.filter(department__region="27", pk__in=communes).values_list("pk", flat=True)
    )
    nation, region = (content_loading.load(CoveragePlace(code), on=ON) for code in (None, "27"))

    assert covered_cells(region, inside) == covered_cells(nation, inside)


def _with_fewer_institutions(cover):
    def broken(engine, asked):
        return cover(engine, type(asked)(asked.slug, asked.institutions[1:]))

    return broken


def _with_level_alone(ranked):
    def broken(finder, areas):
        return tuple(((rank[0], 0), groups) for rank, groups in ranked(finder, areas))

    return broken


BROKEN_STEPS = {
    "2: one institution less": lambda patch: patch.setattr(
        subject_coverage.CoverageEngine,
        "cover",
        _with_fewer_institutions(subject_coverage.CoverageEngine.cover),
    ),
    "3: closed offices answer": lambda patch: patch.setattr(
        CoverageOffice, "is_open", lambda office, on: True
    ),
    "3: closed a day later": lambda patch: patch.setattr(
        CoverageOffice, "is_open", lambda office, on: office.closes_on is None or on <= office.closes_on
    ),
    "3: fallback offices answer": lambda patch: patch.setattr(
        office_reach, "may_answer", lambda office, on: office.is_open(on)
    ),
    "3: an unknown fact refuses": lambda patch: patch.setattr(
        office_reach, "may_answer", lambda office, on: not office.is_fallback and not office.criteria.craft
    ),
    "4: every subject": lambda patch: patch.setattr(
        CoverageExpert, "answered", lambda expert, subjects: subjects
    ),
    "4: own areas forgotten": lambda patch: patch.setattr(
        office_reach, "areas_of", lambda expert, office: office.areas
    ),
    "5: no deputy": lambda patch: patch.setattr(office_reach, "find_deputy", lambda absent, available: None),
    "5: no stand-in": lambda patch: patch.setattr(
        office_reach.ReachFinder, "_stand_ins", lambda finder, office, absent, present: ()
    ),
    "6: level alone": lambda patch: patch.setattr(
        office_reach.ReachFinder, "ranked", _with_level_alone(office_reach.ReachFinder.ranked)
    ),
    "7: every rank": lambda patch: patch.setattr(
        subject_coverage,
        "keep_most_local",
        lambda reaches: [subject_coverage.Answer(each, each.groups) for each in reaches],
    ),
    "8: not exclusive": lambda patch: patch.setattr(
        subject_coverage, "keep_exclusive", lambda answers, subject: answers
    ),
    "9: no fallback": lambda patch: patch.setattr(
        office_reach.ReachFinder, "find_fallback", lambda finder, office: iter(())
    ),
}


def test_each_broken_step_makes_the_comparison_fail(communes, routed, monkeypatch):
    content = content_loading.load(CoveragePlace(), on=ON)
    unseen = []

    for step, break_step in BROKEN_STEPS.items():
        with monkeypatch.context() as patch:
            break_step(patch)
            if covered_cells(content, communes) == routed:
                unseen.append(step)

    assert unseen == []

"""Properties of the rule that hold for any directory."""

from dataclasses import fields, replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from experts.routing.decision import Decision
from experts.routing.engine import (
    AbsencePeriod,
    ApplicantFacts,
    AskedSubject,
    CoveringArea,
    Criteria,
    Demand,
    ExpertCandidate,
    Obstacle,
    OfficeCandidate,
    decide,
)
from tests.experts.routing.builders import (
    COMMUNE,
    DEPARTMENT,
    EPCI,
    NATIONAL,
    ON,
    OTHER_ZONE,
    REGION,
    SMALL_ZONE,
    ZONE,
)

AREAS = (COMMUNE, EPCI, SMALL_ZONE, ZONE, OTHER_ZONE, DEPARTMENT, REGION, NATIONAL)
SLUGS = ("one", "two", "three")
INSTITUTIONS = ("PE", "CCI", "CMA", "UR")
OBSTACLE_OF = {
    "headcount": Obstacle.HEADCOUNT,
    "naf": Obstacle.NAF,
    "legal_form": Obstacle.LEGAL_FORM,
    "craft": Obstacle.CRAFT,
    "created_on": Obstacle.AGE,
    "project_holder": Obstacle.PROJECT_HOLDER,
}

any_institution = st.sampled_from(INSTITUTIONS)
days = st.integers(-2, 2).map(lambda shift: ON + timedelta(days=shift))
coverages = st.lists(st.sampled_from(AREAS), max_size=3, unique=True).map(tuple)
slugs = st.frozensets(st.sampled_from(SLUGS))
bounds = st.none() | st.integers(0, 60)
prefixes = st.lists(st.sampled_from(("4", "43", "43.3", "56.10A", "5")), max_size=2).map(tuple)
mostly_not = st.sampled_from((False, False, False, True))
# Made once: to make a strategy at each draw takes as long as to draw from it.
any_day, any_slugs, own_slugs = st.none() | days, st.none() | slugs, st.just(frozenset()) | slugs
letters, team_sizes = st.sampled_from("abcdefgh"), st.integers(0, 4)
deputies = st.none() | st.integers(0, 5)
periods = st.lists(st.tuples(days, days, deputies), max_size=2)
asked_slugs = st.lists(st.sampled_from(SLUGS), min_size=1, max_size=3)
institution_lists = st.lists(any_institution, max_size=4).map(tuple)

criteria = st.just(Criteria()) | st.builds(
    Criteria,
    headcount_min=bounds,
    headcount_max=bounds,
    age_min_years=bounds,
    age_max_years=bounds,
    naf=prefixes,
    naf_excluded=prefixes,
    legal_forms=prefixes,
    legal_forms_excluded=prefixes,
    craft=st.sampled_from(("", "only", "exclude")),
    project_holders=st.sampled_from((None, True, False)),
)
bands = st.tuples(st.integers(0, 60), st.none() | st.integers(0, 60)).filter(
    lambda band: band[1] is None or band[0] <= band[1]
)
facts = st.builds(
    ApplicantFacts,
    headcount=st.none() | bands,
    naf=st.sampled_from((None, "43.34Z", "56.10A", "47.71Z")),
    legal_form=st.sampled_from((None, "5499", "1000")),
    craft=st.sampled_from((None, True, False)),
    created_on=st.none() | st.integers(0, 25000).map(lambda days: ON - timedelta(days=days)),
    project_holder=st.sampled_from((None, True, False)),
)


@st.composite
def offices(draw, code: str, first_pk: int, areas=coverages, institutions=any_institution):
    pks = range(first_pk, first_pk + draw(team_sizes))
    own_areas = st.none() | areas
    staff = tuple(
        ExpertCandidate(
            pk=pk,
            email=f"{draw(letters)}{pk % 10}@example.org",
            subjects=draw(any_slugs),
            areas=draw(own_areas),
            is_paused=draw(mostly_not),
            is_bouncing=draw(mostly_not),
            left_on=draw(any_day),
            absences=tuple(
                AbsencePeriod(start, end, None if deputy is None else first_pk + deputy)
                for start, end, deputy in draw(periods)
            ),
        )
        for pk in pks
    )
    return OfficeCandidate(
        code=code,
        institution=draw(institutions),
        areas=draw(areas),
        experts=staff,
        criteria=draw(criteria),
        exclusive_subjects=draw(own_slugs),
        is_fallback=draw(mostly_not),
        closes_on=draw(any_day),
    )


@st.composite
def directories(draw):
    return [
        draw(offices(code, 10 * place)) for place, code in enumerate("ABCDEFG"[: draw(st.integers(0, 7))])
    ]


@st.composite
def demands(draw):
    asked = tuple(AskedSubject(slug, draw(institution_lists)) for slug in draw(asked_slugs))
    return Demand(asked, draw(facts), ON)


@given(demands(), directories(), st.randoms(use_true_random=False))
def test_order_of_the_directory_never_matters(demand, directory, random):
    def shuffled(things):
        return tuple(random.sample(list(things), len(things)))

    def reordered(expert):
        areas = None if expert.areas is None else shuffled(expert.areas)
        return replace(expert, areas=areas, absences=shuffled(expert.absences))

    other = [
        replace(
            office, areas=shuffled(office.areas), experts=shuffled([reordered(who) for who in office.experts])
        )
        for office in shuffled(directory)
    ]

    assert decide(demand, other) == decide(demand, directory)


@given(
    demands(),
    directories(),
    offices("STRANGER", 900, areas=st.just(()))
    | offices("STRANGER", 900, institutions=st.just("OTHER")).map(
        lambda office: replace(office, is_fallback=False)
    ),
    st.integers(0, 7),
)
def test_office_elsewhere_or_of_another_institution_changes_nothing(demand, directory, stranger, place):
    assert decide(demand, [*directory[:place], stranger, *directory[place:]]) == decide(demand, directory)


def widened(areas: tuple[CoveringArea, ...], wider: CoveringArea) -> tuple[CoveringArea, ...]:
    """Replace the first area by a wider one, which may cover the commune at last."""
    return (max(areas[0], wider, key=lambda area: area.rank), *areas[1:]) if areas else (wider,)


@given(demands(), directories().filter(bool), st.sampled_from(AREAS), st.data())
def test_widening_an_area_never_turns_a_covered_subject_into_a_fallback(demand, directory, wider, data):
    place = data.draw(st.integers(0, len(directory) - 1))
    office = directory[place]
    with_own = [expert for expert in office.experts if expert.areas is not None]
    chosen = data.draw(st.sampled_from([office, *with_own]))
    if chosen is office:
        other = replace(office, areas=widened(office.areas, wider))
    else:
        changed = replace(chosen, areas=widened(chosen.areas, wider))
        other = replace(office, experts=tuple(changed if who is chosen else who for who in office.experts))

    before = decide(demand, directory)
    after = decide(demand, [*directory[:place], other, *directory[place + 1 :]])

    for need, then in zip(before.needs, after.needs, strict=True):
        assert need.is_fallback or not then.is_fallback


@given(
    demands(), directories(), st.frozensets(st.sampled_from([field.name for field in fields(ApplicantFacts)]))
)
def test_unknown_fact_is_never_an_obstacle(demand, directory, unknown):
    known = replace(demand.facts, **dict.fromkeys(unknown))

    decision = decide(replace(demand, facts=known), directory)

    met = {obstacle for refused in decision.refused for obstacle in refused.obstacles}
    assert met.isdisjoint({OBSTACLE_OF[name] for name in unknown})


@given(demands(), directories())
def test_same_input_same_output(demand, directory):
    assert decide(demand, directory) == decide(demand, iter(directory))


@given(demands(), directories())
def test_whoever_covers_the_commune_is_mailed_or_refused_with_an_obstacle(demand, directory):
    decision = decide(demand, directory)

    for need in decision.needs:
        named = {line.office for line in need.refused} | set(need.offices)
        mailed = {email.lower() for email in need.emails}
        assert all(line.obstacles for line in need.refused)
        assert mailed.isdisjoint({line.expert for line in need.refused})
        institutions = next(
            asked for asked in reversed(demand.subjects) if asked.slug == need.subject
        ).institutions
        for office in directory:
            covering = [expert for expert in office.experts if office.covering_area_of(expert)]
            if office.institution in institutions and not office.is_fallback and covering:
                assert office.code in named or all(expert.email in mailed for expert in covering)


@given(demands(), directories())
def test_decision_survives_its_storage(demand, directory):
    decision = decide(demand, directory)

    assert Decision.from_json(decision.as_json()) == decision

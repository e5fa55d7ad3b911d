"""Loading of candidates: the rows that count, and no others, in a fixed number of queries."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from companies.models import NafCorrespondence
from experts.models import Absence, Institution, Office, Subject
from experts.routing import loading
from experts.routing.engine import ApplicantFacts
from territories.models import Area, Commune
from tests.experts.routing.builders import lines, names
from tests.experts.routing.directory_rows import areas, make_expert, make_office

ON = date(2026, 12, 1)
DAY = timedelta(days=1)
SUBJECT = "trouver-candidats"  # answered by PE, ML, MDE, PLIE, CAPE

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]


@pytest.fixture(autouse=True)
def empty_directory(db):
    Office.objects.all().delete()


def route(
    subject: str = SUBJECT,
    commune: str = "21231",
    facts: ApplicantFacts | None = None,
    on: date = ON,
    **without,
):
    decision = loading.decide(
        subjects=[subject],
        commune=Commune.objects.resolve(commune),
        facts=facts or ApplicantFacts(),
        on=on,
        **without,
    )
    return decision.needs[0]


# Step 1


@pytest.mark.parametrize(
    ("asked", "current"),
    [
        pytest.param("69383", "69123", id="arrondissement"),
        pytest.param("01039", "01138", id="delegated"),
        pytest.param("02285", "59545", id="associated, in another département"),
        pytest.param("01018", "01033", id="old code"),
        pytest.param("01033", "01033", id="current code first"),
    ],
)
def test_any_commune_code_is_replaced_by_the_current_commune(asked, current):
    make_expert(make_office("A", f"commune:{current}"), "a")

    assert names(route(commune=asked)) == ["a"]


def test_former_code_in_a_territory_is_replaced_by_the_current_commune():
    make_expert(make_office("A", "commune:69383"), "a")

    assert names(route(commune="69123")) == ["a"]


# Step 2


def test_institutions_of_the_subject_answer_and_no_other():
    for code in ("PE", "CCI", "ML"):
        make_expert(make_office(code, "department:21", institution=code), code.lower())

    assert route().offices == ("PE", "ML")


def test_members_of_a_group_answer_each_on_its_own_in_their_usual_order():
    members = list(Institution.objects.filter(group__code="OPCO").order_by("position"))
    for member in reversed(members):
        make_expert(
            make_office(f"office-{member.position}", "region:27", institution=member.code),
            member.code.lower(),
        )

    need = route("plan-formation")

    assert [chosen.institution for chosen in need.chosen] == [member.code for member in members]


def test_institution_named_alone_and_through_its_group_counts_once_at_its_first_place():
    subject = Subject.objects.get(slug="plan-formation")
    member = Institution.objects.filter(group__code="OPCO").order_by("position").last()
    subject.answers.all().delete()
    subject.answers.create(institution=member, position=1)
    subject.answers.create(group=member.group, position=2)
    first = Institution.objects.filter(group__code="OPCO").order_by("position").first()
    for institution in (first, member):
        make_expert(
            make_office(institution.code, "region:27", institution=institution.code), institution.code.lower()
        )

    assert route("plan-formation").offices == (member.code, first.code)


def test_relays_are_never_notified():
    subject = Subject.objects.get(slug=SUBJECT)
    subject.answers.create(institution=Institution.objects.get(code="CCI"), position=9, is_relay=True)
    make_expert(make_office("A", "department:21", institution="CCI"), "a")

    need = route()

    assert (need.chosen, need.refused) == ((), ())


@pytest.mark.parametrize("notified", ["automatic", "by_agreement", "never"])
def test_institution_never_notified_is_left_out_and_one_by_agreement_is_not(notified):
    Institution.objects.filter(code="PE").update(notified=notified)
    make_expert(make_office("A", "department:21"), "a")

    assert names(route()) == ([] if notified == "never" else ["a"])


def test_subject_without_institution_goes_to_the_fallback():
    make_expert(make_office("A", "department:21"), "a")
    make_expert(make_office("F", "region:27", institution="UR", is_fallback=True), "f")

    need = route("autre")

    assert (names(need), need.is_fallback) == (["f"], True)


def test_institution_that_the_owner_unticked_is_left_out_even_as_a_fallback():
    make_expert(make_office("A", "department:21"), "a")
    make_expert(make_office("F", "region:27", is_fallback=True), "f")
    make_expert(make_office("N", "national", institution="UR", is_fallback=True), "n")

    need = route(without_institutions={"PE"})

    assert (names(need), need.refused) == (["n"], ())


# Step 3


@pytest.mark.parametrize(("closes", "expected"), [(ON, []), (ON + DAY, ["a"])], ids=["today", "tomorrow"])
@pytest.mark.parametrize("field", ["closed_on", "agreement_ends_on"])
def test_office_counts_as_closed_from_its_closing_and_from_the_end_of_its_convention(field, closes, expected):
    make_expert(make_office("A", "department:21", **{field: closes}), "a")

    assert names(route()) == expected


def test_the_first_of_closing_and_end_of_convention_counts():
    make_expert(make_office("A", "department:21", closed_on=ON + DAY, agreement_ends_on=ON), "a")

    assert lines(route()) == [("A", None, ["closed"])]


@pytest.mark.parametrize(
    ("criteria", "facts", "obstacle"),
    [
        ({"headcount_min": 10}, ApplicantFacts(headcount=(9, 9)), "headcount"),
        ({"headcount_max": 10}, ApplicantFacts(headcount=(11, 11)), "headcount"),
        ({"age_min_years": 3}, ApplicantFacts(created_on=date(2026, 1, 1)), "age"),
        ({"age_max_years": 3}, ApplicantFacts(created_on=date(2016, 1, 1)), "age"),
        ({"naf": ["43", "01"]}, ApplicantFacts(naf="56.10A"), "naf"),
        ({"naf_excluded": ["56.1"]}, ApplicantFacts(naf="56.10A"), "naf"),
        ({"legal_forms": ["1"]}, ApplicantFacts(legal_form="5499"), "legal_form"),
        ({"legal_forms_excluded": ["54"]}, ApplicantFacts(legal_form="5499"), "legal_form"),
        ({"craft": "only"}, ApplicantFacts(craft=False), "craft"),
        ({"craft": "exclude"}, ApplicantFacts(craft=True), "craft"),
        ({"project_holders": False}, ApplicantFacts(project_holder=True), "project_holder"),
    ],
)
def test_each_criterion_of_the_row_is_read(criteria, facts, obstacle):
    make_expert(make_office("A", "department:21", **criteria), "a")

    assert lines(route(facts=facts)) == [("A", None, [obstacle])]
    assert names(route()) == ["a"]


def test_what_the_directory_dropped_is_no_longer_routed_whatever_the_date(now):
    make_expert(make_office("A", "department:21", source="file", dropped_at=now), "a")
    office = make_office("B", "department:21")
    make_expert(office, "dropped", source="file", dropped_at=now)
    make_expert(office, "b")

    need = route(on=date(2000, 1, 1))

    assert (names(need), need.refused) == (["b"], ())


def test_dropped_zone_contains_nobody(now):
    zone = Area.objects.create(kind="zone", code="z", current_code="z", name="Z", commune_count=1)
    zone.members.set(areas("commune:21231"))
    office = make_office("A")
    office.areas.add(zone)
    make_expert(office, "a")

    before = names(route())
    Area.objects.filter(pk=zone.pk).update(dropped_at=now)

    assert (before, names(route())) == (["a"], [])


# Steps 4 to 6


def test_expert_answers_the_subjects_listed():
    office = make_office("A", "department:21")
    make_expert(office, "other", subjects=["embaucher"])
    make_expert(office, "several", subjects=["definir-besoin", SUBJECT])

    assert names(route()) == ["several"]


def test_own_areas_replace_the_office_s():
    office = make_office("A", "department:21")
    make_expert(office, "near", own=["commune:21231", "department:89"])
    make_expert(office, "elsewhere", own=["department:89"])
    make_expert(office, "office", subjects=[])

    need = route()

    assert [(chosen.expert, str(chosen.area)) for chosen in need.chosen] == [
        ("near@example.org", "commune:21231")
    ]
    assert lines(need) == [("A", "office", ["no_skill", "less_local"])]


def test_office_is_found_through_the_area_of_an_expert():
    office = make_office("A", "department:89")
    make_expert(office, "a", own=["region:27"])

    assert names(route()) == ["a"]


def test_colleagues_out_of_the_area_come_as_stand_ins():
    office = make_office("A", "department:21")
    absent = make_expert(office, "absent")
    deputy = make_expert(office, "deputy", subjects=[], own=["department:89"])
    Absence.objects.create(expert=absent, from_on=ON, to_on=ON, deputy=deputy)

    assert [(chosen.expert, chosen.stand_in_for) for chosen in route().chosen] == [
        ("deputy@example.org", "absent@example.org")
    ]


@pytest.mark.parametrize("facts", [{"is_paused": True}, {"is_bouncing": True}])
def test_paused_and_bouncing_experts_count_as_absent(facts):
    make_expert(make_office("A", "department:21"), "a", **facts)

    assert lines(route()) == [("A", "a", ["absent"])]


@pytest.mark.parametrize(("on", "expected"), [(date(2026, 11, 30), ["a"]), (ON, []), (ON + DAY, [])])
def test_expert_counts_as_absent_from_the_day_of_departure_in_paris(on, expected):
    left_at = datetime(2026, 12, 1, 0, 30, tzinfo=ZoneInfo("Europe/Paris"))
    make_expert(make_office("A", "department:21"), "a", left_at=left_at)

    assert names(route(on=on)) == expected


def test_departure_today_counts_at_once():
    make_expert(make_office("A", "department:21"), "a", left_at=timezone.now())

    assert names(route(on=timezone.localdate())) == []


def test_epci_astride_two_departments_reaches_both_and_its_department_one():
    make_expert(make_office("A", "department:46"), "lot")
    make_expert(make_office("B", "epci:200067361", institution="ML"), "figeac")

    assert names(route(commune="12052")) == ["figeac"]


# Step 8


def test_exclusive_subjects_of_the_row_are_read():
    make_expert(make_office("A", "commune:21231"), "a")
    make_expert(make_office("X", "department:21", institution="ML", exclusive=[SUBJECT]), "x")
    make_expert(make_office("Y", "commune:21231", institution="CAPE", exclusive=["embaucher"]), "y")

    assert names(route()) == ["x"]


# The other rounds


def test_offices_already_asked_are_left_out():
    make_expert(make_office("A", "commune:21231"), "a")
    make_expert(make_office("B", "department:21"), "b")

    need = route(without_offices={"A"})

    assert (names(need), need.refused) == (["b"], ())


def test_fallback_already_asked_gives_way_to_the_national_one():
    commune = Commune.objects.resolve("21231")
    make_expert(make_office("R", "region:27", institution="UR", is_fallback=True), "r")
    make_expert(make_office("N", "national", institution="UR", is_fallback=True), "n")

    def asked(*offices):
        return names(
            loading.decide_fallback(subject=SUBJECT, commune=commune, on=ON, without_offices=offices)
        )

    assert (asked(), asked("R"), asked("R", "N")) == (["r"], ["n"], [])


def test_one_institution_alone_answers_although_the_subject_does_not_list_it():
    commune = Commune.objects.resolve("21231")
    make_expert(make_office("A", "department:21", institution="CCI"), "a")
    make_expert(make_office("F", "region:27", institution="UR", is_fallback=True), "f")

    def within(code):
        return names(
            loading.decide_for_institution(
                code, subject=SUBJECT, commune=commune, facts=ApplicantFacts(), on=ON
            )
        )

    assert (within("CCI"), within("PE"), within("UR"), within("NOWHERE")) == (["a"], [], [], [])


def test_one_institution_alone_is_not_asked_when_it_is_never_notified():
    Institution.objects.filter(code="PE").update(notified="never")
    make_expert(make_office("A", "department:21"), "a")

    need = loading.decide_for_institution(
        "PE", subject=SUBJECT, commune=Commune.objects.resolve("21231"), facts=ApplicantFacts(), on=ON
    )

    assert (need.chosen, need.refused) == ((), ())


def test_institutions_around_a_commune_are_those_with_an_open_office_for_the_commune(now):
    make_office("A", "department:21", institution="CCI")
    make_office("B", "department:89", institution="CMA")
    make_office("C", "department:21", institution="ML", closed_on=ON)
    make_office("D", "department:21", institution="MDE", agreement_ends_on=ON)
    make_office("E", "department:21", institution="PLIE", source="file", dropped_at=now)
    make_office("F", "region:27", institution="UR", is_fallback=True)
    make_office("G", "department:21", institution="PE", closed_on=ON + DAY)
    make_expert(make_office("H", "department:89", institution="CAPE"), "h", own=["commune:21231"])
    never = Institution.objects.filter(notified="never").first()
    make_office("I", "department:21", institution=never.code)

    codes = ["CCI", "CMA", "ML", "MDE", "PLIE", "UR", "PE", "CAPE", never.code]

    around = loading.decide_for_each_institution(
        codes, subjects=[SUBJECT], commune=Commune.objects.resolve("21231"), facts=ApplicantFacts(), on=ON
    )

    assert list(around[SUBJECT]) == ["CCI", "PE", "CAPE"]


def test_expert_away_twice_the_same_day_is_refused_once():
    office = make_office("A", "department:21")
    make_expert(office, "a")
    away = make_expert(office, "b")
    for days in (1, 2):
        Absence.objects.create(expert=away, from_on=ON - days * DAY, to_on=ON + days * DAY)

    need = route()

    assert names(need) == ["a"]
    assert [refused.expert for refused in need.refused] == ["b@example.org"]


# Queries


def count_queries(subjects: list[str]) -> int:
    commune = Commune.objects.resolve("21231")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        loading.decide(subjects=subjects, commune=commune, facts=ApplicantFacts(), on=ON)
    return len(queries)


def test_number_of_queries_never_changes():
    counts = [count_queries([SUBJECT])]
    for code in ("PE", "ML", "MDE"):
        for place in range(10):
            office = make_office(
                f"{code}-{place}", "department:21", "region:27", institution=code, exclusive=["autre"]
            )
            for who in range(3):
                expert = make_expert(office, f"{code}{place}{who}".lower(), own=["epci:242100410"])
                Absence.objects.create(expert=expert, from_on=ON, to_on=ON)
        counts.append(count_queries([SUBJECT]))
    counts.append(count_queries([SUBJECT, "plan-formation", "autre", "transmettre"]))

    assert counts == [4] * 5


# Step 3


@pytest.mark.parametrize(
    ("criteria", "facts", "fact"),
    [
        pytest.param({"naf": ["45"]}, ApplicantFacts(naf="95.31Y"), "naf", id="activity, NAF 2025"),
        pytest.param(
            {"naf_excluded": ["95"]}, ApplicantFacts(naf="9531Y"), "naf", id="refused activity, NAF 2025"
        ),
        pytest.param(
            {"legal_forms": ["54"]}, ApplicantFacts(legal_form="3815"), "legal_form", id="no such category"
        ),
        pytest.param({"naf": ["10"]}, ApplicantFacts(naf="10.71H"), "naf", id="a class that kept its number"),
        pytest.param({"naf": ["56"]}, ApplicantFacts(naf="5611y"), "naf", id="as the register writes it"),
        pytest.param(
            {"legal_forms_excluded": ["92"]}, ApplicantFacts(legal_form="9712"), "legal_form", id="refused"
        ),
        pytest.param(
            {"legal_forms": ["57"]}, ApplicantFacts(legal_form="5910"), "legal_form", id="of a later edition"
        ),
    ],
)
def test_code_of_another_edition_refuses_nobody_and_is_unknown(criteria, facts, fact):
    make_expert(make_office("A", "commune:21231", **criteria), "a")

    decision = loading.decide(
        subjects=[SUBJECT], commune=Commune.objects.resolve("21231"), facts=facts, on=ON
    )

    assert names(decision.needs[0]) == ["a"]
    assert decision.unknown == (fact,)


@pytest.mark.parametrize(
    ("code", "rev2"), [("95.31Y", "45.20A"), ("10.71H", "45.11Z"), ("9532y", "45.40Z")], ids=str
)
def test_code_with_one_equivalent_is_checked_like_it(code, rev2):
    make_expert(make_office("A", "commune:21231", naf=["45"]), "a")
    make_expert(make_office("B", "commune:21231", naf=["10"]), "b")
    NafCorrespondence.objects.create(code=f"{code[:2]}.{code[-3:].upper()}", rev2=rev2)

    assert names(route(facts=ApplicantFacts(naf=code))) == ["a"]


@pytest.mark.parametrize("source", ["file", "hand"])
@pytest.mark.parametrize(
    ("code", "subject"),
    [
        ("BGE", "creer"),
        ("URSCOP", "reprise-salaries"),
        ("OCAPIAT", "plan-formation"),
        ("CRGE", "groupement-employeurs"),
    ],
)
def test_office_under_agreement_answers_until_its_end(source, code, subject):
    assert Institution.objects.get(code=code).notified == "by_agreement"
    office = make_office("A", "commune:21231", institution=code, source=source)
    make_expert(office, "a")

    assert names(route(subject=subject)) == ["a"]

    Office.objects.filter(pk=office.pk).update(agreement_ends_on=ON)
    assert "a" not in names(route(subject=subject))
    assert names(route(subject=subject, on=ON - DAY)) == ["a"]

"""Effect of a spreadsheet on the demo directory, and its errors; nothing is written by a dry run."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from directory.revision_undo import undo
from directory.sheets.applying_sheets import apply_trial
from directory.sheets.sheet_plan import SheetOptions
from directory.sheets.trial import InvalidSheet, try_sheet
from directory.sheets.whole import InvalidWhole, Whole
from experts.changes import applying, editing, snapshot
from experts.changes.directory_facts import AbsenceEntry
from experts.changes.row_plans import Plan, RowOutcome
from experts.changes.undoing import plan_undo
from experts.models import Cause, Expert, Office, Revision
from solicitations.models import Match
from tests.directory.sheets import workbooks
from tests.directory.sheets.workbooks import csv, xlsx
from tests.experts.factories import NationalFactory
from tests.solicitations.factories import send

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
NEW = ["PE", "France Travail Beaune", "03 80 00 00 01", "beaune@example.org", "Beaune"]
NEW_OFFICE = [
    "Institution",
    "Nom de l'antenne",
    "Téléphone de l'antenne",
    "Courriel de l'antenne",
    "Territoires",
]
NEW_EXPERT = ["Nom", "Mail", "Sujets"]
PLIE = "entreprises@plie-dijon.example.org"


def trial_of(headings, *rows, **options):
    """The effect of a CSV file sent by region 27."""
    return try_sheet(csv(headings, *rows), "f.csv", SheetOptions("27", **options), now=NOW)


def problems_of(headings, *rows):
    with pytest.raises(InvalidSheet) as error:
        trial_of(headings, *rows)
    return [str(problem) for problem in error.value.problems]


def stored(email):
    expert = Expert.objects.get(email=email)
    return next(iter(snapshot.load(experts=[expert.pk]).experts.items()))


def test_a_line_makes_an_office_and_its_expert_and_gives_the_office_a_code():
    row = [*NEW, "Conseil", "conseil@example.org", "Embaucher mon premier salarié ; gpec"]

    plan = trial_of([*NEW_OFFICE, *NEW_EXPERT], row).plan

    (office,), (expert,) = plan.offices, plan.experts
    assert office.key == "pe-france-travail-beaune"
    assert {str(ref) for ref in office.facts["areas"]} == {"commune:21054"}
    assert expert.key == (office.key, "conseil@example.org")
    assert expert.facts["subjects"] == {"premier-salarie", "gpec"}
    assert expert.facts["phone"] == "03 80 00 00 01"


def test_missing_columns_and_empty_cells_change_nothing():
    plan = trial_of(["Mail", "Fonction", "Téléphone"], [PLIE, "", ""]).plan

    assert not plan.changes_something
    assert len(plan.experts) == 1


def test_a_dash_empties():
    (expert,) = trial_of(["Mail", "Fonction"], [PLIE, "-"]).plan.experts

    assert expert.written_facts["job"] == ""


def test_an_office_is_found_by_its_code_or_by_its_name():
    by_code = trial_of(["Code", "Effectif max"], ["PLIE-DIJON", "49"]).plan
    by_name = trial_of(["Antenne", "Effectif max"], ["plie de la metropole dijonnaise", "49"]).plan

    assert (
        by_code.offices[0].written_facts["headcount_max"]
        == by_name.offices[0].written_facts["headcount_max"]
        == 49
    )


AREAS = {
    "code of a commune": ("21054", {"commune:21054"}),
    "lost zero": ("1004", {"commune:01004"}),
    "former commune": ("commune 21551", None),
    "name and département": ("Saint-Apollinaire (21)", {"commune:21540"}),
    "name and name of the département": ("Saint-Apollinaire (Côte-d'Or)", {"commune:21540"}),
    "département by name": ("Côte-d'Or", {"department:21"}),
    "a name with a comma": ("CC Forêts, Seine et Suzon", {"epci:200039063"}),
    "commas": ("Beaune, Dole", {"commune:21054", "commune:39198"}),
    "reference of a file": ("zone:bassin-dijonnais", {"zone:bassin-dijonnais"}),
    "as exported": ("Bassin d'emploi dijonnais (zone bassin-dijonnais)", {"zone:bassin-dijonnais"}),
    "région": ("région 27", {"region:27"}),
}


def test_areas_are_named_in_many_ways():
    codes = list(Office.objects.order_by("code").values_list("code", flat=True)[: len(AREAS)])
    rows = [[code, text] for code, (text, _) in zip(codes, AREAS.values(), strict=True)]

    plan = try_sheet(csv(["Code", "Territoires"], *rows), "f.csv", SheetOptions(None), now=NOW).plan

    named = {office.key: {str(ref) for ref in office.after["areas"]} for office in plan.offices}
    found = dict(zip(AREAS, (named[code] for code in codes), strict=True))
    assert len(found["former commune"]) == 1
    assert found == {way: expected or found[way] for way, (_, expected) in AREAS.items()}


MISTAKES = {
    "unknown institution": (NEW_OFFICE, ["Pôle emplois", *NEW[1:]], "Institution", "« France Travail »"),
    "ambiguous institution": (NEW_OFFICE, ["DIRECCTE", *NEW[1:]], "Institution", "écrivez lequel"),
    "unknown subject": (
        ["Mail", "Sujets"],
        [PLIE, "Embaucher mon premier salari"],
        "Sujets",
        "premier salarié »",
    ),
    "unknown place": (["Code", "Territoires"], ["PLIE-DIJON", "Bone"], "Territoires", "territoire inconnu"),
    "nearest place": (
        ["Code", "Territoires"],
        ["PLIE-DIJON", "Beaunne"],
        "Territoires",
        "« Beaune (commune 21054) »",
    ),
    "homonyms": (
        ["Code", "Territoires"],
        ["PLIE-DIJON", "Saint-Apollinaire"],
        "Territoires",
        "écrivez lequel",
    ),
    "région or département": (["Code", "Territoires"], ["PLIE-DIJON", "75"], "Territoires", "écrivez lequel"),
    "unknown commune": (
        ["Code", "Territoires"],
        ["PLIE-DIJON", "21999"],
        "Territoires",
        "territoire inconnu",
    ),
    "phone": (["Mail", "Tél."], [PLIE, "03 80 00"], "Tél.", "« 03 80 00 »"),
    "email": (
        ["Antenne", "Mail"],
        ["PLIE de la métropole dijonnaise", "a.b"],
        "Mail",
        "adresse électronique",
    ),
    "day": (["Code", "Fermeture"], ["PLIE-DIJON", "demain"], "Fermeture", "31/12/2026"),
    "number": (["Code", "Effectif max"], ["PLIE-DIJON", "50 salariés"], "Effectif max", "chiffres"),
    "yes or no": (
        ["Code", "Porteurs de projet"],
        ["PLIE-DIJON", "peut-être"],
        "Porteurs de projet",
        "« oui »",
    ),
    "craft": (["Code", "Artisanat"], ["PLIE-DIJON", "oui"], "Artisanat", "« sauf artisans »"),
    "naf": (["Code", "NAF"], ["PLIE-DIJON", "43 ; XX"], "NAF", "« XX »"),
    "siret": (["Code", "SIRET"], ["PLIE-DIJON", "123"], "SIRET", "14 chiffres"),
    "digits lost": (["Code", "SIRET"], ["PLIE-DIJON", "1,30005E+13"], "SIRET", "format Texte"),
    "site": (["Code", "Site"], ["PLIE-DIJON", "voir plus bas"], "Site", "adresse internet"),
    "error of a formula": (["Code", "Effectif max"], ["PLIE-DIJON", "#REF!"], "Effectif max", "#REF!"),
    "control character": (["Mail", "Nom"], [PLIE, "a\u202eb"], "Nom", "caractère de contrôle"),
    "required and emptied": (["Mail", "Nom"], [PLIE, "-"], "Nom", "vidée"),
    "reversed bounds": (
        ["Code", "Effectif min", "Effectif max"],
        ["PLIE-DIJON", "9", "3"],
        "Effectif max",
        "9",
    ),
    "deputy of another office": (
        ["Mail", "Absence du", "Absence au", "Suppléant"],
        [PLIE, "01/02/2027", "02/02/2027", "formation@maison-emploi-dijon.example.org"],
        "Suppléant",
        "n'est pas un référent de cette antenne",
    ),
    "own deputy": (
        ["Mail", "Absence du", "Absence au", "Suppléant"],
        [PLIE, "01/02/2027", "02/02/2027", PLIE],
        "Suppléant",
        "sa propre",
    ),
    "absence without end": (["Mail", "Absence du"], [PLIE, "01/02/2027"], "Absence au", "dernier"),
    "absence reversed": (
        ["Mail", "Absence du", "Absence au"],
        [PLIE, "03/02/2027", "02/02/2027"],
        "Absence au",
        "avant de commencer",
    ),
    "no office": (["Nom", "Mail"], ["X", "inconnu@example.org"], "Nom de l'antenne", "indiquez l'antenne"),
    "no address": (
        ["Antenne", "Nom"],
        ["PLIE de la métropole dijonnaise", "X"],
        "Courriel du référent",
        "indiquez",
    ),
    "no institution": (["Antenne", "Nom"], ["Nouvelle", "X"], "Institution", "indiquez l'institution"),
    "no phone": (NEW_OFFICE[:2], NEW[:2], "Téléphone de l'antenne", "manque"),
    "code that changed": (
        ["Code", "Antenne"],
        ["PLIE-DJON", "PLIE de la métropole dijonnaise"],
        "Code",
        "« PLIE-DIJON »",
    ),
    "a column twice": (["Mail", "Nom", "Nom"], [PLIE, "a", "b"], "Nom", "deux colonnes"),
}


@pytest.mark.parametrize(("headings", "row", "column", "sentence"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_reported_with_its_place(headings, row, column, sentence):
    problems = problems_of(headings, row)

    line = 1 if "deux colonnes" in sentence else 2
    assert any(
        one.startswith(f'f.csv, line {line}, column "{column}": ') and sentence in one for one in problems
    )


def test_every_mistake_is_reported_at_once():
    problems = problems_of(
        ["Antenne", "Nom", "Mail", "Tél.", "Sujets"],
        ["PLIE de la métropole dijonnaise", "A", "a@b.fr", "x", "rien"],
        ["PLIE de la métropole dijonnaise", "A", "A@B.fr", "03 80 00 00 01", "gpec"],
        ["PLIE de la métropole dijonnaise", "A", "@", "", ""],
    )

    assert [problem.split(":")[0] for problem in problems] == [
        'f.csv, line 2, column "Sujets"',
        'f.csv, line 2, column "Tél."',
        'f.csv, line 3, column "Mail"',
        'f.csv, line 4, column "Mail"',
    ]


def test_lines_of_one_office_must_agree():
    (problem,) = problems_of(
        ["Code", "Effectif max"], ["PLIE-DIJON", "49"], ["PLIE-DIJON", ""], ["PLIE-DIJON", "50"]
    )

    assert problem.startswith('f.csv, line 4, column "Effectif max"')
    assert "la ligne 2" in problem


def test_lines_of_another_region_are_refused_and_the_rest_is_offered():
    elsewhere = Office.objects.exclude(region="27").exclude(region=None).order_by("pk").first()

    trial = trial_of(["Code", "Site"], [elsewhere.code, "exemple.fr"], ["PLIE-DIJON", "exemple.fr"])

    assert [row.key for row in trial.plan.offices] == ["PLIE-DIJON"]
    assert [refused.line for refused in trial.refused] == [2]
    assert elsewhere.name in str(trial.refused[0])


@pytest.mark.parametrize("area", ["Lyon", "département 75", "EPCI 200071884", "Ajaccio"])
def test_an_area_beyond_the_region_is_refused(area):
    trial = trial_of(["Code", "Territoires"], ["PLIE-DIJON", f"EPCI 242100410 ; {area}"])

    assert not trial.plan.offices
    assert "équipe nationale" in str(trial.refused[0])


def test_a_whole_closes_what_the_file_lacks_entered_by_hand_or_not():
    institution = Office.objects.filter(region="27", institution__code="MDE", closed_on=None).order_by("code")
    first, *others = institution.values_list("code", flat=True)
    institution.filter(code=others[0]).update(source="hand")

    trial = trial_of(["Code", "Site"], [first, "exemple.fr"], whole=Whole("institution", "MDE"))

    closed = [row for row in trial.plan.offices if row.outcome.value == "closed"]
    assert [row.key for row in closed] == others
    assert closed[0].written_facts["closed_on"] == date(2026, 12, 1)
    assert trial.closing.must_be_confirmed
    assert not [row for row in trial.plan.experts if row.outcome.value == "closed"]


def test_a_whole_with_experts_closes_the_experts_that_it_lacks():
    office = Office.objects.get(code="CAPE-21")
    first, second = office.experts.order_by("email").values_list("email", flat=True)

    trial = trial_of(["Code", "Mail"], ["CAPE-21", first], whole=Whole("institution", "CAPE"))

    closed = [row.key for row in trial.plan.experts if row.outcome.value == "closed"]
    assert ("CAPE-21", second) in closed
    assert ("CAPE-21", first) not in closed


def test_offices_of_a_departement_have_all_their_communes_in_it():
    codes = Whole("department", "21").offices(snapshot.load(), region="27", today=NOW.date())

    assert "CAPE-21" in codes
    assert "REGION-27" not in codes


@pytest.mark.parametrize("text", ["region:93", "department:75", "institution:XX", "commune:21231", "tout"])
def test_a_whole_elsewhere_or_unknown_is_refused(text):
    with pytest.raises(InvalidWhole):
        Whole.parse(text, region="27")


def test_the_applied_file_wins_over_the_directory_file_and_is_one_revision():
    trial = trial_of(["Mail", "Tél.", "Fonction"], [PLIE, "380000001", "Nouvelle"])

    with transaction.atomic(durable=True):
        apply_trial(trial, "f.csv", now=NOW)

    expert = Expert.objects.get(email=PLIE)
    assert (expert.phone, expert.job) == ("03 80 00 00 01", "Nouvelle")
    assert {"phone", "job"} <= set(expert.edited_fields)
    assert Revision.objects.filter(cause=Cause.SHEET).count() == 1
    assert any("zéro remis" in remark for remark in trial.remarks)


def test_what_an_expert_declared_is_kept_unless_ticked():
    key, row = stored(PLIE)
    facts = {
        "phone": "03 80 99 99 99",
        "declared_absences": {AbsenceEntry(date(2027, 1, 1), date(2027, 1, 9), None)},
    }
    declared = editing.change(key, row, facts)
    applying.apply(Plan(experts=(declared,)), cause=Cause.EXPERT, now=NOW)
    line = ["Mail", "Tél.", "Absence du", "Absence au"], [PLIE, "03 80 00 00 01", "-", "-"]

    (kept,) = trial_of(*line).plan.experts
    (replaced,) = trial_of(*line, replaces_declared=True).plan.experts

    assert not kept.changes
    assert {difference.fact for difference in kept.kept} == {"phone", "declared_absences"}
    assert replaced.written_facts["phone"] == "03 80 00 00 01"
    assert replaced.written_facts["declared_absences"] == frozenset()


def test_an_absence_of_a_file_is_replaced_by_the_sheet_s():
    email = "formation@france-travail-dijon.example.org"
    headings = ["Mail", "Absence du", "Absence au", "Suppléant"]
    deputy = "recrutement@france-travail-dijon.example.org"

    same = trial_of(headings, [email, "08/02/2027", "19/02/2027", deputy]).plan
    (other,) = trial_of(
        headings, [email, "08/02/2027 ; 1/3/27", "26/02/2027 ; 2/3/27", f"{deputy} ; -"]
    ).plan.experts

    assert not same.changes_something
    assert other.written_facts["absence"] is None
    assert other.written_facts["declared_absences"] == {
        AbsenceEntry(date(2027, 2, 8), date(2027, 2, 26), deputy),
        AbsenceEntry(date(2027, 3, 1), date(2027, 3, 2), None),
    }


def test_a_former_address_names_the_same_person():
    key, row = stored(PLIE)
    applying.apply(
        Plan(experts=(editing.change_address(key, row, "autre@example.org"),)), cause=Cause.PAGE, now=NOW
    )

    (expert,) = trial_of(["Code", "Mail", "Fonction"], ["PLIE-DIJON", PLIE, "Neuve"]).plan.experts

    assert expert.key == ("PLIE-DIJON", "autre@example.org")
    assert "email" not in expert.written_facts


def test_the_fingerprint_of_a_dry_run_changes_with_its_rows():
    content, options = csv(["Mail", "Fonction"], [PLIE, "Nouvelle"]), SheetOptions("27")
    shown = try_sheet(content, "f.csv", options, now=NOW).fingerprint
    Expert.objects.filter(email=PLIE).update(job="Changée entre-temps")

    assert try_sheet(content, "f.csv", options, now=NOW + timedelta(hours=1)).fingerprint != shown


def test_a_line_that_is_not_filled_in_is_left_aside():
    trial = trial_of(["Institution", "Antenne", "Territoires", "Sujets"], ["PE", "", "Beaune", "gpec"])

    assert not trial.plan.changes_something
    assert "à compléter" in trial.remarks[0]


def test_headings_on_two_lines_totals_and_notes_are_read_as_people_mean_them():
    person = ["Conseil", "c@example.org", "0380000002", date(2027, 1, 2), date(2027, 1, 9)]
    content = workbooks.headings_on_two_lines(
        [*NEW, *person], ["Sous-total", 1], ["Total des référents", None, 1], ["TOTAL", "=SUM(B4:B6)"]
    )

    trial = try_sheet(content, "f.xlsx", SheetOptions("27"), now=NOW)

    (office,), (expert,) = trial.plan.offices, trial.plan.experts
    assert (office.facts["name"], office.facts["email"]) == ("France Travail Beaune", "beaune@example.org")
    assert (expert.facts["name"], expert.facts["email"]) == ("Conseil", "c@example.org")
    assert expert.facts["declared_absences"] == {AbsenceEntry(date(2027, 1, 2), date(2027, 1, 9), None)}
    totals = [f"Feuille « Antennes », ligne {line} : un total, il n'est pas lu." for line in (5, 6, 7)]
    assert [remark for remark in trial.remarks if "total" in remark] == totals
    assert "Feuille « À faire » : aucune ligne de titres, elle n'est pas lue." in trial.remarks


def test_a_control_character_is_refused_by_its_line():
    problems = problems_of(["Mail", "Fonction"], [PLIE, "Char\x07gée"])

    sentence = "ce texte contient un caractère de contrôle : retapez-le au clavier."
    assert problems == [f'f.csv, line 2, column "Fonction": {sentence}']


def test_a_newcomer_who_answers_in_another_office_is_reported():
    row = ["CAPE-21", PLIE.upper(), "Anne"]

    trial = trial_of(["Code", "Mail", "Nom du référent"], row)

    assert any("répond déjà dans" in remark and PLIE in remark for remark in trial.remarks)
    assert not trial_of(["Mail", "Fonction"], [PLIE, "X"]).remarks


def test_one_person_on_two_sheets_is_reported_with_the_sheet():
    book = xlsx([["Mail", "Fonction"], [PLIE, "A"]], [["Mail", "Fonction"], [PLIE, "B"]])

    with pytest.raises(InvalidSheet) as error:
        try_sheet(book, "f.xlsx", SheetOptions("27"), now=NOW)

    sentence = str(error.value.problems[0]).replace("\u00a0", " ")
    assert "est déjà à la ligne 2 de la feuille « Annuaire »" in sentence


def test_a_code_that_is_a_page_is_refused():
    problems = problems_of(["Code", *NEW_OFFICE], ["nouvelle", *NEW])

    assert "ne peut pas être un code" in problems[0]


def test_a_beginning_of_a_code_is_refused_in_french():
    problems = problems_of(["Code", "NAF acceptés"], ["CAPE-21", "XYZ"])

    assert "n'est pas le début d'un code NAF" in problems[0]


def test_an_apostrophe_before_a_number_keeps_its_zeros():
    trial = trial_of(["Mail", "Tél."], [PLIE, "'0380000001"])

    assert [row.written_facts["phone"] for row in trial.plan.experts if row.written_facts] == [
        "03 80 00 00 01"
    ]


def test_spaces_taken_out_of_an_address_are_reported():
    trial = trial_of(["Code", "Mail", "Nom du référent"], ["CAPE-21", "zo @exemple.org", "Zoé"])

    assert any("est lu sans ses espaces" in remark for remark in trial.remarks)


@pytest.mark.parametrize("step", ["planned", "written"])
def test_an_undo_takes_as_many_queries_for_many_rows_as_for_few(step, commit):
    counts = []
    for number in (3, 60):
        rows = [["PE-DIJON", f"Personne {n}", f"p{number}.{n}@example.org", "tous"] for n in range(number)]
        trial = trial_of(["Code", *NEW_EXPERT], *rows)
        with transaction.atomic():
            revision = apply_trial(trial, "f.csv", now=NOW)
        with CaptureQueriesContext(connection) as queries:
            if step == "planned":
                assert plan_undo(revision, today=NOW.date(), now=NOW).plan.count(RowOutcome.REMOVED) == number
            else:
                commit(undo, revision, by=NationalFactory(), now=NOW)
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_an_undo_closes_what_a_request_names_and_its_office(commit):
    headings = [*NEW_OFFICE, *NEW_EXPERT]
    trial = trial_of(headings, [*NEW, "A", "a@example.org", "tous"], [*NEW, "B", "b@example.org", "tous"])
    with transaction.atomic():
        revision = apply_trial(trial, "f.csv", now=NOW)
    request = commit(send, now=NOW)
    need, match = request.needs.first(), Match.objects.filter(need__solicitation=request).first()
    Match.objects.filter(pk=match.pk).update(expert=Expert.objects.get(email="a@example.org"), need=need)

    plan = plan_undo(revision, today=NOW.date(), now=NOW).plan

    assert [row.outcome for row in plan.offices] == [RowOutcome.CLOSED]
    assert {row.key[1]: row.outcome for row in plan.experts} == {
        "a@example.org": RowOutcome.CLOSED,
        "b@example.org": RowOutcome.REMOVED,
    }

"""Import of a file that names people where they were: who was moved here stays, and their requests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from directory import address_changes
from directory.importing import check, import_file, plan_import
from directory.revision_undo import undo
from directory.sheets.sheet_plan import SheetOptions
from directory.sheets.trial import try_sheet
from experts.changes.row_plans import RowOutcome
from experts.models import Expert, Office, Revision
from solicitations import tasks
from solicitations.lifecycle import MatchState
from territories.models import Area
from tests.directory.pages import confirm, save, text
from tests.directory.sheets.workbooks import csv
from tests.experts.factories import NationalFactory, signed_in
from tests.solicitations.factories import match, send

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]
DEMO = Path("experts/data/directory-demo.yaml")
EMAIL = "recrutement@france-travail-dijon.example.org"


@pytest.fixture
def person() -> Expert:
    return Expert.objects.get(email=EMAIL)


@pytest.fixture(scope="class")
def move(undone) -> Iterator[None]:
    """An expert of France Travail was moved to the Mission locale, once for all these tests."""
    with undone():
        pk = Expert.objects.get(email=EMAIL).pk
        path = f"/annuaire/referents/{pk}/antenne/"
        assert save(signed_in(NationalFactory()), path, office="ML-DIJON").status_code == 302
        yield


@pytest.fixture
def moved(move, person) -> Expert:
    assert person.office.code == "ML-DIJON"
    return person


def plan(text: str = ""):
    return plan_import(check((text or DEMO.read_text()).encode()), now=timezone.now())


def outcomes(found) -> dict:
    """The rows of experts that the plan writes, and what it does to them."""
    return {row.key: row.outcome for row in found.experts if row.changes_something}


def test_the_request_of_a_person_who_was_moved_stays_theirs(commit, now, as_regional, person):
    request = commit(send, now=now)
    save(as_regional, f"/annuaire/referents/{person.pk}/antenne/", office="ML-DIJON")

    call_command("import_directory", str(DEMO), verbosity=0)
    commit(tasks.reoffer_needs_of_gone)

    assert Expert.objects.listed().filter(email=EMAIL).get().office.code == "ML-DIJON"
    assert match(request, EMAIL).state == MatchState.SENT


def test_the_people_of_a_merged_office_are_kept(as_regional):
    gone = Office.objects.get(code="MDE-RCE")
    people = list(gone.experts.values_list("pk", flat=True))
    save(as_regional, "/annuaire/antennes/MDE-CREATIV/reunir/", other=str(gone.pk))
    assert set(Expert.objects.filter(pk__in=people).values_list("office__code", flat=True)) == {"MDE-CREATIV"}

    assert outcomes(plan()) == {}


def test_a_zone_that_was_changed_is_kept(as_regional):
    save(as_regional, "/annuaire/zones/bassin-dijonnais/changer/", name="Bassin de Dijon", added="Beaune")

    import_file(check(DEMO.read_bytes()), name="fichier", now=timezone.now())

    zone = Area.objects.get(kind="zone", code="bassin-dijonnais")
    assert zone.name == "Bassin de Dijon"
    assert "commune:21054" in {str(area.ref) for area in zone.members.all()}


def test_a_zone_that_was_changed_is_listed_and_may_take_the_file_again(as_regional):
    path = "/annuaire/zones/bassin-dijonnais"
    assert as_regional.get(f"{path}/fichier/").status_code == 404
    save(as_regional, f"{path}/changer/", name="Bassin de Dijon")
    [row] = [row for row in plan().zones if row.key == "bassin-dijonnais"]
    assert [(kept.fact, kept.before) for kept in row.kept] == [("name", "Bassin de Dijon")]
    assert "Reprendre les valeurs du fichier" in text(as_regional.get(f"{path}/"))

    confirm(as_regional, f"{path}/fichier/", as_regional.get(f"{path}/fichier/"))
    import_file(check(DEMO.read_bytes()), name="fichier", now=timezone.now())

    zone = Area.objects.get(kind="zone", code="bassin-dijonnais")
    assert (zone.name != "Bassin de Dijon", zone.source) == (True, "file")


class TestMoved:
    def test_a_person_who_was_moved_is_kept_and_listed(self, moved):
        found = plan()

        assert outcomes(found) == {}
        [row] = [row for row in found.experts if row.instance == moved]
        assert [(kept.fact, kept.before, kept.after) for kept in row.kept if kept.fact == "office"] == [
            ("office", "ML-DIJON", "PE-DIJON")
        ]

    def test_a_person_who_was_moved_and_has_another_address_is_kept(self, commit, now, moved):
        commit(address_changes.change_address, EMAIL, "autre@exemple.org", by=NationalFactory(), now=now)

        assert outcomes(plan()) == {}

    def test_a_person_who_was_moved_twice_is_kept(self, as_regional, moved):
        save(as_regional, f"/annuaire/referents/{moved.pk}/antenne/", office="CAPE-21")

        assert outcomes(plan()) == {}

    def test_a_file_that_gives_both_posts_makes_the_second(self, moved):
        text = DEMO.read_text()
        start = text.index("  - id: ML-DIJON")
        at = text.index("    experts:\n", start) + len("    experts:\n")
        post = (
            f'      - {{name: Ici aussi, job: A, email: "{EMAIL}", phone: "03 53 01 00 99", subjects: all}}\n'
        )

        found = plan(text[:at] + post + text[at:])

        assert outcomes(found) == {
            ("PE-DIJON", EMAIL): RowOutcome.CREATED,
            ("ML-DIJON", EMAIL): RowOutcome.CHANGED,
        }

    def test_a_move_that_was_undone_leaves_the_file_as_it_was(self, moved, regional):
        undo(Revision.objects.newest_first().first(), by=regional, now=timezone.now())

        found = plan()

        assert outcomes(found) == {}
        assert not [row for row in found.experts if row.instance == moved and row.kept]

    def test_the_file_wins_again_once_accepted(self, as_regional, moved):
        path = "/annuaire/antennes/ML-DIJON/fichier/"
        confirm(as_regional, path, as_regional.get(path))

        import_file(check(DEMO.read_bytes()), name="fichier", now=timezone.now())

        moved.refresh_from_db()
        assert moved.office.code == "PE-DIJON"
        assert outcomes(plan()) == {}

    def test_a_deputy_who_was_moved_is_named_no_more(self, as_regional, moved):
        absent = Expert.objects.get(email="formation@france-travail-dijon.example.org")
        text = DEMO.read_text().replace(
            'from: "2027-02-08", to: "2027-02-19"', 'from: "2027-03-08", to: "2027-03-19"'
        )
        Expert.objects.filter(pk=absent.pk).update(edited_fields=[])

        import_file(check(text.encode()), name="fichier", now=timezone.now())

        assert absent.absences.get().deputy is None
        assert outcomes(plan(text)) == {}

    @pytest.mark.parametrize("office", ["PE-DIJON", "ML-DIJON"])
    def test_a_sheet_that_names_a_former_office_is_about_the_same_post(self, moved, office):
        content = csv(["Code", "Mail", "Fonction"], [office, EMAIL, "Directrice"])

        trial = try_sheet(content, "f.csv", SheetOptions("27"), now=timezone.now())

        assert outcomes(trial.plan) == {("ML-DIJON", EMAIL): RowOutcome.CHANGED}
        assert any("répond maintenant dans" in remark for remark in trial.remarks) is (office == "PE-DIJON")

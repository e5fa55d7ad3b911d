"""Import and export of spreadsheets by commands, on the demo directory."""

import json
from collections import Counter
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from directory.address_changes import change_address
from directory.coverage import page_content
from directory.sheets.columns import COLUMNS
from directory.sheets.holes import hole_lines
from experts.changes import snapshot
from experts.models import Expert, Subject
from solicitations.models import Match
from tests.directory.sheets.workbooks import csv
from tests.experts.factories import NationalFactory
from tests.solicitations.factories import send

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]


def run(command, *args, **options):
    """Run a command and return what it prints."""
    stdout = StringIO()
    call_command(command, *map(str, args), stdout=stdout, stderr=StringIO(), **options)
    return stdout.getvalue()


def answer(*args):
    """Run the import and return its JSON answer."""
    return json.loads(run("import_sheet", *args, "--region", "27", "--json"))


@pytest.mark.parametrize("extension", ["xlsx", "csv"])
@pytest.mark.parametrize("holes", [[], ["--holes"]], ids=["whole", "holes"])
def test_an_export_imported_unchanged_changes_nothing(tmp_path, extension, holes):
    path = tmp_path / f"annuaire.{extension}"
    run("export_sheet", path, "--region", "27", *holes)

    found = answer(path, "--dry-run")

    assert [found[name] for name in ("created", "changed", "closed", "kept", "refused")] == [[]] * 5
    assert bool(found["unchanged"]) is not bool(holes) or holes


def test_the_holes_written_are_those_of_the_coverage():
    now = timezone.now()
    lines = list(hole_lines(snapshot.load(), "27", now=now))

    position = [column.key for column in COLUMNS].index("expert.subjects")
    written = Counter(label for line in lines if line[position] for label in str(line[position]).split(" ; "))
    labels = dict(Subject.objects.values_list("slug", "label"))
    holes = page_content.compute("27", subject="", on=timezone.localdate(now), now=now).holes()
    assert written == Counter(labels[hole.subject] for hole in holes)


class TestFormerAddress:
    """A sheet may name people by an address that they had before."""

    FORMER, NEW = "recrutement@france-travail-dijon.example.org", "autre@france-travail-dijon.example.org"

    @pytest.fixture(autouse=True)
    def changed(self, commit):
        commit(change_address, self.FORMER, self.NEW, by=NationalFactory(), now=timezone.now())

    def sheet(self, tmp_path, *rows):
        path = tmp_path / "annuaire.csv"
        path.write_bytes(csv(*rows))
        return path

    def test_names_the_office_too(self, tmp_path):
        found = answer(self.sheet(tmp_path, ["Mail", "Fonction"], [self.FORMER, "Cheffe"]), "--apply")

        assert not found["created"]
        person = Expert.objects.get(email=self.NEW)
        assert (person.job, person.office.code) == ("Cheffe", "PE-DIJON")

    def test_names_the_deputy(self, tmp_path):
        absent = "formation@france-travail-dijon.example.org"
        rows = (
            ["Antenne", "Mail", "Absence du", "Absence au", "Suppléant"],
            ["France Travail Dijon", absent, "01/06/2027", "10/06/2027", self.FORMER],
        )

        answer(self.sheet(tmp_path, *rows), "--apply")

        assert Expert.objects.get(email=absent).absences.get(from_on="2027-06-01").deputy.email == self.NEW


def test_a_dry_run_says_what_a_closing_takes_away(tmp_path):
    path = tmp_path / "fermeture.csv"
    path.write_bytes(csv(["Code", "Fermée à partir du"], ["CAPE-21", "31/12/2026"]))

    found = answer(path, "--dry-run")
    lines = run("import_sheet", path, "--region", "27", "--dry-run")

    assert found["losses"]
    assert all(loss["count"] for loss in found["losses"])
    assert f"Plus personne n'y répondra · {found['losses'][0]['subject']}" in lines


def test_open_requests_that_depend_on_a_closing_are_counted(tmp_path, now, commit):
    request = commit(send, "trouver-candidats", now=now)
    match = Match.objects.active().filter(need__solicitation=request).select_related("expert__office").first()
    path = tmp_path / "fermeture.csv"
    path.write_bytes(csv(["Code", "Fermée à partir du"], [match.expert.office.code, "31/12/2026"]))

    found = answer(path, "--dry-run")["dependents"]

    assert found["waiting"] > 0
    assert request.reference in {one["reference"] for one in found["listed"]}
    assert request.reference in run("import_sheet", path, "--region", "27", "--dry-run")


def test_a_wrong_part_is_an_error_in_json_too(tmp_path):
    path = tmp_path / "annuaire.csv"
    path.write_bytes(csv(["Code"], ["CAPE-21"]))
    stdout = StringIO()

    with pytest.raises(CommandError):
        call_command(
            "import_sheet",
            str(path),
            *("--region", "27", "--whole", "region:93", "--json", "--dry-run"),
            stdout=stdout,
            stderr=StringIO(),
        )

    assert json.loads(stdout.getvalue())["errors"]


def test_who_is_back_by_a_sheet_is_not_dropped_by_the_next_file(tmp_path):
    email = "recrutement@france-travail-dijon.example.org"
    text = Path("experts/data/directory-demo.yaml").read_text()
    file, sheet = tmp_path / "annuaire.yaml", tmp_path / "annuaire.csv"
    file.write_text(text.replace(email, "autre@france-travail-dijon.example.org"))
    sheet.write_bytes(csv(["Antenne", "Mail", "Fonction"], ["France Travail Dijon", email, "Cheffe"]))
    run("import_directory", file)
    assert not Expert.objects.listed().filter(email=email).exists()

    answer(sheet, "--apply")
    run("import_directory", file)

    assert Expert.objects.listed().get(email=email).job == "Cheffe"


def test_an_apply_says_what_its_dry_run_does(tmp_path):
    path = tmp_path / "f.csv"
    path.write_bytes(csv(["Code", "Fermée à partir du"], ["CAPE-21", timezone.localdate().isoformat()]))

    output = [run("import_sheet", path, "--region", "27", mode) for mode in ("--dry-run", "--apply")]

    assert all("Plus personne n'y répondra" in one for one in output)


def test_losses_of_an_apply_are_in_its_json(tmp_path):
    path = tmp_path / "f.csv"
    path.write_bytes(csv(["Code", "Fermée à partir du"], ["CAPE-21", timezone.localdate().isoformat()]))

    assert answer(path, "--apply")["losses"]


def test_an_empty_whole_is_refused_rather_than_ignored(tmp_path):
    path = tmp_path / "f.csv"
    path.write_bytes(csv(["Code"], ["PE-DIJON"]))

    with pytest.raises(CommandError):
        run("import_sheet", path, "--region", "27", "--dry-run", "--whole", "")

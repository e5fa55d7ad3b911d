"""An exported directory comes back without any change, with every column filled in and every odd value."""

import io
from datetime import UTC, date, datetime

import pytest

from directory.sheets.columns import COLUMNS
from directory.sheets.sheet_lines import directory_lines
from directory.sheets.sheet_plan import SheetOptions
from directory.sheets.sheet_writing import ChoiceLists, write_csv, write_workbook
from directory.sheets.trial import try_sheet
from experts.changes import snapshot
from experts.models import Absence, Expert, Office, Subject
from territories.models import Area
from tests.directory.sheets.workbooks import typed_ods
from tests.experts.factories import ExpertFactory, OfficeFactory

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
ODD_NAMES = [
    "=SOMME(A1)", "-5 % sur l’offre", "@guichet", "'entre apostrophes'", 'Le « Cœur », "dit" Cœur ; Val',
    "O'Brien & fils", "1,5", "01/02/2027", "VRAI", "1E5",
    "Total", "#3", "Saint-Étienne\u2011du\u2011Bois", "Ligne🙂",
]  # fmt: skip


@pytest.fixture(autouse=True)
def odd_directory(db) -> None:
    """Offices with odd names, and one that has something in each column."""
    region = Area.objects.get(kind="region", code="27")
    for name in ODD_NAMES:
        office = OfficeFactory(name=name, code=f"o-{ODD_NAMES.index(name)}", areas=[region])
        ExpertFactory(office=office, name=name, job=name, email=f"X{office.code}@Example.org")
    whole = OfficeFactory(
        code="0012",
        site="https://exemple.org/?a=1;b=2",
        siret="13000548100010",
        phone="3949",
        headcount_min=0,
        headcount_max=1000,
        age_min_years=1,
        age_max_years=10,
        naf=["01", "011", "0110", "0150Z", "4321", "10"],
        naf_excluded=["0113"],
        legal_forms=["1", "54", "5710"],
        legal_forms_excluded=["5499"],
        craft="only",
        project_holders=False,
        is_public=False,
        agreement_signed_on=date(2025, 2, 1),
        agreement_ends_on=date(2027, 12, 31),
        agreement_link="https://exemple.org/convention",
        closed_on=date(2028, 1, 2),
        areas=list(Area.objects.filter(kind__in=["zone", "epci", "department", "commune"])[:40]),
    )
    whole.exclusive_subjects.set(Subject.objects.filter(label__contains=",")[:2] or Subject.objects.all()[:2])
    OfficeFactory(code="o-fallback", is_fallback=True, areas=[region])
    OfficeFactory(code="o-one-naf", naf=["0110"], naf_excluded=["01"], areas=[region])
    deputy = ExpertFactory(office=whole, email="suppleant@example.org")
    person = ExpertFactory(office=whole, email="absent@example.org", has_all_subjects=False)
    person.subjects.set(Subject.objects.all())
    person.areas.set(Area.objects.filter(kind="commune")[:3])
    for number, named in enumerate((deputy, None, deputy)):
        days = {"from_on": date(2027, 1 + number, 1), "to_on": date(2027, 1 + number, 20)}
        Absence.objects.create(expert=person, deputy=named, **days)


def exported(extension) -> bytes:
    lines = list(directory_lines(snapshot.load(), None, today=NOW.date()))
    filled = {column.key for line in lines for column, cell in zip(COLUMNS, line, strict=True) if cell != ""}
    assert filled == {column.key for column in COLUMNS}
    if extension == "csv":
        text = io.StringIO(newline="")
        write_csv(text, lines)
        return text.getvalue().encode()
    if extension == "ods":
        cells = [[None if cell == "" else cell for cell in line] for line in lines]
        return typed_ods([column.heading for column in COLUMNS], *cells)
    file = io.BytesIO()
    write_workbook(file, lines, ChoiceLists.load(None))
    return file.getvalue()


@pytest.mark.parametrize("extension", ["xlsx", "csv", "ods"])
def test_an_export_changes_nothing_when_it_comes_back(extension):
    content = exported(extension)

    trial = try_sheet(content, f"annuaire.{extension}", SheetOptions(None), now=NOW)

    changes = [(row.key, [one.fact for one in row.changes]) for row in trial.plan.only_changes().rows()]
    assert changes == []
    assert trial.refused == ()
    assert len(trial.plan.offices) == Office.objects.count()
    assert len(trial.plan.experts) == Expert.objects.filter(left_at=None).count()


def test_codes_alone_in_their_cells_survive_a_french_excel():
    """Excel reads « 0110 » as the number 110, another activity; with its dot, as a day, which is put back."""
    text = exported("csv").decode().replace(";01.10;", ";01/10/2026;").replace(";01;", ";1;")

    trial = try_sheet(text.encode("cp1252", errors="ignore"), "f.csv", SheetOptions(None), now=NOW)

    assert not [row.key for row in trial.plan.offices if row.key == "o-one-naf" and row.changes]
    warning = "«\xa001.10\xa0», que le tableur avait pris pour une date"
    assert any(warning in remark for remark in trial.remarks)

"""A region that was emptied is rebuilt through the pages from one spreadsheet, whoever wrote it.

The files are the demo's region 27 as LibreOffice 7.4 saved it, and as a French Excel does: semicolons,
Windows-1252, phones without their zero, dates as numbers.
"""

from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from demo.seeding import read_scenarios
from directory.coverage import content_loading
from directory.coverage.cells import answers_by_group
from directory.coverage.content_loading import CoveragePlace
from directory.coverage.subject_coverage import CoverageEngine
from directory.sheet_upload import SheetUpload
from directory.sheets import uploads
from experts.models import Expert, Office
from tests.directory.conftest import staff_of
from tests.experts.factories import signed_in
from tests.experts.routing.test_scenarios import route

FILES = sorted((Path(__file__).parent / "region27").iterdir())
NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
ON = date(2027, 2, 10)  # an expert of the demo is away

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]


def answers() -> dict[str, object]:
    """Offices and experts that answer each subject in each commune of the region, and in scenarios."""
    content = content_loading.load(CoveragePlace("27"), on=ON)
    cells = {}
    for coverage in CoverageEngine(content).subjects():
        by_commune = cells[coverage.subject] = {}
        answers = answers_by_group(coverage, content.groups)
        for answer, communes in zip(answers, content.groups.communes, strict=True):
            answered_by = (answer.offices, answer.experts, answer.is_fallback, answer.flags)
            by_commune |= dict.fromkeys([commune.code for commune in communes], answered_by)
    decisions = {
        name: (one.offices, one.emails, one.is_fallback)
        for name, scenario in read_scenarios().items()
        for one in [route(scenario)]
    }
    return {"coverage": cells, "scenarios": decisions}


@cache
def answers_of_demo() -> dict[str, object]:
    """The same before anything was changed: the database of each test begins so."""
    return answers()


def empty_region() -> None:
    Expert.objects.filter(office__region="27").delete()
    Office.objects.filter(region="27").delete()


def work() -> SheetUpload:
    """Do what a worker does."""
    upload = SheetUpload.objects.get()
    uploads.work(upload.pk, clock=lambda: NOW)
    upload.refresh_from_db()
    return upload


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_an_empty_region_is_rebuilt_from_one_file(path):
    before = answers_of_demo()
    empty_region()
    browser = signed_in(staff_of("27"))

    browser.post(reverse("directory:sheets"), {"file": SimpleUploadedFile(path.name, path.read_bytes())})
    read = work()
    assert read.state == SheetUpload.State.READY, read.report
    browser.post(reverse("directory:apply_sheet", args=[read.pk]))
    applied = work()

    assert applied.state == SheetUpload.State.APPLIED
    assert applied.report["refused"] == []
    after = answers()
    assert sum(map(len, after["coverage"].values())) > 250_000
    assert after == before
    assert applied.revision.rows.count() > 50

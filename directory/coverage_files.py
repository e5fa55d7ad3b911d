"""Files of coverage, for a spreadsheet: a line per subject and place."""

import csv
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO, StringIO

import xlsxwriter

from directory.coverage.commune_groups import Groups, LocatedCommune, groups_of
from directory.coverage.coverage_words import FLAG_LABELS
from directory.coverage.figures import subject_figures
from directory.coverage.page_content import ComputedCoverage
from directory.coverage.subject_coverage import Flag
from directory.sheets.habits import inert
from experts.models import Subject
from territories.models import Epci, Region

BOM = "\ufeff"  # without it a French Excel does not read UTF-8
CoverageCell = str | int
HEADINGS = (
    "Sujet", "Territoire", "Code", "Communes", "Sans réponse", "Habitants sans réponse",
    "Sans réponse ni antenne de repli", *(FLAG_LABELS[flag] for flag in Flag),
)  # fmt: skip
WIDTHS = (48, 36, 12, 11, 13, 22, 30, *(24 for _ in Flag))


def lines(computed: ComputedCoverage, *, by_region: bool) -> Iterator[list[CoverageCell]]:
    """The figures of each subject, by région or by EPCI."""
    labels = dict(Subject.objects.values_list("slug", "label"))
    names: dict[str, str] = dict((Region if by_region else Epci).objects.values_list("pk", "name"))
    places = _places(
        computed, (lambda commune: commune.region) if by_region else lambda commune: commune.epci
    )
    for coverage in computed.coverages:
        for code, groups in places.items():
            found = subject_figures(coverage, computed.content.groups, groups)
            yield [
                inert(labels[coverage.subject]),
                inert(names.get(code, "Sans région" if by_region else "Sans intercommunalité")),
                code,
                found.communes,
                found.uncovered,
                found.uncovered_population,
                found.without_fallback,
                *(found.flagged[flag] for flag in Flag),
            ]


def _places(computed: ComputedCoverage, code_of: Callable[[LocatedCommune], str | None]) -> dict[str, Groups]:
    """The groups of each place, by its code."""
    places: dict[str, list[int]] = {}
    for index, communes in enumerate(computed.content.groups.communes):
        places.setdefault(code_of(communes[0]) or "", []).append(index)
    return {code: groups_of(own) for code, own in sorted(places.items())}


def csv_text(found: Iterable[list[CoverageCell]]) -> str:
    """A CSV file for a French Excel."""
    written = StringIO()
    written.write(BOM)
    writer = csv.writer(written, delimiter=";", lineterminator="\r\n")
    writer.writerow(HEADINGS)
    writer.writerows(found)
    return written.getvalue()


def workbook(found: Iterable[list[CoverageCell]]) -> bytes:
    """The same as a workbook; one row is held in memory beside the file."""
    written = BytesIO()
    book = xlsxwriter.Workbook(written, {"constant_memory": True})
    sheet, bold = book.add_worksheet("Couverture"), book.add_format({"bold": True, "text_wrap": True})
    for column, (heading, width) in enumerate(zip(HEADINGS, WIDTHS, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, heading, bold)
    sheet.freeze_panes(1, 0)
    for number, line in enumerate(found, start=1):
        for column, cell in enumerate(line):
            if isinstance(cell, int):
                sheet.write_number(number, column, cell)
            else:
                sheet.write_string(number, column, cell)
    book.close()
    return written.getvalue()

"""Files of coverage, for a spreadsheet: a line per subject and place."""

from collections.abc import Callable, Iterable, Iterator
from io import BytesIO

from directory.coverage.commune_groups import GroupSet, LocatedCommune, groups_of
from directory.coverage.coverage_texts import FLAG_LABELS
from directory.coverage.figures import subject_figures
from directory.coverage.page_content import ComputedCoverage
from directory.coverage.subject_coverage import Flag
from experts import list_files
from experts.models import Subject
from territories.models import Epci, Region

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
                list_files.inert(labels[coverage.subject]),
                list_files.inert(names.get(code, "Sans région" if by_region else "Sans intercommunalité")),
                code,
                found.communes,
                found.uncovered,
                found.uncovered_population,
                found.without_fallback,
                *(found.flagged[flag] for flag in Flag),
            ]


def _places(
    computed: ComputedCoverage, code_of: Callable[[LocatedCommune], str | None]
) -> dict[str, GroupSet]:
    """The groups of each place, by its code."""
    places: dict[str, list[int]] = {}
    for index, communes in enumerate(computed.content.groups.communes):
        places.setdefault(code_of(communes[0]) or "", []).append(index)
    return {code: groups_of(own) for code, own in sorted(places.items())}


def csv_text(found: Iterable[list[CoverageCell]]) -> str:
    """A CSV file for a French Excel."""
    return list_files.BOM + "".join(map(list_files.csv_line, [HEADINGS, *found]))


def workbook(found: Iterable[list[CoverageCell]]) -> bytes:
    """The same as a workbook."""
    written, columns = BytesIO(), zip(HEADINGS, WIDTHS, strict=True)
    list_files.write_workbook(written, "Couverture", columns, found, wraps_headings=True)
    return written.getvalue()

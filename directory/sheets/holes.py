"""Holes of a region as lines to complete: those that its coverage shows, and offices without experts."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from django.utils import timezone

from directory.coverage import page_content
from directory.coverage.coverage_holes import Hole
from directory.coverage.page_content import ComputedCoverage
from directory.sheets.sheet_lines import Labels, SheetLine, make_line, office_values, region_offices
from experts.changes.stored import StoredDirectory
from territories.areas import AreaRef


def hole_lines(stored: StoredDirectory, region: str | None, *, now: datetime) -> Iterator[SheetLine]:
    """Lines of the template for what is missing in the directory, which people complete.

    First the offices that have no expert, then the subjects without answer, by area, the most urgent first:
    on a line of an office that covers it, else on a line of the first institution that may.
    """
    today = timezone.localdate(now)
    computed = page_content.compute(region, subject="", on=today, now=now)
    offices = {
        code: office.facts
        for code, office in region_offices(stored, region).items()
        if office.instance is not None and office.instance.is_open_on(today)
    }
    staffed = {
        code
        for (code, _), expert in stored.experts.items()
        if not (expert.facts["dropped_at"] or expert.facts["left_at"])
    }
    missing = _missing_subjects(computed, set(offices))
    labels = Labels.load(
        {ref for facts in offices.values() for ref in facts["areas"]} | {area for _, area in missing}
    )
    completed = {code for code, _ in missing}
    for code, facts in offices.items():
        if code not in staffed | completed:
            yield make_line(office_values(code, facts), {}, labels)
    for (code, area), slugs in missing.items():
        if code in offices:
            office = office_values(code, offices[code])
        else:
            office = {"office.institution": code, "office.areas": {area}}
        yield make_line(office, {"expert.subjects": slugs}, labels)


def _missing_subjects(computed: ComputedCoverage, own: set[str]) -> dict[tuple[str, AreaRef], set[str]]:
    """Subjects without answer, by area and by office that covers it, else by institution that may answer."""
    found: dict[tuple[str, AreaRef], set[str]] = defaultdict(set)
    for hole in computed.holes():
        found[_candidate(computed, hole, own), hole.area].add(hole.subject)
    return found


def _candidate(computed: ComputedCoverage, hole: Hole, own: set[str]) -> str:
    office = page_content.office_to_complete(computed.content, hole, own)
    return office or page_content.institutions_of(computed.content, hole.subject)[0]

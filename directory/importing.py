"""Import of a directory file: read, check, compare with the tables, write."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from directory import snapshot
from directory.applying import apply
from directory.file import DirectoryFile, FileReader, KnownCodes
from directory.models import DirectoryImport
from directory.planning import Plan, RowOutcome, make_plan
from experts.entries import Problem, Problems
from experts.models import Institution, Subject
from experts.yaml_files import parse
from territories.areas import AreaRef, Level
from territories.models import Area, Commune

# Advisory lock of PostgreSQL, so that a second import waits for the first; any constant number would do.
IMPORT_LOCK = 7_420_001


class InvalidDirectory(Exception):
    """The file has errors: ``problems``, in the order of its lines."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__(f"{len(problems)} problems")


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A directory without errors; ``current`` maps the areas that it names to today's areas."""

    directory: DirectoryFile
    current: dict[AreaRef, AreaRef]
    digest: str


def check(content: bytes) -> CheckedFile:
    """Read and check a file. Raises ``UnreadableFile`` or ``InvalidDirectory``."""
    problems = Problems()
    known = KnownCodes(
        institutions=set(Institution.objects.listed().values_list("code", flat=True)),
        subjects=set(Subject.objects.listed().values_list("slug", flat=True)),
        zones=set(
            Area.objects.of_kind("zone")
            .filter(source=Area.Source.HAND, dropped_at=None)
            .values_list("code", flat=True)
        ),
    )
    reader = FileReader(known, problems)
    directory = reader.read(parse(content))
    current = _current({ref for _, ref in reader.found_areas})
    reader.check_areas(current)
    if problems:
        raise InvalidDirectory(problems.in_order())
    return CheckedFile(directory, current, hashlib.sha256(content).hexdigest())


def _current(refs: set[AreaRef]) -> dict[AreaRef, AreaRef]:
    """Map each reference, zones excepted, to today's area; unknown ones are left out."""
    communes = Commune.objects.resolve_all([ref.code for ref in refs if ref.level is Level.COMMUNE])
    others = [ref for ref in refs if ref.level not in {Level.COMMUNE, Level.ZONE}]
    current = {
        ref: AreaRef(area.kind, area.current_code) for ref, area in Area.objects.by_reference(others).items()
    }
    for code, commune in communes.items():
        current[AreaRef("commune", code)] = AreaRef("commune", commune.code)
    return current


def plan_import(file: CheckedFile, *, now: datetime) -> Plan:
    """Compare the file with the tables; writes nothing."""
    return make_plan(file.directory, snapshot.load(), current=file.current, today=timezone.localdate(now))


@transaction.atomic(durable=True)
def import_file(file: CheckedFile, *, name: str, now: datetime) -> Plan:
    """Make the directory equal to the file, and return the plan that was applied."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [IMPORT_LOCK])
    plan = plan_import(file, now=now)
    if plan.changes_something:
        apply(plan, now=now)
        DirectoryImport.objects.create(
            imported_at=now,
            file_name=name[:255],
            digest=file.digest,
            created=plan.count(RowOutcome.CREATED),
            changed=plan.count(RowOutcome.CHANGED),
            closed=plan.count(RowOutcome.CLOSED),
            kept=sum(bool(row.kept) for row in plan.rows()),
            unchanged=plan.count(RowOutcome.UNCHANGED),
        )
    return plan

"""Import a directory file: read, check, compare, write."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from directory import stored
from directory.applying import apply
from directory.file import DirectoryFile, FileReader, Known
from directory.models import DirectoryImport
from directory.planning import Fate, Plan, make_plan
from experts.entries import Problem, Problems
from experts.models import Institution, Subject
from experts.yaml_files import parse
from territories.areas import AreaRef, Level
from territories.models import Area, Commune

# Any number, the same for every import: the second one waits for the first.
LOCK = 7_420_001


class InvalidDirectory(Exception):
    """The file says things that cannot be; ``problems`` are in its order."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__(f"{len(problems)} problems")


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A directory without mistakes, and the areas that its references name today."""

    directory: DirectoryFile
    current: dict[AreaRef, AreaRef]
    digest: str


def check(content: bytes) -> CheckedFile:
    """Read a file. Raises ``UnreadableFile`` or ``InvalidDirectory``."""
    problems = Problems()
    known = Known(
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
    current = _current({ref for _, ref in reader.met})
    reader.check_areas(current)
    if problems:
        raise InvalidDirectory(problems.in_order())
    return CheckedFile(directory, current, hashlib.sha256(content).hexdigest())


def _current(refs: set[AreaRef]) -> dict[AreaRef, AreaRef]:
    """The area that each reference names today, zones apart; unknown ones are absent."""
    communes = Commune.objects.resolve_all([ref.code for ref in refs if ref.level is Level.COMMUNE])
    others = [ref for ref in refs if ref.level not in {Level.COMMUNE, Level.ZONE}]
    current = {
        ref: AreaRef(area.kind, area.current_code) for ref, area in Area.objects.by_reference(others).items()
    }
    for code, commune in communes.items():
        current[AreaRef("commune", code)] = AreaRef("commune", commune.code)
    return current


def rehearse(file: CheckedFile, *, now: datetime) -> Plan:
    """What an import would do; writes nothing."""
    return make_plan(file.directory, stored.load(), current=file.current, today=timezone.localdate(now))


@transaction.atomic(durable=True)
def import_file(file: CheckedFile, *, name: str, now: datetime) -> Plan:
    """Make the directory what the file says; the answer tells what was done."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    plan = rehearse(file, now=now)
    if plan.changes_something:
        apply(plan, now=now)
        DirectoryImport.objects.create(
            imported_at=now,
            file_name=name[:255],
            digest=file.digest,
            created=plan.count(Fate.CREATED),
            changed=plan.count(Fate.CHANGED),
            closed=plan.count(Fate.CLOSED),
            kept=sum(bool(row.kept) for row in plan.rows()),
            unchanged=plan.count(Fate.UNCHANGED),
        )
    return plan

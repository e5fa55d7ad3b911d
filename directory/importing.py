"""Import of a directory file: read, check, compare with the tables, write."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from directory.address_changes import follow_plan, lock_requests
from directory.file import DirectoryFile, FileReader, KnownCodes
from directory.models import DirectoryImport
from directory.planning import make_plan
from experts.changes import applying, history, snapshot
from experts.changes.row_plans import Plan, RowOutcome
from experts.entries import Problem, Problems
from experts.models import Cause, Expert, Institution, Subject
from experts.models.offices import DirectorySource
from experts.yaml_files import parse
from territories.areas import MAY_VANISH, AreaRef, Level
from territories.models import Area, Commune


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
    current = current_areas({ref for _, ref in reader.found_areas})
    reader.check_areas(current)
    if problems:
        raise InvalidDirectory(problems.in_order())
    return CheckedFile(directory, current, hashlib.sha256(content).hexdigest())


def current_areas(refs: set[AreaRef]) -> dict[AreaRef, AreaRef]:
    """Map each reference, zones excepted, to today's area; unknown ones are left out."""
    communes = Commune.objects.resolve_all([ref.code for ref in refs if ref.level is Level.COMMUNE])
    others = [ref for ref in refs if ref.level not in {Level.COMMUNE, Level.ZONE}]
    current = {
        ref: AreaRef(area.kind, area.current_code) for ref, area in Area.objects.by_reference(others).items()
    }
    zones = {ref.kept_as: ref for ref in others if ref.level in MAY_VANISH and ref not in current}
    for zone in Area.objects.by_reference(list(zones)):
        current[zones[zone]] = zone  # it vanished: what it contained
    for code, commune in communes.items():
        current[AreaRef("commune", code)] = AreaRef("commune", commune.code)
    return current


def plan_import(file: CheckedFile, *, now: datetime) -> Plan:
    """Compare the file with the tables; writes nothing."""
    return make_plan(
        file.directory,
        snapshot.load(),
        current=file.current,
        today=timezone.localdate(now),
        now=now,
        former_offices=history.former_offices(),
    )


@transaction.atomic(durable=True)
def import_file(file: CheckedFile, *, name: str, now: datetime) -> Plan:
    """Make the directory equal to the file, and return the plan that was applied."""
    # Experts whose address was changed here, and whose former address the file may bring back.
    readdressed = Expert.objects.exclude(former_emails=[]).exclude(edited_fields__contains=["email"])
    requests = lock_requests(readdressed.filter(source=DirectorySource.FILE))
    applying.lock_directory()
    plan = plan_import(file, now=now)
    if plan.changes_something:
        if revision := applying.write(plan, cause=Cause.FILE, note=name, now=now):
            follow_plan(plan, revision, requests, by=None, now=now)
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

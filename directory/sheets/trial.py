"""Dry run of a spreadsheet: read, checked, compared with the tables. Writes nothing."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from directory import plan_warnings
from directory.importing import current_areas
from directory.sheets import known_names
from directory.sheets.cell_values import CellReader, KnownNames, SheetNote
from directory.sheets.gathering import Gathering
from directory.sheets.opening import open_sheets
from directory.sheets.row_reading import ReadRow, RowReader
from directory.sheets.sheet_plan import Closing, Planner, SheetOptions
from experts.changes import history, snapshot
from experts.changes.directory_facts import to_json
from experts.changes.row_plans import Plan
from experts.models import Cause, RevisedRow
from territories.areas import AreaRef, Level
from territories.models import Area

ReportProgress = Callable[[int], None]
REPORTED_EVERY = 500  # rows


class InvalidSheet(Exception):
    """The file has errors: ``problems``, sheet by sheet; ``remarks`` says what was read otherwise."""

    def __init__(self, problems: list[SheetNote], remarks: list[str]) -> None:
        self.problems, self.remarks = problems, remarks
        super().__init__(f"{len(problems)} problems")


@dataclass(frozen=True, slots=True)
class SheetTrial:
    """Effect that a file would have; ``refused``: lines that the region may not change."""

    plan: Plan
    remarks: tuple[str, ...]
    refused: tuple[SheetNote, ...]
    closing: Closing

    @property
    def fingerprint(self) -> str:
        """Digest of what would be written, and over what: equal for equal files on an unchanged directory."""
        return plan_fingerprint(self.plan)


def plan_fingerprint(plan: Plan) -> str:
    """Digest of the rows that a plan writes: their facts before and after."""
    digest = hashlib.sha256()
    for row in plan.only_changes().rows():
        before = {fact: row.before[fact] for fact in row.written_facts if fact in row.before}
        after = {
            fact: value
            for fact, value in row.written_facts.items()
            if fact not in {"left_at", "edited_fields"}
        }
        facts = [to_json(before), to_json(after)]
        digest.update(json.dumps([row.key, row.outcome.value, facts], sort_keys=True).encode())
    return digest.hexdigest()


def try_sheet(
    content: bytes, name: str, options: SheetOptions, *, now: datetime, progress: ReportProgress | None = None
) -> SheetTrial:
    """Say what a file would change. Raises ``UnreadableSheet`` or ``InvalidSheet``."""
    gathering, current, remarks = _gather(content, name, region=options.region, progress=progress)
    planner = Planner(
        gathering=gathering,
        options=options,
        current=current,
        now=now,
        today=timezone.localdate(now),
        declared_phones=_declared_phones(gathering),
    )
    made = planner.make()
    return SheetTrial(made.plan, remarks, made.refused, made.closing)


def _gather(
    content: bytes, name: str, *, region: str | None, progress: ReportProgress | None
) -> tuple[Gathering, Mapping[AreaRef, AreaRef], tuple[str, ...]]:
    """Read what the rows say, today's areas, and the remarks; the names needed to read are freed."""
    names = KnownNames(known_names.institutions(), known_names.subjects(), known_names.AreaNames())
    reader = RowReader(CellReader(names))
    gathering = Gathering(snapshot.load(), region=region, former_offices=history.former_offices())
    for number, row in enumerate(reader.read(open_sheets(content, name)), start=1):
        gathering.add(row)
        if progress and number % REPORTED_EVERY == 0:
            progress(number)
    gathering.check()
    current = current_areas({ref for _, ref in reader.cells.found_areas})
    _check_areas(reader.cells, current)
    remarks = [*reader.remarks, *map(str, reader.cells.remarks), *_sheet_notes(gathering)]
    if problems := reader.all_problems():
        raise InvalidSheet(problems, remarks)
    return gathering, current, tuple(remarks)


def _check_areas(cells: CellReader, current: Iterable[object]) -> None:
    """Refuse the areas that do not exist; zones are those in use."""
    known = set(current)
    zones = set(Area.objects.of_kind("zone").filter(dropped_at=None).values_list("code", flat=True))
    for entry, ref in cells.found_areas:
        if not (ref.code in zones if ref.level is Level.ZONE else ref in known):
            entry.refuse(f"territoire inconnu : « {ref} ».")


def _sheet_notes(gathering: Gathering) -> list[str]:
    """Remarks about addresses that are used elsewhere, and about new experts without any subject."""
    emails = {key[1]: expert.row for key, expert in gathering.experts.items()}
    notes = [_note(*remark) for remark in gathering.remarks]
    staff = {email: plan_warnings.staff_sentence(email) for email in plan_warnings.staff_addresses(emails)}
    newcomers = {key[1] for key in gathering.experts if key not in gathering.stored.experts}
    for sentences in (staff, plan_warnings.used_posts(newcomers)):
        notes += [_note(emails[email], "expert.email", text) for email, text in sorted(sentences.items())]
    for key, expert in gathering.experts.items():
        has_subjects = expert.facts.get("has_all_subjects") or expert.facts.get("subjects")
        if key not in gathering.stored.experts and not has_subjects:
            sentence = f"« {key[1]} » n'a aucun sujet : personne ne lui sera adressé."
            notes.append(_note(expert.row, "expert.subjects", sentence))
    return notes


def _note(row: ReadRow, key: str, sentence: str) -> str:
    return str(SheetNote(row.sheet, row.line, row.heading(key), sentence))


def _declared_phones(gathering: Gathering) -> dict[int, str]:
    """The last number that each expert gave themselves, by pk."""
    pks = [
        stored.instance.pk
        for key, expert in gathering.experts.items()
        if "phone" in expert.facts and (stored := gathering.stored.experts.get(key)) and stored.instance
    ]
    rows = RevisedRow.objects.filter(
        kind=RevisedRow.Kind.EXPERT,
        row_pk__in=pks,
        revision__cause__in=[Cause.EXPERT, Cause.LETTER],
        after__has_key="phone",
    )
    return dict(rows.order_by("revision__made_at", "pk").values_list("row_pk", "after__phone"))

"""Spreadsheets that staff send: read by a worker, shown, then imported, cancelled, or begun again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F

from directory import plan_effects
from directory.foresight.preview import foresee
from directory.sheet_upload import MAX_ATTEMPTS, SheetUpload
from directory.sheets.applying_sheets import ChangedMeanwhile, apply_trial
from directory.sheets.sheet_plan import SheetOptions
from directory.sheets.tables import UnreadableSheet
from directory.sheets.trial import InvalidSheet, ReportProgress, SheetTrial, try_sheet
from directory.sheets.upload_report import (
    MAX_LINES,
    error_report,
    preview_report,
    trial_report,
    unreadable_report,
)
from directory.sheets.whole import Whole
from experts.changes.applying import StalePlan
from experts.models import Cause, User

State = SheetUpload.State
MAX_OFFERED = 5_000  # lines of an offer, which is ticked page by page; a region has fewer
ReadClock = Callable[[], datetime]
LOST_RIGHT = "Vous n'avez plus la charge de cette région : rien n'a été enregistré."
GIVEN_UP = (
    "La lecture a été interrompue trois fois : envoyez un fichier plus petit, ou appelez l'équipe nationale."
)


@dataclass(frozen=True, slots=True)
class Reading:
    """Steps of one kind of file: its dry run, and the part of it that was chosen."""

    make: Callable[[SheetUpload, datetime, ReportProgress | None], SheetTrial]
    cause: Cause
    choose: Callable[[SheetTrial, list[str]], SheetTrial] = lambda trial, _: trial


class Cancelled(Exception):
    """The file was cancelled, or taken by another worker, while it was read."""


@transaction.atomic(durable=True)
def send(  # noqa: PLR0913 (the file, who, for where, and what is said of it)
    content: bytes,
    name: str,
    *,
    author: User,
    region: str | None,
    whole: str,
    replaces_declared: bool,
    now: datetime,
) -> SheetUpload:
    """Keep a spreadsheet to be read by a worker."""
    return SheetUpload.objects.create(
        author=author,
        region_id=region,
        file_name=name[:255],
        content=content,
        whole=whole,
        replaces_declared=replaces_declared,
        sent_at=now,
    )


@transaction.atomic(durable=True)
def offer(content: bytes, name: str, *, author: User | None, region: str, now: datetime) -> SheetUpload:
    """Keep a part of the open directory of services, to be offered line by line to a region."""
    return SheetUpload.objects.create(
        kind=SheetUpload.Kind.PUBLIC_OFFICES,
        author=author,
        region_id=region,
        file_name=name[:255],
        content=content,
        sent_at=now,
    )


def accept(upload: SheetUpload, *, by: User, chosen: list[str] | None = None) -> bool:
    """Ask for the import of a dry run that was shown; ``False`` when it is not waiting for that."""
    found = SheetUpload.objects.filter(pk=upload.pk, state=State.READY)
    return bool(found.update(state=State.ACCEPTED, author=by, chosen=chosen or [], attempts=0))


def keep_choices(upload: SheetUpload) -> None:
    """Keep what is ticked of an offer that is being read again."""
    SheetUpload.objects.filter(pk=upload.pk, state=State.READY).update(report=upload.report)


def cancel(upload: SheetUpload) -> bool:
    """Give a file up, and erase it; ``False`` when it is too late."""
    found = SheetUpload.objects.filter(pk=upload.pk, state__in=SheetUpload.CANCELLABLE)
    return bool(found.update(state=State.CANCELLED, content=b"", report={}))


def read_sheet(upload: SheetUpload, now: datetime, progress: ReportProgress | None) -> SheetTrial:
    """Make the dry run of a spreadsheet."""
    return try_sheet(bytes(upload.content), upload.file_name, _options(upload), now=now, progress=progress)


SHEETS = Reading(read_sheet, Cause.SHEET)


def work(pk: int, *, clock: ReadClock, offers: Reading = SHEETS) -> None:
    """Read or import a file, if no other worker has taken it; ``offers``: how offers are read."""
    upload = _claim(pk, now=clock())
    if upload is None:
        return
    reading = offers if upload.is_offer else SHEETS
    try:
        if upload.state == State.READING:
            _read(upload, reading, clock=clock)
        else:
            _apply(upload, reading, clock=clock)
    except Cancelled:
        return


def begin_again(*, now: datetime) -> list[int]:
    """Put back the files of workers that were killed, too often tried ones excepted; return those to do."""
    for state, waiting in ((State.READING, State.WAITING), (State.APPLYING, State.ACCEPTED)):
        abandoned = SheetUpload.objects.abandoned(now=now).filter(state=state)
        abandoned.filter(attempts__gte=MAX_ATTEMPTS).update(
            state=State.FAILED, content=b"", report=unreadable_report(GIVEN_UP)
        )
        abandoned.update(state=waiting, rows_read=0)
    SheetUpload.objects.expired(now=now).delete()
    return list(SheetUpload.objects.to_do().order_by("pk").values_list("pk", flat=True))


def _claim(pk: int, *, now: datetime) -> SheetUpload | None:
    """Take a file to do; ``None`` when it is not to do any more."""
    for waiting, at_work in SheetUpload.OF_WORK.items():
        taken = SheetUpload.objects.filter(pk=pk, state=waiting).update(
            state=at_work, heard_at=now, attempts=F("attempts") + 1, rows_read=0
        )
        if taken:
            return SheetUpload.objects.select_related("author").get(pk=pk)
    return None


def _read(upload: SheetUpload, reading: Reading, *, clock: ReadClock) -> None:
    """Make the dry run."""
    reporter = _Reporter(upload, clock)
    try:
        trial = reading.make(upload, clock(), reporter.report)
    except UnreadableSheet as error:
        reporter.finish(state=State.INVALID, report=unreadable_report(str(error)))
    except InvalidSheet as error:
        reporter.finish(state=State.INVALID, report=error_report(error))
    else:
        reporter.report_trial(trial)


def _apply(upload: SheetUpload, reading: Reading, *, clock: ReadClock) -> None:
    """Import a file, unless it would no longer do what was shown: its new dry run is shown instead."""
    reporter = _Reporter(upload, clock)
    author = upload.author
    if author is None or not _has_right(author, upload):
        reporter.finish(state=State.FAILED, report=unreadable_report(LOST_RIGHT))
        return
    try:
        now = clock()
        trial = reading.choose(_make_again(upload, reading, now=now), upload.chosen)
        with transaction.atomic(durable=True):
            revision = apply_trial(trial, upload.file_name, now=now, author=author, cause=reading.cause)
            reporter.finish(state=State.APPLIED, revision=revision, content=b"", report=trial_report(trial))
    except ChangedMeanwhile as error:
        reporter.report_trial(error.trial, is_changed=True)
    except StalePlan:
        reporter.finish(state=State.ACCEPTED)
    except UnreadableSheet as error:
        reporter.finish(state=State.INVALID, report=unreadable_report(str(error)))
    except InvalidSheet as error:
        reporter.finish(state=State.INVALID, report=error_report(error))


def _make_again(upload: SheetUpload, reading: Reading, *, now: datetime) -> SheetTrial:
    """The dry run as it was shown. Raises ``ChangedMeanwhile`` when it would do something else now."""
    trial = reading.make(upload, now, None)
    if trial.fingerprint != upload.fingerprint:
        raise ChangedMeanwhile(trial)
    return trial


def _options(upload: SheetUpload) -> SheetOptions:
    whole = Whole.parse(upload.whole, region=upload.region_id) if upload.whole else None
    return SheetOptions(upload.region_id, whole, upload.replaces_declared)


def _has_right(user: User, upload: SheetUpload) -> bool:
    """Return whether the person may still change this part of the directory."""
    is_of_region = upload.region_id is not None and user.region_id == upload.region_id
    return user.is_active and (user.is_national or is_of_region)


class _Reporter:
    """Progress and end of a worker's turn; a file that was cancelled meanwhile is written no more."""

    def __init__(self, upload: SheetUpload, clock: ReadClock) -> None:
        self.pk, self.state, self.clock = upload.pk, upload.state, clock
        self.author = upload.author
        self.most_lines = MAX_OFFERED if upload.is_offer else MAX_LINES

    def report(self, rows: int) -> None:
        """Say how many rows were read. Raises ``Cancelled``."""
        self._update(rows_read=rows, heard_at=self.clock())

    def report_trial(self, trial: SheetTrial, *, is_changed: bool = False) -> None:
        """Keep a dry run to be read by its author, with its effect on recent requests."""
        now = self.clock()
        self._update(heard_at=now)
        report = trial_report(trial, most=self.most_lines) | {"is_changed": is_changed}
        report |= plan_effects.effects(trial.plan, user=self.author, now=now)
        if self.author is not None:
            self._update(heard_at=self.clock())
            report["preview"] = preview_report(foresee(trial.plan, now=now), self.author)
        self.finish(
            state=State.READY,
            report=report,
            fingerprint=trial.fingerprint,
            must_be_confirmed=trial.closing.must_be_confirmed,
        )

    def finish(self, **fields: object) -> None:
        """Leave the file in another state. Raises ``Cancelled``."""
        self._update(heard_at=self.clock(), **fields)

    def _update(self, **fields: object) -> None:
        if not SheetUpload.objects.filter(pk=self.pk, state=self.state).update(**fields):
            raise Cancelled

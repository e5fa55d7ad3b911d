"""Changes of an expert's own record, applied immediately; the rest is a remark that the region reads."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from directory.models import Letter, RecordRemark
from directory.own_record import record_links
from experts.changes import applying, editing, snapshot
from experts.changes.directory_facts import AbsenceEntry, Facts
from experts.changes.row_plans import Plan, RowPlan
from experts.changes.stored import StoredRow
from experts.models import Cause, Expert, Office, RevisedRow
from mailing import outbox


def posts_of(expert: Expert) -> list[Expert]:
    """The posts in use at this expert's address, those they left included."""
    rows = Expert.objects.listed().filter(email__iexact=expert.email)
    return list(rows.select_related("office__institution", "office__region").order_by("office__name", "pk"))


@transaction.atomic(durable=True)
def send_link(email: str, *, now: datetime) -> None:
    """Mail the link of its record to an address, at most every ten minutes; unknown addresses get nothing."""
    expert = Expert.objects.listed().filter(email__iexact=email).order_by("left_at", "pk").first()
    if expert is None:
        return
    today = timezone.localdate(now)
    outbox.enqueue(
        key=f"own-record:{expert.pk}:{now:%Y%m%d%H}{now.minute // 10}",
        to=expert.email,
        template="directory/emails/own_record",
        context={"record_url": record_links.record_url(expert, today=today)},
        about=[f"expert:{expert.pk}"],
        now=now,
    )


@transaction.atomic(durable=True)
def confirm(expert: Expert, *, now: datetime) -> None:
    """« Tout est juste »: the posts of this address are verified today."""
    today = timezone.localdate(now)
    posts = snapshot.load(experts=[post.pk for post in posts_of(expert) if post.left_at is None])
    rows = (editing.change(key, row, {"verified_on": today}) for key, row in posts.experts.items())
    _apply(*rows, now=now)


@transaction.atomic(durable=True)
def correct(post: Expert, facts: Facts, *, now: datetime) -> None:
    """Correct facts of a post, such as its phone number; no directory file undoes it."""
    _apply(editing.change(*_stored(post), facts), now=now)


@transaction.atomic(durable=True)
def add_absence(post: Expert, absence: AbsenceEntry, *, now: datetime) -> None:
    """Declare days away; those that share a day with it are replaced."""
    _apply(_away(*_stored(post), absence), now=now)


def absence_plan(post: Expert, absence: AbsenceEntry) -> Plan:
    """Changes that declaring these days away would make, to be shown before."""
    [(key, stored)] = snapshot.load(experts=[post.pk]).experts.items()
    return Plan(experts=(_away(key, stored, absence),))


def _away(key: tuple[str, str], stored: StoredRow[Expert], absence: AbsenceEntry) -> RowPlan[Expert]:
    others = {
        other
        for other in stored.facts["declared_absences"]
        if other.to_on < absence.from_on or absence.to_on < other.from_on
    }
    return editing.change(key, stored, {"declared_absences": frozenset({*others, absence})})


@transaction.atomic(durable=True)
def remove_absence(post: Expert, *, from_on: date, now: datetime) -> None:
    """Take back the absence that begins that day, declared here or given by a file."""
    key, stored = _stored(post)
    declared, given = stored.facts["declared_absences"], stored.facts["absence"]
    kept = frozenset(absence for absence in declared if absence.from_on != from_on)
    facts = {"declared_absences": kept, "absence": None if given and given.from_on == from_on else given}
    _apply(editing.change(key, stored, facts), now=now)


@transaction.atomic(durable=True)
def leave(post: Expert, *, successor: str, now: datetime) -> None:
    """Leave a post: others are asked for what waits, and the region is shown the successor."""
    key, stored = _stored(post)
    if stored.facts["left_at"] is not None:
        return
    _apply(editing.close_expert(key, stored, at=now, successor=successor), now=now)
    if successor:
        text = f"A quitté {post.office.name} ; successeur : {successor}"
        _remark(post, text, office=post.office, now=now)


@transaction.atomic(durable=True)
def come_back(post: Expert, *, now: datetime) -> None:
    """Take a departure back; what was withdrawn since and nobody took is sent again."""
    key, stored = _stored(post)
    if stored.facts["left_at"] is None:
        return
    _apply(editing.change(key, stored, {"left_at": None, "successor": ""}), now=now)


@transaction.atomic(durable=True)
def remark(post: Expert, body: str, *, by_office: bool = False, now: datetime) -> None:
    """Leave a correction for the region to make; the same text twice in a day are one.

    The expert's own is about the whole record, and answers the yearly letter.
    """
    if not by_office:
        _answered(post.email, now=now)
    known = RecordRemark.objects.filter(expert=post, body=body, at__gte=now - timedelta(days=1))
    if not known.exists():
        _remark(post, body, office=post.office, now=now)


@transaction.atomic(durable=True)
def confirm_office(office: Office, *, now: datetime) -> None:
    """« La liste est juste », says the office's mailbox: the office is verified today."""
    applying.lock_directory()
    stored = snapshot.load(offices=[office.pk]).offices[office.code]
    row = editing.change(office.code, stored, {"verified_on": timezone.localdate(now)})
    applying.apply_inside(Plan(offices=(row,)), cause=Cause.LETTER, note=office.email, now=now)


def people_of(office: Office) -> list[Expert]:
    """The experts of an office who are in post, in the order of its list."""
    rows = Expert.objects.listed().filter(office=office, left_at=None)
    return list(rows.prefetch_related("subjects").order_by("name", "pk"))


def _remark(post: Expert, body: str, *, office: Office, now: datetime) -> None:
    RecordRemark.objects.create(expert=post, region_id=office.region_id, body=body, at=now)


def _stored(post: Expert) -> tuple[tuple[str, str], StoredRow[Expert]]:
    """The key and the facts of a post, under the lock of the directory."""
    applying.lock_directory()
    [found] = snapshot.load(experts=[post.pk]).experts.items()
    return found


def _apply(*rows: RowPlan[Expert], now: datetime) -> None:
    note = str(rows[0].before["email"]) if rows else ""
    applying.apply_inside(Plan(experts=rows), cause=Cause.EXPERT, note=note, now=now)
    _close_letter(note, now=now)


def _close_letter(email: str, *, now: datetime) -> None:
    """Close the letter of an address once something was said of each of its posts since it was sent."""
    letter = Letter.objects.filter(email__iexact=email, answered_at=None).first()
    if letter is None:
        return
    confirmed = RevisedRow.objects.filter(
        kind=RevisedRow.Kind.EXPERT, revision__cause=Cause.EXPERT, revision__made_at__gte=letter.sent_at
    )
    open_offices = Office.objects.open_on(timezone.localdate(now))
    posts = Expert.objects.listed().filter(email__iexact=email, left_at=None, office__in=open_offices)
    verified = Q(verified_on__gte=timezone.localdate(letter.sent_at))
    if not posts.exclude(verified).exclude(pk__in=confirmed.values("row_pk")).exists():
        _answered(email, now=now)


def _answered(email: str, *, now: datetime) -> None:
    Letter.objects.filter(email__iexact=email, answered_at=None).update(answered_at=now)

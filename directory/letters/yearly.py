"""The yearly letter: one to each person whatever their posts, one to each office's mailbox with its list."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Lower, TruncDate
from django.utils import timezone

from directory.models import Letter
from directory.own_record import record_links
from experts.contacts import region_contact
from experts.models import Expert, Office
from experts.models.experts import ExpertQuerySet as Experts
from mailing import outbox
from solicitations import links

YEAR = timedelta(days=365)
REMINDED_AFTER = (timedelta(days=15), timedelta(days=30))
UNANSWERED_AFTER = timedelta(days=45)  # then the region's list shows it
MAX_DELAY = timedelta(days=31)  # of an office's letter, after an outage
MAX_LETTERS_A_DAY = 300  # letters a day, so that a whole directory is not mailed on one day


def serving(*, now: datetime) -> Experts:
    """The posts of experts who have not left."""
    today = timezone.localdate(now)
    return Expert.objects.listed().filter(left_at=None, office__in=Office.objects.open_on(today))


def addresses_to_write(*, now: datetime) -> list[str]:
    """Addresses, in lower case, not verified for a year and not written to since; the oldest first."""
    since = timezone.localdate(now) - YEAR
    recent = Letter.objects.filter(email__iexact=OuterRef("email")).filter(
        Q(answered_at=None) | Q(sent_at__gt=now - YEAR)
    )
    rows = serving(now=now).filter(Q(verified_on=None) | Q(verified_on__lt=since)).exclude(Exists(recent))
    oldest = rows.order_by(F("verified_on").asc(nulls_first=True), "pk").values_list(
        Lower("email"), flat=True
    )
    return list(dict.fromkeys(oldest))[:MAX_LETTERS_A_DAY]


@transaction.atomic(durable=True)
def write(email: str, *, now: datetime) -> None:
    """Write the letter to one address; an open one makes it harmless twice."""
    _, is_new = Letter.objects.get_or_create(
        email=email, answered_at=None, defaults={"email": email, "sent_at": now}
    )
    if is_new:
        _send(email, key=f"letter:{email}:{now:%Y-%m-%d}", is_reminder=False, now=now)


@transaction.atomic(durable=True)
def remind(pk: int, *, now: datetime) -> None:
    """Send the next reminder of a letter when it is due."""
    letter = Letter.objects.select_for_update().get(pk=pk)
    if letter.answered_at is not None or letter.reminders >= len(REMINDED_AFTER):
        return
    if letter.sent_at + REMINDED_AFTER[letter.reminders] > now:
        return
    letter.reminders += 1
    letter.save(update_fields=["reminders"])
    key = f"letter:{letter.pk}:reminder-{letter.reminders}"
    _send(letter.email, key=key, is_reminder=True, now=now)


def close_verified(*, now: datetime) -> None:
    """Close the letters of addresses whose posts the region has verified since, or that have none any more.

    Without it nobody would ever be written to again there, and the reminders would go on.
    """
    to_verify = Q(verified_on=None) | Q(verified_on__lt=OuterRef("day"))
    posts = serving(now=now).filter(to_verify, email__iexact=OuterRef("email"))
    waiting = Letter.objects.filter(answered_at=None).annotate(day=TruncDate("sent_at"))
    waiting.exclude(Exists(posts)).update(answered_at=now)


def letters_to_remind(*, now: datetime) -> list[int]:
    """Primary keys of the letters of which a reminder is due."""
    due = Q(pk__in=[])
    for count, delay in enumerate(REMINDED_AFTER):
        due |= Q(reminders=count, sent_at__lte=now - delay)
    return list(Letter.objects.filter(due, answered_at=None).order_by("pk").values_list("pk", flat=True))


def unanswered(*, now: datetime) -> Iterable[str]:
    """Addresses that have not answered the letter nor its reminders."""
    late = Letter.objects.filter(answered_at=None, sent_at__lte=now - UNANSWERED_AFTER)
    return late.order_by("sent_at", "pk").values_list("email", flat=True)


def _send(email: str, *, key: str, is_reminder: bool, now: datetime) -> None:
    posts = list(
        serving(now=now)
        .filter(email__iexact=email)
        .select_related("office__region")
        .prefetch_related("subjects")
        .order_by("office__name", "pk")
    )
    if not posts:
        return
    outbox.enqueue(
        key=key,
        to=posts[0].email,
        template="directory/emails/letter",
        context={
            "posts": [_post_lines(post) for post in posts],
            "record_url": record_links.record_url(posts[0], today=timezone.localdate(now)),
            "is_reminder": is_reminder,
        },
        about=[f"expert:{post.pk}" for post in posts],
        now=now,
    )


def _post_lines(post: Expert) -> dict[str, str]:
    labels = sorted(subject.label for subject in post.subjects.all())
    return {
        "office": post.office.name,
        "phone": post.phone,
        "subjects": "tous les sujets" if post.has_all_subjects else ", ".join(labels) or "aucun sujet",
    }


@transaction.atomic(durable=True)
def write_to_office(pk: int, due_on: date, *, now: datetime) -> None:
    """Send an office's mailbox the list of its experts, once for the day on which it was due."""
    today = timezone.localdate(now)
    office = Office.objects.select_related("region").get(pk=pk)
    people = serving(now=now).filter(office=pk).order_by("name", "pk")
    outbox.enqueue(
        key=f"office-letter:{pk}:{due_on:%Y-%m-%d}",
        to=office.email,
        template="directory/emails/office_letter",
        context={
            "office": office.name,
            "phone": office.phone,
            "people": [f"{person.name}, {person.email}, {person.phone}" for person in people],
            "region_phone": region_contact(office.region, on=today).phone,
            "contact_url": links.absolute("/contact/"),
            "record_url": record_links.office_url(office, today=today),
        },
        about=[f"office:{pk}"],
        now=now,
    )


def offices_to_write(*, now: datetime) -> list[tuple[int, date]]:
    """The open offices not verified for a year whose day of the year has come lately, and that day.

    The letters are spread over the year; a week-end or an outage delays them, the key keeps them single.
    """
    today = timezone.localdate(now)
    rows = Office.objects.open_on(today).exclude(email="")
    rows = rows.filter(Q(verified_on=None) | Q(verified_on__lt=today - YEAR))
    days = [today - timedelta(days=back) for back in range(MAX_DELAY.days)]
    day_of = {day.timetuple().tm_yday % 365: day for day in reversed(days)}
    pks = rows.order_by("pk").values_list("pk", flat=True)
    return [(pk, day_of[pk % 365]) for pk in pks if pk % 365 in day_of]

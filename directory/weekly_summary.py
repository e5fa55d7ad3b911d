"""The week's summary: to each office with something new or late, to the admins of each region."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from directory.models import SummaryWeek
from experts import region_staff
from experts.models import MailPreference, Office, Seat, User
from experts.models.mail_preferences import MailChoice
from mailing import outbox
from mailing.models import refuses_mail
from solicitations import links
from solicitations.lifecycle import MatchState
from solicitations.models import Match, Solicitation
from territories.models import Commune, Region
from territories.working_time import is_working_time

NATION = ""  # the place of national offices
PARIS = "75056"
WEEK = timedelta(days=7)
LATE = timedelta(days=7)  # as the staff's counter
Lines = list[tuple[str, int]]
SummarySection = dict[str, Any]


def places_due(*, now: datetime) -> list[str]:
    """Codes of the regions, and of the nation, whose working week has begun and that were not summed up yet.

    The first working hour of the week is the right one, Monday at eight; after an outage, any later one.
    """
    week = week_of(timezone.localdate(now))
    done = set(SummaryWeek.objects.filter(week__gte=week).values_list("place", flat=True))
    places = [NATION, *Region.objects.order_by("pk").values_list("pk", flat=True)]
    waiting = [(code, _commune(code)) for code in places if code not in done]
    return [code for code, commune in waiting if commune and is_working_time(now, commune)]


def week_of(day: date) -> date:
    """The Monday of that day's week."""
    return day - timedelta(days=day.weekday())


@transaction.atomic(durable=True)
def send(code: str, *, now: datetime) -> None:
    """Write the summaries of a region, or of national offices; a second call finds nothing to do."""
    week = week_of(timezone.localdate(now))
    summed, _ = SummaryWeek.objects.select_for_update().get_or_create(
        place=code, defaults={"week": week - WEEK}
    )
    if summed.week >= week:
        return
    summed.week = week
    summed.save(update_fields=["week"])
    counted = week - WEEK
    by_person: dict[str, list[SummarySection]] = defaultdict(list)
    for office, lines in _offices(code, received=_within("sent_at", counted), now=now):
        for to in {office.email.lower(), *_managers(office, now=now)}:
            by_person[to].append({"name": office.name, "lines": lines})
    for to, sections in sorted(by_person.items()):
        _mail(to, key=f"offices{code}", sections=sections, week=counted, now=now)
    lines = _region_lines(code, received=_within("submitted_at", counted), now=now)
    if any(count for _, count in lines):
        name = Region.objects.get(pk=code).name if code else "France entière"
        sections = [{"name": name, "lines": lines}]
        for to in region_staff.addresses_of(code or None, on=timezone.localdate(now)):
            _mail(to, key=f"region{code}", sections=sections, is_staff=True, week=counted, now=now)


def _within(column: str, week: date) -> Q:
    """The rows of a week, from Monday to Monday: each is in one summary, however late that one leaves."""
    start, end = (timezone.make_aware(datetime.combine(day, time())) for day in (week, week + WEEK))
    return Q((f"{column}__gte", start), (f"{column}__lt", end))


def _offices(code: str, *, received: Q, now: datetime) -> list[tuple[Office, Lines]]:
    """The open offices of a place with something to say."""
    sent, taken = Q(state=MatchState.SENT), Q(state=MatchState.TAKEN)
    counted = (
        Match.objects.live()
        .filter(expert__office__region=code or None)
        .filter(sent | taken | received)
        .values("expert__office")
        .annotate(
            new=Count("need", distinct=True, filter=received),
            late=Count("need", distinct=True, filter=sent & Q(sent_at__lte=now - LATE)),
            taken=Count("need", distinct=True, filter=taken),
        )
        .order_by("expert__office")
    )
    rows: dict[int, Mapping[str, Any]] = {row["expert__office"]: row for row in counted}
    offices = Office.objects.open_on(timezone.localdate(now)).filter(pk__in=rows).order_by("pk")
    return [
        (
            office,
            [
                ("Besoins reçus cette semaine", rows[office.pk]["new"]),
                ("Sans réponse depuis plus de sept jours", rows[office.pk]["late"]),
                ("Pris en charge, à conclure", rows[office.pk]["taken"]),
            ],
        )
        for office in offices
        if rows[office.pk]["new"] or rows[office.pk]["late"]
    ]


def _managers(office: Office, *, now: datetime) -> set[str]:
    """Addresses, in lower case, of the accounts that manage an office."""
    seats = Seat.objects.current(now=now).filter(office=office, user__is_active=True)
    return {address.lower() for address in seats.values_list("user__email", flat=True)}


def _region_lines(code: str, *, received: Q, now: datetime) -> Lines:
    requests = Solicitation.objects.filter(region=code or None).counted()
    return [
        ("Demandes reçues cette semaine", requests.filter(received).count()),
        ("En retard", requests.late(now=now).count()),
        ("Non couvertes", requests.uncovered().count()),
        ("Retenues", requests.held().count()),
    ]


def _mail(
    to: str, *, key: str, sections: list[SummarySection], is_staff: bool = False, week: date, now: datetime
) -> None:
    has_account = is_staff or User.objects.filter(email__iexact=to, is_active=True).exists()
    if refuses_mail(to) or (not is_staff and _wants_needs_only(to)):
        return
    outbox.enqueue(
        key=f"weekly:{key}:{week}:{to.lower()}",
        to=to,
        template="directory/emails/weekly_summary",
        context={
            "week": f"{week:%d/%m/%Y}",
            "sections": sections,
            "is_staff": is_staff,
            "url": links.absolute("/demandes/") if is_staff else "",
            "inbox_url": links.absolute("/besoins/") if has_account and not is_staff else "",
        },
        about=[f"summary:{key}"],
        now=now,
    )


def _wants_needs_only(to: str) -> bool:
    return MailPreference.objects.at(to).filter(choice=MailChoice.NEEDS).exists()


def _commune(code: str) -> Commune | None:
    """The largest commune of a region, whose hours and holidays count; ``None`` before they are imported."""
    communes = Commune.objects.current().with_place()
    place = communes.filter(pk=PARIS) if code == NATION else communes.filter(department__region=code)
    return place.order_by("-population", "pk").first()

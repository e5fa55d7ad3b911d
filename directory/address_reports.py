"""Addresses that refuse our mails: their posts count as absent, office and region are mailed once."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from directory.own_record import mail_place
from experts import region_staff
from experts.accounts import seats
from experts.changes import applying, editing, snapshot
from experts.changes.row_plans import Plan
from experts.models import Cause, Expert, Office, User
from experts.models.mail_preferences import MailChoice
from mailing import delivery_reports, outbox
from mailing.address_refusals import ReportKind
from mailing.models import DeliveryEvent, RefusedAddress, refuses_mail
from solicitations import links
from solicitations.actions import mail_choice


@transaction.atomic(durable=True)
def follow(address: str, *, now: datetime) -> None:
    """Update the posts of an address after a delivery report; a second call finds nothing to do.

    The tasks that follow each change of the directory offer to others what waited for these posts.
    """
    applying.lock_directory()
    refused = RefusedAddress.objects.of(address)
    changed = _mark(
        address, is_bouncing=refused is not None, note=refused.server_text if refused else "", now=now
    )
    if refused:
        posts = [post for post in changed if post.left_at is None]
        _tell(
            refused.address,
            f"address_refused:{refused.pk}",
            posts,
            _refusal_context(refused, now=now),
            now=now,
        )
    events = DeliveryEvent.objects.at(address).to_follow()
    if complaint := events.filter(kind=ReportKind.COMPLAINT).order_by("pk").first():
        posts = list(_posts(address).select_related("office"))
        _tell(address, f"complaint:{complaint.pk}", posts, {"is_complaint": True}, now=now)
        if posts:
            place = mail_place.place_of(posts[0])
            mail_choice.choose_inside(address, MailChoice.NEEDS, place=place, now=now)
    events.update(followed_at=now)


@transaction.atomic(durable=True)
def say_works(address: str, *, by: User, now: datetime) -> None:
    """Somebody says that an address works: its posts receive again."""
    applying.lock_directory()
    delivery_reports.record_working(address, now=now)
    _mark(address, is_bouncing=False, by=by, now=now)


def addresses_to_follow() -> list[str]:
    """Addresses with reports that no task has followed."""
    rows = DeliveryEvent.objects.to_follow().order_by("pk").values_list("address", flat=True)
    return list(dict.fromkeys(rows))


def _posts(address: str) -> Any:
    return Expert.objects.listed().filter(email__iexact=address, left_at=None).order_by("office__name", "pk")


def _mark(
    address: str, *, is_bouncing: bool, note: str = "", by: User | None = None, now: datetime
) -> list[Expert]:
    """Write the state of the address on its posts; return those that it changed."""
    posts = list(_posts(address).exclude(is_bouncing=is_bouncing).values_list("pk", flat=True))
    if not posts:
        return []
    stored = snapshot.load(experts=posts).experts
    rows = tuple(editing.change(key, row, {"is_bouncing": is_bouncing}) for key, row in stored.items())
    cause = Cause.PAGE if by else Cause.DELIVERY
    applying.apply_inside(Plan(experts=rows), cause=cause, author=by, note=note, now=now)
    return list(Expert.objects.filter(pk__in=posts).select_related("office").order_by("office__name", "pk"))


def _refusal_context(refused: RefusedAddress, *, now: datetime) -> dict[str, Any]:
    return {
        "is_complaint": False,
        "is_final": refused.is_final,
        "words": refused.server_text,
        "since": f"{timezone.localtime(refused.since):%d/%m/%Y}",
    }


def _tell(
    address: str, occasion: str, posts: Collection[Expert], evidence: dict[str, Any], *, now: datetime
) -> None:
    """Mail the evidence to the offices of these posts, their managers and their regions, once each.

    For an office's mailbox, its managers and the region are mailed; for a manager's, the office and the
    region; for a region's admin, the other admins, else the national team.
    """
    lines_by_address: dict[str, list[dict[str, str]]] = defaultdict(list)
    staff: set[str] = set()
    today = timezone.localdate(now)
    for bearer, line in _lines(address, posts, today=today, now=now):
        regional = [each.lower() for each in region_staff.addresses_of(bearer.region_id, on=today)]
        staff.update(regional)
        own = _of_office(bearer, now=now) if isinstance(bearer, Office) else []
        for to in dict.fromkeys([*own, *regional]):
            lines_by_address[to].append(line)
    for to, lines in lines_by_address.items():
        if to == address.lower() or (to not in staff and refuses_mail(to)):
            continue
        outbox.enqueue(
            key=f"{occasion}:{to}",
            to=to,
            template="directory/emails/address_refused",
            context={
                "address": address,
                "posts": lines,
                "is_of_account": not posts and all(line["person"] for line in lines),
                "is_staff": to in staff,
                "url": links.absolute(reverse("directory:verification")),
                "contact_url": links.absolute("/contact/"),
                **evidence,
            },
            about=[f"expert:{post.pk}" for post in posts],
            now=now,
        )


def _of_office(office: Office, *, now: datetime) -> list[str]:
    """The addresses, in lower case, of an office and of its managers."""
    managers = seats.managers_of([office.pk], now=now)
    return [office.email.lower(), *(manager.email.lower() for manager in managers)]


def _lines(
    address: str, posts: Collection[Expert], *, today: date, now: datetime
) -> Iterator[tuple[Office | User, dict[str, str]]]:
    """The posts, offices and accounts (of managers and staff) that bear the address, a line each."""
    for post in posts:
        yield post.office, {"person": post.name, "office": post.office.name, "phone": post.phone}
    for office in Office.objects.open_on(today).filter(email__iexact=address).order_by("name", "pk"):
        yield office, {"person": "", "office": office.name, "phone": office.phone}
    for user in User.objects.filter(email__iexact=address, is_active=True).select_related("region"):
        if user.role:
            yield user, {"person": str(user), "office": user.get_role_display(), "phone": ""}
        for office in seats.managed_offices(user, now=now).order_by("name", "pk"):
            yield office, {"person": str(user), "office": f"responsable, {office.name}", "phone": ""}

"""Change of a person's address: posts, absences and open requests follow, both addresses are mailed."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db import transaction

from experts.accounts import account_addresses
from experts.changes import applying, editing, snapshot
from experts.changes.directory_facts import AbsenceEntry
from experts.changes.rights import Refusal, refusals
from experts.changes.row_plans import Plan, RowPlan
from experts.changes.stored import StoredDirectory, StoredRow
from experts.models import Cause, Expert, MailPreference, Revision, User
from mailing import outbox
from mailing.transactions import transaction_required
from solicitations import links, wording
from solicitations.dispatch import readdressing
from solicitations.models import Mailbox, Match, Solicitation
from solicitations.notifications import request_mails


class AddressTaken(Exception):
    """An office has a person at the new address already: ``names`` lists these offices."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        super().__init__(", ".join(names))


class ChangeRefused(Exception):
    """The editor may not change all the posts at the address."""

    def __init__(self, found: list[Refusal]) -> None:
        self.refusals = found
        super().__init__(found[0].sentence)


def plan_address_change(former: str, email: str) -> Plan:
    """Plan a new address for every post at ``former``, and in the absences that name it as deputy.

    Raises ``AddressTaken``.
    """
    posts = Expert.objects.filter(email__iexact=former)
    offices = list(posts.values_list("office", flat=True))
    taken = Expert.objects.filter(office__in=offices, email__iexact=email).exclude(pk__in=posts)
    if names := list(taken.order_by("office__name").values_list("office__name", flat=True)):
        raise AddressTaken(names)
    around = Expert.objects.filter(office__in=offices).values_list("pk", flat=True)
    return Plan(experts=tuple(_rows(snapshot.load(experts=list(around)), former.lower(), email)))


def _rows(stored: StoredDirectory, former: str, email: str) -> Iterator[RowPlan[Expert]]:
    for key, row in stored.experts.items():
        plan = (
            editing.change_address(key, row, email)
            if key[1] == former
            else _deputy_plan(key, row, former, email)
        )
        if plan.changes_something:
            yield plan


def _deputy_plan(key: tuple[str, str], row: StoredRow[Expert], former: str, email: str) -> RowPlan[Expert]:
    """Name the deputy by the new address in the absences; the next file may still name the former one."""

    def renamed(absence: AbsenceEntry | None) -> AbsenceEntry | None:
        if absence is None or absence.deputy != former:
            return absence
        return AbsenceEntry(absence.from_on, absence.to_on, email.lower())

    facts: dict[str, Any] = {
        "absence": renamed(row.facts["absence"]),
        "declared_absences": frozenset(map(renamed, row.facts["declared_absences"])),
    }
    return editing.change(key, row, facts, is_edit=False)


@transaction.atomic(durable=True)
def change_address(former: str, email: str, *, by: User, now: datetime) -> Revision | None:
    """Give a person another address. Raises ``AddressTaken``, ``ChangeRefused`` or ``StalePlan``."""
    requests = lock_requests(Expert.objects.filter(email__iexact=former))
    applying.lock_directory()
    plan = plan_address_change(former, email)
    if found := refusals(plan, by):
        raise ChangeRefused(found)
    revision = applying.write(plan, cause=Cause.PAGE, author=by, now=now)
    if revision:
        follow_plan(plan, revision, requests, by=by, now=now)
    return revision


@transaction_required
def lock_requests(posts: Iterable[Expert]) -> list[int]:
    """Lock the requests in which these experts are asked, before the directory; return their keys."""
    by_address: dict[str, list[int]] = defaultdict(list)
    for post in posts:
        by_address[post.email.lower()].append(post.pk)
    found = {pk for email, pks in by_address.items() for pk in readdressing.requests_to_follow(pks, email)}
    for pk in sorted(found):
        Solicitation.objects.locked(pk)
    return sorted(found)


@transaction_required
def follow_plan(
    plan: Plan, revision: Revision, requests: Collection[int], *, by: User | None, now: datetime
) -> None:
    """Carry the new addresses of a plan that was written to mailboxes, preferences and accounts.

    ``requests``: what ``lock_requests`` returned. Preferences and account stay with an address that still has
    a post; an account follows nobody but a member of staff (``by``).
    """
    moved: dict[tuple[str, str], list[RowPlan[Expert]]] = defaultdict(list)
    for row in plan.experts:
        addresses = (
            str(row.before.get("email", "")).lower(),
            str(row.written_facts.get("email", "")).lower(),
        )
        if row.instance is not None and "email" in row.written_facts and addresses[0] != addresses[1]:
            moved[addresses].append(row)
    for rows in moved.values():
        former, email = str(rows[0].before["email"]), str(rows[0].written_facts["email"])
        if not Expert.objects.listed().filter(email__iexact=former, left_at=None).exists():
            if not MailPreference.objects.at(email).exists():
                MailPreference.objects.at(former).update(address=email.lower())
            if by is not None:
                account_addresses.follow(former, email, by=by, now=now)
        posts = [row.instance.pk for row in rows if row.instance is not None]
        mailboxes = readdressing.readdress(requests, posts, former=former, email=email, now=now)
        mail_new_links(revision, former, email, mailboxes, now=now)


def mail_new_links(
    revision: Revision, former: str, email: str, mailboxes: list[Mailbox], *, now: datetime
) -> None:
    """Send the new links to the new address, and a word to the former one."""
    requests = [{"headline": _headline(mailbox), "url": links.answer_url(mailbox)} for mailbox in mailboxes]
    own: dict[str, Any] = {"requests": requests}
    if mailboxes:
        own["own_record_url"] = links.record_url(mailboxes[0])
    for to, occasion in ((email, "address_is_new"), (former, "address_was_left")):
        outbox.enqueue(
            key=f"{occasion}:{revision.pk}:{to.lower()}",
            to=to,
            template=f"directory/emails/{occasion}",
            context={"former": former, "email": email, "requests": [], **(own if to == email else {})},
            about=[
                f"revision:{revision.pk}",
                *(name for mailbox in mailboxes for name in request_mails.about_person(mailbox)),
            ],
            now=now,
        )


def _headline(mailbox: Mailbox) -> str:
    matches = Match.objects.live().filter(mailbox=mailbox).with_people().order_by("need__position", "pk")
    return wording.headline(mailbox.solicitation, wording.subjects(list(matches)))

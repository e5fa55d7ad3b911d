"""Another address for a person: posts, absences, deputies and open requests follow; both are told."""

from collections.abc import Iterator
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
    """Plan another address for every post at ``former``, and for those whom it replaces.

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
    posts = list(Expert.objects.filter(email__iexact=former).values_list("pk", flat=True))
    requests = readdressing.requests_to_follow(posts, former)
    for pk in requests:
        Solicitation.objects.locked(pk)
    applying.lock_directory()
    plan = plan_address_change(former, email)
    if found := refusals(plan, by):
        raise ChangeRefused(found)
    revision = applying.write(plan, cause=Cause.PAGE, author=by, now=now)
    if revision is None or former.lower() == email.lower():
        return revision
    if not MailPreference.objects.at(email).exists():
        MailPreference.objects.at(former).update(address=email.lower())
    account_addresses.follow(former, email, by=by, now=now)
    mailboxes = readdressing.readdress(requests, posts, former=former, email=email, now=now)
    mail_new_links(revision, former, email, mailboxes, now=now)
    return revision


def mail_new_links(
    revision: Revision, former: str, email: str, mailboxes: list[Mailbox], *, now: datetime
) -> None:
    """Send the new links to the new address, and a word to the former one."""
    requests = [{"headline": _headline(mailbox), "url": links.answer_url(mailbox)} for mailbox in mailboxes]
    for to, occasion in ((email, "address_is_new"), (former, "address_was_left")):
        outbox.enqueue(
            key=f"{occasion}:{revision.pk}",
            to=to,
            template=f"directory/emails/{occasion}",
            context={"former": former, "email": email, "requests": requests if to == email else []},
            about=[
                f"revision:{revision.pk}",
                *(name for mailbox in mailboxes for name in request_mails.about_person(mailbox)),
            ],
            now=now,
        )


def _headline(mailbox: Mailbox) -> str:
    matches = Match.objects.live().filter(mailbox=mailbox).with_people().order_by("need__position", "pk")
    return wording.headline(mailbox.solicitation, wording.subjects(list(matches)))

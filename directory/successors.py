"""Post of a successor, made from that of the expert who left; the waiting needs are offered to them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count

from directory.models import RecordRemark
from experts.changes import editing, snapshot
from experts.changes.applying import apply_inside
from experts.changes.directory_facts import Facts
from experts.changes.row_plans import Plan
from experts.models import Cause, Expert, RevisedRow, User
from solicitations.models import Match

ADDRESS = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
GENERIC = re.compile(r"\b(?:(?:mon|ma|son|sa) )?(?:remplaçante?|successeure?)\b", re.IGNORECASE)
OFFERED_FOR = timedelta(days=1)
COPIED = ("job", "phone", "shows_phone", "has_all_subjects", "subjects")


@dataclass(frozen=True, slots=True)
class NamedSuccessor:
    """The name and the address that a departure gives; either may be empty."""

    name: str
    email: str


def read_successor(text: str) -> NamedSuccessor:
    """Read « Jeanne Petit, jeanne.petit@exemple.fr »; a name alone is made of the address."""
    found = ADDRESS.search(text)
    email = found.group() if found else ""
    rest = text.replace(email, " ") if email else text
    rest = GENERIC.sub(" ", rest)
    name = " ".join(rest.translate(str.maketrans("<>()[];,:|", " " * 10)).split()).strip(" -–—")
    if email and not name:
        name = " ".join(re.split(r"[._-]+", email.partition("@")[0])).title()
    return NamedSuccessor(name, email)


def facts_of_successor(gone: Expert) -> Facts:
    """The facts of the new post: those of the former one, and what is known of the person."""
    facts = _facts(gone)
    named = read_successor(gone.successor)
    return {name: facts[name] for name in COPIED} | {"name": named.name, "email": named.email}


def keeps_mailbox(gone: Expert, email: str) -> bool:
    """Return whether the successor reads the same mailbox, that of a team: the post stays, renamed."""
    return email.lower() == gone.email.lower()


def plan_successor(gone: Expert, facts: Facts) -> Plan:
    """Plan the post of a successor in the same office, with the same own areas."""
    key = (gone.office.code, str(facts["email"]).lower())
    if keeps_mailbox(gone, facts["email"]):
        [(key, stored)] = snapshot.load(experts=[gone.pk]).experts.items()
        kept = {name: value for name, value in facts.items() if name != "email"}
        return Plan(experts=(editing.change(key, stored, kept | {"left_at": None, "successor": ""}),))
    return Plan(experts=(editing.new_expert(key, {"areas": _facts(gone)["areas"]} | facts),))


def is_taken(gone: Expert, email: str) -> bool:
    """Return whether another expert of the office has this address already."""
    others = Expert.objects.filter(office=gone.office_id).exclude(pk=gone.pk)
    return others.filter(email__iexact=email).exists()


@dataclass(frozen=True, slots=True)
class SuccessorOffer:
    """The post that a departure proposes: its person, its subjects, and the needs that waited there."""

    gone: Expert
    named: NamedSuccessor
    subjects: str
    waiting: int

    @property
    def is_same_mailbox(self) -> bool:
        return keeps_mailbox(self.gone, self.named.email)

    @property
    def needs(self) -> str:
        """Say what becomes of the needs that were withdrawn at the departure and that nobody took."""
        if not self.waiting:
            return "Rien n'attendait à ce poste."
        if self.waiting == 1:
            return "Le besoin qui attendait là lui sera proposé, s'il répond à la règle."
        return f"Les {self.waiting} besoins qui attendaient là lui seront proposés, s'il répond à la règle."


def offers(gone: Sequence[Expert]) -> list[SuccessorOffer]:
    """The posts that these departures propose. Two queries."""
    pks = [expert.pk for expert in gone]
    rows = Match.objects.withdrawn_since_departure().filter(expert__in=pks)
    waiting = dict(rows.values_list("expert").annotate(Count("need", distinct=True)))
    skills = dict(Expert.objects.filter(pk__in=pks).values_list("pk").annotate(Count("subjects")))
    return [
        SuccessorOffer(
            expert,
            read_successor(expert.successor),
            "tous les sujets" if expert.has_all_subjects else _count_of_subjects(skills[expert.pk]),
            waiting.get(expert.pk, 0),
        )
        for expert in gone
    ]


def _count_of_subjects(count: int) -> str:
    if not count:
        return "aucun sujet"
    return "un sujet" if count == 1 else f"{count} sujets"


@transaction.atomic(durable=True)
def make_post(gone: Expert, facts: Facts, *, by: User, now: datetime) -> Expert:
    """Make the post of a successor; the remark about the departure is resolved. Raises ``StalePlan``."""
    apply_inside(plan_successor(gone, facts), cause=Cause.PAGE, author=by, now=now)
    resolve_remark(gone, by=by, now=now)
    return Expert.objects.get(office=gone.office_id, email__iexact=facts["email"])


def resolve_remark(gone: Expert, *, by: User, now: datetime) -> None:
    """Take the departure and its successor off the region's list."""
    remarks = RecordRemark.objects.waiting().filter(expert=gone, body__contains=gone.successor)
    if gone.successor:
        remarks.update(resolved_at=now, resolved_by=by)


def colleague(gone: Expert, email: str) -> Expert | None:
    """The expert of the office who already serves at a successor's address."""
    serving = Expert.objects.listed().filter(office=gone.office_id, left_at=None)
    return serving.filter(email__iexact=email).exclude(pk=gone.pk).first()


def offers_to_make(*, now: datetime) -> list[tuple[int, int]]:
    """Experts who left, each with the post made lately for the successor; primary keys.

    The task that offers their needs may have been lost; a second one finds nothing to do.
    """
    lately = RevisedRow.objects.filter(
        kind=RevisedRow.Kind.EXPERT, before__isnull=True, revision__made_at__gt=now - OFFERED_FOR
    )
    posts = Expert.objects.filter(pk__in=lately.values("row_pk"), left_at=None)
    waiting = Match.objects.withdrawn_since_departure().values("expert")
    gone = list(Expert.objects.filter(pk__in=waiting).exclude(successor=""))
    return [
        (one.pk, post.pk)
        for one in gone
        for post in posts
        if post.office_id == one.office_id and post.email.lower() in one.successor.lower()
    ]


def _facts(expert: Expert) -> Facts:
    return next(iter(snapshot.load(experts=[expert.pk]).experts.values())).facts

"""One gesture on many needs: each in a transaction of its own, with a report of those that did not move."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from experts.models import Expert
from solicitations.actions import expert_answers, reassigning, undoing
from solicitations.lifecycle import DeclineReason, ForbiddenMove, MatchState
from solicitations.models import Event, Mailbox, Match
from workspace.inbox.readers import Reader
from workspace.last_acts import last_acts

MAX_NEEDS = 500
CHANGED = "quelqu'un y a répondu entre-temps"
CANCELLED = "l'entreprise a annulé sa demande"
NOT_YOURS = "seul son référent peut y répondre"
ASKS_ANSWER = "la loi demande une réponse écrite : ouvrez ce besoin"
OVER = "il n'attend plus de réponse"
NOT_TAKEN = "il n'est pas pris en charge : ouvrez-le"
TAKEN_ALREADY = "il est pris en charge : terminez-le plutôt"
NOBODY_THERE = "cette personne ne peut pas le recevoir"
ALREADY_THEIRS = "cette personne l'a déjà"
NOTHING_TO_UNDO = "il n'y a rien à annuler"


@dataclass(frozen=True)
class Unmoved:
    """A need that did not move, and why, in French."""

    match: Match
    why: str


@dataclass(frozen=True)
class BulkReport:
    """The needs that moved, and those that did not; ``undoable``: keys of those that the reader may undo."""

    moved: tuple[Match, ...]
    unmoved: tuple[Unmoved, ...]
    undoable: tuple[int, ...]


class NotMoved(Exception):
    """A need that does not move; the message says why, in French."""


@dataclass(frozen=True)
class Ending:
    """The way that needs are closed: an outcome, or a refusal with its reason."""

    state: MatchState
    reason: str
    comment: str = ""


ENDINGS: dict[str, tuple[str, Ending]] = {
    **{
        state.value: (f"Terminé : {state.label.lower()}", Ending(state, ""))
        for state in (MatchState.HELPED, MatchState.NO_HELP, MatchState.UNREACHABLE)
    },
    **{
        f"decline-{reason.value}": (f"Décliné : {reason.label.lower()}", Ending(MatchState.DECLINED, reason))
        for reason in DeclineReason
    },
}


def chosen_needs(reader: Reader, pks: Collection[int]) -> list[Match]:
    """The needs of these keys that she may open, in the order of their lines; others are left out."""
    readable = Match.objects.filter(
        pk__in=list(pks)[:MAX_NEEDS], expert__in=sorted(reader.posts | reader.managed)
    )
    return list(readable.with_people().order_by("sent_at", "pk"))


def hand_over_each(
    reader: Reader, needs: Sequence[Match], target: Expert, *, comment: str, seen: int, now: datetime
) -> BulkReport:
    """Give each need to a colleague: her own are handed over, those of her offices reassigned in her name."""

    def give(match: Match) -> None:
        if match.expert_id == target.pk:
            raise NotMoved(ALREADY_THEIRS)
        if match.expert_id in reader.posts:
            expert_answers.hand_over(match, target, comment=comment, by=_used(match, reader), now=now)
        else:
            reassigning.reassign(
                match.mailbox.solicitation_id, [match.pk], target, by=reader.user, comment=comment, now=now
            )

    return _each(reader, needs, give, seen=seen, now=now)


def close_each(
    reader: Reader, needs: Sequence[Match], ending: Ending, *, seen: int, now: datetime
) -> BulkReport:
    """Close each of her own needs with one outcome, or decline it with one reason."""

    def close(match: Match) -> None:
        if match.expert_id not in reader.posts:
            raise NotMoved(NOT_YOURS)
        if ending.state == MatchState.DECLINED and match.state == MatchState.TAKEN:
            raise NotMoved(TAKEN_ALREADY)
        if ending.state != MatchState.DECLINED and match.state == MatchState.SENT:
            raise NotMoved(NOT_TAKEN)
        expert_answers.move(
            match,
            ending.state,
            by=_used(match, reader),
            decline_reason=ending.reason,
            comment=ending.comment,
            now=now,
        )

    return _each(reader, needs, close, seen=seen, now=now)


def undo_each(reader: Reader, needs: Sequence[Match], *, now: datetime) -> BulkReport:
    """Undo her last answer on each of her own needs; take back those of her offices that she gave away."""

    def undo(match: Match) -> None:
        if match.expert_id in reader.posts:
            undoing.undo(match, by=_used(match, reader), now=now)
        else:
            undoing.undo_reassigning(match, by=reader.user, now=now)

    return _each(reader, needs, undo, seen=None, now=now)


def _used(match: Match, reader: Reader) -> Mailbox:
    match.mailbox.used_by = reader.user
    return match.mailbox


def _each(
    reader: Reader, needs: Sequence[Match], act: Callable[[Match], None], *, seen: int | None, now: datetime
) -> BulkReport:
    """Act on each need; ``seen``: the last event when its list was shown; later answers are kept."""
    moved: list[Match] = []
    unmoved: list[Unmoved] = []
    answered = set() if seen is None else _answered_since(needs, seen)
    for match in needs:
        if match.mailbox.solicitation.is_cancelled:
            why = CANCELLED
        else:
            why = CHANGED if match.pk in answered else _refusal(match, act)
        if not why:
            moved.append(match)
        elif why != OVER or not _moved_with(match, moved):
            unmoved.append(Unmoved(match, why))
    undoable = tuple(match.pk for match in moved)
    return BulkReport(tuple(moved), tuple(_with_first_acts(unmoved, now=now)), undoable)


def _with_first_acts(unmoved: Sequence[Unmoved], *, now: datetime) -> Iterator[Unmoved]:
    """The same, with the name of the colleague who acted first, and when."""
    others = [one.match.pk for one in unmoved if one.why in {CHANGED, OVER}]
    acts = last_acts(others, now=now) if others else {}
    for one in unmoved:
        yield replace(one, why=acts.get(one.match.pk, one.why) if one.match.pk in others else one.why)


def _refusal(match: Match, act: Callable[[Match], None]) -> str:
    """Act on one need, in a transaction of its own; return why it did not move, empty when it did."""
    try:
        act(match)
    except NotMoved as refusal:
        return str(refusal)
    except ForbiddenMove:
        return OVER
    except expert_answers.AnswerRequired:
        return ASKS_ANSWER
    except expert_answers.NobodyThere:
        return NOBODY_THERE
    except undoing.NothingToUndo:
        return NOTHING_TO_UNDO
    return ""


def _answered_since(needs: Iterable[Match], seen: int) -> set[int]:
    """The needs on which people acted after the list was shown."""
    events = Event.objects.by_people().filter(match__in=[match.pk for match in needs], pk__gt=seen)
    return set(events.values_list("match", flat=True))


def _moved_with(match: Match, moved: Iterable[Match]) -> bool:
    """Return whether the same mailbox's other post took it along: it answers a need once."""
    return any(
        (other.need_id, other.mailbox_id, other.state) == (match.need_id, match.mailbox_id, match.state)
        for other in moved
    )

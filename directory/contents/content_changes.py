"""Changes of contents: what differs, the one function that writes it, and the undo of an earlier change."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from directory.contents import content_facts, content_writing
from directory.contents.content_facts import ContentFacts
from directory.models import ContentKind, ContentRevision
from experts.models import User


class StaleContent(Exception):
    """The content changed since the person read it; ``facts`` are those of now."""

    def __init__(self, facts: ContentFacts | None) -> None:
        self.facts = facts
        super().__init__()


class AlreadyUndone(Exception):
    """Somebody has undone this change."""


@dataclass(frozen=True, slots=True)
class ContentChange:
    """A content as it was read (``None``: it is new), and as it should be; ``after`` has every fact."""

    kind: ContentKind
    key: str
    before: ContentFacts | None
    after: ContentFacts

    @property
    def changed(self) -> tuple[str, ...]:
        """Names of the facts that differ."""
        before = self.before or {}
        return tuple(
            fact for fact, value in self.after.items() if fact not in before or before[fact] != value
        )


@dataclass(frozen=True, slots=True)
class UndoPlan:
    """The change that undoes a revision; ``left``: facts that somebody changed since, left as they are."""

    change: ContentChange
    left: tuple[str, ...]


@transaction.atomic(durable=True)
def apply(
    change: ContentChange, *, author: User, now: datetime, undoes: ContentRevision | None = None
) -> ContentRevision | None:
    """Write a change and keep it in the journal; ``None`` when it changes nothing.

    Raises ``StaleContent`` and ``AlreadyUndone``.
    """
    current = content_facts.read(change.kind, change.key, for_update=True)
    if (current.facts if current else None) != change.before:
        raise StaleContent(current.facts if current else None)
    if undoes and ContentRevision.objects.filter(undoes=undoes).exists():
        raise AlreadyUndone
    if not change.changed:
        return None
    row = current.row if current else content_writing.new_row(change.kind, change.key)
    content_writing.write(change.kind, row, change.after, changed=change.changed, now=now)
    return ContentRevision.objects.create(
        made_at=now,
        author=author,
        kind=change.kind,
        key=change.key,
        label=str(row)[:200],
        before=change.before,
        after=change.after,
        undoes=undoes,
    )


def plan_undo(revision: ContentRevision) -> UndoPlan | None:
    """The change that gives back what this revision replaced; ``None`` when its row is gone.

    The undo of an addition retires what was added: a request may name it since.
    """
    kind = ContentKind(revision.kind)
    current = content_facts.read(kind, revision.key)
    if current is None:
        return None
    retired = {"is_listed": False} if "is_listed" in current.facts else {}
    before: ContentFacts = retired if revision.before is None else revision.before
    touched = [fact for fact in before if revision.before is None or before[fact] != revision.after[fact]]
    free = [fact for fact in touched if current.facts.get(fact) == revision.after.get(fact)]
    after = current.facts | {fact: before[fact] for fact in free}
    change = ContentChange(kind, revision.key, current.facts, after)
    return UndoPlan(change, tuple(fact for fact in touched if fact not in free))


@transaction.atomic(durable=True)
def follow_files(kind: ContentKind, key: str) -> None:
    """Let the next import of the files overwrite what was edited in this row."""
    content = content_facts.read(kind, key, for_update=True)
    if content and kind is not ContentKind.REGION:
        content.row.edited_fields = []
        content.row.save(update_fields=["edited_fields"])

"""Changes of facts in French, with the names of areas, subjects, institutions and offices."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from experts.changes.directory_facts import LABELS, Facts
from experts.changes.formatting import format_value
from experts.changes.row_plans import Plan, RowOutcome
from experts.models import Institution, Office, RevisedRow, Subject
from territories.area_search import names_of
from territories.areas import AreaRef

# Facts that the portal keeps for itself.
HIDDEN = {"edited_fields", "source"}
AREA_FACTS = {"areas", "members"}
SUBJECT_FACTS = {"subjects", "exclusive_subjects"}
CHOICES: Mapping[str, Mapping[Any, str]] = {
    "craft": dict(Office.Craft.choices),
    "project_holders": {None: "pas de condition", True: "acceptés", False: "refusés"},
}
KINDS = {"zone": "Zone", "office": "Antenne", "expert": "Référent"}
MAX_SHOWN = 40


@dataclass(frozen=True, slots=True)
class ChangedFact:
    """A fact before and after; of a set, what is added and removed instead."""

    label: str
    before: str = ""
    after: str = ""
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RowChange:
    """The changes of one row; ``kind`` as ``RevisedRow.Kind``."""

    kind: str
    pk: int | None
    label: str
    is_new: bool
    is_gone: bool
    facts: tuple[ChangedFact, ...]

    @property
    def kind_label(self) -> str:
        return KINDS[self.kind]


class FactTexts:
    """The names that these facts refer to, read once."""

    def __init__(self, facts: Collection[Mapping[str, Any]]) -> None:
        refs: set[AreaRef] = set()
        slugs: set[str] = set()
        for one in facts:
            for name in AREA_FACTS & one.keys():
                refs |= one[name] or frozenset()
            for name in SUBJECT_FACTS & one.keys():
                slugs |= one[name] or frozenset()
        self.areas = names_of(refs)
        self.subjects = dict(Subject.objects.filter(slug__in=slugs).values_list("slug", "label"))
        self.institutions = dict(Institution.objects.values_list("code", "name"))
        codes = {one["office"] for one in facts if one.get("office")}
        self.offices = dict(Office.objects.filter(code__in=codes).values_list("code", "name"))

    def value(self, fact: str, value: Any) -> str:
        """The value of a fact, in words."""
        if fact in CHOICES:
            return str(CHOICES[fact].get(value, value)).lower()
        if fact == "institution":
            return self.institutions.get(value, str(value))
        if fact == "office":
            return self.offices.get(value, str(value))
        if isinstance(value, frozenset):
            return ", ".join(self._each(fact, value)) or "rien"
        return format_value(value)

    def change(self, fact: str, before: Any, after: Any) -> ChangedFact:
        """The change of a fact, in words."""
        label = LABELS.get(fact, fact)
        if isinstance(before, frozenset) and isinstance(after, frozenset):
            added, removed = self._each(fact, after - before), self._each(fact, before - after)
            return ChangedFact(label, added=tuple(added), removed=tuple(removed))
        return ChangedFact(label, self.value(fact, before), self.value(fact, after))

    def _each(self, fact: str, values: frozenset[Any]) -> list[str]:
        names: Mapping[Any, str] = self.areas if fact in AREA_FACTS else self.subjects
        shown = sorted(names.get(value) or format_value(value) for value in values)
        if len(shown) > MAX_SHOWN:
            return [*shown[:MAX_SHOWN], f"et {len(shown) - MAX_SHOWN} de plus"]
        return shown

    def changes(self, before: Facts | None, after: Facts | None) -> tuple[ChangedFact, ...]:
        """The changes of the facts that people see; of a new or deleted row, what it holds."""
        names = [name for name in LABELS if name in (after or before or {}) and name not in HIDDEN]
        if before is not None and after is not None:
            return tuple(self.change(name, before[name], after[name]) for name in names)
        held = after if before is None else before
        return tuple(
            ChangedFact(LABELS[name], after=self.value(name, held[name]))
            if before is None
            else ChangedFact(LABELS[name], before=self.value(name, held[name]))
            for name in names
            if held and held[name] not in EMPTY
        )


EMPTY: tuple[Any, ...] = (None, "", False, frozenset(), [])


def plan_changes(plan: Plan) -> list[RowChange]:
    """The changes of a plan, row by row: zones, offices, experts."""
    kinds = RevisedRow.Kind
    rows = [
        (kind, row)
        for kind, found in (
            (kinds.ZONE, plan.zones),
            (kinds.OFFICE, plan.offices),
            (kinds.EXPERT, plan.experts),
        )
        for row in found
        if row.changes_something
    ]
    texts = FactTexts([facts for _, row in rows for facts in (row.before, row.written_facts)])
    return [
        RowChange(
            kind,
            row.instance.pk if row.instance else None,
            row.label,
            is_new=row.outcome is RowOutcome.CREATED,
            is_gone=row.outcome is RowOutcome.REMOVED,
            facts=texts.changes(
                None if row.outcome is RowOutcome.CREATED else row.before,
                None if row.outcome is RowOutcome.REMOVED else row.written_facts,
            ),
        )
        for kind, row in rows
    ]

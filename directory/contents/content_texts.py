"""Changes of contents told in French: each fact before and after, and what depends on it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms

from directory.contents.content_changes import ContentChange
from directory.contents.content_facts import ContentFacts
from directory.contents.content_forms import FORMS, institution_names
from directory.models import ContentKind, ContentRevision
from experts.models import Subject, Theme

EMPTY = "rien"
REGION_FACTS: Mapping[str, str] = {
    "name": "Nom affiché",
    "phone": "Téléphone",
    "hours": "Horaires",
    "links": "Liens",
    "openings": "Ouvertures",
}


@dataclass(frozen=True, slots=True)
class FactChange:
    """One fact that changes, in words."""

    label: str
    before: str
    after: str


class Wording:
    """Words for the facts of one kind; names of institutions, subjects and themes are read once."""

    def __init__(self, kind: ContentKind) -> None:
        self.kind = kind
        self.fields = {} if kind is ContentKind.REGION else FORMS[kind].base_fields
        self.names = institution_names() | dict(Subject.objects.values_list("slug", "label"))
        self.themes = dict(Theme.objects.values_list("slug", "label"))

    def changes(
        self, before: ContentFacts | None, after: ContentFacts, facts: Iterable[str]
    ) -> list[FactChange]:
        """The changes of these facts, with one for each opening that differs."""
        found = []
        order = [*self.fields] or [*REGION_FACTS]  # a JSON column keeps none
        for fact in sorted(facts, key=lambda fact: order.index(fact) if fact in order else len(order)):
            if fact == "openings":
                found += self._openings((before or {}).get(fact, {}), after.get(fact, {}))
                continue
            was = EMPTY if before is None else self._text(fact, before.get(fact))
            found.append(FactChange(self._label(fact), was, self._text(fact, after.get(fact))))
        return found

    def _label(self, fact: str) -> str:
        return str(self.fields[fact].label) if fact in self.fields else REGION_FACTS.get(fact, fact)

    def _text(self, fact: str, value: Any) -> str:
        """A value in words."""
        if isinstance(value, bool):
            return "oui" if value else "non"
        if isinstance(value, list):
            return ", ".join(self._item(fact, item) for item in value) or EMPTY
        field = self.fields.get(fact)
        if fact == "theme":
            return self.themes.get(value, EMPTY)
        if isinstance(field, forms.ChoiceField) and field.choices:
            choices: dict[Any, Any] = dict(field.choices)  # type: ignore[arg-type]
            return str(choices.get(value, value) or EMPTY)
        return str(value) if value not in {None, ""} else EMPTY

    def _item(self, fact: str, item: Any) -> str:
        if isinstance(item, dict):
            return f"{item['label']} ({item['url']})"
        return self.names.get(item, item) if fact in {"institutions", "relays", "subjects"} else str(item)

    def _openings(
        self, before: Mapping[str, ContentFacts], after: Mapping[str, ContentFacts]
    ) -> list[FactChange]:
        return [
            FactChange(
                f"Ouverture, {self.themes.get(slug, slug)}" if slug else "Ouverture de la région",
                opening_text(before.get(slug)),
                opening_text(after.get(slug)),
            )
            for slug in dict.fromkeys([*before, *after])
            if before.get(slug) != after.get(slug)
        ]


def changes_of(change: ContentChange) -> list[FactChange]:
    """The facts that a change changes, in words."""
    return Wording(change.kind).changes(change.before, change.after, change.changed)


def meanwhile(
    kind: ContentKind, seen: ContentFacts, now: ContentFacts | None, facts: list[str]
) -> list[FactChange]:
    """The changes that somebody else made to these facts since a form was filled, in words."""
    return Wording(kind).changes(seen, now or {}, facts) if facts else []


def changes_of_revision(revision: ContentRevision, wording: Wording) -> list[FactChange]:
    """The facts that a revision changed, in words."""
    done = ContentChange(ContentKind(revision.kind), revision.key, revision.before, revision.after)
    return wording.changes(done.before, done.after, done.changed)


def opening_text(facts: ContentFacts | None) -> str:
    """« ouvert », « ouvre le 01/03/2027 », « fermé : travaux »."""
    if facts is None:
        return "ouvert"
    if not facts["is_open"]:
        text = "fermé"
    else:
        dated = [
            f"{verb} le {date.fromisoformat(facts[name]):%d/%m/%Y}"
            for name, verb in (("opens_on", "ouvre"), ("closes_on", "ferme"))
            if facts[name]
        ]
        text = " et ".join(dated) or "ouvert"
    return f"{text} : {facts['explanation']}" if facts["explanation"] else text

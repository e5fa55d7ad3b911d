"""Editing of a content from a page: what was read travels with the form; others' changes are merged."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from django import forms
from django.core import signing
from django.utils.text import slugify

from directory.contents import content_facts
from directory.contents.content_changes import ContentChange
from directory.contents.content_facts import MODELS, ContentFacts, EditedContent
from directory.models import ContentKind
from experts.models import EntryQuestion
from mailing.shown_values import show_news

MAX_KEY_LENGTH = {ContentKind.INSTITUTION: 20, ContentKind.GROUP: 20}
SALT = "directory.content"


@dataclass(frozen=True, slots=True)
class SeenContent:
    """The facts that the form was filled with, and a mark of those that the last page showed."""

    facts: ContentFacts
    known: str

    @classmethod
    def of(cls, posted: Mapping[str, str], now: ContentFacts | None) -> "SeenContent":
        """The facts that the page of a form carries, else those of ``now``."""
        try:
            return cls(*signing.loads(posted.get("seen", ""), salt=SALT))
        except signing.BadSignature:
            return cls(now or {}, mark(now))

    def packed(self, now: ContentFacts | None) -> str:
        """The hidden field of a page that shows the facts as they are ``now``."""
        return signing.dumps([self.facts, mark(now)], salt=SALT, compress=True)

    def edited(self, typed: ContentFacts) -> ContentFacts:
        """The facts that the person changed."""
        return {fact: value for fact, value in typed.items() if value != self.facts.get(fact)}

    def shown_by(self, form: forms.BaseForm, now: ContentFacts | None) -> "SeenContent":
        """The facts that a form shows again: typed ones are its person's, the others as they are now."""
        if not form.is_bound or now is None:
            return self
        return replace(self, facts=self.facts | show_news(form, self.changed_meanwhile(now), now))

    def changed_meanwhile(self, now: ContentFacts | None) -> list[str]:
        """Names of the facts that somebody else changed since the form was filled."""
        return [fact for fact, value in (now or {}).items() if value != self.facts.get(fact, value)]


def mark(facts: ContentFacts | None) -> str:
    """A digest of the facts, to see that nobody changed them between reading and saving."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]


def change_from(content: EditedContent | None, kind: ContentKind, typed: ContentFacts) -> ContentChange:
    """The change that gives these facts to a content, or adds it; facts not typed stay as they are."""
    if content is None:
        return ContentChange(kind, new_key(kind, typed), None, typed)
    return ContentChange(kind, content.key, content.facts, content.facts | typed)


def new_key(kind: ContentKind, typed: ContentFacts) -> str:
    """A key that no row has, made from the name: « conges-payes », « AGEFIPH »; of a question, a rank."""
    if kind is ContentKind.QUESTION:
        last = EntryQuestion.objects.order_by("-position").values_list("position", flat=True).first()
        return str((last or 0) + 1)
    is_code = kind in MAX_KEY_LENGTH
    slug = slugify(typed.get("label") or typed.get("name") or "") or kind.value
    longest = MAX_KEY_LENGTH.get(kind, 60)
    base = (slug.upper() if is_code else slug)[: longest - 3].strip("-")
    keys = [base, *(f"{base}-{number}" for number in range(2, 100))]
    return next(key for key in keys if content_facts.read(kind, key) is None and not _is_taken(kind, key))


def _is_taken(kind: ContentKind, key: str) -> bool:
    """Return whether the other kind that shares these codes has it: institutions and groups."""
    if kind not in MAX_KEY_LENGTH:
        return False
    return any(
        model._default_manager.filter(code=key).exists()  # noqa: SLF001
        for model, _ in (MODELS[other] for other in MAX_KEY_LENGTH if other is not kind)
    )

"""Writing of an edited content to its tables. The caller opens the transaction.

A *content* is what staff edit in the portal beside the directory: a theme, a subject, an institution, a
group, a question or a region (``ContentKind``). Its *facts*, in ``content_facts``, are the values edited.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from typing import Any

from directory.contents.content_facts import COLUMNS, MODELS, ContentFacts
from directory.models import ContentKind
from experts.models import (
    EntryQuestion,
    Institution,
    InstitutionGroup,
    RegionalLink,
    RegionDetails,
    Subject,
    SubjectExamples,
    SubjectInstitution,
    Theme,
)
from solicitations.models import Opening
from territories.models import Region


def new_row(kind: ContentKind, key: str) -> Any:
    """Return a new content, not saved yet, marked as added in the portal (``is_added_here``)."""
    model, name = MODELS[kind]
    return model(**{name: key}, is_added_here=True)


def write(
    kind: ContentKind, row: Any, facts: ContentFacts, *, changed: Collection[str], now: datetime
) -> None:
    """Write the facts named in ``changed``.

    All contents but regions record which of their facts were edited here, so that no file replaces them.
    """
    if kind is ContentKind.REGION:
        _write_region(row, facts, changed)
        return
    for column in set(COLUMNS[kind]) & set(changed):
        setattr(row, column, facts[column])
    if "is_listed" in changed:
        row.dropped_at = None if facts["is_listed"] else now
    if "theme" in changed:
        row.theme = Theme.objects.filter(slug=facts["theme"]).first()
    if "group" in changed:
        row.group = InstitutionGroup.objects.filter(code=facts["group"]).first()
    row.mark_edited(changed)
    row.save()
    for fact, writer in _WRITERS.get(kind, {}).items():
        if fact in changed:
            writer(row, facts[fact])


def _write_institutions(row: Subject, codes: list[str]) -> None:
    _write_handlers(row, codes, is_relay=False)


def _write_relays(row: Subject, codes: list[str]) -> None:
    _write_handlers(row, codes, is_relay=True)


def _write_handlers(subject: Subject, codes: list[str], *, is_relay: bool) -> None:
    """Replace the institutions and groups that handle a subject, in this order; unknown codes are ignored.

    ``is_relay``: those that the subject's page names, and that are never sent a request.
    """
    institutions = dict(Institution.objects.filter(code__in=codes).values_list("code", "pk"))
    groups = dict(InstitutionGroup.objects.filter(code__in=codes).values_list("code", "pk"))
    known = [code for code in codes if code in institutions or code in groups]
    SubjectInstitution.objects.filter(subject=subject, is_relay=is_relay).delete()
    SubjectInstitution.objects.bulk_create(
        SubjectInstitution(
            subject=subject,
            institution_id=None if code in groups else institutions[code],
            group_id=groups.get(code),
            position=position,
            is_relay=is_relay,
        )
        for position, code in enumerate(known, start=1)
    )


def _write_examples(subject: Subject, texts: list[str]) -> None:
    SubjectExamples.objects.update_or_create(subject=subject, defaults={"texts": texts})


def _write_question_subjects(question: EntryQuestion, slugs: list[str]) -> None:
    question.subjects.set(Subject.objects.filter(slug__in=slugs))


def _write_region(region: Region, facts: ContentFacts, changed: Collection[str]) -> None:
    details = {column: facts[column] for column in COLUMNS[ContentKind.REGION]}
    if details.keys() & set(changed):
        RegionDetails.objects.update_or_create(region=region, defaults=details)
    if "links" in changed:
        _write_links(region, facts["links"])
    if "openings" in changed:
        _write_openings(region, facts["openings"])


def _write_links(region: Region, links: list[ContentFacts]) -> None:
    subjects = {subject.slug: subject for subject in Subject.objects.all()}
    RegionalLink.objects.filter(region=region).delete()
    RegionalLink.objects.bulk_create(
        RegionalLink(
            region=region,
            subject=subjects.get(link["subject"]),
            label=link["label"],
            url=link["url"],
            position=position,
        )
        for position, link in enumerate(links, start=1)
    )


def _write_openings(region: Region, openings: Mapping[str, ContentFacts]) -> None:
    """Write the openings of a region (key ``""``) and of its themes (slug); without a row, it is open."""
    themes = {theme.slug: theme for theme in Theme.objects.all()}
    stored = Opening.objects.filter(region=region).values_list("pk", "theme__slug")
    gone = [pk for pk, slug in stored if (slug or "") not in openings]
    Opening.objects.filter(pk__in=gone).delete()
    for slug, facts in openings.items():
        if slug and slug not in themes:
            continue
        Opening.objects.update_or_create(
            region=region,
            theme=themes.get(slug),
            defaults={**facts, "opens_on": _date(facts["opens_on"]), "closes_on": _date(facts["closes_on"])},
        )


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


_WRITERS: Mapping[ContentKind, Mapping[str, Callable[[Any, Any], None]]] = {
    ContentKind.SUBJECT: {
        "institutions": _write_institutions,
        "relays": _write_relays,
        "examples": _write_examples,
    },
    ContentKind.QUESTION: {"subjects": _write_question_subjects},
}

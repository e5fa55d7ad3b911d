"""Effects of a change of contents on routing and on requests, said before it is saved."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from directory.contents.content_changes import ContentChange
from directory.contents.content_forms import institution_names
from directory.models import ContentKind
from experts.models import Expert, Institution, Office, Subject
from solicitations.models import Need

RECENT = timedelta(days=90)


def effects(change: ContentChange, *, now: datetime) -> list[str]:
    """Sentences about what the change does; empty when it only changes texts."""
    if change.kind is ContentKind.SUBJECT:
        return _of_subject(change, now=now)
    if change.kind is ContentKind.INSTITUTION:
        return _of_institution(change, now=now)
    return []


def _of_subject(change: ContentChange, *, now: datetime) -> list[str]:
    sentences = []
    asked = Need.objects.filter(
        subject__slug=change.key, solicitation__submitted_at__gte=now - RECENT
    ).count()
    routing = {"institutions", "is_listed", "is_labour_law", "is_confidential"} & set(change.changed)
    if asked and routing:
        sentences.append(
            f"{asked} besoin{'s' if asked > 1 else ''} sur ce sujet ces 90 derniers jours : "
            "ceux déjà envoyés ne changent pas."
        )
    before, after = (change.before or {}).get("institutions", []), change.after["institutions"]
    sentences += [_of_new_answer(code, change.key, now=now) for code in after if code not in before]
    sentences += [_of_lost_answer(code, change.key, now=now) for code in before if code not in after]
    if before and not after:
        sentences.append(
            "Plus aucune institution ne répond : le référent de chaque région recevra ces demandes."
        )
    if change.before and not change.after["is_listed"]:
        sentences.append("Le sujet n'est plus proposé ; son adresse mène à une page « introuvable ».")
    return sentences


def _of_new_answer(code: str, slug: str, *, now: datetime) -> str:
    ready, total = _offices(code, slug, now=now)
    name = institution_names().get(code, code)
    if not total:
        return f"{name} n'a aucune antenne ouverte : elle ne recevra rien."
    return f"{name} recevra ces demandes ; {ready} antennes sur {total} ont un référent sur ce sujet."


def _of_lost_answer(code: str, slug: str, *, now: datetime) -> str:
    ready, _ = _offices(code, slug, now=now)
    name = institution_names().get(code, code)
    return f"{name} ne recevra plus ces demandes ; antennes qui y répondaient : {ready}."


def _offices(code: str, slug: str, *, now: datetime) -> tuple[int, int]:
    """Open offices of an institution, or of a group: those with an expert on this subject, and all."""
    offices = Office.objects.open_on(timezone.localdate(now)).filter(
        Q(institution__code=code) | Q(institution__group__code=code), is_fallback=False
    )
    able = Expert.objects.listed().filter(Q(has_all_subjects=True) | Q(subjects__slug=slug))
    return offices.filter(pk__in=able.values("office")).count(), offices.count()


def _of_institution(change: ContentChange, *, now: datetime) -> list[str]:
    if not {"notified", "is_listed", "group"} & set(change.changed):
        return []
    offices = Office.objects.open_on(timezone.localdate(now)).filter(institution__code=change.key).count()
    subjects = _subjects_of(change.key)
    is_asked = change.after["is_listed"] and change.after["notified"] != Institution.Notified.NEVER
    verb = "recevra" if is_asked else "ne recevra pas"
    return [f"Elle {verb} les demandes ; sujets : {len(subjects)}, antennes ouvertes : {offices}."]


def _subjects_of(code: str) -> Collection[Subject]:
    answers = Q(answers__institution__code=code) | Q(answers__group__institutions__code=code)
    return Subject.objects.listed().filter(answers, answers__is_relay=False).distinct()

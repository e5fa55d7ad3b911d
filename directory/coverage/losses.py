"""Losses of coverage between two nights, and the changes of the directory that may explain them.

A commune loses a subject when nobody answers it there any more. Sets of communes are ``GroupSet``: integers
with one bit per group of communes (see ``commune_groups``), so that ``|`` is a union, ``&`` an intersection.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q

from directory.coverage.commune_groups import CommuneGroups, GroupSet
from directory.coverage.directory_content import DirectoryContent
from directory.coverage.subject_coverage import SubjectCoverage
from directory.silence import silent
from experts.changes.directory_facts import LABELS
from experts.models import Absence, Expert, Office, RevisedRow
from territories.areas import AreaRef
from territories.models import Area
from territories.spoken_time import spoken_date

Uncovered = Mapping[str, list[str]]  # codes of communes without answer, by subject


@dataclass(frozen=True, slots=True)
class NightLoss:
    """Communes where the answer to a subject disappeared; ``is_weakened``: where it may now fail."""

    subject: str
    communes: tuple[str, ...]
    is_weakened: bool = False


@dataclass(frozen=True, slots=True)
class Explanation:
    """A change of the directory as a sentence, with its office's institution and the communes that it covers.

    ``is_silence``: an expert stopped answering requests, which weakens an answer and removes none.
    """

    text: str
    institution: str
    groups: GroupSet
    is_silence: bool = False


def codes_of(groups: CommuneGroups, found: GroupSet) -> list[str]:
    """The communes of a set of groups, by code."""
    return sorted(commune.code for index in groups.members(found) for commune in groups.communes[index])


def find_losses(before: Uncovered, after: Uncovered, *, is_weakened: bool = False) -> Iterator[NightLoss]:
    """Yield the communes newly without answer (or without a sure one): in ``after``, and not in ``before``.

    A subject that ``before`` does not have is new in the catalogue, and lost nothing.
    """
    for subject, codes in after.items():
        lost = sorted(set(codes) - set(before[subject])) if subject in before else []
        if lost:
            yield NightLoss(subject, tuple(lost), is_weakened)


def find_explanations(content: DirectoryContent, *, since_day: date, since: datetime) -> list[Explanation]:
    """The changes since the last count: edits have a moment, ``since``, the others ``since_day``."""
    changes = [*_revised(since), *_closed_or_absent(since_day, content.on), *_newly_silent(content, since)]
    institutions = dict(Office.objects.values_list("code", "institution__code"))
    areas = _areas_of({change.office for change in changes})
    former = {ref for change in changes for ref in change.former_areas}
    known = {ref: area.pk for ref, area in Area.objects.by_reference(former).items()}
    found = []
    for change in changes:
        pks = {*areas.get(change.office, ()), *(known[ref] for ref in change.former_areas if ref in known)}
        groups = 0
        for pk in pks:
            groups |= content.groups.area_groups.get(pk, 0)
        institution = institutions.get(change.office, "")
        found.append(Explanation(change.text, institution, groups, change.is_silence))
    return found


def texts_about(loss: NightLoss, content: DirectoryContent, found: Iterable[Explanation]) -> list[str]:
    """The sentences about offices that could answer the subject there: same institutions and communes."""
    institutions = next((each.institutions for each in content.subjects if each.slug == loss.subject), ())
    lost = content.groups.where(set(loss.communes))
    texts = [
        each.text
        for each in found
        if each.institution in institutions
        and each.groups & lost
        and (loss.is_weakened or not each.is_silence)
    ]
    return list(dict.fromkeys(texts))


@dataclass(frozen=True, slots=True)
class DirectoryChange:
    """A change of an office (its code), or of one of its experts; ``former_areas``: those before it."""

    office: str
    text: str
    former_areas: frozenset[AreaRef] = frozenset()
    is_silence: bool = False


def _revised(since: datetime) -> Iterator[DirectoryChange]:
    """Offices and experts edited after a moment, with the areas they had."""
    rows = RevisedRow.objects.filter(revision__made_at__gt=since).exclude(kind=RevisedRow.Kind.ZONE)
    for row in rows.select_related("revision__author").order_by("revision__made_at", "pk"):
        old, new = row.before or {}, row.after or {}
        office = row.key if row.kind == RevisedRow.Kind.OFFICE else (new or old).get("office", "")
        facts = [LABELS.get(name, name) for name in old if old[name] != new.get(name)]
        author = f" par {row.revision.author}" if row.revision.author else ""
        changed = f" ({', '.join(facts)})" if facts and row.after else ""
        text = f"{row.label}{changed} : {row.revision.get_cause_display().lower()}{author}"
        areas = frozenset(AreaRef.parse(area) for area in old.get("areas") or ())
        yield DirectoryChange(office, text, areas)


def _closed_or_absent(since: date, on: date) -> Iterator[DirectoryChange]:
    """Offices that closed, conventions that ended and absences that began after a day, up to ``on``."""
    days = {"gt": since, "lte": on}
    closed = Q(**{f"closed_on__{name}": day for name, day in days.items()})
    ended = Q(**{f"agreement_ends_on__{name}": day for name, day in days.items()})
    for office in Office.objects.listed().filter(closed | ended).order_by("code"):
        is_closed = office.closed_on is not None and since < office.closed_on <= on
        day = spoken_date((office.closed_on if is_closed else office.agreement_ends_on) or on, today=on)
        what = "fermée depuis le" if is_closed else "convention finie le"
        yield DirectoryChange(office.code, f"{office.name} : {what} {day}")
    absences = Absence.objects.filter(from_on__gt=since, from_on__lte=on, to_on__gte=on)
    for absence in absences.select_related("expert__office").order_by("pk"):
        day = spoken_date(absence.from_on, today=on)
        text = f"{absence.expert.name} ({absence.expert.office.name}) : absence depuis le {day}"
        yield DirectoryChange(absence.expert.office.code, text)


def _newly_silent(content: DirectoryContent, since: datetime) -> Iterator[DirectoryChange]:
    """Experts silent now and not at ``since``: they have not answered their last three requests."""
    pks = [expert.pk for office in content.offices for expert in office.experts if expert.is_silent]
    experts = Expert.objects.filter(pk__in=pks)
    newly = experts.exclude(pk__in=silent(experts, now=since).values("pk"))
    for expert in newly.select_related("office").order_by("office__code", "pk"):
        text = f"{expert.name} ({expert.office.name}) : aucune réponse à ses trois dernières demandes"
        yield DirectoryChange(expert.office.code, text, is_silence=True)


def _areas_of(codes: set[str]) -> dict[str, set[int]]:
    """Areas of these offices and of their experts, as they are now."""
    found: dict[str, set[int]] = {}
    of_offices = Office.areas.through.objects.filter(office__code__in=codes)
    for code, area in of_offices.values_list("office__code", "area"):
        found.setdefault(code, set()).add(area)
    of_experts = Expert.areas.through.objects.filter(expert__office__code__in=codes)
    for code, area in of_experts.values_list("expert__office__code", "area"):
        found.setdefault(code, set()).add(area)
    return found


def weak_groups(coverage: SubjectCoverage, flags: Iterable[str]) -> GroupSet:
    """The groups of communes whose answer has one of these flags."""
    flagged = 0
    for flag, groups in coverage.flags.items():
        if flag in flags:
            flagged |= groups
    return flagged

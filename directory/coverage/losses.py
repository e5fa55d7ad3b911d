"""Losses of coverage between two nights, and the changes of the directory that may explain them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q

from directory.coverage.commune_groups import CommuneGroups, Groups
from directory.coverage.directory_content import DirectoryContent
from directory.coverage.subject_coverage import SubjectCoverage
from directory.silence import silent
from experts.changes.directory_facts import LABELS
from experts.models import Absence, Expert, Office, RevisedRow
from territories.areas import AreaRef
from territories.models import Area
from territories.spoken_time import spoken_date

Codes = Mapping[str, list[str]]  # communes, by subject


@dataclass(frozen=True, slots=True)
class NightLoss:
    """Communes of a subject that had an answer, or a sure one, and have it no more."""

    subject: str
    communes: tuple[str, ...]
    is_weakened: bool = False  # somebody still answers, but may fail


@dataclass(frozen=True, slots=True)
class Explanation:
    """A change in words, with the institution of its office and the communes that it serves.

    ``is_silence``: somebody answers no more, which weakens an answer and takes none away.
    """

    words: str
    institution: str
    groups: Groups
    is_silence: bool = False


def codes_of(groups: CommuneGroups, found: Groups) -> list[str]:
    """The communes of a set of groups, by code."""
    return sorted(commune.code for place in groups.members(found) for commune in groups.communes[place])


def find_losses(before: Codes, after: Codes, *, is_weakened: bool = False) -> Iterator[NightLoss]:
    """Yield what ``after`` lacks and ``before`` did not; a subject new in the catalogue lost nothing."""
    for subject, codes in after.items():
        lost = sorted(set(codes) - set(before[subject])) if subject in before else []
        if lost:
            yield NightLoss(subject, tuple(lost), is_weakened)


def explanations(content: DirectoryContent, *, since: date, moment: datetime) -> list[Explanation]:
    """The changes made after ``moment``, and the dates that came after the day ``since``."""
    silence = list(_newly_silent(content, moment))
    named = [*_revised(moment), *_dated(since, content.on), *silence]
    institutions = dict(Office.objects.values_list("code", "institution__code"))
    areas = _areas_of({code for code, _, _ in named})
    known = {ref: area.pk for ref, area in Area.objects.by_reference(_refs(named)).items()}
    found = []
    for place, (code, words, refs) in enumerate(named):
        pks = {*areas.get(code, ()), *(known[ref] for ref in refs if ref in known)}
        groups = 0
        for pk in pks:
            groups |= content.groups.area_groups.get(pk, 0)
        is_silence = place >= len(named) - len(silence)
        found.append(Explanation(words, institutions.get(code, ""), groups, is_silence))
    return found


def explaining(loss: NightLoss, content: DirectoryContent, found: Iterable[Explanation]) -> list[str]:
    """The words of the changes to offices that could answer there: same institutions, same communes."""
    institutions = next((asked.institutions for asked in content.subjects if asked.slug == loss.subject), ())
    lost = content.groups.where(set(loss.communes))
    words = [
        each.words
        for each in found
        if each.institution in institutions
        and each.groups & lost
        and (loss.is_weakened or not each.is_silence)
    ]
    return list(dict.fromkeys(words))


Named = tuple[str, str, frozenset[AreaRef]]  # office's code, words, areas it had before


def _revised(moment: datetime) -> Iterator[Named]:
    """Offices and experts changed since, with the areas they had."""
    rows = RevisedRow.objects.filter(revision__made_at__gt=moment).exclude(kind=RevisedRow.Kind.ZONE)
    for row in rows.select_related("revision__author").order_by("revision__made_at", "pk"):
        before, after = row.before or {}, row.after or {}
        code = row.key if row.kind == RevisedRow.Kind.OFFICE else (after or before).get("office", "")
        facts = [LABELS.get(name, name) for name in before if before[name] != after.get(name)]
        author = f" par {row.revision.author}" if row.revision.author else ""
        changed = f" ({', '.join(facts)})" if facts and row.after else ""
        words = f"{row.label}{changed} : {row.revision.get_cause_display().lower()}{author}"
        yield code, words, frozenset(AreaRef.parse(text) for text in before.get("areas") or ())


def _dated(since: date, on: date) -> Iterator[Named]:
    """Offices that closed, conventions that ended, absences and departures that began on these days."""
    days = {"gt": since, "lte": on}
    closed = Q(**{f"closed_on__{name}": day for name, day in days.items()})
    ended = Q(**{f"agreement_ends_on__{name}": day for name, day in days.items()})
    for office in Office.objects.listed().filter(closed | ended).order_by("code"):
        is_closed = office.closed_on is not None and since < office.closed_on <= on
        day = spoken_date((office.closed_on if is_closed else office.agreement_ends_on) or on, today=on)
        what = "fermée depuis le" if is_closed else "convention finie le"
        yield office.code, f"{office.name} : {what} {day}", frozenset()
    away = Absence.objects.filter(from_on__gt=since, from_on__lte=on, to_on__gte=on)
    for absence in away.select_related("expert__office").order_by("pk"):
        day = spoken_date(absence.from_on, today=on)
        words = f"{absence.expert.name} ({absence.expert.office.name}) : absence depuis le {day}"
        yield absence.expert.office.code, words, frozenset()


def _newly_silent(content: DirectoryContent, moment: datetime) -> Iterator[Named]:
    """Experts who have answered none of their last three requests since a moment after this one."""
    pks = [expert.pk for office in content.offices for expert in office.experts if expert.is_silent]
    experts = Expert.objects.filter(pk__in=pks)
    newly = experts.exclude(pk__in=silent(experts, now=moment).values("pk"))
    for expert in newly.select_related("office").order_by("office__code", "pk"):
        words = f"{expert.name} ({expert.office.name}) : aucune réponse à ses trois dernières demandes"
        yield expert.office.code, words, frozenset()


def _refs(named: Iterable[Named]) -> set[AreaRef]:
    return {ref for _, _, refs in named for ref in refs}


def _areas_of(codes: set[str]) -> dict[str, set[int]]:
    """Areas of these offices and of their experts, as they are now."""
    found: dict[str, set[int]] = {}
    own = Office.areas.through.objects.filter(office__code__in=codes)
    for code, area in own.values_list("office__code", "area"):
        found.setdefault(code, set()).add(area)
    theirs = Expert.areas.through.objects.filter(expert__office__code__in=codes)
    for code, area in theirs.values_list("expert__office__code", "area"):
        found.setdefault(code, set()).add(area)
    return found


def weak_groups(coverage: SubjectCoverage, flags: Iterable[str]) -> Groups:
    """The communes with one of these flags."""
    whole = 0
    for flag, groups in coverage.flags.items():
        if flag in flags:
            whole |= groups
    return whole

"""Cells of a coverage: a subject in a commune, with offices and experts as ``route`` gives them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from directory.coverage.commune_groups import CommuneGroups, GroupSet, LocatedCommune
from directory.coverage.office_reach import OfficeReach
from directory.coverage.subject_coverage import Flag, SubjectCoverage
from experts.routing.decision import distinct_emails
from territories.areas import Level


@dataclass(frozen=True, slots=True)
class CellAnswer:
    """Answer to a subject in a commune; ``level``: the most local area that answers, ``None`` without any."""

    offices: tuple[str, ...]
    experts: tuple[str, ...]
    institutions: tuple[str, ...]
    level: Level | None
    is_fallback: bool
    flags: tuple[Flag, ...]


def answers_by_group(coverage: SubjectCoverage, groups: CommuneGroups) -> list[CellAnswer]:
    """The answer in each group of communes, in the order of ``groups.communes``."""
    reaches = {answer.reach: answer.groups for answer in (*coverage.answers, *coverage.fallback)}
    class_of, classes = _classes([*reaches.values(), *coverage.flags.values(), coverage.covered], groups)
    labels: list[OfficeReach | Flag | None] = [*reaches, *coverage.flags, None]  # the last one: covered
    answers = {each: _answer([labels[number] for number in classes[each]]) for each in set(class_of)}
    return [answers[each] for each in class_of]


def _classes(sets: Sequence[GroupSet], groups: CommuneGroups) -> tuple[list[int], list[list[int]]]:
    """Put the groups that are in the same sets into one class.

    Returns the class of each group, by index, and the numbers of the sets that each class is in. All groups
    begin in class 0; each set moves its members to the class that adds this set to their former one. So no
    group needs a list of sets of its own: there are millions of cells and few classes.
    """
    class_of: list[int] = [0] * len(groups.communes)
    classes: list[list[int]] = [[]]
    for number, held in enumerate(sets):
        after: dict[int, int] = {}
        for index in groups.members(held):
            former = class_of[index]
            found = after.get(former)
            if found is None:
                found = after[former] = len(classes)
                classes.append([*classes[former], number])
            class_of[index] = found
    return class_of, classes


def cells(coverage: SubjectCoverage, groups: CommuneGroups) -> Iterator[tuple[LocatedCommune, CellAnswer]]:
    """Yield each commune of the place with its answer, by code."""
    pairs = [
        (commune, answer)
        for communes, answer in zip(groups.communes, answers_by_group(coverage, groups), strict=True)
        for commune in communes
    ]
    yield from sorted(pairs, key=lambda pair: pair[0].code)


def _answer(labels: Iterable[OfficeReach | Flag | None]) -> CellAnswer:
    """Build the answer of a class; ``None`` among its labels says that it is covered."""
    own, flags, is_covered = [], [], False
    for label in labels:
        if isinstance(label, OfficeReach):
            own.append(label)
        elif label is None:
            is_covered = True
        else:
            flags.append(label)
    by_office: dict[str, dict[int, str]] = {}
    for reach in own:
        emails = by_office.setdefault(reach.office.code, {})
        for expert in reach.experts:
            emails[expert.pk] = expert.email
    return CellAnswer(
        offices=tuple(by_office),
        experts=distinct_emails(email for emails in by_office.values() for email in sorted(emails.values())),
        institutions=tuple(dict.fromkeys(reach.office.institution for reach in own)),
        level=min((reach.rank[0] for reach in own), default=None),
        is_fallback=not is_covered,
        flags=tuple(flags),
    )

"""Edit that refusals alike propose: areas without the refused communes, subjects, criteria of an office."""

from collections.abc import Iterable, Sequence
from typing import Any

from directory.area_effects import communes_of
from directory.letters.proposed_criteria import DecidedCompany, propose_criteria
from directory.letters.repeated_declines import RepeatedDecline
from directory.public_offices.served_areas import ServedAreas
from experts.changes.directory_facts import Facts
from experts.routing.criteria import Criteria
from experts.routing.loading import readable
from solicitations.lifecycle import MatchState
from solicitations.models import Match, Solicitation
from territories.areas import AreaRef

WANTED = [MatchState.TAKEN, MatchState.HELPED]


def propose_areas(found: RepeatedDecline, refs: Iterable[AreaRef]) -> Facts:
    """The areas without the smallest one that contains the refused communes; empty if none would remain."""
    areas = ServedAreas()
    refused, _ = areas.current({need.commune for need in found.needs})
    removed = _smallest_area(areas, refused)
    kept: set[AreaRef] = set()
    for ref in refs:
        inside = communes_of([ref])
        kept |= areas.refs(inside - removed) if inside & removed else {ref}
    return {"areas": frozenset(kept)} if kept else {}


def _smallest_area(areas: ServedAreas, communes: set[str]) -> set[str]:
    """The communes of the EPCI, else of the département, that holds several communes; one stays alone."""
    if len(communes) > 1:
        for level, kind in ((2, "epci"), (1, "department")):
            places = {areas.places[code][level] for code in communes}
            if len(places) == 1 and (place := places.pop()):
                return areas.members[kind][place]
    return communes


def propose_subjects(found: RepeatedDecline, *, subjects: frozenset[str]) -> Facts:
    """The subjects without the refused ones."""
    return {"has_all_subjects": False, "subjects": subjects - {need.slug for need in found.needs}}


def propose_office_criteria(found: RepeatedDecline, *, here: Facts) -> Facts:
    """The criterion that refuses these companies and none that the office took; empty when none does."""
    declined = Solicitation.objects.filter(pk__in=[need.solicitation for need in found.needs])
    taken = Match.objects.filter(expert__office=found.expert.office_id, state__in=WANTED)
    accepted = Solicitation.objects.filter(pk__in=taken.values("need__solicitation"))
    known: dict[str, Any] = {name: _as_tuple(here[name]) for name in Criteria.__dataclass_fields__}
    criteria = Criteria(**known)
    proposed = propose_criteria(criteria, declined=_companies(declined), accepted=_companies(accepted))
    return {name: list(value) if isinstance(value, tuple) else value for name, value in proposed.items()}


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _companies(requests: Iterable[Solicitation]) -> Sequence[DecidedCompany]:
    return [DecidedCompany(readable(row.facts), row.submitted_at.date()) for row in requests]

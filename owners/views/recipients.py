"""Recipients of a request, and the reasons, shown to the owner before sending."""

from dataclasses import dataclass, field

from experts.models import Institution, Office
from experts.routing.engine import Decision
from owners.views.journey import Journey
from territories.spoken_places import of_area


@dataclass
class Recipient:
    """One institution, its offices and what they would be asked."""

    institution: Institution
    offices: list[str] = field(default_factory=list)
    subjects: list[str] = field(default_factory=list)
    place: str = ""  # « de la Côte-d'Or »
    is_fallback: bool = False


@dataclass(frozen=True)
class Recipients:
    """The routing decision on the draft, as shown to the owner."""

    chosen: list[Recipient]
    uncovered: list[str]  # subjects that a fallback office would receive
    unanswered: list[str]  # subjects that nobody would receive
    is_region_empty: bool

    @property
    def optional(self) -> list[Institution]:
        """Institutions that the owner may leave out."""
        return [row.institution for row in self.chosen if row.institution.may_be_unticked]


def of_decision(decision: Decision, *, journey: Journey) -> Recipients:
    """Recipients in the order of the decision: each institution, with its offices and subjects."""
    labels = {subject.slug: subject.label for subject in journey.need.all_subjects()}
    offices = Office.objects.select_related("institution").in_bulk(list(decision.offices), field_name="code")
    found: dict[str, Recipient] = {}
    for need in decision.needs:
        for choice in need.chosen:
            office = offices[choice.office]
            row = found.setdefault(office.institution.code, Recipient(office.institution))
            row.is_fallback |= need.is_fallback
            row.place = row.place or (of_area(choice.area.kind, choice.area_name) if choice.area else "")
            _add(row.offices, office.name)
            _add(row.subjects, labels[need.subject])
    return Recipients(
        chosen=list(found.values()),
        uncovered=[labels[need.subject] for need in decision.needs if need.is_fallback and need.chosen],
        unanswered=[labels[need.subject] for need in decision.needs if not need.chosen],
        is_region_empty=_is_region_empty(journey),
    )


def _add(names: list[str], name: str) -> None:
    if name not in names:
        names.append(name)


def _is_region_empty(journey: Journey) -> bool:
    """Return ``True`` when the region of the commune has no office at all."""
    region = journey.commune.region
    return not Office.objects.open_on(journey.today).filter(region=region, region__isnull=False).exists()

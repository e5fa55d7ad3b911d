"""Lines of an offer of public services, as the page shows them: by département, then institution."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from experts.changes.directory_facts import LABELS
from territories.areas import AreaRef
from territories.models import Commune, Department

MOST_OFFERED = 450  # of each outcome: Django reads 1,000 fields of a form at most
LONGEST_DETAIL = 120  # characters; a list of communes is much longer
COMPLETED = "Antennes à compléter"
SEVERAL = "Plusieurs départements"
SHOWN = {LABELS[name] for name in ("phone", "email", "site", "siret", "areas")}


@dataclass(frozen=True, slots=True)
class OfferedLine:
    """An office with its checkbox; ``key`` is its code, ``details`` its facts in words."""

    key: str
    name: str
    details: str


@dataclass(frozen=True, slots=True)
class OfferedGroup:
    """The offices of an institution, or those to complete."""

    name: str
    lines: list[OfferedLine]


@dataclass(frozen=True, slots=True)
class OfferedPlace:
    """The offices of a département."""

    name: str
    groups: list[OfferedGroup]

    @property
    def count(self) -> int:
        """The number of its offices."""
        return sum(len(group.lines) for group in self.groups)


def offered_places(report: Mapping[str, Any]) -> list[OfferedPlace]:
    """The offices to create by institution, and those to complete, by département; the first ones."""
    created, changed = (report.get(name, ())[:MOST_OFFERED] for name in ("created", "changed"))
    departments = _departments([*created, *changed])
    found: dict[str, dict[str, list[OfferedLine]]] = defaultdict(dict)
    for line in [*created, *changed]:
        institution = next((after for label, _, after in line["facts"] if label == LABELS["institution"]), "")
        groups = found[departments[line["key"]]]
        groups.setdefault(institution or COMPLETED, []).append(_offered(line))
    return [
        OfferedPlace(name, [OfferedGroup(*group) for group in found[name].items()])
        for name in sorted(found, key=lambda name: (name == SEVERAL, name))
    ]


def _departments(lines: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The département of each line by key: that of more than half of the communes of its areas."""
    areas = {line["key"]: [AreaRef.parse(text) for text in line.get("areas", ())] for line in lines}
    refs = {ref for own in areas.values() for ref in own}
    codes, epci = ({ref.code for ref in refs if ref.kind == kind} for kind in ("commune", "epci"))
    places: dict[AreaRef, Counter[str]] = defaultdict(Counter)
    known = Commune.objects.current().filter(Q(pk__in=codes) | Q(epci__in=epci))
    for code, siren, department in known.values_list("pk", "epci_id", "department_id"):
        places[AreaRef("commune", code)][department] += 1
        places[AreaRef("epci", siren or "")][department] += 1
    names = dict(Department.objects.values_list("code", "name"))
    found = {}
    for key, own in areas.items():
        counts = Counter({ref.code: 1 for ref in own if ref.kind == "department"})
        for ref in own:
            counts += places[ref]
        code, most = next(iter(counts.most_common(1)), ("", 0))
        found[key] = f"{names[code]} ({code})" if 2 * most > counts.total() else SEVERAL
    return found


def _offered(line: Mapping[str, Any]) -> OfferedLine:
    """A line of ``trial_report``."""
    known = (f"{label}\xa0: {_short(after)}" for label, _, after in line["facts"] if label in SHOWN)
    return OfferedLine(line["key"], line["name"], " · ".join(known))


def _short(words: str) -> str:
    """The beginning of a long list, and how many it has."""
    if len(words) <= LONGEST_DETAIL:
        return words
    parts = words.split(", ")
    return f"{words[:LONGEST_DETAIL].rpartition(', ')[0]}… ({len(parts)} en tout)"


def hidden_lines(report: Mapping[str, Any]) -> int:
    """The number of lines beyond the first ones."""
    counts = report.get("counts", {})
    return sum(max(0, counts.get(name, 0) - MOST_OFFERED) for name in ("created", "changed"))

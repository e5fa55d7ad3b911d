"""Lines of an offer of public services, a page at a time: those of a département, or with some words."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.http import QueryDict

from experts.changes.directory_facts import LABELS
from experts.word_search import plain, words_of
from territories.areas import AreaRef
from territories.models import Commune, Department

PAGE = 100
MAX_DETAIL_LENGTH = 120  # characters; a list of communes is much longer
COMPLETED = "Antennes à compléter"
SEVERAL, SEVERAL_CODE = "Plusieurs départements", "plusieurs"
SHOWN = {LABELS[name] for name in ("phone", "email", "site", "siret", "areas")}
UNTICKED = "unticked"  # in the report: the codes of the offices that somebody left out


@dataclass(frozen=True, slots=True)
class OfferedLine:
    """An office with its checkbox; ``key`` is its code, ``details`` its facts in words."""

    key: str
    name: str
    group: str
    details: str
    is_ticked: bool


@dataclass(frozen=True, slots=True)
class OfferedGroup:
    """The offices of an institution, or those to complete."""

    name: str
    lines: list[OfferedLine]


@dataclass(frozen=True, slots=True)
class OfferedPlace:
    """A département of the offer: the number of its offices, and of those that are ticked."""

    code: str
    name: str
    count: int
    ticked: int
    is_current: bool


@dataclass(frozen=True, slots=True)
class OfferedPage:
    """A page of an offer: the lines of ``place`` or ``search``; ``next``: the query of the page after."""

    places: list[OfferedPlace]
    groups: list[OfferedGroup]
    place: str
    search: str
    number: int
    ticked: int
    next: str

    @property
    def lines(self) -> list[OfferedLine]:
        """The lines of all its groups."""
        return [line for group in self.groups for line in group.lines]

    @property
    def query(self) -> str:
        """The query of this very page."""
        asked = {"q": self.search} if self.search else {"departement": self.place}
        return urlencode({**asked, "page": self.number})

    @property
    def title(self) -> str:
        """The département, or the words that were looked for."""
        found = next((place.name for place in self.places if place.is_current), "")
        return f"« {self.search} »" if self.search else found


def offered_page(report: Mapping[str, Any], query: QueryDict) -> OfferedPage:
    """The page that a query asks: ``q``, else ``departement``, and ``page``; by default the first one."""
    lines = [*report.get("created", ()), *report.get("changed", ())]
    unticked, departments = set(report.get(UNTICKED, ())), _departments(lines)
    names = {code: f"{name} ({code})" for code, name in Department.objects.values_list("code", "name")}
    counts = Counter(departments.values())
    left = Counter(departments[line["key"]] for line in lines if line["key"] in unticked)
    codes = sorted(counts, key=lambda code: (code == SEVERAL_CODE, names.get(code, "")))
    search = query.get("q", "").strip()[:100]
    place = query.get("departement", "")
    place = "" if search else place if place in counts else next(iter(codes), "")
    shown = [line for line in lines if (_has(line, search) if search else departments[line["key"]] == place)]
    number = _number(query.get("page", ""), last=max(1, -(-len(shown) // PAGE)))
    asked = {"q": search} if search else {"departement": place}
    following = urlencode({**asked, "page": number + 1}) if number * PAGE < len(shown) else ""
    if not (following or search) and place in codes[:-1]:
        following = urlencode({"departement": codes[codes.index(place) + 1]})
    places = [
        OfferedPlace(code, names.get(code, SEVERAL), counts[code], counts[code] - left[code], code == place)
        for code in codes
    ]
    offered = (_offered(line, unticked) for line in shown[(number - 1) * PAGE : number * PAGE])
    return OfferedPage(places, _groups(offered), place, search, number, len(lines) - left.total(), following)


def ticked_codes(report: Mapping[str, Any]) -> list[str]:
    """The codes of the offices to write: all those offered but the ones left out."""
    unticked = set(report.get(UNTICKED, ()))
    lines = [*report.get("created", ()), *report.get("changed", ())]
    return [line["key"] for line in lines if line["key"] not in unticked]


def with_choices(report: Mapping[str, Any], page: OfferedPage, ticked: Iterable[str]) -> dict[str, Any]:
    """The report once the lines of a page are ticked or not; the other pages stay as they were."""
    shown = {line.key for line in page.lines}
    unticked = (set(report.get(UNTICKED, ())) - shown) | (shown - set(ticked))
    return {**report, UNTICKED: sorted(unticked)}


def _number(typed: str, *, last: int) -> int:
    return min(max(int(typed), 1), last) if typed.isascii() and typed.isdigit() and len(typed) < 6 else 1


def _has(line: Mapping[str, Any], search: str) -> bool:
    """Return whether each word is in the line's name or facts."""
    text = plain(" ".join([line["name"], *(after for _, _, after in line["facts"])]))
    return all(word in text for word in words_of(search))


def _groups(lines: Iterable[OfferedLine]) -> list[OfferedGroup]:
    found: dict[str, list[OfferedLine]] = defaultdict(list)
    for line in lines:
        found[line.group].append(line)
    return [OfferedGroup(*group) for group in found.items()]


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
    found = {}
    for key, own in areas.items():
        counts = Counter({ref.code: 1 for ref in own if ref.kind == "department"})
        for ref in own:
            counts += places[ref]
        code, most = next(iter(counts.most_common(1)), ("", 0))
        found[key] = code if 2 * most > counts.total() else SEVERAL_CODE
    return found


def _offered(line: Mapping[str, Any], unticked: set[str]) -> OfferedLine:
    """A line of ``trial_report``."""
    institution = next((after for label, _, after in line["facts"] if label == LABELS["institution"]), "")
    known = (f"{label}\xa0: {_short(after)}" for label, _, after in line["facts"] if label in SHOWN)
    key = line["key"]
    return OfferedLine(key, line["name"], institution or COMPLETED, " · ".join(known), key not in unticked)


def _short(text: str) -> str:
    """The beginning of a long list, and how many it has."""
    if len(text) <= MAX_DETAIL_LENGTH:
        return text
    parts = text.split(", ")
    return f"{text[:MAX_DETAIL_LENGTH].rpartition(', ')[0]}… ({len(parts)} en tout)"

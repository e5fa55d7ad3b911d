"""Content of the pages of coverage: figures by place, a map, and what to fix first."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from django.db.models import Count
from django.urls import reverse

from directory.collector_pause import collector_paused
from directory.coverage import content_loading
from directory.coverage.content_loading import CoveragePlace
from directory.coverage.coverage_holes import Hole, Requests, find_holes
from directory.coverage.coverage_texts import percent, thousands
from directory.coverage.directory_content import DirectoryContent
from directory.coverage.map_content import shade_of
from directory.coverage.office_reach import may_answer
from directory.coverage.place_figures import HoleCounts, PlaceFigures, count_holes
from directory.coverage.subject_coverage import CoverageEngine, SubjectCoverage
from directory.silence import silent
from experts.models import Expert, Office, Subject, User
from solicitations.models import Need, Solicitation
from territories.areas import AreaRef
from territories.models import Commune, Department, Epci, Region
from territories.names import normalise

MAX_HOLES = 15
LOOKED_BACK = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class ComputedCoverage:
    """Coverage of a place on a day, over the subjects that an institution answers."""

    content: DirectoryContent
    coverages: tuple[SubjectCoverage, ...]
    counts: HoleCounts
    requests: Requests

    @property
    def total(self) -> PlaceFigures:
        """Figures of the whole place."""
        return self.counts.total()

    def holes(self) -> list[Hole]:
        """All the holes, the most urgent first."""
        return find_holes(self.coverages, self.content.groups, self.requests)


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A line of the table of places."""

    name: str
    figures: PlaceFigures
    url: str = ""

    @property
    def communes(self) -> str:
        """The number of communes."""
        return thousands(self.figures.communes)

    @property
    def population(self) -> str:
        """The number of inhabitants."""
        return thousands(self.figures.population)

    @property
    def uncovered(self) -> str:
        """The share without answer."""
        return percent(self.figures.uncovered_share)

    @property
    def weak(self) -> str:
        """The share whose answer may fail."""
        return percent(self.figures.weak_share)

    @property
    def shade(self) -> int:
        """The shade of the place on the map."""
        return shade_of(self.figures.uncovered_share)


@dataclass(frozen=True, slots=True)
class HoleRow:
    """A hole in words, and the page where it is filled; ``office`` is the one to which an expert is added."""

    subject: str
    place: str
    hole: Hole
    office: str
    url: str

    @property
    def population(self) -> str:
        """The number of inhabitants without answer."""
        return thousands(self.hole.population)


@collector_paused()
def compute(region: str | None, *, subject: str, on: date, now: datetime) -> ComputedCoverage:
    """Compute the coverage of a region or the nation, for one subject, or all when ``subject`` is empty."""
    content = content_loading.load(
        CoveragePlace(region),
        on=on,
        subjects=[subject] if subject else None,
        silent=set(silent(Expert.objects.listed(), now=now).values_list("pk", flat=True)),
    )
    engine = CoverageEngine(content)
    coverages = tuple(engine.cover(asked) for asked in content.subjects if asked.institutions)
    counts = count_holes(coverages, content.groups)
    return ComputedCoverage(content, coverages, counts, _past_requests(region, now=now))


def _past_requests(region: str | None, *, now: datetime) -> dict[str, dict[str, int]]:
    """Requests of the last year, by subject and commune."""
    requests = Solicitation.objects.counted().filter(submitted_at__gt=now - LOOKED_BACK)
    if region is not None:
        requests = requests.filter(region=region)
    rows = (
        Need.objects.filter(solicitation__in=requests)
        .values_list("subject__slug", "solicitation__commune")
        .annotate(count=Count("pk"))
        .order_by("subject__slug", "solicitation__commune")
    )
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for slug, commune, count in rows:
        found[slug][commune] = count
    return found


def region_rows(computed: ComputedCoverage, *, user: User) -> list[PlaceRow]:
    """A line per région, with a link to those that the user may see; communes without région come last."""
    figures = computed.counts.by(lambda commune: commune.region)
    rows = [
        PlaceRow(region.name, figures[region.pk], _region_url(region.pk, user))
        for region in sorted(Region.objects.all(), key=lambda region: normalise(region.name))
        if region.pk in figures
    ]
    return [*rows, PlaceRow("Sans région", figures[""])] if "" in figures else rows


def _region_url(code: str, user: User) -> str:
    return (
        reverse("directory:region_coverage", args=[code])
        if user.is_national or user.region_id == code
        else ""
    )


def epci_rows(computed: ComputedCoverage) -> list[PlaceRow]:
    """A line per EPCI, the least covered first; the communes without EPCI come last."""
    figures = computed.counts.by(lambda commune: commune.epci)
    names = dict(Epci.objects.filter(pk__in=figures).values_list("pk", "name"))
    rows = [
        PlaceRow(names[code], each, f"?{urlencode({'epci': code})}") for code, each in figures.items() if code
    ]
    rows.sort(key=lambda row: (-row.figures.uncovered_share, row.name))
    return [*rows, PlaceRow("Sans intercommunalité", figures[""], "?epci=sans")] if "" in figures else rows


def commune_rows(computed: ComputedCoverage, epci: str) -> list[PlaceRow]:
    """A line per commune of an EPCI; when ``epci`` is empty, per commune without EPCI."""
    inside = {
        commune.code
        for own in computed.content.groups.communes
        for commune in own
        if (commune.epci or "") == epci
    }
    figures = computed.counts.by(lambda commune: commune.code if commune.code in inside else None)
    names = dict(Commune.objects.filter(pk__in=inside).values_list("pk", "name"))
    rows = [
        PlaceRow(names[code], figures[code], f"?{urlencode({'commune': code})}") for code in sorted(inside)
    ]
    return sorted(rows, key=lambda row: (-row.figures.uncovered_share, row.name))


def hole_rows(computed: ComputedCoverage, holes: Iterable[Hole], *, user: User) -> list[HoleRow]:
    """The holes in words, each with the page that fills it."""
    listed = list(holes)
    labels = dict(Subject.objects.values_list("slug", "label"))
    names = area_names([hole.area for hole in listed])
    own = dict(Office.objects.visible_to(user).listed().values_list("code", "name"))
    rows = []
    for hole in listed:
        office = office_to_complete(computed.content, hole, own)
        rows.append(
            HoleRow(
                subject=labels[hole.subject],
                place=names[hole.area],
                hole=hole,
                office=own.get(office, ""),
                url=_filling_url(computed.content, hole, office),
            )
        )
    return rows


def area_names(refs: Iterable[AreaRef]) -> dict[AreaRef, str]:
    """The names of EPCI, départements and régions."""
    codes: dict[str, set[str]] = defaultdict(set)
    for ref in refs:
        codes[ref.kind].add(ref.code)
    names = [
        *((AreaRef("epci", row.pk), row.name) for row in Epci.objects.filter(pk__in=codes["epci"])),
        *((AreaRef("region", row.pk), row.name) for row in Region.objects.filter(pk__in=codes["region"])),
        *(
            (AreaRef("department", row.pk), row.name)
            for row in Department.objects.filter(pk__in=codes["department"])
        ),
    ]
    return dict(names)


def institutions_of(content: DirectoryContent, subject: str) -> tuple[str, ...]:
    """The codes of the institutions that may answer a subject, in its order."""
    return next(asked.institutions for asked in content.subjects if asked.slug == subject)


def office_to_complete(content: DirectoryContent, hole: Hole, own: Collection[str]) -> str:
    """The code of the first open office, of the subject's institutions, that covers the whole hole.

    ``own``: codes of the offices that the user may change. Empty when there is none.
    """
    institutions = institutions_of(content, hole.subject)
    found = {}
    for office in content.offices:
        if office.code in own and office.institution in institutions and may_answer(office, content.on):
            covered = 0
            for area in office.areas:
                covered |= content.groups.area_groups.get(area, 0)
            if covered & hole.groups == hole.groups:
                found[institutions.index(office.institution), office.code] = office.code
    return found[min(found)] if found else ""


def _filling_url(content: DirectoryContent, hole: Hole, office: str) -> str:
    """The form of a new expert of that office, or of a new office, with the hole filled in."""
    known = {"sujet": hole.subject, "territoire": str(hole.area)}
    if office:
        return f"{reverse('directory:new_expert', args=[office])}?{urlencode(known)}"
    institutions = institutions_of(content, hole.subject)
    return f"{reverse('directory:new_office')}?{urlencode({'institution': institutions[0], **known})}"

"""Requests of the past as the routing rule reads them, to decide them again; never their text."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from companies.naf_editions import in_rev2
from directory.foresight.areas_in_memory import Location
from experts.routing import loading
from experts.routing.engine import ApplicantFacts, AskedSubject
from solicitations.models import Need, Solicitation
from solicitations.models.request_querysets import SolicitationQuerySet
from territories.models import Commune

BATCH = 2_000
COLUMNS = (
    "reference",
    "submitted_at",
    "routed_at",
    "commune",
    "region",
    "is_confidential",
    "is_activity_refused",
    "naf",
    "legal_form",
    "headcount_min",
    "headcount_max",
    "craft",
    "company_created_on",
    "is_project_holder",
)


@dataclass(frozen=True, slots=True)
class OfficesOutcome:
    """Offices that a decision chose for a request, and whether one of its needs is not covered."""

    offices: frozenset[str]
    is_fallback: bool


@dataclass(frozen=True, slots=True)
class PastRequest:
    """A request that can be decided again; ``stored`` is ``None`` when it was never decided.

    ``day``: when it was routed, else submitted, where the company is. ``unticked``: codes of the institutions
    that the owner left out.
    """

    pk: int
    reference: str
    submitted_at: datetime
    day: date
    place: Location
    commune: str
    asked: tuple[AskedSubject, ...]
    facts: ApplicantFacts
    unticked: frozenset[str]
    is_activity_answered: bool
    is_confidential: bool
    region: str | None
    stored: OfficesOutcome | None


def load(requests: SolicitationQuerySet) -> Iterator[PastRequest]:
    """Read requests, the oldest first, a batch at a time."""
    readers = _Readers()
    pks = list(requests.oldest_first().values_list("pk", flat=True))
    for start in range(0, len(pks), BATCH):
        yield from _load_batch(pks[start : start + BATCH], readers)


class _Readers:
    """Conversions that many requests share, each done once."""

    def __init__(self) -> None:
        self.asked: dict[str, AskedSubject] = {}
        self.communes: dict[str, Commune] = {}
        self.place = cache(Location.of)
        self.rev2 = cache(in_rev2)
        self.readable = cache(loading.readable)

    def read_communes(self, codes: Iterable[str]) -> None:
        """Read the communes that are not read yet."""
        missing = set(codes) - self.communes.keys()
        if missing:
            joined = Commune.objects.select_related("department__region", "merged_into__department__region")
            self.communes |= joined.in_bulk(missing)

    def read_subjects(self, slugs: Iterable[str]) -> None:
        """Read the institutions of the subjects that are not read yet."""
        missing = sorted(set(slugs) - self.asked.keys())
        if missing:
            self.asked |= {subject.slug: subject for subject in loading.asked_subjects(missing)}


def _load_batch(pks: Sequence[int], readers: _Readers) -> Iterator[PastRequest]:
    rows = Solicitation.objects.only(*COLUMNS).in_bulk(pks)
    needs = _needs(pks)
    unticked = _unticked(pks)
    readers.read_communes(row.commune_id for row in rows.values())
    readers.read_subjects(slug for listed in needs.values() for slug, _, _ in listed)
    for pk in pks:
        row = rows[pk]
        row.commune = readers.communes[row.commune_id]
        yield _past_request(row, needs[pk], unticked[pk], readers)


def _needs(pks: Sequence[int]) -> Mapping[int, list[tuple[str, list[str] | None, bool]]]:
    """Slug, offices of the stored decision and fallback flag of each need, by request, in their order."""
    columns = ("solicitation", "subject__slug", "decision__offices", "is_fallback")
    found: dict[int, list[tuple[str, list[str] | None, bool]]] = defaultdict(list)
    needs = Need.objects.filter(solicitation__in=pks).order_by("solicitation", "position", "pk")
    for pk, slug, offices, is_fallback in needs.values_list(*columns):
        found[pk].append((slug, offices, is_fallback))
    return found


def _unticked(pks: Sequence[int]) -> Mapping[int, frozenset[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    pairs = Solicitation.unticked_institutions.through.objects.filter(solicitation__in=pks)
    for pk, code in pairs.values_list("solicitation_id", "institution__code"):
        found[pk].add(code)
    return defaultdict(frozenset, {pk: frozenset(codes) for pk, codes in found.items()})


def _past_request(
    row: Solicitation,
    needs: Sequence[tuple[str, list[str] | None, bool]],
    unticked: frozenset[str],
    readers: _Readers,
) -> PastRequest:
    is_decided = bool(needs) and all(offices is not None for _, offices, _ in needs)
    chosen = frozenset(code for _, offices, _ in needs for code in offices or ())
    stored = OfficesOutcome(chosen, any(flag for _, _, flag in needs)) if is_decided else None
    return PastRequest(
        pk=row.pk,
        reference=row.reference,
        submitted_at=row.submitted_at,
        day=row.today(row.routed_at or row.submitted_at),
        place=readers.place(row.commune),
        commune=row.commune.name,
        asked=tuple(readers.asked[slug] for slug in dict.fromkeys(slug for slug, _, _ in needs)),
        facts=readers.readable(row.facts),
        unticked=unticked,
        is_activity_answered=row.is_activity_refused or bool(row.naf and readers.rev2(row.naf) is not None),
        is_confidential=row.is_confidential,
        region=row.region_id,
        stored=stored,
    )

"""Offices that would receive a request, as anybody may see them: names, phones, sites, no address."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from django.db.models import Q

from experts.models import Expert, Institution, Office, Subject, SubjectInstitution
from experts.routing import explanations
from experts.routing.criteria import ApplicantFacts
from experts.routing.engine import Chosen, NeedDecision
from experts.routing.loading import decide
from mailing.addresses import strip_addresses
from territories.models import Area, Commune


@dataclass(frozen=True, slots=True)
class PublicOffice:
    """An office; ``subjects``: labels it answers; ``depends_on``: facts its criteria ask of the company."""

    name: str
    phone: str
    site: str
    subjects: tuple[str, ...] = ()
    depends_on: str = ""

    @property
    def site_name(self) -> str:
        """The site as people say it: « cci.fr »."""
        return urlsplit(self.site).netloc.removeprefix("www.")


@dataclass(frozen=True, slots=True)
class PublicInstitution:
    """An institution and its offices there; none for one whose offices are kept out of public pages."""

    name: str
    summary: str
    offices: tuple[PublicOffice, ...]


@dataclass(frozen=True, slots=True)
class PublicAnswers:
    """Institutions in the order of the routing; labels of the subjects that nobody covers."""

    institutions: tuple[PublicInstitution, ...]
    uncovered: tuple[str, ...]


def answers(subjects: Sequence[Subject], *, commune: Commune, on: date) -> PublicAnswers:
    """The offices that a company of which nothing is known would reach. A fixed number of queries."""
    labels = {subject.slug: subject.label for subject in subjects}
    needs = (
        decide(subjects=list(labels), commune=commune, facts=ApplicantFacts(), on=on).needs if labels else ()
    )
    covered = [need for need in needs if not need.is_fallback]
    return PublicAnswers(
        institutions=_institutions(covered, labels),
        uncovered=tuple(labels[need.subject] for need in needs if need.is_fallback),
    )


def relays(subjects: Collection[Subject], *, commune: Commune, on: date) -> tuple[PublicInstitution, ...]:
    """Institutions shown for these subjects but never notified, with their offices there, by name."""
    is_shown = Q(is_relay=True) | Q(institution__notified=Institution.Notified.NEVER)
    named = SubjectInstitution.objects.filter(is_shown, subject__in=subjects).values("institution", "group")
    institutions = Institution.objects.listed().filter(
        Q(pk__in=named.values("institution")) | Q(group__in=named.values("group"))
    )
    areas = list(Area.objects.containing(commune).values_list("pk", flat=True))
    own_areas = Expert.objects.listed().filter(areas__in=areas).values("office")
    reached = Q(pk__in=Office.objects.filter(areas__in=areas).values("pk")) | Q(pk__in=own_areas)
    found = Office.objects.open_on(on).filter(reached, institution__in=institutions, is_public=True)
    offices: dict[int, list[PublicOffice]] = defaultdict(list)
    for office in found.select_related("institution").order_by("name", "pk"):
        offices[office.institution_id].append(public_office(office))
    return tuple(
        PublicInstitution(institution.name, institution.summary, tuple(offices[institution.pk]))
        for institution in institutions.order_by("name", "pk")
    )


def public_office(office: Office, *, subjects: Iterable[str] = (), depends_on: str = "") -> PublicOffice:
    """The office without any email address, even one that was typed in its name or its site."""
    return PublicOffice(
        name=strip_addresses(office.name) or office.institution.name,
        phone=office.phone,
        site=_site(office.site),
        subjects=tuple(subjects),
        depends_on=depends_on,
    )


def _site(address: str) -> str:
    """The address of a website; empty for anything else, such as one that holds an email address."""
    is_site = urlsplit(address).scheme in {"http", "https"} and strip_addresses(address) == address
    return address if is_site else ""


def _institutions(needs: Sequence[NeedDecision], labels: Mapping[str, str]) -> tuple[PublicInstitution, ...]:
    """The offices chosen for these needs, each once, by institution."""
    chosen_by_office: dict[str, list[tuple[str, Chosen]]] = defaultdict(list)
    for need in needs:
        for chosen in need.chosen:
            chosen_by_office[chosen.office].append((labels[need.subject], chosen))
    rows = Office.objects.select_related("institution").in_bulk(list(chosen_by_office), field_name="code")
    offices: dict[Institution, list[PublicOffice]] = {}
    for code, found in chosen_by_office.items():
        shown = offices.setdefault(rows[code].institution, [])
        if rows[code].is_public:
            facts = sorted({fact for _, chosen in found for fact in chosen.unverified})
            answered = dict.fromkeys(label for label, _ in found)
            shown.append(public_office(rows[code], subjects=answered, depends_on=explanations.facts(facts)))
    return tuple(
        PublicInstitution(institution.name, institution.summary, tuple(shown))
        for institution, shown in offices.items()
    )

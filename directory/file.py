"""Reading of a directory file: zones, offices and experts, checked against existing codes."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from experts.changes.directory_facts import AbsenceEntry
from experts.entries import Entry, Fields, Problems
from experts.models import Office
from experts.yaml_files import Node, Scalar
from territories.areas import AreaRef, Level, MalformedArea

NAF_PREFIX = re.compile(r"[0-9]{1,4}|[0-9]{4}[A-Z]")
LEGAL_FORM_PREFIX = re.compile(r"[0-9]{1,4}")
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class ExpertEntry:
    """An expert of an office; without ``areas``, those of the office count."""

    name: str
    job: str
    email: str
    phone: str
    has_all_subjects: bool
    subjects: frozenset[str]
    areas: frozenset[AreaRef]
    absence: AbsenceEntry | None


@dataclass(frozen=True, slots=True)
class OfficeEntry:
    """An office; ``criteria`` holds every criteria column, empty ones included."""

    code: str
    institution: str
    name: str
    phone: str
    email: str
    areas: frozenset[AreaRef]
    criteria: dict[str, object]
    exclusive_subjects: frozenset[str]
    is_fallback: bool
    closed_on: date | None
    experts: tuple[ExpertEntry, ...]


@dataclass(frozen=True, slots=True)
class ZoneEntry:
    """A zone: a named list of areas."""

    slug: str
    name: str
    members: frozenset[AreaRef]


@dataclass(frozen=True, slots=True)
class DirectoryFile:
    """The whole directory; values that could not be read are missing or empty."""

    zones: tuple[ZoneEntry, ...]
    offices: tuple[OfficeEntry, ...]


@dataclass(frozen=True, slots=True)
class KnownCodes:
    """Codes that a directory may refer to; ``zones`` are those entered by hand."""

    institutions: Collection[str]
    subjects: Collection[str]
    zones: Collection[str]


@dataclass
class FileReader:
    """Reader of a file, entry by entry; areas are collected in ``found_areas``, to be checked together."""

    known: KnownCodes
    problems: Problems
    found_areas: list[tuple[Entry, AreaRef]] = field(default_factory=list)
    zone_slugs: set[str] = field(default_factory=set)

    def read(self, root: Node) -> DirectoryFile:
        """Read the whole file; errors are added to ``problems``."""
        entries = Entry(root, "", self.problems).keys(["offices"], ["zones"])
        zones = tuple(self._zone(item) for item in entries.listed("zones"))
        offices = entries.listed("offices")
        if "offices" in entries and not offices:
            entries["offices"].refuse("le fichier ne contient aucune antenne.")
        codes: set[str] = set()
        return DirectoryFile(zones, tuple(self._office(item, codes) for item in offices))

    def check_areas(self, current: Mapping[AreaRef, AreaRef]) -> None:
        """Refuse the areas of ``found_areas`` that are neither in ``current`` nor a known zone."""
        zones = self.zone_slugs | set(self.known.zones)
        for entry, ref in self.found_areas:
            exists = ref.code in zones if ref.level is Level.ZONE else ref in current
            if not exists:
                entry.refuse(f"territoire inconnu : « {ref} ».")

    def _zone(self, item: Entry) -> ZoneEntry:
        entries = item.keys(["slug", "name", "members"])
        slug = entries.text("slug")
        if slug and not SLUG.fullmatch(slug):
            entries["slug"].refuse("seulement des minuscules sans accent, des chiffres et des tirets.")
        elif slug in self.zone_slugs:
            entries["slug"].refuse(f"la zone « {slug} » est donnée deux fois.")
        if slug:
            self.zone_slugs.add(slug)
        members = self._areas(entries, "members", inside_zone=True)
        return ZoneEntry(slug, entries.text("name"), members)

    def _office(self, item: Entry, codes: set[str]) -> OfficeEntry:
        required = ["id", "institution", "name", "territories", "phone", "email", "experts"]
        entries = item.keys(required, ["criteria", "exclusive_subjects", "fallback", "closed_on"])
        code = entries.text("id")
        if code in codes:
            entries["id"].refuse(f"l'antenne « {code} » est donnée deux fois.")
        if code:
            codes.add(code)
        return OfficeEntry(
            code=code,
            institution=entries.known("institution", self.known.institutions, "institution inconnue"),
            name=entries.text("name"),
            phone=entries.phone("phone"),
            email=entries.email("email"),
            areas=self._areas(entries, "territories"),
            criteria=_criteria(entries.get("criteria")),
            exclusive_subjects=self._subjects(entries.listed("exclusive_subjects")),
            is_fallback=bool(entries.boolean("fallback")),
            closed_on=entries.day("closed_on"),
            experts=self._experts(entries.listed("experts")),
        )

    def _experts(self, items: list[Entry]) -> tuple[ExpertEntry, ...]:
        """Read the experts of an office; an address given twice or an unknown deputy is refused."""
        emails: set[str] = set()
        deputies: list[tuple[Entry, str, str]] = []
        experts = tuple(self._expert(item, emails, deputies) for item in items)
        for entry, deputy, email in deputies:
            if deputy == email:
                entry.refuse("une personne ne peut pas être sa propre suppléante.")
            elif deputy not in emails:
                entry.refuse(f"le suppléant « {deputy} » n'est pas un référent de cette antenne.")
        return experts

    def _expert(self, item: Entry, emails: set[str], deputies: list[tuple[Entry, str, str]]) -> ExpertEntry:
        entries = item.keys(["name", "job", "email", "phone", "subjects"], ["territories", "absent"])
        email = entries.email("email")
        if email and email.lower() in emails:
            entries["email"].refuse(f"deux référents de cette antenne ont l'adresse « {email} ».")
        emails.add(email.lower())
        absence = entries["absent"].keys(["from", "to"], ["deputy"]) if "absent" in entries else None
        deputy = absence.email("deputy").lower() if absence else ""
        if absence and deputy:
            deputies.append((absence["deputy"], deputy, email.lower()))
        has_all, subjects = self._skills(entries.get("subjects"))
        return ExpertEntry(
            name=entries.text("name"),
            job=entries.text("job"),
            email=email,
            phone=entries.phone("phone"),
            has_all_subjects=has_all,
            subjects=subjects,
            areas=self._areas(entries, "territories"),
            absence=_absence(absence, deputy) if absence else None,
        )

    def _skills(self, entry: Entry | None) -> tuple[bool, frozenset[str]]:
        """Read the subjects of an expert: ``True`` for all of them, else their slugs."""
        if entry is None:
            return False, frozenset()
        if isinstance(entry.node, Scalar):
            entry.one_of(["all"])
            return True, frozenset()
        items = entry.items()
        if not any(isinstance(item.node, Scalar) and item.node.text == "all" for item in items):
            return False, self._subjects(items)
        if len(items) > 1:
            entry.refuse("« all » ne va pas avec d'autres sujets.")
        return True, frozenset()

    def _subjects(self, items: list[Entry]) -> frozenset[str]:
        """Read slugs of the catalogue."""
        slugs = (item.known(self.known.subjects, "sujet inconnu") for item in items)
        return frozenset(slug for slug in slugs if slug)

    def _areas(self, entries: Fields, key: str, *, inside_zone: bool = False) -> frozenset[AreaRef]:
        """Areas under a key; whether they exist is checked later, for all of them together."""
        refs = set()
        for item in entries.listed(key):
            text = item.text()
            if text is None:
                continue
            try:
                ref = AreaRef.parse(text)
            except MalformedArea as error:
                item.refuse(f"{error}.")
                continue
            if inside_zone and ref.level in {Level.ZONE, Level.NATIONAL}:
                item.refuse(
                    "une zone contient des communes, des EPCI, des départements ou des régions seulement."
                )
                continue
            refs.add(ref)
            self.found_areas.append((item, ref))
        return frozenset(refs)


def _absence(entries: Fields, deputy: str) -> AbsenceEntry | None:
    """Days away, ``None`` when they could not be read; ``deputy`` is empty when nobody is named."""
    from_on, to_on = entries.day("from"), entries.day("to")
    if from_on is None or to_on is None:
        return None
    if from_on > to_on:
        entries["to"].refuse("l'absence finit avant de commencer.")
    return AbsenceEntry(from_on, to_on, deputy or None)


INTEGERS = ("headcount_min", "headcount_max", "age_min_years", "age_max_years")
PREFIXES = {
    "naf": (NAF_PREFIX, "un code NAF"),
    "naf_excluded": (NAF_PREFIX, "un code NAF"),
    "legal_forms": (LEGAL_FORM_PREFIX, "une catégorie juridique"),
    "legal_forms_excluded": (LEGAL_FORM_PREFIX, "une catégorie juridique"),
}


def _criteria(entry: Entry | None) -> dict[str, object]:
    """Every column of the criteria."""
    keys = [*INTEGERS, *PREFIXES, "craft", "project_holders"]
    entries = entry.keys([], keys) if entry else Fields()
    numbers = {key: entries.integer(key) for key in INTEGERS}
    for low, high in (("headcount_min", "headcount_max"), ("age_min_years", "age_max_years")):
        minimum, maximum = numbers[low], numbers[high]
        if minimum is not None and maximum is not None and minimum > maximum:
            entries[high].refuse(f"{high} ({maximum}) est plus petit que {low} ({minimum}).")
    choices = [craft for craft in Office.Craft.values if craft]
    return {
        **numbers,
        **{key: prefixes(entries[key], *rule) if key in entries else [] for key, rule in PREFIXES.items()},
        "craft": entries.one_of("craft", choices),
        "project_holders": entries.boolean("project_holders"),
    }


def prefixes(entry: Entry, pattern: re.Pattern[str], what: str) -> list[str]:
    """Beginnings of codes, without dots nor spaces, each once."""
    kept: dict[str, None] = {}
    for item in entry.items():
        text = item.text()
        if text is None:
            continue
        prefix = re.sub(r"[.\s]", "", text).upper()
        if pattern.fullmatch(prefix):
            kept[prefix] = None
        else:
            item.refuse(f"« {text} » n'est pas le début d'{what}.")
    return list(kept)

"""Plan of the open directory's services, matched with offices by SIRET, then by name and place."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils import timezone

from directory.public_offices.public_services import PublicService
from directory.public_offices.served_areas import ServedAreas
from directory.sheets.new_codes import new_code
from experts.changes import editing
from experts.changes.directory_facts import Facts
from experts.changes.rights import CONTACTS, refusals_of_region
from experts.changes.row_plans import Difference, Plan, RowPlan
from experts.changes.stored import StoredDirectory
from experts.models import Institution, Office
from territories.names import normalise

# Facts that the open directory may fill in; existing values are never replaced.
FILLED = ("phone", "email", "siret", "site")


@dataclass(frozen=True, slots=True)
class PublicPlan:
    """A plan, the sentences about what was left out or not understood, and the lines refused."""

    plan: Plan
    remarks: tuple[str, ...]
    refused: tuple[str, ...]


@dataclass
class Matcher:
    """Comparison of services with the directory; ``region`` is ``None`` for the whole country."""

    stored: StoredDirectory
    types: Mapping[str, list[str]]
    region: str | None
    areas: ServedAreas = field(default_factory=ServedAreas)
    remarks: list[str] = field(default_factory=list)
    unknown_types: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.levels = dict(Institution.objects.values_list("code", "usual_level"))
        self.rows: dict[str, RowPlan[Office]] = {}
        self.names_read: dict[str, set[str]] = defaultdict(set)
        self.taken = set(self.stored.offices)
        self.nowhere = 0
        self.by_siret: dict[tuple[str, str], list[str]] = defaultdict(list)
        self.by_name: dict[tuple[str, str], list[str]] = defaultdict(list)
        for code, office in self.stored.offices.items():
            facts = office.facts
            if facts["siret"]:
                self.by_siret[facts["institution"], facts["siret"]].append(code)
            self.by_name[facts["institution"], normalise(facts["name"])].append(code)

    def plan(self, services: Iterable[PublicService]) -> PublicPlan:
        """Plan the offices of the region's services."""
        for service in services:
            self._add(service)
        plan, refused = self._allowed(Plan(offices=tuple(self.rows.values())))
        return PublicPlan(plan, (*self.remarks, *self._about_types()), refused)

    def _add(self, service: PublicService) -> None:
        """Add the offices of a service: one for each institution that its types belong to."""
        served: dict[str, set[str]] = defaultdict(set)
        if not service.areas:
            self._leave_without_type(service)
        for kind, communes in service.areas.items():
            if kind not in self.types:
                self.unknown_types[kind] += 1
            for institution in self.types.get(kind, ()):
                served[institution] |= communes
        for institution, codes in served.items():
            self._add_office(service, institution, codes)

    def _add_office(self, service: PublicService, institution: str, codes: set[str]) -> None:
        communes, unknown = self.areas.current(codes)
        own, _ = self.areas.current({service.commune} if service.commune else ())
        region = self.areas.region_of(communes or own)
        if region is None:
            given = ", ".join(sorted(unknown | ({service.commune} - own - {""}))[:10])
            self._say_all(
                service,
                f"communes inconnues ({given}), laissé de côté."
                if given
                else "sans commune, laissé de côté.",
            )
            return
        if self.region not in {None, region}:
            return
        communes = self._within(service, communes)
        if not service.name:
            self._say(service, "sans nom, laissé de côté.")
            return
        for note in service.notes:
            self._say(service, note)
        if unknown:
            self._say(service, f"communes inconnues : {', '.join(sorted(unknown)[:10])}.")
        facts: Facts = {
            "institution": institution,
            "name": service.name,
            "phone": service.phone,
            "email": service.email,
            "site": service.site,
            "siret": service.siret,
            "areas": self.areas.refs(communes) if communes else frozenset(),
        }
        code = self._match(service, institution, communes)
        if code is None:
            self._create(service, facts, own)
        elif code in self.rows:
            self._say(service, "déjà dans ce fichier, sous le même SIRET ou le même nom.")
        else:
            self.rows[code] = self._complete(code, facts)
            self.names_read[code].add(normalise(service.name))
            self._say_if_closed(service, code)

    def _leave_without_type(self, service: PublicService) -> None:
        """Say that a service of the region has no type; those of nowhere known are only counted."""
        own, _ = self.areas.current({service.commune} if service.commune else ())
        if not own:
            self.nowhere += 1
        elif self.region in {None, self.areas.region_of(own)}:
            self._say_all(service, "aucun type de service, laissé de côté.")

    def _within(self, service: PublicService, communes: set[str]) -> set[str]:
        """The communes of the region alone; the others are said, and are the national team's to add."""
        if self.region is None:
            return communes
        beyond = {code for code in communes if self.areas.places[code][0] != self.region}
        if beyond:
            listed = ", ".join(sorted(beyond)[:10])
            self._say(service, f"communes d'une autre région laissées de côté : {listed}.")
        return communes - beyond

    def _match(self, service: PublicService, institution: str, communes: set[str]) -> str | None:
        """The office that a service already is: by its SIRET, else by its name in the same place."""
        if code := self._match_siret(service, institution):
            return code
        same = self.by_name.get((institution, normalise(service.name)), [])
        if len(same) == 1 and not communes:
            return same[0]
        refs = self.areas.refs(communes)
        for code in same:
            stored = self.stored.offices.get(code)
            here = (stored.facts if stored else self.rows[code].facts)["areas"]
            if here & refs or self._communes(here) & communes:
                return code
        return None

    def _match_siret(self, service: PublicService, institution: str) -> str | None:
        """The office with the service's SIRET; one that several places share is told apart by their names."""
        codes = self.by_siret.get((institution, service.siret), []) if service.siret else []
        same = [code for code in codes if self._is_same_name(code, service)]
        return next(iter([*same, *(code for code in codes if code not in self.rows)]), None)

    def _is_same_name(self, code: str, service: PublicService) -> bool:
        stored = self.stored.offices.get(code)
        facts = stored.facts if stored else self.rows[code].facts
        names = {normalise(facts["name"]), *self.names_read.get(code, ())}
        return normalise(service.name) in names

    def _communes(self, refs: Iterable[Any]) -> set[str]:
        """The communes of areas; those of zones are read from their members."""
        found: set[str] = set()
        for ref in refs:
            if ref.kind == "zone":
                found |= self._communes(self.stored.zones[ref.code].facts["members"])
            elif ref.kind == "national":
                found |= self.areas.places.keys()
            else:
                found |= {ref.code} if ref.kind == "commune" else self.areas.members[ref.kind][ref.code]
        return found

    def _complete(self, code: str, facts: Facts) -> RowPlan[Office]:
        """Fill in what an office lacks; what differs is kept, and said."""
        stored = self.stored.offices[code]
        here = stored.facts
        filled = {fact: facts[fact] for fact in FILLED if facts[fact] and not here[fact]}
        kept = tuple(
            Difference(fact, here[fact], facts[fact])
            for fact in ("name", *FILLED)
            if facts[fact] and here[fact] and here[fact] != facts[fact]
        )
        return replace(editing.change(code, stored, filled), kept=kept)

    def _say_if_closed(self, service: PublicService, code: str) -> None:
        facts = self.stored.offices[code].facts
        ends = [day for day in (facts["closed_on"], facts["agreement_ends_on"]) if day]
        if facts["dropped_at"] or (ends and min(ends) <= timezone.localdate()):
            self._say(service, f"l'antenne « {code} » est fermée ici : rouvrez-la si elle reçoit encore.")

    def _create(self, service: PublicService, facts: Facts, own: set[str]) -> None:
        if not facts["areas"] and own:
            commune = next(iter(own))
            level = self.levels[facts["institution"]]
            facts["areas"] = self.areas.around(commune, level)
            names = ", ".join(map(str, facts["areas"]))
            self._say(service, f"le fichier ne dit pas où il répond : {names} est supposé, vérifiez-le.")
        lacking = [label for fact, label in CONTACTS.items() if not facts[fact]]
        if lacking:
            self._say(
                service, f"à compléter avant d'y ajouter un référent : il manque {' et '.join(lacking)}."
            )
        code = new_code(facts["institution"], facts["name"], self.taken)
        self.taken.add(code)
        self.rows[code] = editing.new_office(code, facts)
        self.by_name[facts["institution"], normalise(facts["name"])].append(code)
        if facts["siret"]:
            self.by_siret[facts["institution"], facts["siret"]].append(code)

    def _say_all(self, service: PublicService, sentence: str) -> None:
        """Say why a service is left out, and what was not understood in it."""
        for note in service.notes:
            self._say(service, note)
        self._say(service, sentence)

    def _say(self, service: PublicService, sentence: str) -> None:
        self.remarks.append(f"service {service.number}, « {service.name or service.id} » : {sentence}")

    def _about_types(self) -> Iterator[str]:
        """Count the services of the types that the table lacks."""
        if self.nowhere:
            yield f"services sans type ni commune connue : {self.nowhere}, laissés de côté."
        for kind, count in self.unknown_types.most_common():
            yield f"type « {kind} » : {count} laissés de côté, la table n'en donne pas l'institution."

    def _allowed(self, plan: Plan) -> tuple[Plan, tuple[str, ...]]:
        """Split the plan into what the region may change and what is refused, by name."""
        if self.region is None:
            return plan, ()
        refusals = refusals_of_region(plan, self.region)
        keys = {refusal.key for refusal in refusals}
        labels = {row.key: row.label for row in plan.offices}
        refused = tuple(dict.fromkeys(f"« {labels[one.key]} » : {one.sentence}" for one in refusals))
        return Plan(offices=tuple(row for row in plan.offices if row.key not in keys)), refused

"""Changes that an editor may not make: regional staff change their region alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from experts.changes import snapshot
from experts.changes.row_plans import Plan, RowPlan
from experts.changes.stored import RowKey, StoredRow
from experts.models import Expert, Office, User
from experts.regions import RegionCounter
from territories.areas import AreaRef
from territories.models import Area

# Facts that widen who receives, in all the areas of an office.
WIDENING = frozenset(
    {
        "institution", "headcount_min", "headcount_max", "age_min_years", "age_max_years", "naf",
        "naf_excluded", "legal_forms", "legal_forms_excluded", "craft", "project_holders",
        "exclusive_subjects", "is_fallback",
    }
)  # fmt: skip
# What an office needs before anybody answers there.
CONTACTS = {"phone": "téléphone", "email": "courriel"}
Refs = frozenset[AreaRef]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row, or one of its facts, that the editor may not change; ``fact`` is empty for the whole row."""

    kind: str
    key: RowKey
    fact: str
    sentence: str


def refusals(plan: Plan, editor: User) -> list[Refusal]:
    """The parts of the plan that this editor may not write; nobody may write those ``unreached``."""
    return unreached(plan) if editor.is_national else refusals_of_region(plan, editor.region_id)


def unreached(plan: Plan) -> list[Refusal]:
    """The rows that would leave experts in an office without phone or address: its mails need them."""
    offices = {row.key: row for row in plan.only_changes().offices}
    coming = [row for row in plan.only_changes().experts if "office" in row.written_facts]
    lacking = {code: _contacts_missing(row.after) for code, row in offices.items()}
    others = {row.after["office"] for row in coming} - offices.keys()
    for office in Office.objects.filter(Q(phone="") | Q(email=""), code__in=others):
        lacking[office.code] = _contacts_missing({"phone": office.phone, "email": office.email})
    found = [
        Refusal("expert", row.key, "office", _to_give_first(missing))
        for row in coming
        if (missing := lacking.get(row.after["office"]))
    ]
    emptied = [
        code for code, row in offices.items() if lacking[code] and row.written_facts.keys() & set(CONTACTS)
    ]
    peopled = Expert.objects.filter(office__code__in=emptied).values_list("office__code", flat=True)
    return found + [
        Refusal("office", code, fact, f"L'antenne a des référents : elle garde un {CONTACTS[fact]}.")
        for code in sorted(set(peopled))
        for fact in lacking[code]
    ]


def _contacts_missing(facts: Mapping[str, Any]) -> list[str]:
    return [fact for fact in CONTACTS if not facts[fact]]


def _to_give_first(missing: list[str]) -> str:
    names = " et ".join(CONTACTS[fact] for fact in missing)
    return f"Donnez d'abord à l'antenne ses coordonnées : il manque {names}."


def refusals_of_region(plan: Plan, region: str | None) -> list[Refusal]:
    """The same for an editor of this region, by its code."""
    changes = plan.only_changes()
    if not changes.changes_something:
        return []
    return [*_Check(changes, region).refusals(), *unreached(changes)]


class _Check:
    """The plan, and the rows around it that say who receives today."""

    def __init__(self, plan: Plan, region: str | None) -> None:
        self.plan, self.region = plan, region
        codes = {code for row in plan.experts for code in _offices_of(row)}
        offices = Office.objects.filter(code__in=codes)
        experts = (
            Expert.objects.filter(office__in=offices) if _names_deputies(plan) else Expert.objects.none()
        )
        around = snapshot.load(
            zones=list(Area.objects.of_kind("zone").values_list("pk", flat=True)),
            offices=list(offices.values_list("pk", flat=True)),
            experts=list(experts.values_list("pk", flat=True)),
        )
        self.offices: Mapping[str, StoredRow[Office]] = around.offices
        self.experts = around.experts
        zones = {slug: stored.facts["members"] for slug, stored in plan.applied_to(around).zones.items()}
        self.counter = RegionCounter(self._named(), zones)

    def refusals(self) -> Iterator[Refusal]:
        for zone in self.plan.zones:
            yield from self._zone(zone)
        for office in self.plan.offices:
            yield from self._office(office)
        for expert in self.plan.experts:
            yield from self._expert(expert)

    def _zone(self, row: RowPlan[Area]) -> Iterator[Refusal]:
        before, after = row.before.get("members", frozenset()), row.after.get("members", frozenset())
        if any(members and self.counter.main_region(members) != self.region for members in (before, after)):
            yield Refusal("zone", row.key, "", "Cette zone est surtout dans une autre région.")
        elif beyond := self._beyond(after - before):
            yield Refusal("zone", row.key, "members", _only_national(beyond))

    def _office(self, row: RowPlan[Office]) -> Iterator[Refusal]:
        if row.instance is not None and row.instance.region_id != self.region:
            yield Refusal("office", row.key, "", f"« {row.label} » n'est pas une antenne de votre région.")
            return
        before, after = row.before.get("areas", frozenset()), row.after["areas"]
        if "areas" in row.written_facts:
            if self.counter.main_region(after) != self.region:
                sentence = "Choisissez des territoires de votre région."
                yield Refusal("office", row.key, "areas", sentence)
            elif beyond := self._beyond(after - before):
                yield Refusal("office", row.key, "areas", _only_national(beyond))
        if reached := self._beyond(before):
            names = ", ".join(f"« {ref} »" for ref in reached)
            for fact in sorted(WIDENING & set(row.written_facts)):
                sentence = f"L'antenne couvre aussi {names} : demandez ce changement à l'équipe nationale."
                yield Refusal("office", row.key, fact, sentence)

    def _expert(self, row: RowPlan[Expert]) -> Iterator[Refusal]:
        for code in _offices_of(row):
            if self._region_of_office(code) != self.region:
                sentence = f"L'antenne de « {row.label} » n'est pas de votre région."
                yield Refusal("expert", row.key, "", sentence)
                return
        after = row.after["areas"] or self._areas_of_office(row.after["office"])
        before = (
            self._areas_of_office(row.after["office"]) if row.instance is None else self._received(row.before)
        )
        if beyond := self._beyond(after - before):
            yield Refusal("expert", row.key, "areas", _only_national(beyond))
        for absence in row.written_facts.get("declared_absences", ()):
            deputy = self.experts.get((row.after["office"], absence.deputy or ""))
            if deputy and (beyond := self._beyond(after - self._received(deputy.facts))):
                yield Refusal("expert", row.key, "declared_absences", _only_national(beyond))

    def _received(self, facts: Mapping[str, Any]) -> Refs:
        """The areas that an expert receives requests of."""
        return facts["areas"] or self._areas_of_office(facts["office"])

    def _areas_of_office(self, code: str) -> Refs:
        planned: dict[RowKey, Refs] = {row.key: row.after["areas"] for row in self.plan.offices}
        stored = self.offices.get(code)
        return planned.get(code, stored.facts["areas"] if stored else frozenset())

    def _region_of_office(self, code: str) -> str | None:
        stored = self.offices.get(code)
        if stored and stored.instance:
            return stored.instance.region_id
        return self.counter.main_region(self._areas_of_office(code))

    def _named(self) -> Refs:
        """All the areas that the plan and the rows around it name."""
        around: list[StoredRow[Any]] = [*self.offices.values(), *self.experts.values()]
        facts = [facts for row in self.plan.rows() for facts in (row.before, row.after)]
        facts += [stored.facts for stored in around]
        return frozenset().union(*(one.get(name, ()) for one in facts for name in ("areas", "members")))

    def _beyond(self, refs: Refs) -> list[AreaRef]:
        """The areas, among these, that have a commune outside the region."""
        return sorted(ref for ref in refs if set(self.counter.communes_by_region([ref])) - {self.region})


def _offices_of(row: RowPlan[Expert]) -> set[str]:
    """The codes of the expert's office before and after."""
    return {facts["office"] for facts in (row.before, row.after) if facts}


def _names_deputies(plan: Plan) -> bool:
    return any(
        absence.deputy for row in plan.experts for absence in row.written_facts.get("declared_absences", ())
    )


def _only_national(beyond: list[AreaRef]) -> str:
    names = ", ".join(f"« {ref} »" for ref in beyond)
    return f"{names} : seule l'équipe nationale ajoute un territoire qui dépasse votre région."

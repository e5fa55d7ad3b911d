"""Offices and experts that the rows of a spreadsheet describe, found among those that exist."""

import difflib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from directory.sheets.absences import read_absences
from directory.sheets.columns import BY_KEY, Owner
from directory.sheets.new_codes import new_code
from directory.sheets.row_reading import ReadRow
from experts.changes.stored import StoredDirectory
from territories.names import normalise

REQUIRED_OF_OFFICE = ("institution", "name", "phone", "email", "areas")
BOUNDS = (("headcount_min", "headcount_max"), ("age_min_years", "age_max_years"))
# Keys of what tells one office or person from another: without any, a line is still to be filled in.
EXPERT_KEYS = {"expert.name", "expert.email", "expert.phone", "expert.job"}
IDENTIFYING = {"office.phone", "office.email", "office.siret", *EXPERT_KEYS}
RESERVED_CODES = {"nouvelle"}  # of pages: an office of that code would have none
ExpertKey = tuple[str, str]


@dataclass(slots=True)
class GatheredOffice:
    """An office and the facts that its rows give; ``row`` is the first one."""

    code: str
    row: ReadRow
    facts: dict[str, Any] = field(default_factory=dict)
    given_by: dict[str, ReadRow] = field(default_factory=dict)


@dataclass(slots=True)
class GatheredExpert:
    """An expert and the facts that their row gives; ``absences`` is ``None`` when the row says nothing."""

    key: ExpertKey
    row: ReadRow
    facts: dict[str, Any]


def _place(other: ReadRow, row: ReadRow) -> str:
    """The place of another row, seen from this one: its line, and its sheet when it is not the same."""
    sheet = f" de la feuille « {other.sheet} »" if other.sheet != row.sheet else ""
    return f"à la ligne {other.line}{sheet}"


class Gathering:
    """Offices and experts of a file, row after row; errors go to the rows' problems."""

    def __init__(
        self,
        stored: StoredDirectory,
        *,
        region: str | None,
        former_offices: Mapping[int, frozenset[str]] = MappingProxyType({}),
    ) -> None:
        self.stored, self.region = stored, region
        self.offices: dict[str, GatheredOffice] = {}
        self.experts: dict[ExpertKey, GatheredExpert] = {}
        self.has_expert_columns = False
        self.remarks: list[tuple[ReadRow, str, str]] = []
        self._new: dict[tuple[str, str], str] = {}
        self._taken = set(stored.offices)
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for code, office in stored.offices.items():
            self._by_name[normalise(office.facts["name"])].append(code)
        self._posts: dict[str, list[ExpertKey]] = defaultdict(list)
        self._former: dict[ExpertKey, ExpertKey] = {}
        self._former_posts: dict[str, list[ExpertKey]] = defaultdict(list)
        for key, expert in stored.experts.items():
            self._posts[key[1]].append(key)
            left = former_offices.get(expert.instance.pk, frozenset()) if expert.instance else frozenset()
            for email in expert.facts["former_emails"]:
                self._former_posts[email].append(key)
            for email in (key[1], *expert.facts["former_emails"]):
                self._former |= {(office, email): key for office in (key[0], *left)}

    def add(self, row: ReadRow) -> None:
        """Add the office and the expert of a row."""
        self.has_expert_columns = self.has_expert_columns or "expert.email" in row.headings
        code = self._office_of(row)
        if code is None:
            return
        self._merge_office(code, row)
        facts = row.facts(Owner.EXPERT)
        if facts:
            self._add_expert(code, row, facts)

    def check(self) -> None:
        """Refuse what only the whole file shows: what new rows lack, reversed bounds, unknown deputies."""
        for office in self.offices.values():
            self._check_office(office)
        for expert in self.experts.values():
            self._check_expert(expert)

    def expert_key(self, office: str, email: str) -> ExpertKey:
        """The key of the expert named in a file, perhaps by a former address or office."""
        named = (office, email.lower())
        return named if named in self.stored.experts else self._former.get(named, named)

    # The office of a row

    def _office_of(self, row: ReadRow) -> str | None:
        """The code of the office that a row is about, made for a new one; ``None`` when it was refused."""
        if row.unread & {"office.code", "office.name"}:
            return None
        if "office.code" in row.values:
            return self._office_of_code(row, row.values["office.code"])
        if "office.name" in row.values:
            return self._office_of_name(row, row.values["office.name"])
        if "expert.email" in row.values:
            return self._office_of_email(row, row.values["expert.email"].lower())
        if row.unread or IDENTIFYING & row.values.keys():
            row.refuse(
                "office.name", "cette ligne ne dit pas de quelle antenne il s'agit : indiquez son nom."
            )
        else:
            self._skip(row, "office.name")
        return None

    def _skip(self, row: ReadRow, key: str) -> None:
        self.remarks.append((row, key, "ligne à compléter, laissée de côté."))

    def _office_of_code(self, row: ReadRow, code: str) -> str | None:
        if code in self.stored.offices or code in self.offices:
            return code
        same = self._named(row) if "office.name" in row.values else []
        if same:
            row.refuse("office.code", f"« {code} » n'existe pas ; cette antenne a le code « {same[0]} ».")
            return None
        if code.lower() in RESERVED_CODES:
            row.refuse("office.code", f"« {code} » ne peut pas être un code : laissez la case vide.")
            return None
        self._taken.add(code)
        return code

    def _office_of_name(self, row: ReadRow, name: str) -> str | None:
        found = self._named(row)
        if len(found) == 1:
            return found[0]
        if found:
            codes = ", ".join(f"« {code} »" for code in found)
            row.refuse(
                "office.code", f"plusieurs antennes s'appellent « {name} » : indiquez le code, {codes}."
            )
            return None
        institution = row.values.get("office.institution")
        known = [code for (kind, other), code in self._new.items() if other == normalise(name)]
        if institution is None and len(known) == 1:
            return known[0]
        if institution is None:
            if "office.institution" not in row.unread:
                row.refuse("office.institution", f"indiquez l'institution de la nouvelle antenne « {name} ».")
            return None
        return self._new_office(row, institution, name)

    def _new_office(self, row: ReadRow, institution: str, name: str) -> str:
        key = (institution, normalise(name))
        if key not in self._new:
            self._new[key] = new_code(institution, name, self._taken)
            self._taken.add(self._new[key])
            if near := difflib.get_close_matches(normalise(name), self._names_of_region(), n=1, cutoff=0.85):
                code = self._by_name[near[0]][0]
                other = self.stored.offices[code].facts["name"]
                self.remarks.append(
                    (row, "office.name", f"nouvelle antenne ; « {other} » a un nom proche (code « {code} »).")
                )
        return self._new[key]

    def _named(self, row: ReadRow) -> list[str]:
        """Codes of the offices with the row's name, and institution if it says one; the region's first."""
        institution = row.values.get("office.institution")
        codes = [
            code
            for code in self._by_name.get(normalise(row.values["office.name"]), ())
            if institution in {None, self.stored.offices[code].facts["institution"]}
        ]
        return [code for code in codes if self._is_of_region(code)] or codes

    def _names_of_region(self) -> Iterable[str]:
        return [name for name, codes in self._by_name.items() if any(map(self._is_of_region, codes))]

    def _is_of_region(self, code: str) -> bool:
        row = self.stored.offices[code].instance
        return self.region is None or (row is not None and row.region_id == self.region)

    def _office_of_email(self, row: ReadRow, email: str) -> str | None:
        listed = self._listed_posts(self._posts, email) or self._listed_posts(self._former_posts, email)
        offices = [code for code in listed if self._is_of_region(code)] or listed
        if len(offices) == 1:
            return offices[0]
        if offices:
            names = ", ".join(f"« {self.stored.offices[code].facts['name']} »" for code in offices)
            row.refuse(
                "office.name", f"« {email} » répond dans plusieurs antennes : indiquez laquelle, {names}."
            )
        else:
            row.refuse("office.name", f"indiquez l'antenne de « {email} », qui n'est pas dans l'annuaire.")
        return None

    def _listed_posts(self, posts: Mapping[str, list[ExpertKey]], email: str) -> list[str]:
        """Codes of the offices with an expert at this address that no file has dropped."""
        return [key[0] for key in posts.get(email, ()) if not self.stored.experts[key].facts["dropped_at"]]

    # Facts

    def _merge_office(self, code: str, row: ReadRow) -> None:
        """Add the row's facts to those of its office; a value that another row contradicts is refused."""
        office = self.offices.setdefault(code, GatheredOffice(code, row))
        facts = row.facts(Owner.OFFICE)
        facts.pop("code", None)
        for fact, value in facts.items():
            if fact not in office.facts:
                office.facts[fact], office.given_by[fact] = value, row
            elif office.facts[fact] != value:
                place = _place(office.given_by[fact], row)
                row.refuse(
                    f"office.{fact}",
                    f"une autre valeur est donnée {place} pour la même antenne : "
                    "gardez la même sur toutes ses lignes, ou laissez les autres vides.",
                )

    def _add_expert(self, code: str, row: ReadRow, facts: dict[str, Any]) -> None:
        email = facts.pop("email", None)
        if email is None:
            if not IDENTIFYING & row.values.keys() & EXPERT_KEYS and not row.unread & EXPERT_KEYS:
                self._skip(row, "expert.email")
            elif "expert.email" not in row.unread:
                row.refuse("expert.email", "indiquez le courriel de ce référent : c'est lui qui le désigne.")
            return
        key = self.expert_key(code, email)
        if key[0] != code:
            office = self.stored.offices[key[0]].facts["name"]
            remark = f"« {email} » répond maintenant dans « {office} » : c'est ce poste-là qui est lu."
            self.remarks.append((row, "expert.email", remark))
        if key in self.experts:
            place = _place(self.experts[key].row, row)
            row.refuse("expert.email", f"« {email} » est déjà {place}, dans la même antenne.")
            return
        skills = facts.pop("subjects", None)
        if skills is not None:
            facts |= {"has_all_subjects": skills.has_all, "subjects": skills.subjects}
        facts["absences"] = read_absences(row, facts)
        if key not in self.stored.experts:
            facts["email"] = email
        self.experts[key] = GatheredExpert(key, row, facts)

    # Checks of the whole

    def _check_office(self, office: GatheredOffice) -> None:
        stored = self.stored.offices.get(office.code)
        if stored is None:
            for fact in REQUIRED_OF_OFFICE:
                if fact not in office.facts and f"office.{fact}" not in office.row.unread:
                    heading = BY_KEY[f"office.{fact}"].heading
                    name = office.facts.get("name", office.code)
                    office.row.refuse(
                        f"office.{fact}", f"« {heading} » manque à la nouvelle antenne « {name} »."
                    )
        facts = (stored.facts if stored else {}) | office.facts
        for low, high in BOUNDS:
            minimum, maximum = facts.get(low), facts.get(high)
            if minimum is not None and maximum is not None and minimum > maximum:
                row = office.given_by.get(high, office.given_by.get(low, office.row))
                row.refuse(f"office.{high}", f"{maximum} est plus petit que le minimum, {minimum}.")

    def _check_expert(self, expert: GatheredExpert) -> None:
        is_new = expert.key not in self.stored.experts
        if is_new and "name" not in expert.facts and "expert.name" not in expert.row.unread:
            expert.row.refuse("expert.name", f"indiquez le nom du nouveau référent « {expert.key[1]} ».")
        absences, named = expert.facts["absences"] or frozenset(), set()
        for absence in absences:
            if absence.deputy is None:
                named.add(absence)
                continue
            deputy = self.expert_key(expert.key[0], absence.deputy)
            if deputy == expert.key:
                expert.row.refuse("expert.deputies", "une personne ne peut pas être sa propre suppléante.")
            elif deputy not in self.experts and deputy not in self.stored.experts:
                expert.row.refuse("expert.deputies", self._unknown_deputy(expert.key[0], absence.deputy))
            named.add(replace(absence, deputy=deputy[1]))  # perhaps named by a former address
        if absences:
            expert.facts["absences"] = frozenset(named)

    def _unknown_deputy(self, office: str, email: str) -> str:
        known = sorted({key[1] for key in (*self.experts, *self._of_office(office)) if key[0] == office})
        near = difflib.get_close_matches(email, known, n=1)
        return f"le suppléant « {email} » n'est pas un référent de cette antenne" + (
            f" ; le plus proche est « {near[0]} »." if near else "."
        )

    def _of_office(self, office: str) -> Iterator[ExpertKey]:
        return (key for key in self.stored.experts if key[0] == office)

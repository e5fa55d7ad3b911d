"""Institutions, subjects and areas that a spreadsheet may name, loaded from the tables."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from directory.sheets.name_index import NameIndex, NotFound
from experts.models import Institution, Subject
from territories.area_search import Postcodes, areas_in_use
from territories.areas import AreaRef, Level, MalformedArea
from territories.models import Commune, Department, FormerCommune, Region
from territories.names import normalise

KIND_WORDS = {
    "commune": "commune",
    "epci": "EPCI",
    "zone": "zone",
    "department": "département",
    "region": "région",
}
KINDS_BY_WORD = {
    "commune": "commune", "epci": "epci", "zone": "zone", "departement": "department", "région": "region",
    "département": "department", "region": "region",
}  # fmt: skip
_WORDS = "commune|epci|zone|d[ée]partement|r[ée]gion"
_CODE = r"[0-9A-Za-z][0-9A-Za-z\-]*"
IN_BRACKETS = re.compile(rf"(.*)\((?P<kind>{_WORDS})\s+(?P<code>{_CODE})\)", re.IGNORECASE)
WORD_FIRST = re.compile(rf"(?P<kind>{_WORDS})\s*:?\s*(?P<code>[0-9][0-9A-Za-z]*)", re.IGNORECASE)
WITH_DEPARTMENT = re.compile(r"(?P<name>.+?)\s*\((?P<department>[^()]+)\)")
NATIONAL_NAMES = {"national", "france entiere", "france", "toute la france"}


def institutions() -> NameIndex[str]:
    """Institutions of the catalogue."""
    index = NameIndex[str]("institution inconnue")
    for one in Institution.objects.listed().order_by("position", "pk"):
        index.add(one.code, one.code, one.name, shown=one.name, other_names=tuple(one.former_names))
    return index


def subjects() -> NameIndex[str]:
    """Subjects of the catalogue."""
    index = NameIndex[str]("sujet inconnu")
    for slug, label in Subject.objects.listed().order_by("position", "pk").values_list("slug", "label"):
        index.add(slug, slug, label, shown=label)
    return index


@dataclass(frozen=True, slots=True)
class NamedArea:
    """An area and its name."""

    ref: AreaRef
    name: str

    def __str__(self) -> str:
        """« Dijon (commune 21231) », as exports write it and as ``AreaNames.find`` reads it."""
        if self.ref.level is Level.NATIONAL:
            return self.name
        name = self.name.replace(";", ",")
        return f"{name} ({KIND_WORDS[self.ref.kind]} {self.ref.code})"


@dataclass
class AreaNames:
    """Areas by name and by code; the tables are read when a cell first needs them."""

    departments: dict[str, str] = field(
        default_factory=lambda: dict(Department.objects.values_list("code", "name"))
    )

    def find(self, text: str) -> AreaRef:
        """The area that a text names. Raises ``NotFound``; whether a written code exists is not checked."""
        if normalise(text) in NATIONAL_NAMES:
            return AreaRef("national")
        try:
            return AreaRef.parse(text)
        except MalformedArea:
            pass
        written = IN_BRACKETS.fullmatch(text) or WORD_FIRST.fullmatch(text)
        if written:
            return _written(text, KINDS_BY_WORD[written["kind"].lower()], written["code"])
        return self._of_code(text) if re.fullmatch(r"[0-9][0-9AaBb]?[0-9]{0,7}", text) else self._named(text)

    def knows(self, text: str) -> bool:
        """Return whether the whole text names areas."""
        try:
            self.find(text)
        except NotFound as error:
            return "peut être" in str(error)
        return True

    def _of_code(self, text: str) -> AreaRef:
        """The area of a code alone, by its length."""
        code = text.upper()
        is_department, is_region = code in self.departments, code in self.regions
        if is_department and is_region:
            raise NotFound(
                f"« {text} » peut être « département {code} » ({self.departments[code]}) ou "
                f"« région {code} » ({self.regions[code]}) : écrivez lequel."
            )
        if is_department or is_region:
            return AreaRef("department" if is_department else "region", code)
        if len(code) == 9:
            return AreaRef("epci", code)
        if len(code) == 5 and (places := self.postcodes.only_postcode(code)):
            raise NotFound(f"« {text} » est le code postal de {places} : écrivez la commune.")
        if len(code) == 5:
            return AreaRef("commune", code)
        raise NotFound(f"territoire inconnu : « {text} ».")

    def _named(self, text: str) -> AreaRef:
        """The area of a name, « Beaune », « Saint-Apollinaire (21) »."""
        narrowed = WITH_DEPARTMENT.fullmatch(text)
        if narrowed and not self.index.knows(text):
            return self._in_department(text, narrowed["name"], narrowed["department"])
        return self.index.find(text)

    def _in_department(self, text: str, name: str, department: str) -> AreaRef:
        code = department.strip().upper()
        by_name = {normalise(label): known for known, label in self.departments.items()}
        code = code if code in self.departments else by_name.get(normalise(department), "")
        same = self.index.names.get(normalise(name), {})
        found = [ref for ref in same if ref.kind == "commune" and self.department_of.get(ref.code) == code]
        if len(found) != 1:
            raise NotFound(f"territoire inconnu : « {text} ».")
        return found[0]

    @cached_property
    def regions(self) -> dict[str, str]:
        return dict(Region.objects.values_list("code", "name"))

    @cached_property
    def postcodes(self) -> Postcodes:
        return Postcodes()

    @cached_property
    def department_of(self) -> dict[str, str]:
        """Département of each current commune."""
        return dict(Commune.objects.current().values_list("code", "department_id"))

    @cached_property
    def index(self) -> NameIndex[AreaRef]:
        """Every area by its name; former communes by theirs."""
        index = NameIndex[AreaRef]("territoire inconnu")
        areas = list(areas_in_use())
        for ref, name in areas:
            index.add(ref, str(ref), name, shown=NamedArea(ref, name))
        communes = Commune.objects.current().order_by("code")
        for code, name, words in communes.values_list("code", "name", "search_name"):
            ref = AreaRef("commune", code)
            index.codes[f"commune:{code}"] = ref
            index.names[words][ref] = NamedArea(ref, name)
        former = FormerCommune.objects.exclude(name="").values_list(
            "search_name", "current_id", "current__name"
        )
        for words, code, current in former:
            ref = AreaRef("commune", code)
            index.other_names[words][ref] = NamedArea(ref, current)
        _add_beginnings(index, areas)
        return index


def _add_beginnings(index: NameIndex[AreaRef], areas: Iterable[tuple[AreaRef, str]]) -> None:
    """Ask which is meant by the name of a commune that begins that of a région: « Bourgogne »."""
    for ref, name in areas:
        words = normalise(name).split() if ref.level >= Level.DEPARTMENT else []
        for beginning in (" ".join(words[:size]) for size in range(1, len(words))):
            for known in (index.names, index.other_names):
                same = known.get(beginning, {})
                if same and all(other.kind == "commune" for other in same):
                    same[ref] = NamedArea(ref, name)


def _written(text: str, kind: str, code: str) -> AreaRef:
    """The reference of « département 21 ». Raises ``NotFound`` for a code that cannot be of that kind."""
    code = code.lower() if kind == "zone" else code.upper()
    code = code.zfill({"commune": 5, "department": 2, "region": 2}.get(kind, 0))
    try:
        return AreaRef.parse(f"{kind}:{code}")
    except MalformedArea as error:
        raise NotFound(f"territoire inconnu : « {text} ».") from error

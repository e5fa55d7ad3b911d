"""Areas found by the names or codes that people type or paste: « Dijon », « 21 », « Pays d'Issoire »."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from territories.areas import AreaRef, Level, MalformedArea
from territories.models import Area, Commune, Department, Epci, FormerCommune, Region
from territories.names import normalise

SEPARATORS = re.compile(r"[\n;,\t]+")
KIND_LABELS = {
    "commune": "commune",
    "epci": "intercommunalité",
    "zone": "zone",
    "department": "département",
    "region": "région",
    "national": "pays",
}
# Words that people write before a name to say its kind.
PREFIXES = {
    "commune de ": "commune",
    "departement de ": "department",
    "departement du ": "department",
    "departement ": "department",
    "dept ": "department",
    "region ": "region",
    "zone ": "zone",
    "epci ": "epci",
}
POSTCODE = "postcode"  # no kind of area: the communes that have it
# Kinds as people write them before a code, or as exports do in brackets; and what a code looks like.
KIND_WORDS = {
    "commune": "commune", "epci": "epci", "zone": "zone", "region": "region",
    "departement": "department", "dept": "department", "dpt": "department",
    "insee": "commune", "postal": POSTCODE, "cp": POSTCODE,
}  # fmt: skip
FIVE_DIGITS = re.compile(r"[0-9]{5}")
CODE = re.compile(r"[0-9]{9}|[0-9][0-9ab][0-9]{0,3}|[0-9]")
MAX_AREAS_TYPED = 2000  # a whole région pasted commune by commune
MAX_CHOICES = 20


@dataclass(frozen=True, slots=True)
class FoundArea:
    """An area that a name or a code may mean."""

    ref: AreaRef
    name: str
    place: str = ""  # the département of a commune

    @property
    def label(self) -> str:
        """The name with its kind, and its département where names are shared."""
        where = f", {self.place}" if self.place else ""
        return f"{self.name} ({KIND_LABELS[self.ref.kind]}{where})"


@dataclass(frozen=True, slots=True)
class TypedArea:
    """A text and the areas that it may mean.

    ``is_exact``: the text is their name or code; ``is_postcode``: it is theirs, so that all may be meant.
    """

    text: str
    found: tuple[FoundArea, ...]
    is_exact: bool
    is_postcode: bool = False


def split_areas(text: str) -> list[str]:
    """The names and codes of a pasted list, each once."""
    parts = (" ".join(part.split()) for part in SEPARATORS.split(text))
    return list(dict.fromkeys(part for part in parts if part))


def find_areas(texts: Sequence[str]) -> list[TypedArea]:
    """The areas that each text may mean, communes last; a fixed number of queries."""
    index = _Index(texts)
    return [index.typed(text) for text in texts]


def areas_in_use() -> Iterator[tuple[AreaRef, str]]:
    """Every région, département, EPCI and zone in use, in that order, by code, with its name."""
    kinds = ("region", "department", "epci", "zone")
    rows = Area.objects.filter(kind__in=kinds, dropped_at=None).values_list("kind", "code", "name")
    for kind, code, name in sorted(rows, key=lambda row: (kinds.index(row[0]), row[1])):
        yield AreaRef(kind, code), name


class Postcodes:
    """Postcodes that people may write in the place of the code of a commune; the table is read once."""

    def __init__(self) -> None:
        former = FormerCommune.objects.values_list("code", flat=True)
        self._codes = {*Commune.objects.values_list("pk", flat=True), *former}
        self._communes: dict[str, list[tuple[str, str]]] = defaultdict(list)
        rows = Commune.objects.current().order_by("pk").values_list("pk", "name", "postcodes")
        for pk, name, postcodes in rows:
            for code in postcodes:
                self._communes[code].append((pk, name))

    def only_postcode(self, code: str) -> str:
        """The communes of a postcode that is the code of none, in words; empty for any other."""
        return "" if code in self._codes else self._names_of(code)

    def others(self, code: str) -> str:
        """The communes of which the code of a commune is the postcode, that one left out."""
        return self._names_of(code) if code in self._codes else ""

    def _names_of(self, code: str) -> str:
        names = [name for pk, name in self._communes.get(code, ()) if pk != code]
        return ", ".join(names[:3]) + ("…" if names[3:] else "")


class _Index:
    """Names and codes of all the areas but the communes, and of the communes that the texts name."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.by_name: dict[str, dict[AreaRef, FoundArea]] = defaultdict(dict)
        self.by_code: dict[str, dict[AreaRef, FoundArea]] = defaultdict(dict)
        self.by_ref: dict[AreaRef, FoundArea] = {}
        self._add(FoundArea(AreaRef("national"), "France entière"), "france", "france entiere", "national")
        for ref, name in areas_in_use():
            self._add(FoundArea(ref, name), name)
        self.others = dict(self.by_name)
        self.formerly: dict[str, dict[AreaRef, FoundArea]] = defaultdict(dict)
        self.by_postcode: dict[str, dict[AreaRef, FoundArea]] = defaultdict(dict)
        self._add_communes(list(texts))
        bare = [text for text in texts if FIVE_DIGITS.fullmatch(text)]
        # In a list, the codes that can be of one sort only tell the sort of the others.
        self.has_communes = any(code in self.by_code and code not in self.by_postcode for code in bare)
        self.has_postcodes = any(code in self.by_postcode and code not in self.by_code for code in bare)

    def _add(self, area: FoundArea, *names: str) -> None:
        for name in names:
            self.by_name[normalise(name)][area.ref] = area
        self.by_ref[area.ref] = area
        if area.ref.code:
            self.by_code[area.ref.code.upper()][area.ref] = area

    def _add_communes(self, texts: list[str]) -> None:
        split = [_name_and_code(text) for text in texts]
        codes = [text.upper().removeprefix("COMMUNE:") for text in texts]
        codes += [code for _, _, given in split for code in given]
        for code, commune in Commune.objects.resolve_all(codes).items():
            self.by_code[code][AreaRef("commune", commune.pk)] = _of_commune(commune)
        postcodes = [code for code in codes if FIVE_DIGITS.fullmatch(code)]
        rows = Commune.objects.current().with_place().filter(postcodes__overlap=postcodes).order_by("pk")
        for commune in rows if postcodes else ():
            for code in commune.postcodes:
                self.by_postcode[code][AreaRef("commune", commune.pk)] = _of_commune(commune)
        names = {normalise(_without_prefix(text)[1]) for text in texts} | {name for _, name, _ in split}
        names.discard("")
        for commune in Commune.objects.current().with_place().filter(search_name__in=names).order_by("pk"):
            self.by_name[commune.search_name][AreaRef("commune", commune.pk)] = _of_commune(commune)
        former = FormerCommune.objects.filter(search_name__in=names).with_current().order_by("pk")
        for row in former:
            if not any(ref.kind == "commune" for ref in self.by_name.get(row.search_name, ())):
                self.formerly[row.search_name][AreaRef("commune", row.current_id)] = _of_commune(row.current)

    def typed(self, text: str) -> TypedArea:
        if ref := _reference(text):
            known = self.by_ref.get(ref)
            in_code = self.by_code.get(ref.code, {}) if ref.kind == "commune" else {}
            found = [known] if known else [area for at, area in in_code.items() if at.kind == "commune"]
            return TypedArea(text, tuple(found), is_exact=True)
        if postal := self.by_postcode.get(text):
            return self._postal(text, postal)
        if by_code := self.by_code.get(text.upper(), {}):
            return TypedArea(text, tuple(by_code.values()), is_exact=True)
        kind, bare = _without_prefix(text)
        name = normalise(bare)
        named = self.by_name.get(name, {}) if name else {}
        exact = [area for area in named.values() if kind in {"", area.ref.kind}]
        if exact and not kind and all(area.ref.kind == "commune" for area in exact):
            exact += self._beginning_with(name)
        if exact := exact or self._coded(text):
            return TypedArea(text, tuple(exact[:MAX_CHOICES]), is_exact=True)
        if communes := self._of_postcode(text):
            return TypedArea(text, tuple(communes), is_exact=True, is_postcode=True)
        # A former commune may have the name by which people call a région, « Bourgogne ».
        near, former = self._near(name, kind), tuple(self.formerly.get(name, {}).values())
        return TypedArea(text, (*former, *near)[:MAX_CHOICES], is_exact=bool(former) and not near)

    def _postal(self, text: str, postal: dict[AreaRef, FoundArea]) -> TypedArea:
        """The areas of five digits that are a postcode, and perhaps the code of a commune too."""
        communes = self.by_code.get(text, {})
        if communes and self.has_communes and not self.has_postcodes:
            return TypedArea(text, tuple(communes.values()), is_exact=True)
        if self.has_postcodes and not self.has_communes:
            communes = {}
        return TypedArea(text, tuple((communes | postal).values()), is_exact=True, is_postcode=not communes)

    def _of_postcode(self, text: str) -> list[FoundArea]:
        """The communes of « 21200 Beaune » or « code postal 21200 »."""
        kind, name, codes = _name_and_code(text)
        found = [area for code in codes for area in self.by_postcode.get(code, {}).values()]
        return [
            area for area in found if kind == POSTCODE or (not kind and name in {"", normalise(area.name)})
        ]

    def _beginning_with(self, name: str) -> list[FoundArea]:
        """The régions and départements whose name begins with that of a commune: « Saône », « Grand »."""
        return [
            area
            for known, areas in self.others.items()
            if known.startswith(f"{name} ")
            for area in areas.values()
            if area.ref.kind in {"region", "department"}
        ]

    def _coded(self, text: str) -> list[FoundArea]:
        """The areas of a code beside a kind or a name: « département 21 », « Dijon (21) », « Corse 2A »."""
        kind, name, codes = _name_and_code(text)
        words = set(name.split())
        named = self.by_name.get(name, {}) | self.formerly.get(name, {})
        found = [area for ref, area in named.items() if ref.kind == "commune" and ref.code.startswith(codes)]
        found = found or [
            area
            for code in codes
            for area in self.by_code.get(code, {}).values()
            if words <= set(normalise(area.name).split())
        ]
        return [area for area in found if kind in {"", area.ref.kind}]

    def _near(self, name: str, kind: str) -> tuple[FoundArea, ...]:
        """The areas whose name contains all the words, communes left out."""
        words = name.split()
        if not words:
            return ()
        near = [
            area
            for known, areas in self.others.items()
            if all(f" {word}" in f" {known}" for word in words)
            for area in areas.values()
            if kind in {"", area.ref.kind}
        ]
        return tuple(near[:MAX_CHOICES])


def _reference(text: str) -> AreaRef | None:
    """A reference as files write it, like ``epci:242100410``."""
    try:
        return AreaRef.parse(text)
    except MalformedArea:
        return None


def _without_prefix(text: str) -> tuple[str, str]:
    """Split « département de l'Ain » into a kind and a name; the kind is empty when it is not said."""
    plain = " ".join(normalise(text).split())
    for prefix, kind in PREFIXES.items():
        if plain.startswith(prefix):
            return kind, plain.removeprefix(prefix).removeprefix("la ").removeprefix("l ")
    return "", text


def _name_and_code(text: str) -> tuple[str, str, tuple[str, ...]]:
    """Split « Dijon (commune 21231) » into a kind, a name, and the codes that it may give; any may be empty.

    A spreadsheet takes the zero off « 01 » and « 01004 ».
    """
    words = normalise(text).split()
    for place in (-1, 0):
        if words and CODE.fullmatch(words[place]):
            code = words.pop(place).upper()
            break
    else:
        return "", "", ()
    kind = KIND_WORDS.get(words[place], "") if words else ""
    if kind:
        words = [word for word in words if word not in {"code", *KIND_WORDS}]
    lost = (f"0{code}",) if code.isdecimal() and len(code) in {1, 4} else ()
    return kind, " ".join(words), (code, *lost)


def _of_commune(commune: Commune) -> FoundArea:
    return FoundArea(AreaRef("commune", commune.pk), commune.name, commune.department.name)


def names_of(refs: Iterable[AreaRef]) -> dict[AreaRef, str]:
    """The label of each area; those that do not exist are absent. Six queries at most."""
    wanted = set(refs)
    codes = {level.kind: [ref.code for ref in wanted if ref.kind == level.kind] for level in Level}
    rows = [
        *(
            ("region", *row)
            for row in Region.objects.filter(pk__in=codes["region"]).values_list("pk", "name")
        ),
        *(
            ("department", *row)
            for row in Department.objects.filter(pk__in=codes["department"]).values_list("pk", "name")
        ),
        *(("epci", *row) for row in Epci.objects.filter(pk__in=codes["epci"]).values_list("pk", "name")),
        *(
            ("zone", *row)
            for row in Area.objects.of_kind("zone").filter(code__in=codes["zone"]).values_list("code", "name")
        ),
    ]
    found = {AreaRef(kind, code): FoundArea(AreaRef(kind, code), name).label for kind, code, name in rows}
    for commune in Commune.objects.with_place().filter(pk__in=codes["commune"]):
        found[AreaRef("commune", commune.pk)] = _of_commune(commune).label
    if codes["national"]:
        found[AreaRef("national")] = "France entière"
    return found

"""References to areas (``commune:21231``) and levels of area. Pure: no Django, no database."""

import re
from dataclasses import dataclass
from enum import IntEnum


class MalformedArea(ValueError):
    """An unknown kind of area, or a code that cannot be of that kind."""


class Level(IntEnum):
    """Kinds of area, the most local first."""

    COMMUNE = 1
    EPCI = 2
    ZONE = 3
    DEPARTMENT = 4
    REGION = 5
    NATIONAL = 6

    @property
    def kind(self) -> str:
        return self.name.lower()


_CODES = {
    Level.COMMUNE: re.compile(r"[0-9][0-9AB][0-9]{3}"),
    Level.EPCI: re.compile(r"[0-9]{9}"),
    Level.ZONE: re.compile(r"[a-z0-9]+(-[a-z0-9]+)*"),
    Level.DEPARTMENT: re.compile(r"[0-9][0-9AB]|9[78][0-9]"),
    Level.REGION: re.compile(r"[0-9]{2,3}"),
    Level.NATIONAL: re.compile(r""),
}
MAY_VANISH = {Level.EPCI, Level.DEPARTMENT, Level.REGION}
# Beginnings of the codes of the zones that take the place of those that vanished.
_KEPT_AS = {"epci": "epci", "department": "departement", "region": "region"}


@dataclass(frozen=True, order=True, slots=True)
class AreaRef:
    """One area, as a directory file names it: ``commune:21231``, ``zone:pays-beaunois``, ``national``."""

    kind: str
    code: str = ""

    @classmethod
    def parse(cls, text: str) -> "AreaRef":
        """Read a reference. Raises ``MalformedArea``, whose text says what is wrong, in French."""
        kind, colon, code = text.partition(":")
        level = Level.__members__.get(kind.upper())
        if level is None or kind != level.kind:
            kinds = ", ".join(level.kind for level in Level)
            raise MalformedArea(f"« {text} » : un territoire commence par l'un de ces mots : {kinds}")
        if bool(colon) is (level is Level.NATIONAL) or not _CODES[level].fullmatch(code):
            raise MalformedArea(f"« {text} » : le code n'est pas celui d'un territoire de ce genre")
        return cls(kind, code)

    @property
    def level(self) -> Level:
        return Level[self.kind.upper()]

    @property
    def kept_as(self) -> "AreaRef":
        """The zone that takes the place of this EPCI, département or région once it has vanished."""
        return AreaRef("zone", f"{_KEPT_AS[self.kind]}-{self.code.lower()}")

    def __str__(self) -> str:
        return f"{self.kind}:{self.code}" if self.code else self.kind

"""Parts of the directory that a spreadsheet may be the whole of: a region, a département, an institution."""

from dataclasses import dataclass
from datetime import date

from directory.sheets.reach import DepartmentReach
from experts.changes.stored import StoredDirectory, StoredRow
from experts.models import Institution, Office
from territories.models import Department, Region

KINDS = ("region", "department", "institution")


class InvalidWhole(ValueError):
    """Not a part of the directory; the message is a sentence that says what to write."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A part of the directory that a file gives entirely: what the file lacks there is closed."""

    kind: str
    code: str

    @classmethod
    def parse(cls, text: str, *, region: str | None) -> "Whole":
        """Read « region:27 », « department:21 » or « institution:PE ». Raises ``InvalidWhole``."""
        kind, _, code = text.partition(":")
        if kind not in KINDS:
            raise InvalidWhole(f"« {text} » : écrivez region:27, department:21 ou institution:CODE.")
        whole = cls(kind, code)
        if not whole.exists():
            raise InvalidWhole(f"« {text} » n'existe pas.")
        if region is not None and not whole.is_inside(region):
            raise InvalidWhole(f"« {text} » n'est pas dans la région {region}.")
        return whole

    def exists(self) -> bool:
        """Return whether the code is known."""
        if self.kind == "region":
            return Region.objects.filter(code=self.code).exists()
        if self.kind == "department":
            return Department.objects.filter(code=self.code).exists()
        return Institution.objects.listed().filter(code=self.code).exists()

    def is_inside(self, region: str) -> bool:
        """Return whether a region's admin may close there; an institution is closed in the region alone."""
        if self.kind == "region":
            return self.code == region
        if self.kind == "department":
            return Department.objects.filter(code=self.code, region=region).exists()
        return True

    def offices(self, stored: StoredDirectory, *, region: str | None, today: date) -> set[str]:
        """Codes of the offices there that are not closed, of this region alone when one is given.

        Those of a département have all their communes in it.
        """
        in_use = {
            code: office
            for code, office in stored.offices.items()
            if not office.facts["dropped_at"]
            and (office.facts["closed_on"] is None or office.facts["closed_on"] > today)
            and (region is None or _region_of(office) == region)
        }
        if self.kind == "region":
            return {code for code, office in in_use.items() if _region_of(office) == self.code}
        if self.kind == "institution":
            return {code for code, office in in_use.items() if office.facts["institution"] == self.code}
        reach = DepartmentReach(stored)
        return {
            code
            for code, office in in_use.items()
            if office.facts["areas"] and reach.of(office.facts["areas"]) == {self.code}
        }


def _region_of(office: StoredRow[Office]) -> str | None:
    return office.instance.region_id if office.instance else None

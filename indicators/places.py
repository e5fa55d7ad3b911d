"""Places whose figures an account may read, and the periods of a year."""

from dataclasses import dataclass
from datetime import date, datetime

from experts.accounts import seats
from experts.models import Office, User
from territories.models import Region

MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
QUARTERS = ("1er trimestre", "2e trimestre", "3e trimestre", "4e trimestre")
NATION, REGION, OFFICE = "france", "region", "antenne"
TOTAL, SUBJECT, INSTITUTION, DEPARTMENT = "total", "sujet", "institution", "departement"
NO_REGION = "-"  # the departments outside any region: a line in the nation's page
WHOLE_YEAR = 0


@dataclass(frozen=True)
class CountedPlace:
    """The nation, a region or an office; ``code`` is unique within its kind."""

    kind: str
    code: str
    name: str

    @property
    def key(self) -> str:
        """The name of the place in an address."""
        return f"{self.kind}-{self.code}" if self.code else self.kind

    @property
    def is_office(self) -> bool:
        """An office: its own people read exact figures, month by month."""
        return self.kind == OFFICE


def places_of(user: User, *, now: datetime) -> list[CountedPlace]:
    """Places whose figures the account may read: its offices, its region, or all regions and the nation."""
    places = [_office(office) for office in seats.managed_offices(user, now=now).order_by("name", "pk")]
    if not user.is_active:
        return []
    if user.is_national:
        regions = Region.objects.order_by("name", "pk")
        return [CountedPlace(NATION, "", "France entière"), *(_region(region) for region in regions), *places]
    return [_region(user.region), *places] if user.region else places


def _region(region: Region) -> CountedPlace:
    return CountedPlace(REGION, region.pk, region.name)


def _office(office: Office) -> CountedPlace:
    return CountedPlace(OFFICE, str(office.pk), office.name)


@dataclass(frozen=True)
class Period:
    """A year, or one of its parts: months for an office, quarters elsewhere. ``number`` 0 is the year."""

    year: int
    number: int
    parts: int  # in the year: 12 or 4

    @property
    def label(self) -> str:
        """« 2026 », « 2e trimestre 2026 », « mars 2026 »."""
        return f"{self.name} {self.year}".lstrip()

    @property
    def name(self) -> str:
        """« 2e trimestre », « mars »; empty for the year."""
        if self.number == WHOLE_YEAR:
            return ""
        return (MONTHS if self.parts == len(MONTHS) else QUARTERS)[self.number - 1]

    @property
    def first_day(self) -> date:
        months = 12 // self.parts
        return date(self.year, 1 + months * max(self.number - 1, 0), 1)

    @property
    def end(self) -> date:
        """The day after the last one."""
        months = 12 // self.parts
        last_month = 12 if self.number == WHOLE_YEAR else months * self.number
        return date(self.year + last_month // 12, last_month % 12 + 1, 1)

    @property
    def all_parts(self) -> list["Period"]:
        """The parts of its year, in order."""
        return [Period(self.year, number, self.parts) for number in range(1, self.parts + 1)]

    @property
    def whole_year(self) -> "Period":
        return Period(self.year, WHOLE_YEAR, self.parts)


def parts_of_year(place: CountedPlace) -> int:
    """The number of parts in a year: months of an office, else quarters.

    Beyond an office, two periods that differ by a few days would tell how many needs came in these days.
    """
    return len(MONTHS) if place.is_office else len(QUARTERS)

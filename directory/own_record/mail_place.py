"""Place of a person, for the hour of their digest: the largest commune of their office's region."""

from experts.models import Expert
from territories.models import Commune


def place_of(expert: Expert) -> Commune | None:
    """The commune whose time zone and holidays count; ``None`` for a national office: those of Paris."""
    if expert.office.region_id is None:
        return None
    communes = Commune.objects.current().filter(department__region=expert.office.region_id)
    return communes.order_by("-population", "pk").first()

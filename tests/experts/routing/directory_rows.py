"""Rows of the directory, with the real communes."""

from experts.models import Expert, Institution, Office, Subject
from territories.areas import AreaRef
from territories.models import Area

PHONE = "03 53 01 00 01"


def areas(*refs: str) -> list[Area]:
    return list(Area.objects.find_or_create([AreaRef.parse(ref) for ref in refs]).values())


def make_office(code: str, *refs: str, institution: str = "PE", exclusive=(), **facts) -> Office:
    """Create an office with areas named like ``department:21``."""
    office = Office.objects.create(
        code=code,
        name=f"Antenne {code}",
        institution=Institution.objects.get(code=institution),
        email=f"{code.lower()}@example.org",
        phone=PHONE,
        **facts,
    )
    office.areas.set(areas(*refs))
    office.exclusive_subjects.set(Subject.objects.filter(slug__in=exclusive))
    return office


def make_expert(office: Office, name: str, *, subjects=None, own=(), **facts) -> Expert:
    """Create an expert who answers every subject, or those named."""
    expert = Expert.objects.create(
        office=office,
        name=name,
        email=f"{name}@example.org",
        phone=PHONE,
        has_all_subjects=subjects is None,
        **facts,
    )
    expert.subjects.set(Subject.objects.filter(slug__in=subjects or ()))
    expert.areas.set(areas(*own))
    return expert

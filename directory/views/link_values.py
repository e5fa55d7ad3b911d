"""Values that a link of another page puts in a form: areas, subjects, an institution."""

from django.http import HttpRequest

from directory.area_effects import communes_of
from directory.forms.area_choice import parsed_areas
from experts.models import Institution, Office, Subject
from territories.area_search import names_of
from territories.areas import AreaRef
from territories.models import Area


def asked_areas(request: HttpRequest) -> frozenset[AreaRef]:
    """The areas of ``?territoire=`` that exist."""
    refs = parsed_areas(request.GET.getlist("territoire"))
    in_use = Area.objects.by_reference(refs)
    return frozenset(ref for ref in names_of(refs) if ref.kind == "commune" or ref in in_use)


def areas_beyond_office(office: Office, refs: frozenset[AreaRef]) -> frozenset[AreaRef]:
    """The same areas, none when the office covers them all."""
    own = [area.ref for area in office.areas.filter(dropped_at=None)]
    return refs if communes_of(refs) - communes_of(own) else frozenset()


def asked_subjects(request: HttpRequest) -> dict[str, str]:
    """Labels of the subjects of ``?sujet=``, by slug, in the catalogue's order."""
    listed = Subject.objects.listed().filter(slug__in=request.GET.getlist("sujet"))
    return dict(listed.order_by("position", "pk").values_list("slug", "label"))


def asked_institution(request: HttpRequest) -> str:
    """The code of ``?institution=``, empty when the catalogue has none of that code."""
    listed = Institution.objects.listed().filter(code=request.GET.get("institution", ""))
    return str(listed.values_list("code", flat=True).first() or "")


def purpose(subjects: dict[str, str], refs: frozenset[AreaRef]) -> str:
    """Sentence about the hole that a new row fills; empty when the link names none."""
    what = " et ".join(f"«\xa0{label}\xa0»" for label in subjects.values())
    where = ", ".join(sorted(names_of(refs).values()))
    if not what or not where:
        return ""
    return f"Pour que quelqu'un réponde à {what}\xa0: {where}."

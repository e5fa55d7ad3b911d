"""« Qui fait quoi »: the table of a theme over a place, and one cell of it."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from directory.forms.skills import FACT_PREFIX, SkillsForm, skill_facts
from directory.skills_matrix import MatrixPlace, experts_there, matrix, offices_there, reason_without_experts
from directory.views.change_flow import Edit, serve
from experts.accounts.staff_access import staff_page, staff_user
from experts.changes import editing, snapshot
from experts.changes.directory_facts import Facts
from experts.changes.row_plans import Plan
from experts.models import Expert, Institution, Office, Subject, Theme
from territories.models import Department, Region


@require_safe
@staff_page
def skills(request: HttpRequest) -> HttpResponse:
    """Show the institutions and the subjects of a theme over a région or a département."""
    user, now = staff_user(request), timezone.now()
    themes = Theme.objects.listed().order_by("position", "pk")
    slug = request.GET.get("theme", "")
    theme = themes.filter(slug=slug).first() or themes.first()
    if theme is None:
        raise Http404
    place = _place(request)
    found = (
        matrix(theme, place, Office.objects.visible_to(user), now=now, on=timezone.localdate(now))
        if place
        else None
    )
    regions = Region.objects.order_by("name", "pk") if user.is_national else []
    departments = Department.objects.filter(region=place.region).order_by("name", "pk") if place else []
    context = {
        "theme": theme,
        "themes": themes,
        "place": place,
        "matrix": found,
        "regions": regions,
        "departments": departments,
        "menu": "skills",
    }
    return render(request, "directory/skills.html", context)


@staff_page
def cell(request: HttpRequest) -> HttpResponse:
    """Tick the experts of an institution who answer a subject over a place, or say why nobody may."""
    user, now = staff_user(request), timezone.now()
    place = _place(request)
    if place is None:
        raise Http404
    institution = get_object_or_404(Institution.objects.listed(), code=request.GET.get("institution", ""))
    subject = get_object_or_404(
        Subject.objects.listed().select_related("theme"), slug=request.GET.get("sujet", "")
    )
    offices = Office.objects.visible_to(user).open_on(timezone.localdate(now)).filter(institution=institution)
    people = experts_there(place, offices, now=now)
    shut = reason_without_experts(institution, subject)
    some = [] if shut else [expert for expert in people if not expert.has_all_subjects]
    theme = subject.theme.slug if subject.theme else ""
    edit = Edit(
        title=f"{institution.name} : {subject.label}",
        back=f"{reverse('directory:skills')}?{place.query}&theme={theme}",
        found=lambda: skill_facts(some, subject.slug),
        form=lambda data, shown: SkillsForm(data, shown=shown, experts=some),
        plan=lambda facts: plan_skills(some, subject.slug, facts),
        done="Les sujets des référents sont enregistrés.",
        intro=f"Dans ce territoire : {place.name}.",
        template="directory/skills_cell.html",
        context={
            "shut": shut,
            "everything": [] if shut else [expert for expert in people if expert.has_all_subjects],
            "has_some": bool(some),
            "offices": offices.filter(pk__in=offices_there(place)).order_by("name", "pk"),
            "subject": subject,
            "institution": institution,
            "place": place,
            "back_label": "Qui fait quoi",
        },
    )
    return serve(request, edit)


def plan_skills(experts: list[Expert], slug: str, facts: Facts) -> Plan:
    """Give a subject to the experts who were ticked, and take it from those who were unticked."""
    changed = [expert.pk for expert in experts if f"{FACT_PREFIX}{expert.pk}" in facts]
    stored = snapshot.load(experts=changed).experts
    rows: list[Any] = []
    for key, row in stored.items():
        own: frozenset[str] = row.facts["subjects"]
        answers = row.instance is not None and facts[f"{FACT_PREFIX}{row.instance.pk}"]
        rows.append(editing.change(key, row, {"subjects": own | {slug} if answers else own - {slug}}))
    return Plan(experts=tuple(rows))


def _place(request: HttpRequest) -> MatrixPlace | None:
    """The place that the query names, else the user's region; 404 for one of another region."""
    user = staff_user(request)
    code, wanted = request.GET.get("departement", ""), request.GET.get("region", "")
    departments = Department.objects.select_related("region").filter(region__isnull=False)
    department = departments.filter(pk=code).first() if code else None
    if department and department.region and wanted in {"", department.region.pk}:
        place = MatrixPlace(department.region, department)
    elif wanted or user.region_id:
        region = Region.objects.filter(pk=wanted or user.region_id).first()
        if region is None:
            raise Http404
        place = MatrixPlace(region, None)
    else:
        return None
    if not user.is_national and place.region.pk != user.region_id:
        raise Http404
    return place

"""« Qui peut aider ? »: the offices that would receive a need in a commune, for anybody."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from experts import contacts, public_answers, public_directory
from experts.list_files import BOM, csv_line, inert
from experts.models import EntryQuestion, Subject, Theme
from experts.public_directory import DirectoryLine
from indicators.page_views import count_view
from mailing.addresses import strip_addresses
from portal.department_sheet import sheet_lines
from portal.forms import WhoCanHelpForm
from portal.home_content import question_url
from solicitations.models import Opening
from territories.models import Commune, Department
from territories.spoken_places import of_area

ASKED = {"besoin", "commune", "commune_code"}
HEADINGS = (
    "institution", "nom_institution", "antenne", "nom_antenne", "telephone", "site", "region", "territoires",
    "noms_territoires", "sujets", "recoit_les_demandes", "recours",
)  # fmt: skip


@login_not_required
@require_safe
def who_can_help(request: HttpRequest) -> HttpResponse:
    """The question, and its answer once a need and a commune are chosen."""
    is_asked = bool(request.GET.get("commune") or request.GET.get("commune_code"))
    initial = {name: request.GET[name] for name in ASKED & request.GET.keys()}
    form = WhoCanHelpForm(request.GET) if is_asked else WhoCanHelpForm(initial=initial)
    context: dict[str, Any] = {"form": form}
    if is_asked and form.is_valid():
        now = timezone.now()
        commune: Commune = form.cleaned_data["place"]
        context |= _answer(form.subjects(), commune, now=now)
        context["asked"] = form.asked()
        context["form_url"] = _form_url(form, commune)
        form.data = {**request.GET.dict(), "commune": commune.place, "commune_code": commune.code}
    about = form.cleaned_data["besoin"] if "asked" in context else ""
    count_view(request, f"who_can_help {about}".strip())
    return render(request, "portal/who_can_help.html", context)


@login_not_required
@require_safe
def department(request: HttpRequest, code: str) -> HttpResponse:
    """The offices of a département, to print."""
    found = get_object_or_404(Department.objects.select_related("region"), pk=code)
    now = timezone.now()
    closed = Opening.objects.closed_in(found.region, now=now)
    closing = closed.get(None)
    themes = {pk: row for pk, row in closed.items() if pk is not None}
    lines = [] if closing else sheet_lines(found, now=now, closed_themes=themes)
    count_view(request, f"who_can_help_department {found.code}")
    context = {
        "department": found,
        "of_department": of_area("department", found.name),
        "region_closing": closing,
        "theme_closings": [] if closing else list(themes.values()),
        "institutions": [
            (institution, list(rows))
            for institution, rows in groupby(lines, key=lambda each: each.line.institution)
        ],
        "region_contact": contacts.region_contact(found.region, on=timezone.localdate(now)),
        "today": timezone.localdate(now),
    }
    return render(request, "portal/department.html", context)


@login_not_required
@require_safe
def offices(request: HttpRequest) -> StreamingHttpResponse:
    """Every office as open data, in CSV."""
    now = timezone.now()
    lines = public_directory.lines(now=now, closed_regions=Opening.objects.closed_regions(now=now))
    count_view(request, "who_can_help_offices")
    response = StreamingHttpResponse(_csv(lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="antennes-{timezone.localdate(now)}.csv"'
    return response


def _csv(lines: Iterator[DirectoryLine]) -> Iterator[str]:
    yield BOM + csv_line(HEADINGS)
    for line in lines:
        cells = (
            line.institution.code,
            line.institution.name,
            strip_addresses(line.code),
            line.office.name,
            line.office.phone,
            line.office.site,
            line.region,
            "|".join(ref for ref, _ in line.areas),
            "|".join(name for _, name in line.areas),
            "|".join(line.subjects),
            "oui" if line.is_notified else "non",
            "oui" if line.is_fallback else "non",
        )
        yield csv_line([inert(cell) for cell in cells])


def _answer(subjects: Sequence[Subject], commune: Commune, *, now: datetime) -> dict[str, Any]:
    """The offices of the subjects that are open there, and what closes the others."""
    today: date = timezone.localdate(now, timezone=commune.time_zone)
    closed = Opening.objects.closed_in(commune.region, now=now)
    whole_region = closed.get(None)
    open_subjects = [] if whole_region else [one for one in subjects if one.theme_id not in closed]
    shut = {one.theme_id: closed[one.theme_id] for one in subjects if one.theme_id in closed}
    return {
        "commune": commune,
        "region_closing": whole_region,
        "theme_closings": [] if whole_region else list(shut.values()),
        "is_open": bool(open_subjects),
        "is_one_subject": len(subjects) == 1,
        "answers": public_answers.answers(open_subjects, commune=commune, on=today),
        "relays": public_answers.relays(subjects, commune=commune, on=today),
        "links": contacts.regional_links(commune.region, subjects=subjects),
        "region_contact": contacts.region_contact(commune.region, on=today),
        "today": today,
    }


def _form_url(form: WhoCanHelpForm, commune: Commune) -> str:
    """The address where this need is described: the form of its subject, else the page to choose one."""
    asked = form.asked()
    if isinstance(asked, Theme):
        return reverse("theme", args=[asked.slug])
    if isinstance(asked, EntryQuestion) and len(form.subjects()) != 1:
        return question_url(asked)
    [subject] = form.subjects()
    return f"{reverse('owners:need', args=[subject.slug])}?commune={commune.code}"

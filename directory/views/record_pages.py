"""Pages of one office and of one expert."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from directory.office_content import expert_lines, office_content
from directory.views.access_to_offices import own_expert_or_404, readable_office_or_404
from experts.accounts.staff_access import staff_page, staff_user
from experts.models import Expert


@require_safe
@staff_page
def office_page(request: HttpRequest, code: str) -> HttpResponse:
    """Show an office and its experts; those of another region without their addresses."""
    office, now = readable_office_or_404(request, code), timezone.now()
    content = office_content(office, user=staff_user(request), today=timezone.localdate(now), now=now)
    return render(request, "directory/office.html", {"content": content, "office": office})


@require_safe
@staff_page
def expert_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an expert: subjects, areas, absences, other posts."""
    expert, now = own_expert_or_404(request, pk), timezone.now()
    today = timezone.localdate(now)
    line = expert_lines([expert], expert.office, today=today, now=now)[0]
    visible = Expert.objects.visible_to(staff_user(request)).select_related("office")
    posts = visible.filter(email__iexact=expert.email).exclude(pk=pk).order_by("office__name", "pk")
    absences = expert.absences.select_related("deputy").filter(to_on__gte=today).order_by("from_on", "pk")
    context = {"line": line, "expert": expert, "office": expert.office, "posts": posts, "absences": absences}
    return render(request, "directory/expert.html", context)

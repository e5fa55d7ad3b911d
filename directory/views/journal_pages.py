"""Journal of the directory: by office, expert or zone; each change can be undone."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from directory import journal, plan_warnings
from directory.area_effects import area_effects
from directory.change_texts import FactTexts
from directory.coverage_loss import losses
from directory.foresight.preview import foresee
from directory.foresight.preview_content import preview_content
from directory.revision_undo import NotUndone, undo
from directory.views.access_to_offices import own_expert_or_404, own_office_or_404
from experts.accounts.pagination import page_of, without_page
from experts.accounts.staff_access import staff_page, staff_user
from experts.changes import rights
from experts.changes.row_plans import Plan
from experts.changes.undoing import Undo, plan_undo
from experts.models import RevisedRow, Revision, User
from territories.models import Area

PAGE = 20


@require_safe
@staff_page
def revisions(request: HttpRequest) -> HttpResponse:
    """List the changes, newest first; ``?antenne=``, ``?referent=`` or ``?zone=`` for one row."""
    user = staff_user(request)
    rows = journal.readable_rows(user)
    about, label = _asked_row(request)
    if about:
        rows = rows.filter(kind=about[0], row_pk=about[1])
    page = page_of(journal.revisions_of(rows), request.GET, size=PAGE)
    context = {
        "entries": journal.entries(page.rows, rows, most=journal.MAX_ROWS),
        "page": page,
        "query": without_page(request.GET),
        "about": label,
        "region": user.region,
        "menu": "journal",
    }
    return render(request, "directory/journal.html", context)


@staff_page
def revision(request: HttpRequest, pk: int) -> HttpResponse:
    """Show all that a revision changed, and what undoing it would do; a POST undoes it."""
    user, now = staff_user(request), timezone.now()
    rows = journal.readable_rows(user)
    found = journal.revisions_of(rows).filter(pk=pk).first()
    if found is None:
        raise Http404
    if request.method == "POST":
        return _undo(request, found)
    planned = None if _is_undone(found) else plan_undo(found, today=timezone.localdate(now), now=now)
    refused = rights.refusals(planned.plan, user) if planned else []
    may_undo = planned is not None and planned.plan.changes_something and not refused
    context = {
        "entry": journal.entries([found], rows, most=journal.MAX_ROWS_OF_PAGE)[0],
        "may_undo": may_undo,
        "is_undone": planned is None,
        "refused": list(dict.fromkeys(refusal.sentence for refusal in refused)),
        "left": _left(planned) if planned else [],
    }
    if planned and may_undo:
        context |= _effects(planned.plan, user, now=now)
    return render(request, "directory/revision.html", context)


def _effects(plan: Plan, user: User, *, now: datetime) -> dict[str, Any]:
    """The effects of an undo, said as those of any other change."""
    return {
        "warned": plan_warnings.never_asked_after(plan),
        "losses": losses(plan, now=now),
        "effects": area_effects(plan, on=timezone.localdate(now)),
        "dependents": plan_warnings.dependents(plan, user=user),
        "preview": preview_content(foresee(plan, now=now), user=user),
    }


def _undo(request: HttpRequest, found: Revision) -> HttpResponse:
    try:
        undone = undo(found, by=staff_user(request), now=timezone.now())
    except NotUndone as error:
        messages.error(request, str(error))
        return redirect("directory:revision", pk=found.pk)
    messages.success(request, "Le changement est annulé.")
    return redirect("directory:revision", pk=undone.pk)


def _is_undone(found: Revision) -> bool:
    return Revision.objects.filter(undoes=found).exists()


def _left(planned: Undo) -> list[dict[str, str]]:
    """The facts that were changed since, in words."""
    texts = FactTexts([{left.fact: value} for left in planned.left if left.fact for value in (left.found,)])
    return [
        {
            "label": left.label,
            "fact": texts.change(left.fact, left.found, left.found).label if left.fact else "n'existe plus",
            "found": texts.value(left.fact, left.found) if left.fact else "",
        }
        for left in planned.left
    ]


def _asked_row(request: HttpRequest) -> tuple[tuple[str, int] | None, str]:
    """The row that the query names, and its name; 404 when the user may not change it."""
    kinds = RevisedRow.Kind
    if code := request.GET.get("antenne", ""):
        office = own_office_or_404(request, code)
        return (kinds.OFFICE, office.pk), office.name
    if (pk := request.GET.get("referent", "")).isdecimal() and len(pk) < 10:
        expert = own_expert_or_404(request, int(pk))
        return (kinds.EXPERT, expert.pk), expert.name
    if slug := request.GET.get("zone", ""):
        zone = Area.objects.of_kind("zone").filter(code=slug).first()
        if zone is None:
            raise Http404
        return (kinds.ZONE, zone.pk), zone.name
    return None, ""

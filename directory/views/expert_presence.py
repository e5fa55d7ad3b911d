"""Absences, departure, return, pause and working address of an expert, one page each."""

from collections.abc import Callable
from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from directory import address_reports
from directory.forms.expert_facts import DaysAwayForm, LeavingForm
from directory.views.access_to_offices import own_expert_or_404
from directory.views.change_flow import serve
from directory.views.expert_edits import expert_edit, fixed_edit, stored_expert, without_absence
from experts.accounts.staff_access import staff_page
from experts.changes.directory_facts import Facts
from experts.models import Expert, User

HERE: Facts = {"left_at": None, "successor": ""}


@staff_page
def absence(request: HttpRequest, pk: int) -> HttpResponse:
    """Add an absence."""
    expert = own_expert_or_404(request, pk)
    colleagues = (
        Expert.objects.listed().filter(office=expert.office_id, left_at=None).exclude(pk=pk)
    ).order_by("name", "pk")
    known = stored_expert(expert).facts["absence"]
    given = {"colleagues": colleagues, "file_absence": known}
    return serve(request, expert_edit(expert, DaysAwayForm, given=given))


@staff_page
def remove_absence(request: HttpRequest, pk: int, day: str) -> HttpResponse:
    """Remove the absence that begins on a day."""
    expert = own_expert_or_404(request, pk)
    fixed = without_absence(expert, day)
    return serve(request, fixed_edit(expert, fixed, "Retirer une absence", "L'absence est retirée."))


@staff_page
def leave(request: HttpRequest, pk: int) -> HttpResponse:
    """Record a departure."""
    return serve(request, expert_edit(own_expert_or_404(request, pk), LeavingForm))


@staff_page
def come_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Undo a departure."""
    expert = own_expert_or_404(request, pk)
    return serve(request, fixed_edit(expert, HERE, "Annuler le départ", "Cette personne reçoit de nouveau."))


@staff_page
def pause(request: HttpRequest, pk: int) -> HttpResponse:
    """Pause an expert, or end the pause."""
    expert = own_expert_or_404(request, pk)
    title, done = (
        ("Reprendre", "Cette personne reçoit de nouveau.")
        if expert.is_paused
        else ("Mettre en pause", "Cette personne ne reçoit plus rien jusqu'à la reprise.")
    )
    return serve(request, fixed_edit(expert, {"is_paused": not expert.is_paused}, title, done))


@staff_page
def address_works(request: HttpRequest, pk: int) -> HttpResponse:
    """Record that an address that was refused works again."""
    expert = own_expert_or_404(request, pk)
    done = "L'adresse est de nouveau utilisée."
    edit = fixed_edit(expert, {"is_bouncing": False}, "L'adresse fonctionne", done)
    return serve(request, replace(edit, write=_say_works(expert)))


def _say_works(expert: Expert) -> Callable[[Facts, User], None]:
    def write(facts: Facts, user: User) -> None:
        address_reports.say_works(expert.email, by=user, now=timezone.now())

    return write

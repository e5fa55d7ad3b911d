"""People of a manager's offices: list, records, days away, pause, departure, needs given to a colleague."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from directory.forms.expert_facts import DaysAwayForm, LeavingForm, NewExpertForm, RecordForm, SubjectsForm
from directory.forms.facts_form import FixedFactsForm, RowFactsForm
from directory.office_content import answered_subjects
from directory.views.change_flow import Edit, serve
from directory.views.expert_edits import expert_edit, stored_expert, without_absence
from experts.accounts import seats
from experts.changes import editing
from experts.changes.directory_facts import Facts
from experts.changes.row_plans import Plan
from experts.models import Expert, Office, User
from solicitations.actions import reassigning
from solicitations.actions.expert_answers import NobodyThere
from solicitations.lifecycle import ForbiddenMove
from solicitations.models import Match
from workspace.last_acts import last_acts
from workspace.team import people
from workspace.team.manager_rights import refused_to_manager
from workspace.team.reassigning_form import ReassigningForm

PersonView = Callable[[HttpRequest, Expert], HttpResponse]


def account_of(request: HttpRequest) -> User:
    """The signed-in account. Raises ``PermissionDenied`` without any."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def person_page(view: PersonView) -> Callable[[HttpRequest, int], HttpResponse]:
    """Decorate a view about a person of the manager's offices; 404 for anybody else."""

    @wraps(view)
    @never_cache
    def wrapper(request: HttpRequest, pk: int) -> HttpResponse:
        managed = people.managed_people(account_of(request), now=timezone.now())
        return view(request, get_object_or_404(managed.select_related("office__institution"), pk=pk))

    return wrapper


@never_cache
def team(request: HttpRequest) -> HttpResponse:
    """« Mes antennes »."""
    now, manager = timezone.now(), account_of(request)
    if not seats.work_in(request).manages:
        raise PermissionDenied
    found = people.teams(manager, now=now, today=timezone.localdate(now))
    return render(request, "workspace/team/list.html", {"teams": found})


@never_cache
def new(request: HttpRequest, office: int) -> HttpResponse:
    """Add a person to an office."""
    managed = seats.managed_offices(account_of(request), now=timezone.now())
    found: Office = get_object_or_404(managed.select_related("institution"), pk=office)
    answered = answered_subjects(found.institution)
    edit = Edit(
        title=f"{NewExpertForm.title} — {found.name}",
        back=reverse("workspace:team"),
        found=dict,
        form=lambda data, shown: NewExpertForm(data, shown=shown, office=found, answered=answered),
        plan=lambda facts: Plan(experts=(editing.new_expert((found.code, facts["email"].lower()), facts),)),
        done="La personne est ajoutée.",
        is_new=True,
        template="directory/subjects_form.html",
        context={"back_label": "Mes antennes"},
        refused=refused_to_manager,
    )
    return serve(request, edit)


@person_page
def record(request: HttpRequest, expert: Expert) -> HttpResponse:
    """Change the name, the job or the phone of a person."""
    return serve(request, _edit(expert, RecordForm))


@person_page
def subjects(request: HttpRequest, expert: Expert) -> HttpResponse:
    """Change the subjects of a person."""
    answered = answered_subjects(expert.office.institution)
    edit = _edit(
        expert,
        SubjectsForm,
        template="directory/subjects_form.html",
        given={"answered": answered},
    )
    return serve(request, edit)


@person_page
def absence(request: HttpRequest, expert: Expert) -> HttpResponse:
    """Add days away, and who answers meanwhile."""
    colleagues = Expert.objects.listed().filter(office=expert.office_id, left_at=None).exclude(pk=expert.pk)
    options = {
        "colleagues": colleagues.order_by("name", "pk"),
        "file_absence": stored_expert(expert).facts["absence"],
    }
    return serve(request, _edit(expert, DaysAwayForm, given=options))


@never_cache
def remove_absence(request: HttpRequest, pk: int, day: str) -> HttpResponse:
    """Remove the absence that begins on a day."""
    managed = people.managed_people(account_of(request), now=timezone.now())
    expert = get_object_or_404(managed.select_related("office__institution"), pk=pk)
    fixed = without_absence(expert, day)
    return serve(request, _fixed(expert, fixed, title="Retirer une absence", done="L'absence est retirée."))


@person_page
def pause(request: HttpRequest, expert: Expert) -> HttpResponse:
    """Pause a person, or end the pause."""
    title, done = (
        ("Reprendre", "Cette personne reçoit de nouveau.")
        if expert.is_paused
        else ("Mettre en pause", "Cette personne ne reçoit plus rien jusqu'à la reprise.")
    )
    return serve(request, _fixed(expert, {"is_paused": not expert.is_paused}, title=title, done=done))


@person_page
def leave(request: HttpRequest, expert: Expert) -> HttpResponse:
    """Record a departure."""
    return serve(request, _edit(expert, LeavingForm))


def _edit(expert: Expert, form: type[RowFactsForm], **others: Any) -> Edit:
    back = (reverse("workspace:team"), "Mes antennes")
    return expert_edit(expert, form, back=back, refused=refused_to_manager, **others)


def _fixed(expert: Expert, facts: Facts, *, title: str, done: str) -> Edit:
    return _edit(expert, FixedFactsForm, given={"fixed": facts}, title=title, done=done)


@person_page
def reassign(request: HttpRequest, expert: Expert) -> HttpResponse:
    """Give the needs of a person to a colleague, each request in its own transaction."""
    now, manager = timezone.now(), account_of(request)
    matches = people.active_matches(expert)
    receivers = people.receivers_for(manager, expert, now=now, today=timezone.localdate(now))
    form = ReassigningForm(
        request.POST if request.method == "POST" else None, matches=matches, receivers=receivers
    )
    if request.method == "POST" and form.is_valid():
        _reassign(request, form, by=manager)
        return redirect("workspace:team")
    if "needs" in form.errors:
        _say_who_was_first(request, expert, now=now)
    context = {"expert": expert, "form": form, "has_needs": bool(matches), "has_receivers": bool(receivers)}
    return render(request, "workspace/team/reassign.html", context, status=422 if form.errors else 200)


def _say_who_was_first(request: HttpRequest, expert: Expert, *, now: datetime) -> None:
    """Say who has acted on the needs of an old page, when another manager or the expert was faster."""
    keys = [int(key) for key in request.POST.getlist("needs") if key.isascii() and key.isdigit()][:500]
    rows = Match.objects.filter(pk__in=[key for key in keys if key < 2**63], expert=expert)
    over = rows.exclude(pk__in=Match.objects.active().values("pk")).select_related("need__subject")
    acts = last_acts([match.pk for match in over], now=now)
    for match in over.order_by("pk"):
        if match.pk in acts:
            messages.warning(request, f"«\u00a0{match.need.subject.label}\u00a0»\u00a0: {acts[match.pk]}.")


def _reassign(request: HttpRequest, form: ReassigningForm, *, by: User) -> None:
    receiver, given, kept = form.receiver(), 0, 0
    for pk, match_pks in form.chosen().items():
        try:
            reassigning.reassign(
                pk, match_pks, receiver, by=by, comment=form.cleaned_data["word"], now=timezone.now()
            )
            given += len(match_pks)
        except (ForbiddenMove, NobodyThere):
            kept += len(match_pks)
    if given:
        count = f"{given} besoins confiés" if given > 1 else "1 besoin confié"
        messages.success(request, f"{count} à {receiver.name}. Les courriels partent dans une minute.")
    if kept:
        count = f"{kept} besoins n'ont" if kept > 1 else "1 besoin n'a"
        messages.warning(
            request,
            f"{count} pas bougé : quelqu'un a répondu entre-temps, ou {receiver.name} avait déjà décliné.",
        )

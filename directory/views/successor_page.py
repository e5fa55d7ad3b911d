"""Post of the successor of an expert who left: created immediately, or after corrections."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from directory import successors, tasks
from directory.forms.expert_facts import NewExpertForm
from directory.forms.facts_form import FixedFactsForm, RowFactsForm
from directory.office_content import answered_subjects
from directory.views.access_to_offices import own_expert_or_404
from directory.views.change_flow import Edit, EditRefused, serve
from experts.accounts.staff_access import staff_page, staff_user
from experts.changes import rights
from experts.changes.applying import StalePlan
from experts.changes.directory_facts import Facts
from experts.changes.row_plans import Plan
from experts.models import Expert, User

NOT_LEFT = "Notez d'abord le départ : son successeur se crée ensuite."
REOPENED = "Le poste est rouvert : ce qui attendait lui est proposé de nouveau."
DONE = "Le poste est créé : ce qui attendait lui est proposé."
MOVED = "Ce départ a changé depuis que la liste a été affichée : relisez avant d'enregistrer."
THERE = "a déjà un poste dans cette antenne : ce qui attendait lui est proposé, s'il répond à la règle."
TAKEN = "Un référent de cette antenne a déjà cette adresse."


@staff_page
def successor(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the post when the departure gave an address, else, or with ``?corriger``, ask for what lacks."""
    gone = own_expert_or_404(request, pk)
    if gone.left_at is None:
        messages.info(request, NOT_LEFT)
        return redirect("directory:expert_departure", pk)
    known = successors.facts_of_successor(gone)
    answered = answered_subjects(gone.office.institution)

    def form(data: object, shown: Facts) -> RowFactsForm:
        if known["email"] and "corriger" not in request.GET:
            return FixedFactsForm(data, shown=shown, fixed=known)
        return NewExpertForm(data, shown=shown, office=gone.office, answered=answered)

    def plan(facts: Facts) -> Plan:
        if successors.is_taken(gone, facts["email"]):
            raise EditRefused(TAKEN)
        return successors.plan_successor(gone, facts)

    def write(facts: Facts, user: User) -> None:
        plan(facts)
        _make(gone, facts, by=user)

    edit = Edit(
        title=f"Le successeur de {gone.name}",
        back=reverse("directory:expert", args=[pk]),
        found=lambda: known,
        form=form,
        plan=plan,
        write=write,
        done=DONE,
        intro=_intro(gone),
        is_new=True,
        template="directory/subjects_form.html",
        context={"back_label": gone.name},
    )
    return serve(request, edit)


@require_POST
@staff_page
def make_successor(request: HttpRequest, pk: int) -> HttpResponse:
    """« Créer ce poste », from the list, where its line says what it does."""
    gone, user = own_expert_or_404(request, pk), staff_user(request)
    facts = successors.facts_of_successor(gone)
    is_same = bool(facts["email"]) and request.POST.get("adresse") == facts["email"]
    if gone.left_at is None or not is_same:
        messages.warning(request, MOVED)
    elif there := successors.colleague(gone, facts["email"]):
        successors.resolve_remark(gone, by=user, now=timezone.now())
        tasks.offer_needs_to_successor.delay(gone.pk, there.pk)
        messages.success(request, f"{there.name} {THERE}")
    elif successors.is_taken(gone, facts["email"]):
        messages.error(request, TAKEN)
    elif refused := rights.refusals(successors.plan_successor(gone, facts), user):
        messages.error(request, refused[0].sentence)
    else:
        try:
            _make(gone, facts, by=user)
            messages.success(request, REOPENED if successors.keeps_mailbox(gone, facts["email"]) else DONE)
        except StalePlan:
            messages.warning(request, MOVED)
    return redirect("directory:verification")


def _make(gone: Expert, facts: Facts, *, by: User) -> None:
    made = successors.make_post(gone, facts, by=by, now=timezone.now())
    if made.pk != gone.pk:
        tasks.offer_needs_to_successor.delay(gone.pk, made.pk)


def _intro(gone: Expert) -> str:
    [offer] = successors.offers([gone])
    return f"Même antenne, mêmes sujets, mêmes territoires que {gone.name}. {offer.needs}"

"""Creation of an expert, and changes of what an expert does, one page each."""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from directory.address_changes import AddressTaken, ChangeRefused, change_address, plan_address_change
from directory.forms.area_choice import OwnAreasForm
from directory.forms.expert_facts import AddressChangeForm, MoveForm, NewExpertForm, RecordForm, SubjectsForm
from directory.forms.facts_form import FixedFactsForm, RowFactsForm
from directory.moves import plan_move
from directory.office_content import answered_subjects
from directory.views import decline_proposals, link_values
from directory.views.access_to_offices import own_expert_or_404, own_office_or_404
from directory.views.change_flow import Edit, EditRefused, edit_of, serve
from experts.accounts.staff_access import staff_page, staff_user
from experts.changes import editing, snapshot
from experts.changes.directory_facts import Facts
from experts.changes.row_plans import Plan
from experts.changes.stored import StoredRow
from experts.models import Expert, Office, User


@staff_page
def new(request: HttpRequest, code: str) -> HttpResponse:
    """Add an expert to an office; a link may name subjects and areas, or a colleague to copy (``modele``)."""
    office = own_office_or_404(request, code)
    answered = answered_subjects(office.institution)

    def form(data: Any, shown: Facts) -> NewExpertForm:
        return NewExpertForm(data, shown=shown, office=office, answered=answered)

    asked = {slug: label for slug, label in link_values.asked_subjects(request).items() if slug in answered}
    places = link_values.asked_areas(request)
    start: Facts = {"has_all_subjects": False, "subjects": frozenset(asked)} if asked else {}
    copied: Facts = {"areas": link_values.areas_beyond_office(office, places)} if places else {}
    if (model := request.GET.get("modele", "")).isdecimal() and len(model) < 10:
        facts = stored_expert(own_expert_or_404(request, int(model))).facts
        start = {name: facts[name] for name in ("has_all_subjects", "subjects")}
        copied = {"areas": facts["areas"]}
    edit = Edit(
        title=f"{NewExpertForm.title} — {office.name}",
        back=reverse("directory:office", args=[office.code]),
        found=lambda: start,
        form=form,
        plan=lambda facts: Plan(
            experts=(editing.new_expert((office.code, facts["email"].lower()), copied | facts),)
        ),
        done="Le référent est ajouté.",
        is_new=True,
        intro=link_values.purpose(asked, places),
        template="directory/subjects_form.html",
        context={"back_label": office.name},
    )
    return serve(request, edit)


@staff_page
def record(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the name, the job or the phone of an expert."""
    return serve(request, expert_edit(own_expert_or_404(request, pk), RecordForm))


@staff_page
def subjects(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the subjects of an expert."""
    expert = own_expert_or_404(request, pk)
    answered = answered_subjects(expert.office.institution)
    edit = expert_edit(
        expert,
        SubjectsForm,
        given={"answered": answered},
        template="directory/subjects_form.html",
        **decline_proposals.subject_proposal(request, expert, answered=answered),
    )
    return serve(request, edit)


@staff_page
def areas(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the own areas of an expert."""
    expert = own_expert_or_404(request, pk)
    proposal = decline_proposals.area_proposal(request, expert)
    edit = expert_edit(
        expert,
        OwnAreasForm,
        given={"is_proposed": bool(proposal["proposed"])},
        template="directory/areas_form.html",
        **proposal,
    )
    return serve(request, edit)


@staff_page
def address(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a person another address: all the posts, absences and open requests follow."""
    expert = own_expert_or_404(request, pk)

    def plan(facts: Facts) -> Plan:
        try:
            return plan_address_change(expert.email, facts["email"]) if facts else Plan()
        except AddressTaken as error:
            raise _taken(error) from error

    def write(facts: Facts, user: User) -> None:
        try:
            change_address(expert.email, facts["email"], by=user, now=timezone.now())
        except AddressTaken as error:
            raise _taken(error) from error
        except ChangeRefused as error:
            raise EditRefused(str(error), field="email") from error

    return serve(request, expert_edit(expert, AddressChangeForm, plan=plan, write=write))


def _taken(error: AddressTaken) -> EditRefused:
    names = ", ".join(error.names)
    return EditRefused(f"Quelqu'un a déjà cette adresse dans : {names}.", field="email")


@staff_page
def verify(request: HttpRequest, pk: int) -> HttpResponse:
    """Record that everything about an expert is right today."""
    fixed = {"verified_on": timezone.localdate()}
    done = "La vérification est notée à la date d'aujourd'hui."
    return serve(request, fixed_edit(own_expert_or_404(request, pk), fixed, "Tout est juste", done))


@staff_page
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """Move an expert to another office."""
    expert = own_expert_or_404(request, pk)
    others = Office.objects.visible_to(staff_user(request)).open_on(timezone.localdate())
    offices = others.exclude(pk=expert.office_id).order_by("name", "pk")
    edit = expert_edit(
        expert,
        MoveForm,
        given={"offices": offices},
        plan=lambda facts: plan_move(expert, to=facts["office"]) if facts else Plan(),
    )
    return serve(request, edit)


def expert_edit(
    expert: Expert,
    form: type[RowFactsForm],
    *,
    plan: Callable[[Facts], Plan] | None = None,
    back: tuple[str, str] | None = None,
    given: Mapping[str, Any] | None = None,
    **others: Any,
) -> Edit:
    """A change of facts of one expert; ``given``: what its form needs; ``others``: fields of ``Edit``."""

    def change(facts: Facts) -> Plan:
        key = (expert.office.code, expert.email.lower())
        return Plan(experts=(editing.change(key, stored_expert(expert), facts),))

    return edit_of(
        form,
        name=expert.name,
        back=back or (reverse("directory:expert", args=[expert.pk]), expert.name),
        given=given or {},
        found=lambda: stored_expert(expert).facts,
        plan=plan or change,
        **others,
    )


def fixed_edit(expert: Expert, facts: Facts, title: str, done: str) -> Edit:
    """A change without anything to type."""
    return expert_edit(expert, FixedFactsForm, given={"fixed": facts}, title=title, done=done)


def stored_expert(expert: Expert) -> StoredRow[Expert]:
    """The facts of an expert as they are now."""
    return next(iter(snapshot.load(experts=[expert.pk]).experts.values()))


def without_absence(expert: Expert, day: str) -> Facts:
    """Facts of an expert without the absence that begins on a day; raises ``Http404`` when there is none."""
    facts = stored_expert(expert).facts
    declared = {one for one in facts["declared_absences"] if one.from_on.isoformat() != day}
    fixed: Facts = {"declared_absences": frozenset(declared)}
    if facts["absence"] and facts["absence"].from_on.isoformat() == day:
        fixed["absence"] = None
    elif len(declared) == len(facts["declared_absences"]):
        raise Http404
    return fixed

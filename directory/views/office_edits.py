"""Changes of an office, one page each; creation, closing and reopening."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from directory.codes import new_office_code
from directory.forms.area_choice import NewOfficeWithAreasForm, OfficeAreasForm
from directory.forms.facts_form import FixedFactsForm, RowFactsForm
from directory.forms.office_facts import AgreementForm, ClosingForm, CriteriaForm, OfficeContactForm, RoleForm
from directory.office_content import answered_subjects
from directory.views import decline_proposals, link_values
from directory.views.access_to_offices import own_office_or_404
from directory.views.change_flow import Edit, EditRefused, edit_of, serve
from experts.accounts.staff_access import staff_page, staff_user
from experts.changes import editing, snapshot
from experts.changes.directory_facts import Facts
from experts.changes.row_plans import Plan
from experts.changes.stored import StoredRow
from experts.models import Office
from experts.regions import areas_beyond

SECTIONS: Mapping[str, type[RowFactsForm]] = {
    "contact": OfficeContactForm,
    "areas": OfficeAreasForm,
    "criteria": CriteriaForm,
    "role": RoleForm,
    "agreement": AgreementForm,
    "close": ClosingForm,
}
COPIED = (*CriteriaForm.base_fields, "institution", "exclusive_subjects", "is_public")
DEFAULTS: Facts = {"is_public": True, "areas": frozenset()}


@staff_page
def section(request: HttpRequest, code: str, section: str) -> HttpResponse:
    """Change one part of an office."""
    office, form = own_office_or_404(request, code), SECTIONS[section]
    given = {"answered": answered_subjects(office.institution)} if form is RoleForm else {}
    others: Any = {"template": "directory/areas_form.html"} if form is OfficeAreasForm else {}
    if form is CriteriaForm:
        others = decline_proposals.criteria_proposal(request, office)
    return serve(request, office_edit(office, form, given=given, **others))


@staff_page
def reopen(request: HttpRequest, code: str) -> HttpResponse:
    """Reopen an office that was closed, or whose convention has ended."""
    office, today = own_office_or_404(request, code), timezone.localdate()
    fixed: Facts = {"closed_on": None}
    if office.agreement_ends_on and office.agreement_ends_on <= today:
        fixed["agreement_ends_on"] = None
    edit = office_edit(
        office,
        FixedFactsForm,
        given={"fixed": fixed},
        title="Rouvrir l'antenne",
        done="L'antenne est rouverte.",
        intro="Elle recevra de nouveau les demandes de son territoire.",
    )
    return serve(request, edit)


@staff_page
def verify(request: HttpRequest, code: str) -> HttpResponse:
    """Record that everything about an office is right today."""
    edit = office_edit(
        own_office_or_404(request, code),
        FixedFactsForm,
        given={"fixed": {"verified_on": timezone.localdate()}},
        title="Tout est juste",
        done="La vérification de l'antenne est notée à la date d'aujourd'hui.",
        intro="Ses coordonnées, ses territoires, ses conditions et ses référents sont justes aujourd'hui.",
    )
    return serve(request, edit)


@staff_page
def accept_file(request: HttpRequest, code: str) -> HttpResponse:
    """Let the next file overwrite the facts edited here, of an office and of its experts."""
    office, user = own_office_or_404(request, code), staff_user(request)

    def plan(facts: Facts) -> Plan:
        if not user.is_national and areas_beyond(office.areas.all(), user.region_id):
            raise EditRefused("L'antenne couvre aussi une autre région : demandez-le à l'équipe nationale.")
        experts = list(office.experts.values_list("pk", flat=True))
        stored = snapshot.load(offices=[office.pk], experts=experts)
        return Plan(
            offices=tuple(editing.change(key, row, facts) for key, row in stored.offices.items()),
            experts=tuple(editing.change(key, row, facts) for key, row in stored.experts.items()),
        )

    edit = office_edit(
        office,
        FixedFactsForm,
        given={"fixed": {"edited_fields": []}},
        title="Reprendre les valeurs du fichier",
        done="Le prochain fichier remplacera ce qui a été corrigé ici.",
        intro="Rien ne change aujourd'hui. Le prochain fichier remplacera ce qui a été corrigé ici.",
        plan=plan,
        is_new=True,
    )
    return serve(request, edit)


@staff_page
def new(request: HttpRequest) -> HttpResponse:
    """Create an office; a link may name its institution and areas, or an office to copy (``modele``)."""
    model = request.GET.get("modele", "")
    copied = _copied(own_office_or_404(request, model)) if model else {}
    asked, places = link_values.asked_subjects(request), link_values.asked_areas(request)
    start = DEFAULTS | copied | {"areas": places}
    if institution := link_values.asked_institution(request):
        start["institution"] = institution

    def plan(facts: Facts) -> Plan:
        code = new_office_code(facts["institution"], facts["name"])
        return Plan(offices=(editing.new_office(code, copied | facts),))

    edit = Edit(
        title=NewOfficeWithAreasForm.title,
        back=reverse("directory:offices"),
        found=lambda: start,
        form=lambda data, shown: NewOfficeWithAreasForm(data, shown=shown),
        plan=plan,
        done="L'antenne est créée : ajoutez-y un référent, sinon personne n'y reçoit de demande.",
        intro=f"{link_values.purpose(asked, places)} Ensuite, vous ajouterez ses référents.".strip(),
        template="directory/areas_form.html",
        is_new=True,
        land=lambda plan: _page_after_new(plan, list(asked)),
    )
    return serve(request, edit)


def _copied(office: Office) -> Facts:
    """The set-up of an office that another one may share."""
    facts = snapshot.load(offices=[office.pk]).offices[office.code].facts
    return {name: facts[name] for name in COPIED}


def _page_after_new(plan: Plan, asked: list[str]) -> str:
    """The page of the new office; the form of its first expert when it was made for some subjects."""
    code = plan.offices[0].key
    if not asked:
        return reverse("directory:office", args=[code])
    return f"{reverse('directory:new_expert', args=[code])}?{urlencode({'sujet': asked}, doseq=True)}"


def office_edit(
    office: Office,
    form: type[RowFactsForm],
    *,
    plan: Callable[[Facts], Plan] | None = None,
    given: Mapping[str, Any] | None = None,
    **others: Any,
) -> Edit:
    """A change of facts of one office; ``given``: what its form needs; ``others``: fields of ``Edit``."""

    def stored() -> StoredRow[Office]:
        return snapshot.load(offices=[office.pk]).offices[office.code]

    return edit_of(
        form,
        name=office.name,
        back=(reverse("directory:office", args=[office.code]), office.name),
        given=given or {},
        found=lambda: stored().facts,
        plan=plan or (lambda facts: Plan(offices=(editing.change(office.code, stored(), facts),))),
        **others,
    )

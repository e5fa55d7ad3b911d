"""Pages that merge two rows of one person, or two offices."""

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from directory import row_merging
from directory.forms.merging import OtherRowForm
from directory.views.access_to_offices import own_expert_or_404, own_office_or_404
from directory.views.change_flow import EditRefused, serve
from directory.views.expert_edits import expert_edit
from directory.views.office_edits import office_edit
from experts.accounts.staff_access import staff_page, staff_user
from experts.changes.directory_facts import Facts
from experts.changes.row_plans import Plan
from experts.models import Expert, Office, User
from solicitations.models import Match

UNDO_OF_EXPERTS = (
    "Annuler ce changement, depuis le journal, rendra à chaque fiche ses sujets, ses territoires et ses "
    "absences\xa0; les demandes resteront à celle qui reste."
)
OF_OFFICES = "Les demandes suivent les référents : rien n'est retiré ni envoyé une seconde fois."
UNDO_OF_OFFICES = (
    "Annuler ce changement, depuis le journal, rendra à chaque antenne ses référents, avec leurs demandes, "
    "et ses territoires."
)


@staff_page
def experts(request: HttpRequest, pk: int) -> HttpResponse:
    """Merge another row of the same person into this one."""
    kept = own_expert_or_404(request, pk)
    visible = Expert.objects.visible_to(staff_user(request)).listed().filter(left_at=None)
    alike = Q(office=kept.office_id) | Q(email__iexact=kept.email) | Q(name__iexact=kept.name)
    others = visible.filter(alike).exclude(pk=pk).select_related("office").order_by("name", "pk")
    rows = [(other.pk, f"{other.name}, {other.email} ({other.office.name})") for other in others]

    def plan(facts: Facts) -> Plan:
        gone = others.get(pk=facts["other"])
        return row_merging.plan_merge_of_experts(kept, gone, now=timezone.now())

    def write(facts: Facts, user: User) -> None:
        try:
            row_merging.merge_experts(kept, others.get(pk=facts["other"]), by=user, now=timezone.now())
        except row_merging.MergeRefused as error:
            raise EditRefused(str(error)) from error

    edit = expert_edit(
        kept,
        OtherRowForm,
        given={"rows": rows},
        title="Réunir deux fiches",
        done="Les deux fiches n'en font plus qu'une.",
        intro="Cette fiche reste. Elle reçoit les sujets, les territoires, absences et demandes de l'autre.",
        plan=plan,
        write=write,
        is_new=True,
        consequences=lambda made: _consequences_for_experts(made, kept),
    )
    return serve(request, edit)


def _consequences_for_experts(plan: Plan, kept: Expert) -> list[str]:
    """Sentences about the requests of the row that goes, and about what an undo gives back."""
    gone = next(row.instance for row in plan.experts if row.instance and row.written_facts.get("left_at"))
    active, shared = Match.objects.active().filter(expert=gone), row_merging.shared_needs(kept, gone)
    sentences = [f"Demandes ouvertes qui suivent la fiche qui reste : {active.count()}."]
    if shared:
        sentences.append(
            f"Besoins envoyés aux deux fiches : {shared}. La réponse la plus avancée est gardée, "
            "l'autre est retirée."
        )
    return [*sentences, UNDO_OF_EXPERTS]


@staff_page
def offices(request: HttpRequest, code: str) -> HttpResponse:
    """Merge another office of the same institution into this one."""
    kept, today = own_office_or_404(request, code), timezone.localdate()
    visible = Office.objects.visible_to(staff_user(request)).open_on(today)
    others = visible.filter(institution=kept.institution_id).exclude(pk=kept.pk).order_by("name", "pk")

    def plan(facts: Facts) -> Plan:
        try:
            return row_merging.plan_merge_of_offices(kept, others.get(pk=facts["other"]), today=today)
        except row_merging.MergeRefused as error:
            raise EditRefused(str(error), field="other") from error

    edit = office_edit(
        kept,
        OtherRowForm,
        given={"rows": others.values_list("pk", "name")},
        title="Réunir deux antennes",
        done="Les deux antennes n'en font plus qu'une.",
        intro="Cette antenne reste. Elle reçoit les référents, les territoires et les demandes de l'autre.",
        plan=plan,
        is_new=True,
        consequences=lambda _: [OF_OFFICES, UNDO_OF_OFFICES],
    )
    return serve(request, edit)

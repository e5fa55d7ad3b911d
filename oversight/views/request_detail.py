"""Page of one request: why these experts, timeline, and possible actions."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from companies.facts import source_label
from experts.accounts.staff_access import staff_page, staff_user
from experts.models import Expert, User
from oversight.forms import AddInstitutionForm, RequestCorrectionForm, WithdrawForm
from oversight.need_details import need_details
from oversight.request_rows import badge
from oversight.staff_forms import CloseForm, ExpertWordForm, HandleForm, NoteForm
from oversight.timeline import TimelineOrder, events_of, openings, timeline_items
from oversight.views.access import get_request_or_404
from solicitations import wording
from solicitations.actions import handling, receivers, staff_actions, staff_letters
from solicitations.lifecycle import AlertCause, RequestState
from solicitations.models import Match, PlannedCall, Solicitation, Survey

FACT_LABELS = {
    "headcount": "Effectif",
    "naf": "Activité",
    "legal_form": "Forme juridique",
    "craft": "Artisan",
    "created_on": "Création",
}


@dataclass(frozen=True)
class AllowedActions:
    """Actions possible on a request in its current state, for this member of staff."""

    release: bool
    merge: bool
    tell_region: bool  # in place of a merge into what the user may not see
    end: bool
    correct: bool
    add: bool
    withdraw: bool
    note: bool

    @classmethod
    def of(cls, solicitation: Solicitation, *, user: User) -> "AllowedActions":
        is_held = solicitation.state == RequestState.HELD
        is_kept = solicitation.state != RequestState.ANONYMISED
        first = solicitation.duplicate_of
        is_mergeable = solicitation.is_held_duplicate and first is not None and not first.is_over
        visible = Solicitation.objects.visible_to(user).filter(duplicates=solicitation)
        is_ours = is_mergeable and visible.exists()
        return cls(
            release=is_held,
            merge=is_ours,
            tell_region=is_mergeable and not is_ours,
            end=not solicitation.is_over,
            correct=not solicitation.is_over,
            add=not is_held and not solicitation.is_cancelled,
            withdraw=Match.objects.active().filter(need__solicitation=solicitation).exists(),
            note=is_kept,
        )


@dataclass(frozen=True)
class Handling:
    """The colleague who takes care of the request, and what the user may do about it.

    ``name`` is empty when nobody does; ``has_left``: the colleague sees the request no more.
    """

    name: str
    since: datetime | None
    is_mine: bool
    has_left: bool
    is_possible: bool

    @classmethod
    def of(cls, solicitation: Solicitation, *, user: User) -> "Handling":
        colleague = solicitation.handled_by
        return cls(
            name=str(colleague or ""),
            since=solicitation.handled_since,
            is_mine=colleague == user,
            has_left=colleague is not None and handling.colleague_in_charge(solicitation) is None,
            is_possible=solicitation.state != RequestState.ANONYMISED,
        )


@dataclass(frozen=True)
class Reminding:
    """The experts that a reminder would be mailed to now, or why none is possible.

    ``done_at`` and ``done_by``: the reminder that staff asked for today.
    """

    to: tuple[str, ...]
    left_out: tuple[str, ...]
    done_at: datetime | None
    done_by: str

    @classmethod
    def of(cls, solicitation: Solicitation, *, now: datetime) -> "Reminding | None":
        """``None`` when the request waits for nobody's answer."""
        if solicitation.state != RequestState.SUBMITTED:
            return None
        waiting = staff_letters.waiting_mailboxes(solicitation, now=now)
        done = staff_letters.reminder_of_today(solicitation, now=now)
        return cls(
            to=tuple(one.label for one in waiting if not one.was_reminded_today),
            left_out=tuple(one.label for one in waiting if one.was_reminded_today),
            done_at=done.at if done else None,
            done_by=str(done.by_user) if done else "",
        )


@require_safe
@staff_page
def request_page(request: HttpRequest, reference: str) -> HttpResponse:
    """Show the request; the opening of a confidential one is recorded."""
    solicitation = get_request_or_404(request, reference)
    now = timezone.now()
    staff_actions.record_request_opened(solicitation, by=staff_user(request), now=now)
    return show(request, solicitation, now=now)


def show(
    request: HttpRequest, solicitation: Solicitation, *, now: datetime, refused: Form | None = None
) -> HttpResponse:
    """Render the page; ``refused`` is an invalid form, shown with its errors instead of a blank one."""
    user = staff_user(request)
    allowed = AllowedActions.of(solicitation, user=user)
    order = TimelineOrder.of(request.GET)
    events = events_of(solicitation)
    needs = need_details(solicitation, now=now)
    context = {
        "solicitation": solicitation,
        "state": badge(solicitation.shown),
        "time_zone": solicitation.time_zone,
        "subjects": wording.listed([need.subject for need in needs]),
        "company_lines": wording.company_lines(solicitation, today=solicitation.today(now)),
        "fact_sources": fact_sources(solicitation),
        "callback": wording.callback(solicitation),
        "wish": wording.contact_wish(solicitation),
        "planned_calls": _planned_calls(solicitation),
        "now": now,
        "survey": Survey.objects.filter(solicitation=solicitation).first(),
        "alerts": _alerts(solicitation),
        "linked": linked(solicitation, user=user),
        "needs": needs,
        "timeline": order.applied(timeline_items(solicitation, events, user=user)),
        "order": order,
        "openings": openings(events),
        "allowed": allowed,
        "handling": Handling.of(solicitation, user=user),
        "reminding": Reminding.of(solicitation, now=now),
        "forms": _forms(solicitation, allowed, user=user, refused=refused, now=now),
        "refused": refused,
    }
    return render(request, "oversight/request.html", context)


def _planned_calls(solicitation: Solicitation) -> list[tuple[PlannedCall, Expert]]:
    """The planned calls and who makes them, those past without an outcome included."""
    calls = PlannedCall.objects.standing().filter(mailbox__solicitation=solicitation)
    rows = calls.select_related("mailbox").order_by("starts_at", "pk")
    return [(call, call.mailbox.speaker()) for call in rows]


def _forms(
    solicitation: Solicitation, allowed: AllowedActions, *, user: User, refused: Form | None, now: datetime
) -> dict[str, Form]:
    """Forms of the allowed actions, by name."""
    forms = _forms_of_colleagues(solicitation, allowed, user=user, now=now)
    if allowed.end:
        forms["close"] = CloseForm(solicitation=solicitation, auto_id="clore-%s")
    if allowed.correct:
        forms["correct"] = RequestCorrectionForm(solicitation=solicitation, auto_id="corriger-%s")
    if allowed.add:
        forms["add"] = add_form(solicitation, now=now)
    if allowed.withdraw:
        forms["withdraw"] = WithdrawForm(solicitation=solicitation, auto_id="retirer-%s")
    for name, form in forms.items():
        if refused is not None and type(form) is type(refused):
            forms[name] = refused
    return forms


def _forms_of_colleagues(
    solicitation: Solicitation, allowed: AllowedActions, *, user: User, now: datetime
) -> dict[str, Form]:
    """Forms that change nothing to the course of the request."""
    forms: dict[str, Form] = {}
    colleague = handling.colleague_in_charge(solicitation)
    if colleague is not None and colleague != user:
        forms["handle"] = HandleForm(colleague=colleague, auto_id="prendre-%s")
    if allowed.note:
        forms["note"] = NoteForm(auto_id="noter-%s")
    reachable = [] if solicitation.refuses_answers else staff_letters.reachable(solicitation, now=now)
    if reachable:
        forms["write"] = ExpertWordForm(reachable=reachable, by=user, auto_id="ecrire-%s")
    return forms


def add_form(solicitation: Solicitation, data: Any = None, *, now: datetime) -> AddInstitutionForm:
    """Form with the institutions that may be added: with an expert for a need, and not unticked."""
    slugs = list(solicitation.needs.order_by("position", "pk").values_list("subject__slug", flat=True))
    found = receivers.of_subjects(solicitation, slugs, now=now).values()
    among = {row.institution.pk: row.institution for of_need in found for row in of_need.able}
    return AddInstitutionForm(
        data, solicitation=solicitation, institutions=list(among.values()), auto_id="ajouter-%s"
    )


def fact_sources(solicitation: Solicitation) -> list[tuple[str, str]]:
    """Name and source of each known fact."""
    return [
        (FACT_LABELS[name], source_label(name, fact["source"], datetime.fromisoformat(fact["on"]).date()))
        for name, fact in solicitation.fact_sources.items()
        if name in FACT_LABELS
    ]


def _alerts(solicitation: Solicitation) -> list[dict[str, Any]]:
    """The open alerts; that of a held request is resolved by releasing or closing it, and by nothing else."""
    return [
        {
            "pk": alert.pk,
            "label": AlertCause(alert.cause).label,
            "details": alert.details,
            "raised_at": alert.raised_at,
            "may_be_settled": alert.cause != AlertCause.HELD,
            "is_reply": alert.cause == AlertCause.REPLY_HELD,
        }
        for alert in solicitation.alerts.open().urgent_first()
    ]


def linked(solicitation: Solicitation, *, user: User) -> list[tuple[str, str, bool]]:
    """Requests sent with this one, its original and its duplicates: label, reference, may it be opened."""
    lines = [
        ("Ressemble à la demande", solicitation.duplicate_of),
        ("Envoyée avec la demande", solicitation.sent_with),
        *(("Envoyée en même temps", other) for other in solicitation.companions.order_by("pk")),
        *(("Demande semblable, arrivée ensuite", other) for other in solicitation.duplicates.order_by("pk")),
    ]
    pks = [other.pk for _, other in lines if other is not None]
    visible = set(Solicitation.objects.visible_to(user).filter(pk__in=pks).values_list("pk", flat=True))
    return [(label, other.reference, other.pk in visible) for label, other in lines if other is not None]


def visible_after(solicitation: Solicitation, user: User) -> bool:
    """Return whether the user still sees the request, whose corrected commune may be in another region."""
    return Solicitation.objects.visible_to(user).filter(pk=solicitation.pk).exists()

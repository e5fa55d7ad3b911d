"""The page of one request: why there, what happened, what can be done."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from companies.facts import source_label
from experts.models import User
from experts.routing import loading
from oversight.forms import AddInstitutionForm, CloseForm, CorrectionForm, WithdrawForm
from oversight.reasons import need_stories
from oversight.rows import badge
from oversight.timeline import items, openings
from oversight.views.access import member, opened, staff_page
from solicitations import actions, wording
from solicitations.lifecycle import AlertCause, RequestState
from solicitations.models import Match, Solicitation, Survey

FACT_LABELS = {
    "headcount": "Effectif",
    "naf": "Activité",
    "legal_form": "Forme juridique",
    "craft": "Artisan",
    "created_on": "Création",
}


@dataclass(frozen=True)
class Possible:
    """What may be done to a request as it stands."""

    release: bool
    merge: bool
    end: bool
    correct: bool
    add: bool
    withdraw: bool

    @classmethod
    def on(cls, solicitation: Solicitation) -> "Possible":
        is_held = solicitation.state == RequestState.HELD
        first = solicitation.duplicate_of
        return cls(
            release=is_held,
            merge=solicitation.is_held_duplicate and first is not None and not first.is_over,
            end=not solicitation.is_over,
            correct=not solicitation.is_over,
            add=not is_held and not solicitation.is_cancelled,
            withdraw=Match.objects.active().filter(need__solicitation=solicitation).exists(),
        )


@require_safe
@staff_page
def request_page(request: HttpRequest, reference: str) -> HttpResponse:
    """The whole request; its opening is recorded when it is confidential."""
    solicitation = opened(request, reference)
    now = timezone.now()
    actions.note_request_opened(solicitation, by=member(request), now=now)
    return show(request, solicitation, now=now)


def show(
    request: HttpRequest, solicitation: Solicitation, *, now: datetime, refused: Form | None = None
) -> HttpResponse:
    """The page; ``refused`` is a form as posted, with what is wrong in it, in the place of a blank one."""
    user, possible = member(request), Possible.on(solicitation)
    context = {
        "solicitation": solicitation,
        "state": badge(solicitation.shown),
        "zone": solicitation.time_zone,
        "subjects": wording.listed(
            [need.subject.label for need in solicitation.needs.select_related("subject")]
        ),
        "company_lines": wording.company_lines(solicitation, today=_today(solicitation, now)),
        "fact_sources": fact_sources(solicitation),
        "callback": wording.callback(solicitation),
        "survey": Survey.objects.filter(solicitation=solicitation).first(),
        "alerts": _alerts(solicitation),
        "linked": linked(solicitation, user=user),
        "needs": need_stories(solicitation, now=now),
        "story": items(solicitation, user=user),
        "openings": openings(solicitation),
        "possible": possible,
        "forms": _forms(solicitation, possible, refused=refused, now=now),
        "refused": refused,
    }
    return render(request, "oversight/request.html", context)


def _today(solicitation: Solicitation, now: datetime) -> Any:
    return solicitation.today(now)


def _forms(
    solicitation: Solicitation, possible: Possible, *, refused: Form | None, now: datetime
) -> dict[str, Form]:
    """The forms of what may be done, by name."""
    forms: dict[str, Form] = {}
    if possible.end:
        forms["close"] = CloseForm(auto_id="clore-%s")
    if possible.correct:
        forms["correct"] = CorrectionForm(solicitation=solicitation, auto_id="corriger-%s")
    if possible.add:
        forms["add"] = add_form(solicitation, now=now)
    if possible.withdraw:
        forms["withdraw"] = WithdrawForm(solicitation=solicitation, auto_id="retirer-%s")
    for name, form in forms.items():
        if refused is not None and type(form) is type(refused):
            forms[name] = refused
    return forms


def add_form(solicitation: Solicitation, data: Any = None, *, now: datetime) -> AddInstitutionForm:
    """The institutions that may be added: with an office there, and not left out by the company."""
    around = loading.institutions_covering(solicitation.commune, on=_today(solicitation, now))
    unticked = set(solicitation.unticked_institutions.values_list("pk", flat=True))
    among = [institution for institution in around if institution.pk not in unticked]
    return AddInstitutionForm(data, solicitation=solicitation, institutions=among, auto_id="ajouter-%s")


def fact_sources(solicitation: Solicitation) -> list[tuple[str, str]]:
    """Each known fact's name and who said it."""
    return [
        (FACT_LABELS[name], source_label(name, said["source"], datetime.fromisoformat(said["on"]).date()))
        for name, said in solicitation.fact_sources.items()
        if name in FACT_LABELS
    ]


def _alerts(solicitation: Solicitation) -> list[dict[str, Any]]:
    """The standing alerts; what holds a request is settled by releasing or ending it."""
    return [
        {
            "pk": alert.pk,
            "label": AlertCause(alert.cause).label,
            "words": alert.words,
            "raised_at": alert.raised_at,
            "may_be_settled": alert.cause != AlertCause.HELD,
            "is_reply": alert.cause == AlertCause.REPLY_HELD,
        }
        for alert in solicitation.alerts.standing().urgent_first()
    ]


def linked(solicitation: Solicitation, *, user: User) -> list[tuple[str, str, bool]]:
    """Requests sent with this one, its first and its duplicates: how so, reference, may it be opened."""
    lines = [
        ("Ressemble à la demande", solicitation.duplicate_of),
        ("Envoyée avec la demande", solicitation.sent_with),
        *(("Envoyée en même temps", other) for other in solicitation.companions.order_by("pk")),
        *(("Demande semblable, arrivée ensuite", other) for other in solicitation.duplicates.order_by("pk")),
    ]
    pks = [other.pk for _, other in lines if other is not None]
    visible = set(Solicitation.objects.visible_to(user).filter(pk__in=pks).values_list("pk", flat=True))
    return [(words, other.reference, other.pk in visible) for words, other in lines if other is not None]


def visible_after(solicitation: Solicitation, user: User) -> bool:
    """Whether the person still sees the request: a corrected commune may have moved it elsewhere."""
    return Solicitation.objects.visible_to(user).filter(pk=solicitation.pk).exists()

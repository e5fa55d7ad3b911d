"""The expert's page. GET changes nothing, since mail scanners open links."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.contrib.messages import get_messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from directory.own_record.record_forms import DepartureForm, PhoneForm
from mailing.models import refuses_mail
from solicitations import progress, wording
from solicitations.actions import expert_messages
from solicitations.conversation import reading_rights
from solicitations.lifecycle import MatchState, RequestState
from solicitations.models import Mailbox, Match, PlannedCall
from solicitations.views import legal
from workspace import need_texts, reading, request_page, request_texts
from workspace.call_planning import CallPlanForm
from workspace.forms import (
    ConcludeForm,
    DeclineForm,
    InternalMessageForm,
    IntroduceForm,
    MessageForm,
    QuestionForm,
    TakeForm,
)
from workspace.inbox.versions import Version
from workspace.need_cards import NeedCard
from workspace.put_off import PutOffForm
from workspace.recruitment import RecruitmentForm
from workspace.request_page import RequestPage
from workspace.team import team_canned_answers
from workspace.views.inbox_neighbours import neighbours
from workspace.views.link_access import answer_path, expert_page, undo_tag

CHOICES = {"prendre", "decliner"}  # ``?choix=`` of the mail's buttons

# Invalid forms, to be shown again with their errors: by name, or by name and need.
InvalidForms = Mapping[Any, Form]


@expert_page
@require_safe
def answer(request: HttpRequest, mailbox: Mailbox) -> HttpResponse:
    """Show the request, its other experts, and the buttons."""
    return show(request, mailbox)


@expert_page
@require_safe
def legal_answer(request: HttpRequest, mailbox: Mailbox) -> HttpResponse:
    """Show the labour-law question and this mailbox's answer, to print."""
    live = Match.objects.live().filter(mailbox=mailbox).with_people().in_order()
    answers, page = progress.legal_answers(live), answer_path(mailbox)
    if not answers or mailbox.solicitation.refuses_answers:
        return redirect(page)
    added = request_texts.additions(mailbox.solicitation, reading_rights.of_mailbox(mailbox))
    return legal.answer_page(request, mailbox.solicitation, answers, additions=added, back=page)


def show(
    request: HttpRequest,
    mailbox: Mailbox,
    *,
    refused: InvalidForms | None = None,
    unsent_text: str = "",
    status: int = 200,
) -> HttpResponse:
    """Render the page, with an invalid form or the text of a form that came too late."""
    now = timezone.now()
    page = request_page.build(mailbox, now=now)
    solicitation = mailbox.solicitation
    expert_messages.record_opened(mailbox, now=now)
    reading.mark_read(mailbox, now=now)
    context = {
        "mailbox": mailbox,
        "solicitation": solicitation,
        "time_zone": solicitation.time_zone,
        "path": answer_path(mailbox),
        "neighbours": neighbours(request, mailbox),
        "version": Version.current(now=now) if mailbox.used_by else None,
        "page": page,
        "ended": need_texts.ending_sentence(solicitation, now=now),
        "unsent_text": unsent_text,
        **_announced(request, page),
    }
    if not page.cards or solicitation.state == RequestState.ANONYMISED:
        return render(request, "workspace/gone.html", context, status=status)
    asked_for = request.GET.get("choix", "")
    context |= {
        "choice": asked_for if asked_for in CHOICES else "",
        "refused": next((form for form in (refused or {}).values() if form.errors), None),
        "canned": team_canned_answers.offered_to(mailbox),
        "company_lines": wording.company_lines(solicitation, today=solicitation.today(now)),
        "callback": wording.callback(solicitation),
        "wish": wording.contact_wish(solicitation),
        "is_email_refused": refuses_mail(solicitation.email),
        **_forms(mailbox, page, refused or {}),
    }
    return render(request, "workspace/answer.html", context, status=status)


def _announced(request: HttpRequest, page: RequestPage) -> dict[str, Any]:
    """The messages on top, each with the needs whose answer it announces, which may be undone there."""
    cards = {undo_tag(card.match): card for card in (*page.cards, *page.gone) if card.may_undo}
    announced = [
        (message, [cards[tag] for tag in (message.extra_tags or "").split() if tag in cards])
        for message in get_messages(request)
    ]
    return {
        "announced": announced,
        "undone_on_top": {card.match.pk for _, cards in announced for card in cards},
    }


def _forms(mailbox: Mailbox, page: RequestPage, refused: InvalidForms) -> dict[str, Any]:
    return {
        "needs": [_need(card, refused) for card in page.cards],
        "take_all_form": refused.get("take_all") or TakeForm(auto_id="take_all_%s"),
        "message_form": refused.get("message") or MessageForm(auto_id="message_%s"),
        "internal_form": refused.get("internal") or InternalMessageForm(auto_id="internal_%s"),
        "call_form": refused.get("call_plan")
        or call_plan_form(mailbox, planned=page.calls.own, now=timezone.now()),
        "question_form": refused.get("question") or QuestionForm(auto_id="question_%s"),
        "posts": [
            {
                "expert": expert,
                "phone_form": refused.get(("phone", expert.pk))
                or PhoneForm(initial={"phone": expert.phone}, auto_id=f"phone{expert.pk}_%s"),
                "departure_form": refused.get(("departure", expert.pk))
                or DepartureForm(auto_id=f"departure{expert.pk}_%s"),
            }
            for expert in page.experts
        ],
        "may_change_record": any(
            not (card.match.is_gone or card.match.state == MatchState.DECLINED) for card in page.cards
        ),
    }


def _need(card: NeedCard, refused: InvalidForms) -> dict[str, Any]:
    """A card and its forms; an invalid form replaces the blank one."""
    pk = card.match.pk
    return {
        "card": card,
        "take_form": refused.get(("take", pk)) or take_form(card),
        "decline_form": refused.get(("decline", pk)) or decline_form(card),
        "introduce_form": refused.get(("introduce", pk)) or introduce_form(card),
        "conclude_form": refused.get(("conclude", pk)) or conclude_form(card),
        "recruitment_form": refused.get(("recruitment", pk)) or recruitment_form(card),
        "put_off_form": refused.get(("put_off", pk)) or put_off_form(card, today=timezone.localdate()),
    }


def take_form(card: NeedCard, posted: Mapping[str, Any] | None = None) -> TakeForm:
    """Build the form; its ids name the match, since a page may show several needs."""
    return TakeForm(posted, auto_id=f"take{card.match.pk}_%s")


def decline_form(card: NeedCard, posted: Mapping[str, Any] | None = None) -> DeclineForm:
    """Build the form; its ids name the match, since a page may show several needs."""
    return DeclineForm(posted, auto_id=f"decline{card.match.pk}_%s")


def introduce_form(card: NeedCard, posted: Mapping[str, Any] | None = None) -> IntroduceForm:
    """Build the form with the institutions and ways that the need's state allows."""
    return IntroduceForm(
        posted,
        receivers=card.receivers,
        colleagues=card.colleagues,
        ways=card.ways,
        auto_id=f"introduce{card.match.pk}_%s",
    )


def conclude_form(
    card: NeedCard,
    posted: Mapping[str, Any] | None = None,
    *,
    initial: dict[str, Any] | None = None,
) -> ConcludeForm:
    """Build the form; labour law requires the answer given."""
    return ConcludeForm(
        posted,
        initial=initial,
        asks_answer=card.asks_answer,
        offers_answer=card.offers_answer,
        auto_id=f"conclude{card.match.pk}_%s",
    )


def recruitment_form(card: NeedCard, posted: Mapping[str, Any] | None = None) -> RecruitmentForm | None:
    """Build the form of offers and posts; ``None`` for a need that is no recruitment."""
    if not card.is_recruitment:
        return None
    return RecruitmentForm(posted, auto_id=f"recruitment{card.match.pk}_%s")


def put_off_form(card: NeedCard, posted: Mapping[str, Any] | None = None, *, today: date) -> PutOffForm:
    """Build the form; its ids name the match, since a page may show several needs."""
    return PutOffForm(posted, today=today, auto_id=f"put_off{card.match.pk}_%s")


def call_plan_form(
    mailbox: Mailbox,
    posted: Mapping[str, Any] | None = None,
    *,
    planned: PlannedCall | None = None,
    now: datetime,
) -> CallPlanForm:
    """Build the form of the planned call, with its hour when there is one to come."""
    is_to_come = planned is not None and planned.starts_at > now
    local = planned.starts_at.astimezone(mailbox.solicitation.time_zone) if planned and is_to_come else None
    return CallPlanForm(
        posted,
        solicitation=mailbox.solicitation,
        now=now,
        initial={"day": local.date(), "hour": local.time()} if local else None,
        auto_id="call_%s",
    )

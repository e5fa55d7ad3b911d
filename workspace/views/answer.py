"""The expert's page. GET changes nothing, since mail scanners open links."""

from collections.abc import Mapping
from typing import Any

from django.contrib.messages import get_messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from solicitations import progress, wording
from solicitations.actions import expert_messages
from solicitations.lifecycle import RequestState
from solicitations.models import Mailbox, Match
from solicitations.views import legal
from workspace import request_page
from workspace.forms import (
    ConcludeForm,
    DeclineForm,
    DepartureForm,
    IntroduceForm,
    MessageForm,
    PhoneForm,
    QuestionForm,
    TakeForm,
)
from workspace.request_page import NeedCard, RequestPage
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
    mine = Match.objects.live().filter(mailbox=mailbox).with_people().in_order()
    answers, page = progress.legal_answers(mine), answer_path(mailbox)
    if not answers or mailbox.solicitation.refuses_answers:
        return redirect(page)
    return legal.answer_page(request, mailbox.solicitation, answers, back=page)


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
    context = {
        "mailbox": mailbox,
        "solicitation": solicitation,
        "zone": solicitation.time_zone,
        "path": answer_path(mailbox),
        "page": page,
        "ended": request_page.ending_sentence(solicitation, now=now),
        "unsent_text": unsent_text,
        **_announced(request, page),
    }
    if not page.cards or solicitation.state == RequestState.ANONYMISED:
        return render(request, "workspace/gone.html", context, status=status)
    asked_for = request.GET.get("choix", "")
    context |= {
        "choice": asked_for if asked_for in CHOICES else "",
        "refused": next(iter((refused or {}).values()), None),
        "company_lines": wording.company_lines(solicitation, today=solicitation.today(now)),
        "callback": wording.callback(solicitation),
        **_forms(page, refused or {}),
    }
    return render(request, "workspace/answer.html", context, status=status)


def _announced(request: HttpRequest, page: RequestPage) -> dict[str, Any]:
    """The messages on top, each with the needs whose answer it announces, which may be undone there."""
    cards = {undo_tag(card.match): card for card in (*page.cards, *page.gone) if card.may_undo}
    said = [
        (message, [cards[tag] for tag in (message.extra_tags or "").split() if tag in cards])
        for message in get_messages(request)
    ]
    return {"announced": said, "undone_on_top": {card.match.pk for _, mine in said for card in mine}}


def _forms(page: RequestPage, refused: InvalidForms) -> dict[str, Any]:
    return {
        "needs": [_need(card, refused) for card in page.cards],
        "take_all_form": refused.get("take_all") or TakeForm(auto_id="take_all_%s"),
        "message_form": refused.get("message") or MessageForm(auto_id="message_%s"),
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


def conclude_form(card: NeedCard, posted: Mapping[str, Any] | None = None) -> ConcludeForm:
    """Build the form; labour law requires the answer given."""
    return ConcludeForm(
        posted,
        asks_answer=card.asks_answer,
        offers_answer=card.offers_answer,
        auto_id=f"conclude{card.match.pk}_%s",
    )

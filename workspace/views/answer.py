"""The page itself. Looking at it does nothing: mail scanners open links."""

from collections.abc import Mapping
from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from solicitations import actions, progress, wording
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
)
from workspace.request_page import Card, Reading
from workspace.views.pages import answer_path, expert_page

CHOICES = {"prendre", "decliner"}  # what the buttons of the mail open the page at

# Forms as posted, to be shown again with their errors: by name, or by name and need.
Refused = Mapping[Any, Form]


@expert_page
@require_safe
def answer(request: HttpRequest, mailbox: Mailbox) -> HttpResponse:
    """The request, who is on it, and the buttons."""
    return show(request, mailbox)


@expert_page
@require_safe
def legal_answer(request: HttpRequest, mailbox: Mailbox) -> HttpResponse:
    """The labour-law question and what this mailbox answered, to print."""
    mine = Match.objects.live().filter(mailbox=mailbox).with_people().in_order()
    answers, page = progress.legal_answers(mine), answer_path(mailbox)
    if not answers or mailbox.solicitation.refuses_answers:
        return redirect(page)
    return legal.answer_page(request, mailbox.solicitation, answers, back=page)


def show(
    request: HttpRequest,
    mailbox: Mailbox,
    *,
    refused: Refused | None = None,
    kept: str = "",
    status: int = 200,
) -> HttpResponse:
    """The page of this mailbox, with a form that was refused, or the words of one that came too late."""
    now = timezone.now()
    read = request_page.read(mailbox, now=now)
    solicitation = mailbox.solicitation
    actions.note_opened(mailbox, now=now)
    page = {
        "mailbox": mailbox,
        "solicitation": solicitation,
        "zone": solicitation.time_zone,
        "path": answer_path(mailbox),
        "reading": read,
        "ended": request_page.ended(solicitation, now=now),
        "kept": kept,
    }
    if not read.cards or solicitation.state == RequestState.ANONYMISED:
        return render(request, "workspace/gone.html", page, status=status)
    asked_for = request.GET.get("choix", "")
    page |= {
        "choice": asked_for if asked_for in CHOICES else "",
        "refused": next(iter((refused or {}).values()), None),
        "company_lines": wording.company_lines(solicitation, today=solicitation.today(now)),
        "callback": wording.callback(solicitation),
        **_forms(read, refused or {}),
    }
    return render(request, "workspace/answer.html", page, status=status)


def _forms(read: Reading, refused: Refused) -> dict[str, Any]:
    return {
        "needs": [_need(card, refused) for card in read.cards],
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
            for expert in read.experts
        ],
    }


def _need(card: Card, refused: Refused) -> dict[str, Any]:
    """A card and its forms; one that was refused is shown open."""
    pk = card.match.pk
    return {
        "card": card,
        "decline_form": refused.get(("decline", pk)) or decline_form(card),
        "introduce_form": refused.get(("introduce", pk)) or introduce_form(card),
        "conclude_form": refused.get(("conclude", pk)) or conclude_form(card),
    }


def decline_form(card: Card, posted: Mapping[str, Any] | None = None) -> DeclineForm:
    """The form as the need allows it; its fields have their own ids on a page of several needs."""
    return DeclineForm(posted, auto_id=f"decline{card.match.pk}_%s")


def introduce_form(card: Card, posted: Mapping[str, Any] | None = None) -> IntroduceForm:
    """The institutions and ways that the need's state allows."""
    return IntroduceForm(
        posted, institutions=card.institutions, ways=card.ways, auto_id=f"introduce{card.match.pk}_%s"
    )


def conclude_form(card: Card, posted: Mapping[str, Any] | None = None) -> ConcludeForm:
    """The answer is asked for where the law does."""
    return ConcludeForm(posted, asks_answer=card.asks_answer, auto_id=f"conclude{card.match.pk}_%s")

"""What an expert does about a need: take, decline, pass on, conclude, undo."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone

from solicitations import actions
from solicitations.lifecycle import ForbiddenMove, MatchState
from solicitations.models import Mailbox, Match
from workspace import request_page
from workspace.forms import HAND_OVER
from workspace.request_page import Card
from workspace.views.answer import conclude_form, decline_form, introduce_form, show
from workspace.views.pages import TokenView, back, expert_page, posted

NOTHING_CHANGED = "Rien n'a été changé : voici où en est la demande."
REPEATED = "C'est bien noté."
CardView = Callable[[HttpRequest, Mailbox, Card], HttpResponse]
OUTCOMES = {
    MatchState.HELPED: "C'est noté : vous avez aidé l'entreprise. Merci.",
    MatchState.NO_HELP: "C'est noté : vous n'avez pas de solution.",
    MatchState.UNREACHABLE: "C'est noté : l'entreprise saura dans une minute que vous l'avez appelée.",
}


def on_need(wanted: Callable[[HttpRequest], str]) -> Callable[[CardView], TokenView]:
    """An act on one need of this mailbox. From an older page it changes nothing, and says what happened.

    ``wanted`` is the state that the post asks for: a second click on the same button finds it reached.
    """

    def decorated(view: CardView) -> TokenView:
        @wraps(view)
        def answered(request: HttpRequest, mailbox: Mailbox, pk: int) -> HttpResponse:
            get_object_or_404(Match, pk=pk, mailbox=mailbox)
            read = request_page.read(mailbox, now=timezone.now())
            card = next(card for card in (*read.cards, *read.gone) if card.match.pk == pk)
            if request.POST.get("seen") != str(card.seen):
                is_repeated = card.may_undo and card.match.state == wanted(request)
                return (
                    back(request, mailbox, REPEATED) if is_repeated else stale(request, mailbox, card.match)
                )
            try:
                return view(request, mailbox, card)
            except (ForbiddenMove, actions.AnswerRequired, actions.NothingToUndo):
                return stale(request, mailbox, card.match)

        return expert_page(posted(answered))

    return decorated


def stale(request: HttpRequest, mailbox: Mailbox, match: Match) -> HttpResponse:
    """What happened meanwhile, the page as it is now, and the words that were typed."""
    now = timezone.now()
    fresh = Match.objects.with_people().get(pk=match.pk)
    mailbox.solicitation.refresh_from_db(fields=["state", "closed_reason", "ended_at"])
    said = request_page.meanwhile(fresh, mailbox=mailbox, now=now)
    messages.warning(request, f"{said} {NOTHING_CHANGED}")
    kept = next(
        (text for name in ("words", "word", "answer") if (text := request.POST.get(name, "").strip())), ""
    )
    return show(request, mailbox, kept=kept, status=409)


@on_need(lambda request: MatchState.TAKEN)
def take(request: HttpRequest, mailbox: Mailbox, card: Card) -> HttpResponse:
    """« Je prends en charge »."""
    actions.move(card.match, MatchState.TAKEN, by=mailbox, now=timezone.now())
    return back(
        request,
        mailbox,
        f"Vous prenez en charge «\u00a0{card.subject}\u00a0». L'entreprise le saura dans une minute.",
    )


@on_need(lambda request: MatchState.DECLINED)
def decline(request: HttpRequest, mailbox: Mailbox, card: Card) -> HttpResponse:
    """« Je ne peux pas »."""
    form = decline_form(card, request.POST)
    if not form.is_valid():
        return show(request, mailbox, refused={("decline", card.match.pk): form})
    actions.move(
        card.match,
        MatchState.DECLINED,
        by=mailbox,
        decline_reason=form.cleaned_data["reason"],
        words=form.cleaned_data["words"],
        now=timezone.now(),
    )
    return back(request, mailbox, f"C'est noté : vous déclinez «\u00a0{card.subject}\u00a0».")


@on_need(lambda request: MatchState.REPLACED if request.POST.get("way") == HAND_OVER else "")
def introduce(request: HttpRequest, mailbox: Mailbox, card: Card) -> HttpResponse:
    """Pass the need on to another institution, or ask it to help."""
    form = introduce_form(card, request.POST)
    if not form.is_valid():
        return show(request, mailbox, refused={("introduce", card.match.pk): form})
    act = actions.hand_over if form.cleaned_data["way"] == HAND_OVER else actions.bring_in
    institution = form.cleaned_data["institution"]
    try:
        act(card.match, institution, word=form.cleaned_data["word"], by=mailbox, now=timezone.now())
    except actions.NobodyThere:
        form.add_error(
            "institution",
            f"{institution.name} n'a personne pour ce besoin à cet endroit. Rien n'a été changé : "
            "choisissez-en une autre.",
        )
        return show(request, mailbox, refused={("introduce", card.match.pk): form})
    return back(request, mailbox, f"C'est noté : {institution.name} reçoit ce besoin dans une minute.")


@on_need(lambda request: request.POST.get("outcome", ""))
def conclude(request: HttpRequest, mailbox: Mailbox, card: Card) -> HttpResponse:
    """How it ended; on labour law, with the answer that was given."""
    form = conclude_form(card, request.POST)
    if not form.is_valid():
        return show(request, mailbox, refused={("conclude", card.match.pk): form})
    outcome = MatchState(form.cleaned_data["outcome"])
    actions.move(card.match, outcome, by=mailbox, now=timezone.now(), **_said(form.cleaned_data))
    return back(request, mailbox, OUTCOMES[outcome])


def _said(cleaned: Mapping[str, Any]) -> dict[str, str]:
    return {name: cleaned[name] for name in ("words", "answer") if name in cleaned}


@on_need(lambda request: "")
def undo(request: HttpRequest, mailbox: Mailbox, card: Card) -> HttpResponse:
    """« Annuler »."""
    actions.undo(card.match, by=mailbox, now=timezone.now())
    return back(request, mailbox, f"Votre réponse sur «\u00a0{card.subject}\u00a0» est annulée.")


@expert_page
@posted
def take_all(request: HttpRequest, mailbox: Mailbox) -> HttpResponse:
    """« Tout prendre »."""
    if not actions.take_all(mailbox, now=timezone.now()):
        return back(request, mailbox, "Plus aucun besoin n'attendait votre réponse.", level=messages.INFO)
    return back(request, mailbox, "Vous prenez tout en charge. L'entreprise le saura dans une minute.")

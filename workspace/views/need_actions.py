"""Actions of an expert on a need: take, decline, hand over or bring in, conclude, undo."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone

from solicitations.actions import expert_answers, undoing
from solicitations.lifecycle import ForbiddenMove, MatchState
from solicitations.models import Mailbox, Match
from solicitations.views.token_pages import TokenView
from workspace import request_page
from workspace.forms import HAND_OVER
from workspace.request_page import NeedCard
from workspace.views.answer import conclude_form, decline_form, introduce_form, show
from workspace.views.link_access import expert_page, post_only, redirect_to_page

NOTHING_CHANGED = "Rien n'a été changé : voici où en est la demande."
REPEATED = "C'est bien noté."
NeedView = Callable[[HttpRequest, Mailbox, NeedCard], HttpResponse]
OUTCOMES = {
    MatchState.HELPED: "C'est noté : vous avez aidé l'entreprise. Merci.",
    MatchState.NO_HELP: "C'est noté : vous n'avez pas de solution.",
    MatchState.UNREACHABLE: "C'est noté : l'entreprise saura dans une minute que vous l'avez appelée.",
}


def need_action(target_state: Callable[[HttpRequest], str]) -> Callable[[NeedView], TokenView]:
    """Decorate a view that acts on one need of this mailbox; posted from an older page, it changes nothing.

    ``target_state`` gives the state that the post asks for: if it is reached already, this is a second click.
    """

    def decorator(view: NeedView) -> TokenView:
        @wraps(view)
        def wrapper(request: HttpRequest, mailbox: Mailbox, pk: int) -> HttpResponse:
            get_object_or_404(Match, pk=pk, mailbox=mailbox)
            page = request_page.build(mailbox, now=timezone.now())
            card = next(card for card in (*page.cards, *page.gone) if card.match.pk == pk)
            if request.POST.get("seen") != str(card.last_event_id):
                is_repeated = card.may_undo and card.match.state == target_state(request)
                return (
                    redirect_to_page(request, mailbox, REPEATED)
                    if is_repeated
                    else show_stale(request, mailbox, card.match)
                )
            try:
                return view(request, mailbox, card)
            except (ForbiddenMove, expert_answers.AnswerRequired, undoing.NothingToUndo):
                return show_stale(request, mailbox, card.match)

        return expert_page(post_only(wrapper))

    return decorator


def show_stale(request: HttpRequest, mailbox: Mailbox, match: Match) -> HttpResponse:
    """Show the current page with what changed meanwhile and the text that was typed."""
    now = timezone.now()
    fresh = Match.objects.with_people().get(pk=match.pk)
    mailbox.solicitation.refresh_from_db(fields=["state", "closed_reason", "ended_at"])
    change = request_page.describe_change(fresh, mailbox=mailbox, now=now)
    messages.warning(request, f"{change} {NOTHING_CHANGED}")
    unsent_text = next(
        (text for name in ("words", "word", "answer") if (text := request.POST.get(name, "").strip())), ""
    )
    return show(request, mailbox, unsent_text=unsent_text, status=409)


@need_action(lambda request: MatchState.TAKEN)
def take(request: HttpRequest, mailbox: Mailbox, card: NeedCard) -> HttpResponse:
    """« Je prends en charge »."""
    expert_answers.move(card.match, MatchState.TAKEN, by=mailbox, now=timezone.now())
    return redirect_to_page(
        request,
        mailbox,
        f"Vous prenez en charge «\u00a0{card.subject}\u00a0». L'entreprise le saura dans une minute.",
    )


@need_action(lambda request: MatchState.DECLINED)
def decline(request: HttpRequest, mailbox: Mailbox, card: NeedCard) -> HttpResponse:
    """« Je ne peux pas »."""
    form = decline_form(card, request.POST)
    if not form.is_valid():
        return show(request, mailbox, refused={("decline", card.match.pk): form})
    expert_answers.move(
        card.match,
        MatchState.DECLINED,
        by=mailbox,
        decline_reason=form.cleaned_data["reason"],
        words=form.cleaned_data["words"],
        now=timezone.now(),
    )
    return redirect_to_page(request, mailbox, f"C'est noté : vous déclinez «\u00a0{card.subject}\u00a0».")


@need_action(lambda request: MatchState.REPLACED if request.POST.get("way") == HAND_OVER else "")
def introduce(request: HttpRequest, mailbox: Mailbox, card: NeedCard) -> HttpResponse:
    """Hand the need over to another institution, or bring it in."""
    form = introduce_form(card, request.POST)
    if not form.is_valid():
        return show(request, mailbox, refused={("introduce", card.match.pk): form})
    act = expert_answers.hand_over if form.cleaned_data["way"] == HAND_OVER else expert_answers.bring_in
    institution = form.cleaned_data["institution"]
    try:
        act(card.match, institution, word=form.cleaned_data["word"], by=mailbox, now=timezone.now())
    except expert_answers.NobodyThere:
        form.add_error(
            "institution",
            f"{institution.name} n'a personne pour ce besoin à cet endroit. Rien n'a été changé : "
            "choisissez-en une autre.",
        )
        return show(request, mailbox, refused={("introduce", card.match.pk): form})
    return redirect_to_page(
        request, mailbox, f"C'est noté : {institution.name} reçoit ce besoin dans une minute."
    )


@need_action(lambda request: request.POST.get("outcome", ""))
def conclude(request: HttpRequest, mailbox: Mailbox, card: NeedCard) -> HttpResponse:
    """Record the outcome; for labour law, with the answer given."""
    form = conclude_form(card, request.POST)
    if not form.is_valid():
        return show(request, mailbox, refused={("conclude", card.match.pk): form})
    outcome = MatchState(form.cleaned_data["outcome"])
    expert_answers.move(card.match, outcome, by=mailbox, now=timezone.now(), **_said(form.cleaned_data))
    return redirect_to_page(request, mailbox, OUTCOMES[outcome])


def _said(cleaned: Mapping[str, Any]) -> dict[str, str]:
    return {name: cleaned[name] for name in ("words", "answer") if name in cleaned}


@need_action(lambda request: "")
def undo(request: HttpRequest, mailbox: Mailbox, card: NeedCard) -> HttpResponse:
    """« Annuler »."""
    undoing.undo(card.match, by=mailbox, now=timezone.now())
    return redirect_to_page(request, mailbox, f"Votre réponse sur «\u00a0{card.subject}\u00a0» est annulée.")


@expert_page
@post_only
def take_all(request: HttpRequest, mailbox: Mailbox) -> HttpResponse:
    """« Tout prendre »."""
    if not expert_answers.take_all(mailbox, now=timezone.now()):
        return redirect_to_page(
            request, mailbox, "Plus aucun besoin n'attendait votre réponse.", level=messages.INFO
        )
    return redirect_to_page(
        request, mailbox, "Vous prenez tout en charge. L'entreprise le saura dans une minute."
    )

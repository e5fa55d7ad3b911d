"""Actions of an expert on a need: take, decline, hand over or bring in, conclude, undo."""

from collections.abc import Callable, Sequence
from functools import wraps

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone

from solicitations import wording
from solicitations.actions import expert_answers, undoing
from solicitations.lifecycle import ForbiddenMove, MatchState
from solicitations.models import Mailbox, Match
from solicitations.views.token_pages import TokenView
from workspace import need_cards, need_texts, recruitment
from workspace.forms import HAND_OVER, TakeForm
from workspace.need_cards import NeedCard
from workspace.team import team_canned_answers
from workspace.views import canned_inserts
from workspace.views.answer import (
    conclude_form,
    decline_form,
    introduce_form,
    recruitment_form,
    show,
    take_form,
)
from workspace.views.link_access import expert_page, post_only, redirect_to_page

NOTHING_CHANGED = "Rien n'a été changé : voici où en est la demande."
BEFORE_CALLING = "Si ce n'était pas vous, accordez-vous avant d'appeler l'entreprise."
NeedView = Callable[[HttpRequest, Mailbox, NeedCard], HttpResponse]
OUTCOMES = {
    MatchState.HELPED: "C'est noté : vous avez aidé l'entreprise. Merci.",
    MatchState.NO_HELP: "C'est noté : vous n'avez pas de solution.",
    MatchState.UNREACHABLE: "C'est noté : l'entreprise saura dans une minute que vous l'avez appelée.",
}


def changes_no_state(request: HttpRequest) -> str:
    """The ``target_state`` of an action that changes none."""
    return ""


def need_action(target_state: Callable[[HttpRequest], str]) -> Callable[[NeedView], TokenView]:
    """Decorate a view that acts on one need of this mailbox; posted from an older page, it changes nothing.

    ``target_state`` gives the state that the post asks for, "" for none: if the need has it, this is a second
    click.
    """

    def decorator(view: NeedView) -> TokenView:
        @wraps(view)
        def wrapper(request: HttpRequest, mailbox: Mailbox, pk: int) -> HttpResponse:
            match = get_object_or_404(Match, pk=pk, mailbox=mailbox)
            card = _card(mailbox, match)
            if request.POST.get("seen") == str(card.last_event_id):
                try:
                    return view(request, mailbox, card)
                except (ForbiddenMove, expert_answers.AnswerRequired, undoing.NothingToUndo):
                    card = _card(mailbox, match)  # as a second click at the same moment left it
            if card.match.state == target_state(request) and not _unsent_text(request, card.match):
                return _repeated(request, mailbox, card)
            return show_stale(request, mailbox, card.match)

        return expert_page(post_only(wrapper))

    return decorator


def _card(mailbox: Mailbox, match: Match) -> NeedCard:
    """The card of a match; of the posts that answered a need alike, the first one's alone is shown."""
    around = need_cards.cards_of(mailbox, now=timezone.now())
    cards = [card for card in around if card.match.need_id == match.need_id]
    own = (card for card in cards if card.match.pk == match.pk)
    return next(own, None) or next(card for card in cards if card.match.state == _state_now(match))


def _state_now(match: Match) -> str:
    return Match.objects.values_list("state", flat=True).get(pk=match.pk)


def _repeated(request: HttpRequest, mailbox: Mailbox, card: NeedCard) -> HttpResponse:
    """Say when, and by whom, this mailbox gave the same answer: the second click may be a colleague's."""
    is_taken = card.match.state == MatchState.TAKEN
    if not card.answered:
        return show_stale(request, mailbox, card.match)
    sentence = f"{card.answered} {BEFORE_CALLING}" if is_taken else card.answered
    return redirect_to_page(request, mailbox, sentence, level=messages.INFO)


def _unsent_text(request: HttpRequest, match: Match) -> str:
    """The text posted with an answer, unless it was kept with the same answer before."""
    typed = (request.POST.get(name, "").strip() for name in ("words", "word", "answer"))
    return next((text for text in typed if text and text not in {match.comment, match.answer}), "")


def show_stale(request: HttpRequest, mailbox: Mailbox, match: Match) -> HttpResponse:
    """Show the current page with what changed meanwhile and the text that was typed."""
    now = timezone.now()
    fresh = Match.objects.with_people().get(pk=match.pk)
    mailbox.solicitation.refresh_from_db(fields=["state", "closed_reason", "ended_at"])
    change = need_texts.describe_change(fresh, mailbox=mailbox, now=now)
    messages.warning(request, f"{change} {NOTHING_CHANGED}")
    return show(request, mailbox, unsent_text=_unsent_text(request, fresh), status=409)


@need_action(lambda request: MatchState.TAKEN)
def take(request: HttpRequest, mailbox: Mailbox, card: NeedCard) -> HttpResponse:
    """« Je prends en charge »."""
    form = take_form(card, request.POST)
    if not form.is_valid():
        return show(request, mailbox, refused={("take", card.match.pk): form})
    first_name = form.cleaned_data["first_name"]
    expert_answers.move(card.match, MatchState.TAKEN, by=mailbox, first_name=first_name, now=timezone.now())
    return redirect_to_page(
        request,
        mailbox,
        f"Vous prenez en charge «\u00a0{card.subject}\u00a0». L'entreprise le saura dans une minute.",
        undo=[card.match],
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
        comment=form.cleaned_data["words"],
        now=timezone.now(),
    )
    sentence = f"C'est noté : vous déclinez «\u00a0{card.subject}\u00a0»."
    return redirect_to_page(request, mailbox, sentence, undo=[card.match])


@need_action(lambda request: MatchState.REPLACED if request.POST.get("way") == HAND_OVER else "")
def introduce(request: HttpRequest, mailbox: Mailbox, card: NeedCard) -> HttpResponse:
    """Hand the need over to another institution, or bring it in."""
    form = introduce_form(card, request.POST)
    if not form.is_valid():
        return show(request, mailbox, refused={("introduce", card.match.pk): form})
    act = expert_answers.hand_over if form.cleaned_data["way"] == HAND_OVER else expert_answers.bring_in
    target = form.cleaned_data["institution"]
    try:
        act(card.match, target, comment=form.cleaned_data["word"], by=mailbox, now=timezone.now())
    except expert_answers.NobodyThere:
        form.add_error(
            "institution",
            f"{target.name} n'a personne pour ce besoin à cet endroit. Rien n'a été changé : "
            "choisissez quelqu'un d'autre.",
        )
        return show(request, mailbox, refused={("introduce", card.match.pk): form})
    sentence = f"C'est noté : {target.name} reçoit ce besoin dans une minute."
    return redirect_to_page(request, mailbox, sentence, undo=[card.match])


@need_action(lambda request: request.POST.get("outcome", ""))
def conclude(request: HttpRequest, mailbox: Mailbox, card: NeedCard) -> HttpResponse:
    """Record the outcome; for labour law, with the answer given."""
    pk = card.match.pk
    if canned_inserts.is_asked(request):
        fields = card.answer_fields
        initial = canned_inserts.initial(request, team_canned_answers.offered_to(mailbox), *fields)
        return show(request, mailbox, refused={("conclude", pk): conclude_form(card, initial=initial)})
    form, counted = conclude_form(card, request.POST), recruitment_form(card, request.POST)
    if not all([form.is_valid(), counted is None or counted.is_valid()]):
        refused = {("conclude", pk): form} | ({("recruitment", pk): counted} if counted else {})
        return show(request, mailbox, refused=refused)
    outcome = MatchState(form.cleaned_data["outcome"])
    expert_answers.move(
        card.match,
        outcome,
        by=mailbox,
        comment=form.cleaned_data.get("words", ""),
        answer=form.cleaned_data.get("answer", ""),
        now=timezone.now(),
    )
    if counted:
        recruitment.record(card.match, counted.outcomes())
    return redirect_to_page(request, mailbox, OUTCOMES[outcome], undo=[card.match])


@need_action(changes_no_state)
def undo(request: HttpRequest, mailbox: Mailbox, card: NeedCard) -> HttpResponse:
    """« Annuler »."""
    undoing.undo(card.match, by=mailbox, now=timezone.now())
    return redirect_to_page(request, mailbox, f"Votre réponse sur «\u00a0{card.subject}\u00a0» est annulée.")


@expert_page
@post_only
def take_all(request: HttpRequest, mailbox: Mailbox) -> HttpResponse:
    """« Tout prendre »."""
    form = TakeForm(request.POST, auto_id="take_all_%s")
    if not form.is_valid():
        return show(request, mailbox, refused={"take_all": form})
    first_name = form.cleaned_data["first_name"]
    waiting = list(mailbox.matches.sent().values_list("pk", flat=True))
    expert_answers.take_all(mailbox, first_name=first_name, now=timezone.now())
    taken = list(mailbox.matches.taken().filter(pk__in=waiting).with_people().in_order())
    already = _taken_meanwhile(request, mailbox, taken)
    if not taken:
        nothing = already or "Plus aucun besoin n'attendait votre réponse."
        return redirect_to_page(request, mailbox, nothing, level=messages.INFO)
    subjects = wording.listed([f"«\u00a0{subject}\u00a0»" for subject in wording.subjects(taken)])
    sentence = f"Vous prenez en charge {subjects}. L'entreprise le saura dans une minute. {already}"
    return redirect_to_page(request, mailbox, sentence.strip(), undo=_one_per_need(taken))


def _taken_meanwhile(request: HttpRequest, mailbox: Mailbox, taken: Sequence[Match]) -> str:
    """Say which of the needs that the page offered had been answered from this mailbox since."""
    offered = set(request.POST.get("offered", "").split()) - {str(match.pk) for match in taken}
    around = need_cards.cards_of(mailbox, now=timezone.now())
    cards = [card for card in around if str(card.match.pk) in offered and card.answered]
    return " ".join(f"«\u00a0{card.subject}\u00a0» : {card.answered}" for card in cards)


def _one_per_need(matches: Sequence[Match]) -> list[Match]:
    return list({match.need_id: match for match in reversed(matches)}.values())[::-1]

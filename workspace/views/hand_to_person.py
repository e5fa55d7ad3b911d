"""« Chercher quelqu'un »: search a person, then hand the need over to them, or ask for their help."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from solicitations.actions import expert_answers
from solicitations.lifecycle import MatchState
from solicitations.models import Mailbox, Match
from workspace import need_cards, receiver_search
from workspace.forms import HAND_OVER
from workspace.need_cards import NeedCard
from workspace.receiver_search import HandToPersonForm, PersonSearchForm
from workspace.views.link_access import answer_path, expert_page, redirect_to_page
from workspace.views.need_actions import need_action

PERSON = "qui"


@expert_page
def search_person(request: HttpRequest, mailbox: Mailbox, pk: int) -> HttpResponse:
    """Search, then show the person chosen with ``?qui=``."""
    get_object_or_404(Match, pk=pk, mailbox=mailbox)
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["GET", "HEAD"])
    cards = need_cards.cards_of(mailbox, now=timezone.now())
    card = next((card for card in cards if card.match.pk == pk), None)
    if card is None or card.match.is_gone or not card.ways:
        return redirect_to_page(request, mailbox, "Ce besoin ne peut plus être confié d'ici.")
    return _show(request, mailbox, card)


@need_action(lambda request: MatchState.REPLACED if request.POST.get("way") == HAND_OVER else "")
def hand_to_person(request: HttpRequest, mailbox: Mailbox, card: NeedCard) -> HttpResponse:
    """Hand the need over to a person, or ask for their help; they must take it themselves."""
    now, chosen = timezone.now(), request.POST.get(PERSON, "")
    found = _chosen(card.match, chosen)
    if found is None:
        raise Http404
    form = HandToPersonForm(request.POST, candidate=found, ways=card.ways)
    if not form.is_valid():
        return _show(request, mailbox, card, form=form)
    act = expert_answers.hand_over if form.cleaned_data["way"] == HAND_OVER else expert_answers.bring_in
    try:
        act(card.match, found.expert, comment=form.cleaned_data["word"], by=mailbox, now=now)
    except expert_answers.NobodyThere:
        form.add_error(None, f"{found.expert.name} ne peut plus recevoir ce besoin. Rien n'a été changé.")
        return _show(request, mailbox, card, form=form)
    sentence = f"C'est noté : {found.expert.name} reçoit ce besoin dans une minute."
    return redirect_to_page(request, mailbox, sentence, undo=[card.match])


def _chosen(match: Match, pk: str) -> receiver_search.Candidate | None:
    is_number = pk.isascii() and pk.isdigit() and len(pk) < 19
    return receiver_search.candidate(match, int(pk), now=timezone.now()) if is_number else None


def _show(
    request: HttpRequest, mailbox: Mailbox, card: NeedCard, *, form: HandToPersonForm | None = None
) -> HttpResponse:
    asked = request.POST if form else request.GET
    chosen = _chosen(card.match, asked.get(PERSON, ""))
    search_form = PersonSearchForm(request.GET if "q" in request.GET else None)
    found: list[receiver_search.Candidate] = []
    is_cut = False
    if search_form.is_valid():
        now = timezone.now()
        found, is_cut = receiver_search.search(card.match, search_form.cleaned_data["q"], now=now)
    if chosen and form is None:
        form = HandToPersonForm(candidate=chosen, ways=card.ways)
    context = {
        "card": card,
        "solicitation": mailbox.solicitation,
        "path": answer_path(mailbox),
        "search_form": search_form,
        "is_searched": search_form.is_valid(),
        "found": found,
        "is_cut": is_cut,
        "chosen": chosen,
        "form": form,
    }
    return render(request, "workspace/hand_to_person.html", context)

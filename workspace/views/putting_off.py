"""« Remettre à plus tard »: an expert puts off a need that they took."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from solicitations.models import Mailbox
from territories.spoken_time import spoken_date
from workspace import put_off
from workspace.need_cards import NeedCard
from workspace.put_off import PutOffForm
from workspace.views.answer import put_off_form, show
from workspace.views.link_access import redirect_to_page
from workspace.views.need_actions import changes_no_state, need_action, show_stale


@need_action(changes_no_state)
def put_off_need(request: HttpRequest, mailbox: Mailbox, card: NeedCard) -> HttpResponse:
    """Put the need off until a day, or stop putting it off."""
    now = timezone.now()
    form: PutOffForm = put_off_form(card, request.POST, today=timezone.localdate(now))
    if not form.is_valid():
        return show(request, mailbox, refused={("put_off", card.match.pk): form})
    until = form.cleaned_data["until"]
    try:
        put_off.put_off(card.match, until=until, by=mailbox, now=now)
    except put_off.NotTaken:
        return show_stale(request, mailbox, card.match)
    if until is None:
        return redirect_to_page(request, mailbox, "Ce besoin n'est plus remis à plus tard.")
    day = spoken_date(until, today=timezone.localdate(now))
    return redirect_to_page(request, mailbox, f"Ce besoin reviendra en tête de votre liste {day}.")

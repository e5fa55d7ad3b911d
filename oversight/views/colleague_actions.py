"""Work of staff on a request among themselves, and their mails to its experts."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from experts.accounts.staff_access import staff_user
from oversight.staff_forms import ExpertWordForm, HandleForm, NoteForm
from oversight.views import request_detail
from oversight.views.request_actions import staff_action
from solicitations import wording
from solicitations.actions import handling, staff_letters
from solicitations.models import Solicitation
from territories.spoken_time import spoken_hour


@staff_action
def write_note(request: HttpRequest, solicitation: Solicitation, now: datetime) -> HttpResponse | None:
    """Add an internal note."""
    form = NoteForm(request.POST, auto_id="noter-%s")
    if not form.is_valid():
        return request_detail.show(request, solicitation, refused=form, now=now)
    handling.write_note(solicitation, body=form.cleaned_data["body"], by=staff_user(request), now=now)
    messages.success(request, "La note est gardée. Seule l'équipe la lit.")
    return None


@staff_action
def handle(request: HttpRequest, solicitation: Solicitation, now: datetime) -> HttpResponse | None:
    """Put one's own name on the request; a colleague's is replaced with a word only."""
    user, message = staff_user(request), ""
    colleague = handling.colleague_in_charge(solicitation)
    if colleague is not None and colleague != user:
        form = HandleForm(request.POST, colleague=colleague, auto_id="prendre-%s")
        if not form.is_valid():
            return request_detail.show(request, solicitation, refused=form, now=now)
        message = form.cleaned_data["words"]
    try:
        handling.handle(solicitation, message=message, by=user, now=now)
    except handling.HandledByAnother as other:
        messages.warning(request, f"Rien n'a été changé : {other.colleague} s'en occupe depuis peu.")
        return None
    messages.success(request, "C'est noté : vous vous en occupez. Vos collègues le voient dans la liste.")
    return None


@staff_action
def stop_handling(request: HttpRequest, solicitation: Solicitation, now: datetime) -> None:
    """Take one's own name off the request."""
    try:
        handling.stop_handling(solicitation, by=staff_user(request), now=now)
    except handling.HandledByAnother as other:
        messages.warning(request, f"Rien n'a été changé : c'est {other.colleague} qui s'en occupe.")
        return
    messages.success(request, "C'est noté : vous ne vous en occupez plus.")


@staff_action
def remind_now(request: HttpRequest, solicitation: Solicitation, now: datetime) -> None:
    """Remind immediately those who have not answered, and say who was mailed and who was not."""
    try:
        waiting = staff_letters.remind_now(solicitation, by=staff_user(request), now=now)
    except staff_letters.RemindedToday as earlier:
        at = spoken_hour(earlier.event.at, time_zone=solicitation.time_zone)
        messages.warning(
            request,
            f"Personne n'a été relancé : la demande l'a déjà été aujourd'hui à {at}, "
            f"par {earlier.event.by_user}. Vous pourrez recommencer demain.",
        )
    except staff_letters.NobodyToRemind:
        messages.warning(
            request, "Personne n'a été relancé : tous ont répondu, ou ont déjà reçu un rappel aujourd'hui."
        )
    else:
        messages.success(request, _reminder_sentence(waiting))


def _reminder_sentence(waiting: list[staff_letters.WaitingMailbox]) -> str:
    mailed = [one.label for one in waiting if not one.was_reminded_today]
    left_out = [one.label for one in waiting if one.was_reminded_today]
    sentence = f"Un rappel part à l'instant à {wording.listed(mailed)}."
    if left_out:
        sentence += f" Pas à {wording.listed(left_out)} : le portail l'a déjà relancé aujourd'hui."
    return sentence


@staff_action
def write_to_expert(request: HttpRequest, solicitation: Solicitation, now: datetime) -> HttpResponse | None:
    """Mail a word to one expert."""
    user = staff_user(request)
    reachable = staff_letters.reachable(solicitation, now=now)
    form = ExpertWordForm(request.POST, reachable=reachable, by=user, auto_id="ecrire-%s")
    if not form.is_valid():
        return request_detail.show(request, solicitation, refused=form, now=now)
    written = staff_letters.write_to_expert(
        form.cleaned_data["mailbox"], body=form.cleaned_data["body"], by=user, now=now
    )
    messages.success(
        request,
        f"Le message part à {written.addressee}. Sa réponse sera gardée ici, et envoyée à {user.email}.",
    )
    return None

"""The button « Insérer » of a message: the page again, with a ready text after the words typed."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest

from experts import canned_answers
from experts.models import CannedAnswer

BUTTON, CHOICE = "inserer", "pret"


def is_asked(request: HttpRequest) -> bool:
    """Return whether the form was submitted by the button that inserts a canned answer."""
    return BUTTON in request.POST


def initial(request: HttpRequest, offered: Iterable[CannedAnswer], *names: str) -> dict[str, Any]:
    """The fields ``names`` as typed, the text chosen in the first. Raises ``Http404`` for one not offered."""
    typed: dict[str, Any] = {name: request.POST.get(name, "") for name in names}
    chosen = request.POST.get(CHOICE, "")
    if not chosen:
        messages.warning(request, "Choisissez un texte dans la liste, puis insérez-le.")
        return typed
    answer = next((one for one in offered if str(one.pk) == chosen), None)
    if answer is None:
        raise Http404
    if request.FILES:
        messages.warning(request, "Le texte est inséré. Choisissez à nouveau vos fichiers avant d'envoyer.")
    typed[names[0]] = canned_answers.with_text(typed[names[0]], answer)
    return typed

"""« Réponses prêtes » of the institutions of a manager: list, add, correct, remove."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from experts import canned_answers
from experts.canned_answers import CannedAnswerForm
from workspace.team import team_canned_answers
from workspace.views.team import account_of


@never_cache
def list_answers(request: HttpRequest) -> HttpResponse:
    """List the texts that she keeps, and add one."""
    manager, now = account_of(request), timezone.now()
    institutions = team_canned_answers.institutions_of(manager, now=now)
    if not institutions:
        raise PermissionDenied
    form = CannedAnswerForm(request.POST if request.method == "POST" else None, institutions=institutions)
    is_valid = request.method == "POST" and form.is_valid()
    if is_valid and form.try_to_add(form.cleaned_data["institution"], by=manager, now=now):
        messages.success(request, "Le texte est prêt : vos équipes peuvent l'insérer dans leurs messages.")
        return redirect("workspace:canned_answers")
    answers = team_canned_answers.canned_answers_of(manager, now=now)
    context = {"form": form, "answers": answers, "institutions": institutions}
    return render(request, "workspace/team/canned_answers.html", context)


@never_cache
def edit_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one text in a form, and change it; 404 for another institution's."""
    manager, now = account_of(request), timezone.now()
    answer = get_object_or_404(team_canned_answers.canned_answers_of(manager, now=now), pk=pk)
    form = CannedAnswerForm(
        request.POST if request.method == "POST" else None,
        initial={"title": answer.title, "body": answer.body},
    )
    if request.method == "POST" and form.is_valid() and form.try_to_change(answer, by=manager, now=now):
        messages.success(request, "Le texte est corrigé.")
        return redirect("workspace:canned_answers")
    return render(request, "workspace/team/canned_answer.html", {"form": form, "answer": answer})


@never_cache
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete one text."""
    answer = get_object_or_404(
        team_canned_answers.canned_answers_of(account_of(request), now=timezone.now()), pk=pk
    )
    canned_answers.remove(answer)
    messages.success(request, f"«\u00a0{answer.title}\u00a0» est retiré.")
    return redirect("workspace:canned_answers")

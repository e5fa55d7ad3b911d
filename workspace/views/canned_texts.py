"""« Réponses prêtes » of the institutions of a manager: list, add, correct, remove."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from workspace.team import canned_answers
from workspace.team.canned_answers import CannedAnswerForm
from workspace.views.team import account_of

TITLE_TAKEN = "Un autre texte porte déjà ce titre."


@never_cache
def answers(request: HttpRequest) -> HttpResponse:
    """List the texts that she keeps, and add one."""
    manager, now = account_of(request), timezone.now()
    institutions = canned_answers.institutions_of(manager, now=now)
    if not institutions:
        raise PermissionDenied
    form = CannedAnswerForm(request.POST if request.method == "POST" else None, institutions=institutions)
    if request.method == "POST" and form.is_valid():
        try:
            canned_answers.add(**form.cleaned_data, by=manager, now=now)
        except canned_answers.TextTitleTaken:
            form.add_error("title", TITLE_TAKEN)
        except canned_answers.TooManyTexts:
            form.add_error(None, f"{canned_answers.MOST} textes au plus : retirez-en un, ou corrigez-en un.")
        else:
            messages.success(
                request, "Le texte est prêt : vos équipes peuvent l'insérer dans leurs messages."
            )
            return redirect("workspace:canned_answers")
    kept = canned_answers.kept_by(manager, now=now)
    context = {"form": form, "kept": kept, "institutions": institutions}
    return render(request, "workspace/team/canned_answers.html", context)


@never_cache
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one text in a form, and change it; 404 for another institution's."""
    manager, now = account_of(request), timezone.now()
    kept = get_object_or_404(canned_answers.kept_by(manager, now=now), pk=pk)
    own = canned_answers.institutions_of(manager, now=now).filter(pk=kept.institution_id)
    form = CannedAnswerForm(
        request.POST if request.method == "POST" else None,
        initial={"title": kept.title, "body": kept.body},
        institutions=own,
    )
    if request.method == "POST" and form.is_valid():
        title, body = form.cleaned_data["title"], form.cleaned_data["body"]
        try:
            canned_answers.change(kept, title=title, body=body, by=manager, now=now)
        except canned_answers.TextTitleTaken:
            form.add_error("title", TITLE_TAKEN)
        else:
            messages.success(request, "Le texte est corrigé.")
            return redirect("workspace:canned_answers")
    return render(request, "workspace/team/canned_answer.html", {"form": form, "kept": kept})


@never_cache
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete one text."""
    kept = get_object_or_404(canned_answers.kept_by(account_of(request), now=timezone.now()), pk=pk)
    canned_answers.remove(kept)
    messages.success(request, f"«\u00a0{kept.title}\u00a0» est retiré.")
    return redirect("workspace:canned_answers")

"""« Réponses prêtes » of the staff of a region or of the nation, used when they close a request."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from experts import canned_answers
from experts.accounts.staff_access import staff_page, staff_user
from experts.canned_answers import CannedAnswerForm
from experts.models import CannedAnswer


@staff_page
def list_answers(request: HttpRequest) -> HttpResponse:
    """List the texts that the user keeps, and add one."""
    user, now = staff_user(request), timezone.now()
    form = CannedAnswerForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and form.try_to_add(user.region, by=user, now=now):
        messages.success(request, "Le texte est prêt : il vous sera proposé au moment de clore.")
        return redirect("oversight:canned_answers")
    answers = CannedAnswer.objects.editable_by_staff(user).select_related("region", "changed_by").in_order()
    context = {"form": form, "answers": answers, "region": user.region}
    return render(request, "oversight/canned_answers/list.html", context)


@staff_page
def edit_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one text in a form, and change it."""
    user = staff_user(request)
    answer = get_object_or_404(CannedAnswer.objects.editable_by_staff(user), pk=pk)
    initial = {"title": answer.title, "body": answer.body}
    form = CannedAnswerForm(request.POST if request.method == "POST" else None, initial=initial)
    if (
        request.method == "POST"
        and form.is_valid()
        and form.try_to_change(answer, by=user, now=timezone.now())
    ):
        messages.success(request, "Le texte est corrigé.")
        return redirect("oversight:canned_answers")
    return render(request, "oversight/canned_answers/answer.html", {"form": form})


@staff_page
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete one text."""
    answer = get_object_or_404(CannedAnswer.objects.editable_by_staff(staff_user(request)), pk=pk)
    if request.method == "POST":
        canned_answers.remove(answer)
        messages.success(request, f"«\u00a0{answer.title}\u00a0» est retiré.")
    return redirect("oversight:canned_answers")

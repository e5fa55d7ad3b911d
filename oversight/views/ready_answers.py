"""Pages of the answers that the staff of a region keep, ready to use when they close a request."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from experts.accounts.staff_access import staff_page, staff_user
from oversight.staff_forms import ReadyAnswerForm
from solicitations.actions import ready_answers
from solicitations.models import ReadyAnswer

TITLE_TAKEN = "Un autre texte porte déjà ce titre."


@staff_page
def answers(request: HttpRequest) -> HttpResponse:
    """List the answers that the user keeps, and add one."""
    user = staff_user(request)
    form = ReadyAnswerForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            ready_answers.add(**form.cleaned_data, by=user, now=timezone.now())
        except ready_answers.TitleTaken:
            form.add_error("title", TITLE_TAKEN)
        except ready_answers.TooMany:
            form.add_error(None, f"{ready_answers.MOST} textes au plus : retirez-en un, ou corrigez-en un.")
        else:
            messages.success(request, "Le texte est prêt : il vous sera proposé au moment de clore.")
            return redirect("oversight:ready_answers")
    kept = ReadyAnswer.objects.editable_by(user).select_related("region", "changed_by").in_order()
    context = {"form": form, "kept": kept, "region": user.region}
    return render(request, "oversight/ready_answers/list.html", context)


@staff_page
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one answer in a form, and change it."""
    user = staff_user(request)
    kept = get_object_or_404(ReadyAnswer.objects.editable_by(user), pk=pk)
    initial = {"title": kept.title, "body": kept.body}
    form = ReadyAnswerForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            ready_answers.change(kept, **form.cleaned_data, by=user, now=timezone.now())
        except ready_answers.TitleTaken:
            form.add_error("title", TITLE_TAKEN)
        else:
            messages.success(request, "Le texte est corrigé.")
            return redirect("oversight:ready_answers")
    return render(request, "oversight/ready_answers/answer.html", {"form": form, "kept_pk": pk})


@staff_page
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete one answer."""
    kept = get_object_or_404(ReadyAnswer.objects.editable_by(staff_user(request)), pk=pk)
    if request.method == "POST":
        ready_answers.remove(kept)
        messages.success(request, f"« {kept.title} » est retiré.")
    return redirect("oversight:ready_answers")

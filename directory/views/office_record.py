"""List of an office, which its mailbox confirms or corrects by the link of the yearly letter."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from directory.own_record import record_actions, record_links
from directory.own_record.record_forms import RemarkForm
from experts.contacts import region_contact
from experts.tokens import ForgedLink
from solicitations.views.token_pages import secret


@secret
@require_http_methods(["GET", "HEAD", "POST"])
def office_record(request: HttpRequest, token: str) -> HttpResponse:
    """Show the experts of the office; a POST confirms them, or sends a message to the region."""
    now = timezone.now()
    today = timezone.localdate(now)
    try:
        office = record_links.office_of(token, today=today)
    except (ForgedLink, record_links.ExpiredRecordLink):
        return render(request, "directory/office_record_dead.html", status=410)
    people, form = record_actions.people_of(office), RemarkForm()
    if request.method == "POST" and "juste" in request.POST:
        record_actions.confirm_office(office, now=now)
        messages.success(request, "Merci, la liste est vérifiée pour un an.")
        return redirect("directory:office_record", token=token)
    if request.method == "POST" and people:
        form = RemarkForm(request.POST)
        if form.is_valid():
            text = f"La boîte de {office.name} écrit : {form.cleaned_data['body']}"
            record_actions.remark(people[0], text, by_office=True, now=now)
            messages.success(request, "Merci : votre région le corrige.")
            return redirect("directory:office_record", token=token)
    context = {
        "office": office,
        "token": token,
        "people": people,
        "form": form,
        "is_verified": office.verified_on == today,
        "contact": region_contact(office.region, on=today),
    }
    return render(request, "directory/office_record.html", context, status=422 if form.errors else 200)

"""Page that offers the offices of the administration's open directory to a region."""

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from directory import tasks
from directory.public_offices_form import PublicOfficesForm
from directory.sheets import uploads
from directory.sheets.tables import MAX_BYTES
from directory.views.sheet_pages import ROOM_FOR_FIELDS
from experts.accounts.staff_access import staff_page, staff_user


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
def public_offices(request: HttpRequest) -> HttpResponse:
    """Take in a part of the open directory; its page then offers the offices line by line."""
    user = staff_user(request)
    form = PublicOfficesForm(request.POST or None, request.FILES or None, user=user)
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["file"].name
        upload = uploads.offer(form.content, name, author=user, region=form.region, now=timezone.now())
        transaction.on_commit(lambda: tasks.work_on_sheet.delay(upload.pk))
        return redirect("directory:sheet", upload.pk)
    return render(request, "directory/sheets/public_offices.html", {"form": form, "menu": "sheets"})


public_offices.max_body_bytes = MAX_BYTES + ROOM_FOR_FIELDS  # type: ignore[attr-defined]

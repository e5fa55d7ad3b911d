"""The region's list of what is to verify in its directory."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from directory.letters.to_verify import to_verify
from directory.models import RecordRemark
from experts.accounts.staff_access import staff_page, staff_user


@require_safe
@staff_page
def verification(request: HttpRequest) -> HttpResponse:
    """Remarks of experts, refused addresses, silences and refusals alike."""
    user = staff_user(request)
    found = to_verify(user, now=timezone.now())
    return render(
        request, "directory/verification.html", {"found": found, "region": user.region, "menu": "verify"}
    )


@require_POST
@staff_page
def resolve(request: HttpRequest, pk: int) -> HttpResponse:
    """« C'est fait »: the remark leaves the list."""
    user = staff_user(request)
    remark = get_object_or_404(RecordRemark.objects.visible_to(user), pk=pk)
    RecordRemark.objects.filter(pk=remark.pk, resolved_at=None).update(
        resolved_at=timezone.now(), resolved_by=user
    )
    messages.success(request, "C'est noté : la remarque est traitée.")
    return redirect("directory:verification")

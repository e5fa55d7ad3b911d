"""Access to the offices and experts that a member of staff may read or change."""

from django.http import Http404, HttpRequest

from experts.accounts.staff_access import staff_user
from experts.models import Expert, Office


def readable_office_or_404(request: HttpRequest, code: str) -> Office:
    """The office of this code; 404 when it neither belongs to the user's region nor reaches it."""
    offices = Office.objects.readable_by(staff_user(request)).select_related("institution__group", "region")
    return _found(offices.filter(code=code).first())


def own_office_or_404(request: HttpRequest, code: str) -> Office:
    """The office of this code; 404 when the user may not change it."""
    offices = Office.objects.visible_to(staff_user(request)).select_related("institution__group", "region")
    return _found(offices.filter(code=code).first())


def own_expert_or_404(request: HttpRequest, pk: int) -> Expert:
    """The expert; 404 when their office belongs to another region."""
    experts = Expert.objects.visible_to(staff_user(request)).select_related("office__institution__group")
    found = experts.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _found(office: Office | None) -> Office:
    if office is None:
        raise Http404
    return office

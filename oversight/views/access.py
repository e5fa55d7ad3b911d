"""Access to the requests that a member of staff may see."""

from django.http import Http404, HttpRequest

from experts.accounts.staff_access import staff_user
from solicitations.models import Solicitation


def get_request_or_404(request: HttpRequest, reference: str) -> Solicitation:
    """The request of this reference; 404 when it does not exist or belongs to another region."""
    visible = Solicitation.objects.visible_to(staff_user(request)).select_related(
        "commune__department", "region", "handled_by"
    )
    solicitation = visible.filter(reference=reference).first()
    if solicitation is None:
        raise Http404
    return solicitation

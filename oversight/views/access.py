"""Access to the staff's pages and to the requests that a member of staff may see."""

from collections.abc import Callable
from functools import wraps

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache

from experts.models import User
from oversight import permissions
from solicitations.models import Solicitation

StaffView = Callable[..., HttpResponseBase]


def staff_page(view: StaffView) -> StaffView:
    """Decorate a view for staff only, that browsers do not store."""

    @wraps(view)
    @never_cache
    def wrapper(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if not permissions.is_staff(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return wrapper


def staff_user(request: HttpRequest) -> User:
    """The signed-in member of staff. Raises ``PermissionDenied`` for anybody else."""
    if not permissions.is_staff(request.user):
        raise PermissionDenied
    return request.user


def get_request_or_404(request: HttpRequest, reference: str) -> Solicitation:
    """The request of this reference; 404 when it does not exist or belongs to another region."""
    visible = Solicitation.objects.visible_to(staff_user(request)).select_related(
        "commune__department", "region", "handled_by"
    )
    solicitation = visible.filter(reference=reference).first()
    if solicitation is None:
        raise Http404
    return solicitation

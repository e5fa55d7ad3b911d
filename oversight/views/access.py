"""Who opens the staff's pages, and which request an address opens for them."""

from collections.abc import Callable
from functools import wraps

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from experts.models import User
from oversight import permissions
from solicitations.models import Solicitation

StaffView = Callable[..., HttpResponse]


def staff_page(view: StaffView) -> StaffView:
    """A page of staff, that no browser keeps."""

    @wraps(view)
    @never_cache
    def answered(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not permissions.is_staff(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return answered


def member(request: HttpRequest) -> User:
    """Who is at work, on a page of staff."""
    if not permissions.is_staff(request.user):
        raise PermissionDenied
    return request.user


def opened(request: HttpRequest, reference: str) -> Solicitation:
    """The request of that reference; 404 when it does not exist or is another region's."""
    visible = Solicitation.objects.visible_to(member(request)).select_related("commune__department", "region")
    solicitation = visible.filter(reference=reference).first()
    if solicitation is None:
        raise Http404
    return solicitation

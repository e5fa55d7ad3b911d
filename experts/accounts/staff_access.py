"""Access to the staff's pages: for regional and national staff alone, stored by no browser."""

from collections.abc import Callable
from functools import wraps
from typing import TypeGuard

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache

from experts.models import User

StaffView = Callable[..., HttpResponseBase]


def is_staff(user: User | AnonymousUser) -> TypeGuard[User]:
    """Return whether the user is active staff, regional or national."""
    return isinstance(user, User) and user.is_active and user.is_staff


def staff_page(view: StaffView) -> StaffView:
    """Decorate a view for staff only, that browsers do not store."""

    @wraps(view)
    @never_cache
    def wrapper(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if not is_staff(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return wrapper


def staff_user(request: HttpRequest) -> User:
    """The signed-in member of staff. Raises ``PermissionDenied`` for anybody else."""
    if not is_staff(request.user):
        raise PermissionDenied
    return request.user

"""The account of a session, read by a query whose SQL is written once: each signed-in page reads one."""

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.base_user import AbstractBaseUser

from experts.models import User
from mailing.prepared_queries import PreparedQuery

_BY_KEY = PreparedQuery(lambda pk: User.objects.filter(pk=pk))


class AccountBackend(AuthenticationBackend):
    """allauth's way to authenticate."""

    def get_user(self, user_id: int) -> AbstractBaseUser | None:
        """Return the account of this key unless it is closed."""
        user = _BY_KEY.first(pk=user_id)
        return user if user is not None and self.user_can_authenticate(user) else None

"""Call of the rooms that follow the directory, once a change is committed."""

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string


def call_followers() -> None:
    """Have the tasks named in ``DIRECTORY_CHANGED_TASKS`` run after the commit: who is gone gets no mail.

    The sweeps of their rooms find lost calls.
    """
    transaction.on_commit(_call)


def _call() -> None:
    for name in settings.DIRECTORY_CHANGED_TASKS:
        import_string(name).delay()

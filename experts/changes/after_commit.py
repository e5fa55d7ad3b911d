"""Call of the rooms that follow the directory, once a change is committed."""

from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils.module_loading import import_string


def call_followers(revision_pk: int) -> None:
    """Have the tasks named in ``DIRECTORY_CHANGED_TASKS`` run after the commit: who is gone gets no mail.

    The sweeps of their rooms find lost calls. Those of ``DIRECTORY_REVISED_TASKS`` are given the revision.
    """
    transaction.on_commit(partial(_call, revision_pk))


def _call(revision_pk: int) -> None:
    for name in settings.DIRECTORY_CHANGED_TASKS:
        import_string(name).delay()
    for name in settings.DIRECTORY_REVISED_TASKS:
        import_string(name).delay(revision_pk)

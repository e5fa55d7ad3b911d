"""What the room's tests share."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Model


@pytest.fixture
def commit(django_capture_on_commit_callbacks) -> Callable[..., Any]:
    """Call an action as in real life: what it leaves for after its commit is done too."""

    def called(action: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            result = action(*args, **kwargs)
        if isinstance(result, Model):
            result.refresh_from_db()
        return result

    return called

"""The count of signatures of a security key: one that goes back tells of a copy of the key."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.db import transaction
from fido2.webauthn import AuthenticationResponse


class CopiedKey(Exception):
    """The key has signed less often than the portal knows: another one has its secret."""


@transaction.atomic
def count_signature(key: Authenticator, response: dict[str, Any]) -> None:
    """Store the count that a verified answer bears. Raises ``CopiedKey`` when it is no greater than before.

    Keys that count nothing say 0 each time. Source: Web Authentication Level 2, 7.2, step 21.
    """
    locked = Authenticator.objects.select_for_update().get(pk=key.pk)
    known = locked.data.get("sign_count", locked.wrap().authenticator_data.counter)
    count = AuthenticationResponse.from_dict(response).response.authenticator_data.counter
    if (count or known) and count <= known:
        raise CopiedKey
    locked.data["sign_count"] = count
    locked.save(update_fields=["data"])

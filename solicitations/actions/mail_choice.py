"""Choice of the mails that an expert's address receives."""

from datetime import datetime

from django.db import transaction

from experts.models import MailPreference
from experts.models.mail_preferences import USUAL_HOUR, MailChoice
from mailing.models import OutgoingEmail
from territories.models import Commune


@transaction.atomic(durable=True)
def choose(
    address: str, choice: MailChoice, *, hour: int | None = None, place: Commune | None = None, now: datetime
) -> MailPreference:
    """Keep the choice of an address; what waits for its digest follows it. Nobody becomes absent by it."""
    return choose_inside(address, choice, hour=hour, place=place, now=now)


def choose_inside(
    address: str, choice: MailChoice, *, hour: int | None = None, place: Commune | None = None, now: datetime
) -> MailPreference:
    """The same, in the caller's transaction. Hour and place that are not given stay as they are."""
    known = MailPreference.objects.of(address)
    preference, _ = MailPreference.objects.update_or_create(
        address=address.lower(),
        defaults={
            "choice": choice,
            "hour": hour or (known.hour if known else USUAL_HOUR),
            "commune": place or (known.commune if known else None),
            "changed_at": now,
        },
    )
    waiting = OutgoingEmail.objects.pending().filter(is_for_digest=True, to__iexact=address)
    if choice == MailChoice.NEEDS:
        waiting.update(cancelled_at=now)
    elif choice == MailChoice.ALL:
        waiting.update(is_for_digest=False, not_before=now, next_try_at=now)
    else:
        at = preference.next_digest_at(now=now)
        waiting.update(not_before=at, next_try_at=at)
    return preference

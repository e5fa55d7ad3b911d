"""The outbox: a mail is a row of the caller's transaction, and a worker sends it after the commit."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models.constants import OnConflict
from django.utils import timezone

from mailing import tracing
from mailing.models import OutgoingEmail
from mailing.models.outgoing_querysets import SWEEP_GRACE_PERIOD
from mailing.tasks import deliver
from mailing.transactions import transaction_required

COLUMNS = [field for field in OutgoingEmail._meta.concrete_fields if not field.primary_key]
RETURNED = [OutgoingEmail._meta.get_field(name) for name in ("id", "message_id")]


def enqueue(**envelope: Any) -> bool:
    """Write a mail and queue its sending; ``False`` when its key exists already. See ``compose``."""
    return bool(enqueue_all([compose(**envelope)]))


@transaction_required
def enqueue_all(emails: list[OutgoingEmail]) -> list[OutgoingEmail]:
    """Write composed mails and queue their sending; returns those whose key was new, in their order.

    ON CONFLICT DO NOTHING keeps the transaction valid, and only waits for another row of the same key.
    ``bulk_create`` then tells no id: its INSERT is asked for them here.
    """
    if not emails:
        return []
    rows = OutgoingEmail.objects.get_queryset()._insert(  # type: ignore[attr-defined]  # noqa: SLF001
        emails, fields=COLUMNS, using="default", returning_fields=RETURNED, on_conflict=OnConflict.IGNORE
    )
    pks = {row[1]: row[0] for row in rows if row}  # of a single mail whose key is known, the row is None
    new = [email for email in emails if email.message_id in pks]
    for email in new:
        email.pk = pks[email.message_id]
        email._state.adding = False  # noqa: SLF001
    if leaving := [email for email in new if not (email.is_for_digest or email.cancelled_at)]:
        _schedule_delivery(leaving)
    return new


def compose(  # noqa: PLR0913 (a mail has that many fields)
    *,
    key: str,
    to: str,
    template: str,
    context: dict[str, Any],
    about: Sequence[str] = (),
    thread: str | None = None,
    reply_to: str = "",
    from_name: str = "",
    list_id: str = "",
    unsubscribe_url: str = "",
    is_automatic: bool = True,
    not_before: datetime | None = None,
    now: datetime,
) -> OutgoingEmail:
    """Return a mail, not written yet.

    ``template`` is a path without extension ("solicitations/emails/received"), ``context`` plain JSON,
    ``about`` what the mail is about ("request:7", "match:42"), ``thread`` the conversation it belongs to
    ("request-7"). ``not_before`` delays it.
    """
    due_at = not_before or now
    return OutgoingEmail(
        key=key,
        to=to,
        template=template,
        context=context,
        about=list(about),
        thread=thread or "",
        reply_to=reply_to,
        from_name=from_name,
        list_id=list_id,
        unsubscribe_url=unsubscribe_url,
        is_automatic=is_automatic,
        created_at=now,
        not_before=due_at,
        next_try_at=due_at,
        request_id=tracing.current(),
    )


def enqueue_again(email: OutgoingEmail, *, now: datetime) -> bool:
    """Enqueue the same mail once more, as a row of its own; ``False`` when asked twice within a minute."""
    return enqueue(
        key=f"{email.key}:again:{now:%Y%m%d%H%M}",
        to=email.to,
        template=email.template,
        context=email.context,
        about=email.about,
        thread=email.thread,
        reply_to=email.reply_to,
        from_name=email.from_name,
        list_id=email.list_id,
        unsubscribe_url=email.unsubscribe_url,
        is_automatic=email.is_automatic,
        now=now,
    )


def restore_about(subject: str, *, cancelled_at: datetime) -> None:
    """Restore the mails about ``subject`` that were cancelled at that moment, and queue their sending."""
    rows = OutgoingEmail.objects.about(subject).filter(cancelled_at=cancelled_at)
    restored = list(rows.select_for_update().order_by("pk"))
    OutgoingEmail.objects.filter(pk__in=[email.pk for email in restored]).update(cancelled_at=None)
    if restored:
        _schedule_delivery(restored)


class _DeliveryTask:
    """Publishes one task message per ``not_before`` after the commit of a transaction.

    When the broker is down, the sweep sends the mails.
    """

    def __init__(self, emails: Sequence[OutgoingEmail]) -> None:
        self.mails_by_time: dict[datetime, list[int]] = {}
        self.is_published = False
        self.add(emails)

    def add(self, emails: Sequence[OutgoingEmail]) -> None:
        for email in emails:
            self.mails_by_time.setdefault(email.not_before, []).append(email.pk)

    def __call__(self) -> None:
        self.is_published = True
        if common := _common_task.get():
            for not_before, pks in self.mails_by_time.items():
                common.mails_by_time.setdefault(not_before, []).extend(pks)
        else:
            self.publish()

    def publish(self) -> None:
        now = timezone.now()
        for not_before, pks in self.mails_by_time.items():
            eta = not_before if not_before > now else None
            # Afterwards the sweep sends the mail: tasks do not accumulate while a mail server hangs.
            if deliver.apply_async(pks, eta=eta, expires=(eta or now) + SWEEP_GRACE_PERIOD) is None:
                return  # the broker is down: do not make the visitor wait for each task


_common_task: ContextVar[_DeliveryTask | None] = ContextVar("common_task", default=None)


@contextmanager
def one_delivery_task() -> Iterator[None]:
    """Publish in one task, at the end of the block, the mails of all transactions committed in it."""
    common = _DeliveryTask([])
    token = _common_task.set(common)
    try:
        yield
    finally:
        _common_task.reset(token)
        common.publish()


def _schedule_delivery(emails: Sequence[OutgoingEmail]) -> None:
    """Add these mails to the task of the current savepoint, or make one: a rollback drops both."""
    connection = transaction.get_connection()
    for savepoints, function, _ in reversed(connection.run_on_commit):
        is_open = isinstance(function, _DeliveryTask) and not function.is_published
        if is_open and savepoints == set(connection.savepoint_ids):
            function.add(emails)
            return
    transaction.on_commit(_DeliveryTask(emails))

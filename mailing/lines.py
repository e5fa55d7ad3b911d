"""Conversations with the mail server, or with the provider."""

import logging
import select
import smtplib
from typing import Self

from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend

logger = logging.getLogger(__name__)

# Servers bound what they take in one conversation.
LONGEST = 20


class Line:
    """A conversation opened by the first mail and shared by those that follow.

    What fails ends it and the next mail opens another: no mail suffers from the one before.
    """

    def __init__(self) -> None:
        self._backend: BaseEmailBackend | None = None
        self._mails = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._hang_up()

    def send(self, message: EmailMultiAlternatives) -> None:
        """Send it; raises what the server or the provider raises."""
        if self._mails == LONGEST or self._is_left():
            self._hang_up()
        try:
            if self._backend is None:
                self._backend = get_connection()
                self._backend.open()
            self._backend.send_messages([message])
        except Exception:
            self._hang_up()
            raise
        self._mails += 1

    def _is_left(self) -> bool:
        """Whether the server has said goodbye, or closed, since the last mail: its words wait to be read."""
        peer = getattr(self._backend, "connection", None)
        if not isinstance(peer, smtplib.SMTP):
            return False
        return peer.sock is None or bool(select.select([peer.sock], [], [], 0)[0])

    def _hang_up(self) -> None:
        backend, self._backend, self._mails = self._backend, None, 0
        if backend is None:
            return
        try:
            backend.close()
        except Exception as error:  # noqa: BLE001 (what was sent is sent: a goodbye that fails changes nothing)
            logger.info("the mail server did not say goodbye: %s", type(error).__name__)

"""Connection to the mail server or to the provider, shared by several mails."""

import logging
import smtplib
from typing import Self

from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend

logger = logging.getLogger(__name__)

# Servers limit the number of mails per connection.
MAX_MAILS = 20


class Connection:
    """A connection opened by the first mail and reused by the next ones.

    An error closes it, and the next mail opens another: no mail fails because of an earlier one.
    """

    def __init__(self) -> None:
        self._backend: BaseEmailBackend | None = None
        self._mail_count = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._close()

    def send(self, message: EmailMultiAlternatives) -> None:
        """Send a message; raises the error of the server or provider."""
        if self._mail_count == MAX_MAILS or self._is_closed_by_server():
            self._close()
        try:
            if self._backend is None:
                self._backend = get_connection()
                self._backend.open()
            self._backend.send_messages([message])
        except Exception:
            self._close()
            raise
        self._mail_count += 1

    def _is_closed_by_server(self) -> bool:
        """True when the server no longer answers on the connection that the last mail left open."""
        peer = getattr(self._backend, "connection", None)
        if not isinstance(peer, smtplib.SMTP):
            return False
        try:
            return peer.noop()[0] != 250
        except (smtplib.SMTPException, OSError):
            return True

    def _close(self) -> None:
        backend, self._backend, self._mail_count = self._backend, None, 0
        if backend is None:
            return
        try:
            backend.close()
        except Exception as error:  # noqa: BLE001 (the mails are sent: an error on closing changes nothing)
            logger.info("the mail server did not say goodbye: %s", type(error).__name__)

"""Connection to the mail server or to the provider, shared by several mails."""

import logging
import re
import smtplib
from email.utils import parseaddr
from typing import Self

from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import sanitize_address

logger = logging.getLogger(__name__)

# Servers limit the number of mails per connection.
MAX_MAILS = 20
# An address without quotes, comments, or a domain to translate.
PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+")


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
        if self._mail_count == MAX_MAILS:
            self._close()
        try:
            backend = self._open()
            if isinstance(getattr(backend, "connection", None), smtplib.SMTP):
                self._send_by_smtp(message)
            else:
                backend.send_messages([message])
        except Exception:
            self._close()
            raise
        self._mail_count += 1

    def _open(self) -> BaseEmailBackend:
        if self._backend is None:
            self._backend = get_connection()
            self._backend.open()
        return self._backend

    def _send_by_smtp(self, message: EmailMultiAlternatives) -> None:
        sender = _address(message.from_email)
        content = message.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]
        try:
            server = self._begin(sender, size=len(content))
        except (smtplib.SMTPException, OSError):
            if not self._mail_count:
                raise
            # The server has closed the connection since the last mail, or takes no other on it.
            self._close()
            server = self._begin(sender, size=len(content))
        _finish(server, _address(message.to[0]), content)

    def _begin(self, sender: str, *, size: int) -> smtplib.SMTP:
        """Open the connection if needed, and announce a mail of ``size`` bytes."""
        server: smtplib.SMTP = self._open().connection  # type: ignore[attr-defined]
        server.ehlo_or_helo_if_needed()
        code, reply = server.mail(sender, [f"size={size}"] if server.has_extn("size") else [])
        if code != 250:
            raise smtplib.SMTPSenderRefused(code, reply, sender)
        return server

    def _close(self) -> None:
        backend, self._backend, self._mail_count = self._backend, None, 0
        if backend is None:
            return
        try:
            backend.close()
        except Exception as error:  # noqa: BLE001 (the mails are sent: an error on closing changes nothing)
            logger.info("the mail server did not say goodbye: %s", type(error).__name__)


def _finish(server: smtplib.SMTP, recipient: str, content: bytes) -> None:
    code, reply = server.rcpt(recipient)
    if code not in (250, 251):
        raise smtplib.SMTPRecipientsRefused({recipient: (code, reply)})
    code, reply = server.data(content)
    if code != 250:
        raise smtplib.SMTPDataError(code, reply)


def _address(written: str) -> str:
    """The address of ``written``, which may have a name, as mail servers take it."""
    address = written if PLAIN_ADDRESS.fullmatch(written) else parseaddr(written)[1]
    return address if PLAIN_ADDRESS.fullmatch(address) else sanitize_address(address, "utf-8")

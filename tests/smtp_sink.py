"""A real SMTP server for tests: it keeps what it receives, and may be told to refuse."""

from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from demo.embedded.ports import free_port


class SmtpSink:
    """``messages``: what came; ``senders``: the envelope senders; ``contents``: the bytes.

    ``refusals``: recipient → answer, such as ``550 5.1.1 no such mailbox``.
    """

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.senders: list[str] = []
        self.contents: list[bytes] = []
        self.refusals: dict[str, str] = {}
        # It connects to the port it was given: 0, for any, will not do.
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port())
        self._controller.start()

    @property
    def address(self) -> tuple[str, int]:
        return self._controller.server.sockets[0].getsockname()

    def to(self, recipient: str) -> list[EmailMessage]:
        return [message for message in self.messages if recipient in str(message["To"])]

    def stop(self) -> None:
        self._controller.stop()

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        parsed = BytesParser(policy=default).parsebytes(cast("bytes", envelope.content))
        self.senders.append(str(envelope.mail_from))
        self.contents.append(cast("bytes", envelope.content))
        self.messages.append(cast("EmailMessage", parsed))
        return "250 OK"

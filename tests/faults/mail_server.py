"""A mail server that fails on demand, and records what it received."""

import random
import socket
import socketserver
import time
from collections import Counter
from collections.abc import Callable
from email import message_from_bytes
from enum import StrEnum
from threading import Event, Lock, Thread

SHORT_EMAIL_TIMEOUT = "5"  # seconds, for portals whose mail server sometimes hangs


class MailBehaviour(StrEnum):
    """Behaviour of the server for one mail; ``BUSY`` and ``HANG`` begin at its first command."""

    ACCEPT = "accept"
    BUSY = "421 at the greeting"
    BUSY_AFTER = "421 after the data"
    REFUSE = "550 for the recipient"
    HANG = "silence"
    CLOSE_IN = "closed in the middle of the data"
    CLOSE_AFTER = "closed after the data, unanswered"


class MailServer(socketserver.ThreadingTCPServer):
    """SMTP server with counters.

    ``received``: number of complete arrivals by Message-ID; ``mailboxes``: by recipient;
    ``refused_recipients``: number of refusals by recipient. ``unanswered``: mails received without a reply to
    the sender; ``hangs``: sessions left without any reply.
    """

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), SmtpSession)
        self.behaviour: Callable[[], MailBehaviour] = lambda: MailBehaviour.ACCEPT
        self.refused: set[str] = set()
        self.delay = 0.0  # seconds taken over each mail
        self.received: Counter[str] = Counter()
        self.mailboxes: Counter[str] = Counter()
        self.refused_recipients: Counter[str] = Counter()
        self.unanswered = self.hangs = 0
        self.is_stopping = Event()
        self.lock = Lock()
        self._thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"

    @property
    def count(self) -> int:
        """Number of different mails received."""
        return len(self.received)

    @property
    def duplicates(self) -> int:
        """Number of arrivals of mails already received."""
        return self.received.total() - self.count

    def behave(self, *behaviours: MailBehaviour, seed: int = 0) -> None:
        """Choose one of these behaviours for each mail at random; accept all mails when none is given."""
        random_source = random.Random(seed)  # noqa: S311 (to be replayed)
        self.behaviour = (
            (lambda: random_source.choice(behaviours)) if behaviours else (lambda: MailBehaviour.ACCEPT)
        )

    def record(self, recipient: str, raw: bytes) -> None:
        with self.lock:
            self.received[str(message_from_bytes(raw)["Message-ID"])] += 1
            self.mailboxes[recipient] += 1

    def stop(self) -> None:
        self.is_stopping.set()
        self.shutdown()
        self.server_close()
        self._thread.join()

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore errors: killed senders close their connection."""


class SmtpSession(socketserver.StreamRequestHandler):
    """One connection, for one mail or more."""

    server: MailServer

    def handle(self) -> None:
        self.recipient = ""
        if not self.accepts_mail():
            return
        self.is_fresh = True  # no command was received yet for the accepted mail
        self.reply("220 ready")
        while line := self.rfile.readline():
            line_text = line.decode(errors="replace").strip()
            verb = line_text[:4].upper()
            if verb == "QUIT":
                self.reply("221 bye")
                return
            if not self.answer_line(verb, line_text):
                return

    def answer_line(self, verb: str, line_text: str) -> bool:
        """Answer one line; return ``False`` to close the connection."""
        if verb == "DATA":
            return self.receive_data()
        if verb == "MAIL":
            if not self.is_fresh and not self.accepts_mail():
                return False
            self.is_fresh = False
        self.reply(self.answer_recipient(line_text) if verb == "RCPT" else "250 ok")
        return True

    def accepts_mail(self) -> bool:
        """Choose the behaviour for the next mail; return ``False`` to close the connection."""
        self.behaviour = self.server.behaviour()
        if self.behaviour == MailBehaviour.BUSY:
            self.reply("421 4.3.2 busy")
        elif self.behaviour == MailBehaviour.HANG:
            with self.server.lock:
                self.server.hangs += 1
            self.server.is_stopping.wait()
        return self.behaviour not in {MailBehaviour.BUSY, MailBehaviour.HANG}

    def answer_recipient(self, line_text: str) -> str:
        self.recipient = line_text.partition("<")[2].partition(">")[0]
        if self.behaviour == MailBehaviour.REFUSE or self.recipient in self.server.refused:
            with self.server.lock:
                self.server.refused_recipients[self.recipient] += 1
            return "550 5.1.1 no such mailbox"
        return "250 ok"

    def receive_data(self) -> bool:
        """Read the mail and answer; return ``False`` to close the connection."""
        self.reply("354 go on")
        raw = bytearray()
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            raw += line
            if self.behaviour == MailBehaviour.CLOSE_IN:
                return False
        if not line:
            return False  # the sender died in the middle: nothing was received
        if self.behaviour == MailBehaviour.BUSY_AFTER:
            self.reply("421 4.3.2 busy")
            return False
        self.server.record(self.recipient, bytes(raw))
        if self.behaviour == MailBehaviour.CLOSE_AFTER:
            with self.server.lock:
                self.server.unanswered += 1
            return False
        time.sleep(self.server.delay)
        self.reply("250 ok")
        return True

    def reply(self, line_text: str) -> None:
        self.connection.sendall(f"{line_text}\r\n".encode())

    def finish(self) -> None:
        try:
            super().finish()
        finally:
            self.connection.shutdown(socket.SHUT_RDWR)

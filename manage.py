#!/usr/bin/env python
"""Django's command line, on the development settings unless told otherwise."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError, ProgrammingError

BUSY = {"40P01", "55P03"}  # PostgreSQL's: deadlock detected, lock not available
TRY_AGAIN = 75  # EX_TEMPFAIL of sysexits.h: the mail server keeps the mail and comes back with it


def run() -> None:
    """Run the command; say so in a sentence when the database or the reader of the output is gone."""
    try:
        execute_from_command_line(sys.argv)
    except BrokenPipeError:
        # Who read us has left, as in "| head": nothing more to say, and nobody to say it to.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (OperationalError, ProgrammingError) as error:
        if "--traceback" in sys.argv:
            raise
        reason = str(error).partition("\n")[0]
        if getattr(error.__cause__, "pgcode", "") in BUSY:
            sys.exit(f"D'autres se servent des mêmes tables : relancez la commande ({reason}).")
        sys.exit(f"La base de données ne répond pas, ou n'a pas ses tables (manage.py migrate) : {reason}")


def receive_mail() -> None:
    """The mail server's pipe: whatever is wrong, wrong settings included, no mail bounces for it."""
    try:
        execute_from_command_line(sys.argv)
    except SystemExit as end:
        sys.exit(TRY_AGAIN if end.code else 0)
    except BaseException as error:  # noqa: BLE001 (see above)
        lines = str(error).splitlines()
        # What settings lack is said whole; the other lines of a database's error would quote the mail.
        message = " ".join(lines if isinstance(error, ImproperlyConfigured) else lines[:1])
        print(f"{type(error).__name__} : {message}", file=sys.stderr)  # noqa: T201
        sys.exit(TRY_AGAIN)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.dev")
    if sys.argv[1:2] == ["receive_mail"]:
        receive_mail()
    else:
        run()

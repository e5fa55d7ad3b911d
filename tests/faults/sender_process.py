"""Process that submits drafts by calling the form's action, without HTTP; run with ``python -m``.

It reads lines « number draft », and writes the number of each request once it is stored.
"""

import sys
import time

import django

django.setup()

from django.db import Error, close_old_connections, connection  # noqa: E402 (the settings come first)
from django.utils import timezone  # noqa: E402

from solicitations.actions import submission  # noqa: E402
from solicitations.models import Draft  # noqa: E402
from tests.faults.simulated_owners import SUBJECT, SimulatedOwner  # noqa: E402
from tests.solicitations.factories import blank, part  # noqa: E402


def main() -> None:
    for line in sys.stdin:
        number, draft = map(int, line.split())
        while not _is_kept(SimulatedOwner(number, "", draft)):
            time.sleep(0.3)
        print(number, flush=True)  # noqa: T201


def _is_kept(owner: SimulatedOwner) -> bool:
    """Try once to submit; return ``False`` when the database is away."""
    now = timezone.now()
    close_old_connections()
    try:
        request = blank(now=now, siret="", email=owner.email)
        submission.submit(request, parts=[part(SUBJECT)], draft=Draft.objects.get(pk=owner.draft), now=now)
    except submission.AlreadySent:
        return True
    except Error:
        connection.close()
        return False
    return True


if __name__ == "__main__":
    main()

"""A process that sends drafts by the action that the form calls, without HTTP; run with ``python -m``.

Reads « number draft » lines; writes the number of each request that it knows to be kept, once it is.
"""

import sys
import time

import django

django.setup()

from django.db import Error, close_old_connections, connection  # noqa: E402 (the settings come first)
from django.utils import timezone  # noqa: E402

from solicitations import actions  # noqa: E402
from solicitations.models import Draft  # noqa: E402
from tests.faults.visitors import SUBJECT, Visitor  # noqa: E402
from tests.solicitations.factories import blank, part  # noqa: E402


def main() -> None:
    for line in sys.stdin:
        number, draft = map(int, line.split())
        while not _is_kept(Visitor(number, "", draft)):
            time.sleep(0.3)
        print(number, flush=True)  # noqa: T201


def _is_kept(visitor: Visitor) -> bool:
    """One try; a database that is away is met again."""
    now = timezone.now()
    close_old_connections()
    try:
        request = blank(now=now, siret="", email=visitor.email)
        actions.submit(request, parts=[part(SUBJECT)], draft=Draft.objects.get(pk=visitor.draft), now=now)
    except actions.AlreadySent:
        return True
    except Error:
        connection.close()
        return False
    return True


if __name__ == "__main__":
    main()

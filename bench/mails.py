"""Rate of one worker that sends mails, against a bare loop; delay of a mail on an idle system."""

import smtplib
import statistics
import time
from copy import copy
from datetime import timedelta
from itertools import chain, cycle, groupby
from operator import attrgetter

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bench import contents, databases, drafts, serving
from bench.harness import Result, code, percentile
from bench.posting import connected_to, post_last_step
from bench.serving import Site
from mailing import delivery, message_builder
from mailing.models import OutgoingEmail, new_message_id
from mailing.tasks import deliver

SHARE, MAX_QUERIES = 0.40, 4
REQUESTS, ROUNDS, ROUND_SIZE, IDLE = (3, 1, 4, 1) if contents.IS_SMALL else (60, 4, 200, 30)
PATIENCE = 120.0  # seconds
BARE = """
for message in ready:
    with smtplib.SMTP("127.0.0.1", port) as server:
        server.send_message(message)
"""


def measure() -> list[Result]:
    """Measure mails a second, the queries of one mail, then the delay from post to acceptance."""
    with databases.scratch(contents.NATIONAL) as database, databases.connected(database):
        people = drafts.visitors(REQUESTS + IDLE, seed=contents.SEED)
        with serving.serving(database) as site:
            for visitor in people[:REQUESTS]:
                with connected_to(site.port) as web:
                    post_last_step(web, visitor)
            serving.purge()
            queries = _queries()
            with site.worker():
                rates = [(_worker_rate(site), _bare_rate(site)) for _ in range(ROUNDS)]
                delays = [_delay(site, visitor) for visitor in people[REQUESTS:]]
        serving.purge()
    return [_rate_row(rates, queries), _delay_row(delays)]


def _queries() -> int:
    """Number of SQL statements for one mail, its transaction included."""
    email = _write(1)[0][0]
    with CaptureQueriesContext(connection) as captured:
        delivery.deliver(email.pk, now=timezone.now())
    if len(captured) > MAX_QUERIES:
        raise RuntimeError(f"{len(captured)} queries: {[query['sql'][:80] for query in captured]}")
    return len(captured)


def _write(count: int) -> list[list[OutgoingEmail]]:
    """Write ``count`` mails, copies of those written by posting, grouped by task.

    Each request gives one task: its acknowledgement and the mails to its experts.
    """
    rows = OutgoingEmail.objects.filter(thread__startswith="request-").order_by("thread", "pk")
    posted = rows.exclude(key__startswith="<")  # the key of a copy is its Message-ID
    tasks = [list(mails) for _, mails in groupby(posted, key=attrgetter("thread"))]
    written: list[list[OutgoingEmail]] = []
    left = count
    for mails in cycle(tasks):
        written.append(OutgoingEmail.objects.bulk_create([_copy(mail) for mail in mails[:left]]))
        left -= len(written[-1])
        if not left:
            return written
    raise RuntimeError("posting wrote no mail")


def _copy(email: OutgoingEmail) -> OutgoingEmail:
    copied = copy(email)
    copied.pk, copied.message_id = None, new_message_id()
    copied.key = copied.message_id
    copied.created_at = copied.not_before = copied.next_try_at = timezone.now()
    copied.sent_at = None
    return copied


def _worker_rate(site: Site) -> float:
    """Mails a second of the worker, from the first acceptance to the last."""
    tasks = _write(ROUND_SIZE)
    known = len(site.arrivals())
    with serving.celery_app() as celery:
        for emails in tasks:
            celery.send_task(deliver.name, [email.pk for email in emails])
    return _rate(site, known)


def _bare_rate(site: Site) -> float:
    """Mails a second of a loop that sends ready messages, with a connection each."""
    emails = chain.from_iterable(_write(ROUND_SIZE))
    ready = [message_builder.build_message(email, email.rendered()).message() for email in emails]
    known = len(site.arrivals())
    for message in ready:
        with smtplib.SMTP("127.0.0.1", site.smtp) as server:
            server.send_message(message)
    return _rate(site, known)


def _rate(site: Site, known: int) -> float:
    """Wait for all mails after the first ``known`` ones; return their rate a second."""
    until = time.monotonic() + PATIENCE
    while len(arrived := site.arrivals()[known:]) < ROUND_SIZE:
        if time.monotonic() > until:
            raise TimeoutError(f"{len(arrived)} of {ROUND_SIZE} mails came")
        time.sleep(0.1)
    moments = sorted(at for at, _ in arrived)
    return (len(moments) - 1) / (moments[-1] - moments[0])


def _delay(site: Site, visitor: drafts.Visitor) -> float:
    """Seconds from the post to the acceptance of the request's last mail, on an idle system."""
    known, pressed = len(site.arrivals()), time.time()
    with connected_to(site.port) as web:
        post_last_step(web, visitor)
    quiet = 0
    while quiet < 10 and time.time() - pressed < PATIENCE:
        before = len(site.arrivals())
        time.sleep(0.1)
        quiet = quiet + 1 if before == len(site.arrivals()) > known else 0
    return max(at for at, _ in site.arrivals()[known:]) - pressed


def _rate_row(rates: list[tuple[float, float]], queries: int) -> Result:
    share = statistics.median(ours / bare for ours, bare in rates)
    ours, bare = (statistics.median(each) for each in zip(*rates, strict=True))
    return Result(
        title="Mails of one worker (concurrency 1), against a bare loop with a connection a mail",
        measured=f"{share:.0%}: {ours:.0f} a second against {bare:.0f}; {queries} queries a mail, "
        f"BEGIN and COMMIT included; one task a request; "
        f"median of {len(rates)} rounds of {ROUND_SIZE}",
        limit="≥ 40 %, ≤ 4 queries",
        is_met=share >= SHARE and queries <= MAX_QUERIES,
        evidence=f"The bare loop; its messages are ready before.\n\n{code(BARE, 'python')}",
    )


def _delay_row(delays: list[float]) -> Result:
    p95 = timedelta(seconds=percentile(delays, 95))
    return Result(
        title="From the button to the acceptance of a request's last mail, at idle",
        measured=f"p50 {statistics.median(delays):.2f} s, p95 {p95.total_seconds():.2f} s, N = {len(delays)}",
    )

"""Two hundred people at once on inbox and request pages, by locust, against bare views."""

import csv
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from allauth.mfa.models import Authenticator
from django.db.models import Count
from django.test import Client

from bench import contents, databases, serving
from bench.harness import Result
from bench.polling import headers_of
from experts.models import Expert, User
from solicitations.lifecycle import MatchState
from solicitations.models import Match
from tests.experts.factories import signed_in

# Several people share an account: the bare view opens each page of each account once a process.
PEOPLE, ACCOUNTS = (2, 2) if contents.IS_SMALL else (200, 40)
SHARE = 0.25
ROUNDS, SECONDS = (1, 2) if contents.IS_SMALL else (3, 30)
REQUESTS_EACH = 3
LINK = re.compile(r'href="(/besoins/\d+/)"')
WAYS = {"ours": "", "bare": "/bench/ready"}


@dataclass(frozen=True)
class Load:
    """Result of one run of locust."""

    rate: float
    errors: int
    p99: float
    kinds: tuple[str, ...]  # of errors


def measure() -> list[Result]:
    database = databases.build(contents.MANY)
    with databases.connected(database):
        people = [_person(number, expert) for number, expert in enumerate(_experts())]
    with serving.serving(database) as site, tempfile.TemporaryDirectory() as folder:
        known = Path(folder) / "people.json"
        known.write_text(json.dumps(people))
        for prefix in () if contents.IS_SMALL else WAYS.values():  # each process renders each page once
            _run(site.port, prefix, known, Path(folder) / "warm-up")
        runs = [
            {
                way: _run(site.port, prefix, known, Path(folder) / f"{way}-{turn}")
                for way, prefix in WAYS.items()
            }
            for turn in range(ROUNDS)
        ]
    share = statistics.median(run["ours"].rate / max(run["bare"].rate, 0.001) for run in runs)
    ours, bare = (statistics.median(run[way].rate for run in runs) for way in WAYS)
    errors = sum(run[way].errors for run in runs for way in WAYS)
    p99, bare_p99 = (max(run[way].p99 for run in runs) for way in WAYS)
    return [
        Result(
            f"{PEOPLE} people at once on inbox and request pages, against a bare view of the same templates",
            f"{share:.0%}: {ours:.1f} a second against {bare:.1f}, median of {ROUNDS} × {SECONDS} s; "
            f"{errors} errors; p99 {p99:.0f} ms against {bare_p99:.0f} ms",
            f"0 errors, ≥ {SHARE:.0%}",
            share >= SHARE and not errors,
            "\n".join(f"- {way}: {kind}" for run in runs for way in WAYS for kind in run[way].kinds),
        )
    ]


def _experts() -> list[Expert]:
    """Experts with needs to answer, of usual inboxes."""
    sent = Match.objects.filter(state=MatchState.SENT).values("expert").annotate(number=Count("pk"))
    pks = sent.order_by("-number", "expert").values_list("expert", flat=True)[:ACCOUNTS]
    return list(Expert.objects.filter(pk__in=list(pks)).order_by("pk"))


def _person(number: int, expert: Expert) -> dict[str, object]:
    """The cookie of an account with the expert's own address, and the paths that it opens."""
    user = User.objects.filter(email__iexact=expert.email).first() or User.objects.create_user(expert.email)
    Authenticator.objects.filter(user=user).delete()
    client: Client = signed_in(user)
    listed = "/besoins/?pour=moi&onglet=tous"
    links = list(dict.fromkeys(LINK.findall(client.get(listed).content.decode())))[:REQUESTS_EACH]
    return {"cookie": headers_of(client)["Cookie"], "paths": [listed, *links]}


def _run(port: int, prefix: str, people: Path, target: Path) -> Load:
    """Run locust for a while and read its counts."""
    arguments = ["-m", "locust", "--locustfile", "bench/locust_people.py", "--headless", "--only-summary"]
    sizes = ["--users", str(PEOPLE), "--spawn-rate", str(PEOPLE), "--run-time", f"{SECONDS}s"]
    subprocess.run(
        [sys.executable, *arguments, *sizes, "--host", f"http://127.0.0.1:{port}", "--csv", str(target)],
        env=os.environ | {"PEOPLE": str(people), "PREFIX": prefix},
        cwd=serving.ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,  # 1 when a request failed: the errors are counted
    )
    rows = list(csv.DictReader(Path(f"{target}_stats.csv").read_text().splitlines()))
    total = next(row for row in rows if row["Name"] == "Aggregated")
    p99 = total["99%"] if total["99%"] != "N/A" else "nan"  # no answer came in time
    failures = csv.DictReader(Path(f"{target}_failures.csv").read_text().splitlines())
    kinds = tuple(f"{row['Occurrences']} × {row['Error']}" for row in failures)
    return Load(float(total["Requests/s"]), int(total["Failure Count"]), float(p99), kinds)

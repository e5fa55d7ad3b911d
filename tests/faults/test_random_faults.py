"""Many requests under random faults: nothing is lost or done twice."""

import os
import random
import sys

from tests.faults import simulated_owners
from tests.faults.consistency import check_consistency
from tests.faults.fault_injection import FaultInjector
from tests.faults.mail_server import SHORT_EMAIL_TIMEOUT


def test_faults_of_every_kind_lose_nothing(harness, scaled, capsys):
    seed = int(os.environ.get("FAULTS_SEED") or random.randrange(10**6))  # noqa: S311 (printed, to be replayed)
    with capsys.disabled():
        sys.stdout.write(f"\nFAULTS_SEED={seed}\n")
    number = scaled(150, int(os.environ.get("FAULTS_REQUESTS", "10000")))
    harness.environment |= {"EMAIL_TIMEOUT": SHORT_EMAIL_TIMEOUT, "NIGHTLY_TASKS": "1"}
    injector = FaultInjector(harness, seed)
    everybody = simulated_owners.create_owners(harness, number)
    over_http = number * 2 // 5

    injector.run(everybody[:over_http], everybody[over_http:], faults=scaled(8, 64), most=scaled(300, 900))
    harness.wait_until_done(most=scaled(300, 900))

    report = check_consistency(harness, everybody)
    faults = "\n".join(f"{kind:<20}{times:>8}" for kind, times in sorted(injector.faults.items()))
    text = f"FAULTS_SEED={seed}\n{faults}\n\n{report}\n{'… at most':<16}{injector.duplicates_allowed:>8}\n"
    with capsys.disabled():
        sys.stdout.write(f"\n{text}")
    assert report.is_consistent, text + harness.log_tails()
    assert report.acknowledged == number
    assert report.duplicates <= injector.duplicates_allowed

"""Many requests, faults of every kind: the accounts are right at the end."""

import os
import random
import sys

from tests.faults import visitors
from tests.faults.mail_server import HANG_IS_LEFT
from tests.faults.reckoning import reckon
from tests.faults.storm import Storm


def test_faults_of_every_kind_lose_nothing(stand, size, capsys):
    seed = int(os.environ.get("FAULTS_SEED") or random.randrange(10**6))  # noqa: S311 (printed, to be replayed)
    with capsys.disabled():
        sys.stdout.write(f"\nFAULTS_SEED={seed}\n")
    number = size(150, int(os.environ.get("FAULTS_REQUESTS", "10000")))
    stand.environment["EMAIL_TIMEOUT"] = HANG_IS_LEFT
    storm = Storm(stand, seed)
    everybody = visitors.arrive(stand, number)
    over_http = number * 2 // 5

    storm.rage(everybody[:over_http], everybody[over_http:], faults=size(8, 64), most=size(300, 900))
    stand.settle(most=size(300, 900))

    count = reckon(stand, everybody)
    with capsys.disabled():
        faults = "\n".join(f"{kind:<20}{times:>8}" for kind, times in sorted(storm.faults.items()))
        sys.stdout.write(f"\n{faults}\n\n{count}\n{'… at most':<14}{storm.duplicates_allowed:>8}\n")
    assert count.is_whole, stand.words()
    assert count.thanked == number
    assert count.duplicates <= storm.duplicates_allowed

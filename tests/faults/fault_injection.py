"""Random faults of every kind, while owners go on posting; a seed makes them reproducible."""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread

from tests.faults import simulated_owners
from tests.faults.harness import PortalHarness
from tests.faults.mail_server import MailBehaviour
from tests.faults.simulated_owners import SimulatedOwner
from tests.workers import wait_for

WORKERS = 2
OUTAGE_SECONDS = (0.5, 2.5)  # seconds that an outage lasts, between these
FAULTY_BEHAVIOURS = [behaviour for behaviour in MailBehaviour if behaviour != MailBehaviour.ACCEPT]


class FaultInjector:
    """Injector of random faults, counted by kind in ``faults``.

    The same seed gives the same faults after the same numbers of posts.
    """

    def __init__(self, harness: PortalHarness, seed: int) -> None:
        self.harness = harness
        self.seed = seed
        self.random = random.Random(seed)  # noqa: S311 (to be replayed)
        self.faults: Counter[str] = Counter()
        self.web = harness.start_web()
        self.workers = [harness.start_worker(restarts=True) for _ in range(WORKERS)]
        self.beat = harness.start_beat()
        self.is_finished = Event()
        self.sender: simulated_owners.SenderProcess | None = None
        self.kinds: dict[str, Callable[[], None]] = {
            "broker crashed": self.crash_broker,
            "broker emptied": harness.servers.empty_broker,
            "database crashed": self.crash_database,
            "worker killed": self.kill_worker,
            "web killed": self.kill_web,
            "sender killed": self.kill_sender,
            "beat killed": self.kill_beat,
            "mail server failing": self.break_mail_server,
        }

    @property
    def duplicates_allowed(self) -> int:
        """Duplicate mails allowed: one per worker killed between sending and commit, or left unanswered."""
        cut = self.faults["worker killed"] + WORKERS * self.faults["database crashed"]
        return cut + self.harness.mail.unanswered

    def run(
        self,
        posting: Sequence[SimulatedOwner],
        sending: Sequence[SimulatedOwner],
        *,
        faults: int,
        most: float,
    ) -> None:
        """Inject the faults while some owners post over HTTP and others call the action, until acknowledged.

        Fails when the next fault is not reached within ``most`` seconds; at the end, owners who are not
        acknowledged within ``most`` seconds give up.
        """
        self.sender = simulated_owners.SenderProcess(self.harness, sending)
        threads = [
            Thread(target=work) for work in (lambda: self._post(posting), self.sender.run, self._pass_time)
        ]
        for thread in threads:
            thread.start()
        try:
            for kind, share in self._plan(faults):
                wait_for(lambda share=share: self._progress([*posting, *sending]) >= share, most)
                self.faults[kind] += 1
                self.kinds[kind]()
            for thread in threads[:2]:
                thread.join(most)
        except AssertionError as error:
            error.add_note(f"{dict(self.faults)}\n{self.harness.log_tails()}")
            raise
        finally:
            self.is_finished.set()
            self.sender.stop()
            for thread in threads:
                thread.join()
        self.harness.mail.behave()

    def _plan(self, faults: int) -> list[tuple[str, float]]:
        """Kinds of faults in random order, each with the share of posts after which it happens."""
        kinds: list[str] = []
        while len(kinds) < faults:
            kinds += self.random.sample(sorted(self.kinds), len(self.kinds))
        return [(kind, (index + 1) / (faults + 2)) for index, kind in enumerate(kinds[:faults])]

    def _progress(self, everybody: Sequence[SimulatedOwner]) -> float:
        return sum(owner.is_acknowledged for owner in everybody) / len(everybody)

    def _post(self, posting: Sequence[SimulatedOwner]) -> None:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(self._post_until_acknowledged, posting))

    def _post_until_acknowledged(self, owner: SimulatedOwner) -> None:
        while not self.is_finished.is_set() and not simulated_owners.post_form(
            owner, self.harness.addresses[0]
        ):
            time.sleep(0.5)

    def _pass_time(self) -> None:
        while not self.is_finished.wait(1.0):
            self.harness.try_make_everything_due()

    def _wait_outage(self) -> None:
        time.sleep(self.random.uniform(*OUTAGE_SECONDS))

    def crash_broker(self) -> None:
        self.harness.servers.crash(self.harness.servers.valkey)
        self._wait_outage()
        self.harness.servers.start(self.harness.servers.valkey)

    def crash_database(self) -> None:
        self.harness.servers.crash(self.harness.servers.postgres)
        self._wait_outage()
        self.harness.servers.start(self.harness.servers.postgres)

    def kill_worker(self) -> None:
        place = self.random.randrange(WORKERS)
        self.harness.kill(self.workers[place])
        self.workers[place] = self.harness.start_worker(restarts=True)

    def kill_web(self) -> None:
        self.harness.kill(self.web)
        self.web = self.harness.start_web(address=self.harness.addresses[0])

    def kill_sender(self) -> None:
        assert self.sender
        self.sender.kill()

    def kill_beat(self) -> None:
        self.harness.kill(self.beat)
        self._wait_outage()
        self.beat = self.harness.start_beat()

    def break_mail_server(self) -> None:
        behaviours = self.random.sample(FAULTY_BEHAVIOURS, 2)
        self.harness.mail.behave(MailBehaviour.ACCEPT, *behaviours, seed=self.random.randrange(1000))
        self._wait_outage()
        self.harness.mail.behave()

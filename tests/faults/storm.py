"""Faults of every kind, drawn from a seed, while visitors go on posting."""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread

from tests.faults import visitors
from tests.faults.mail_server import Manner
from tests.faults.stand import Stand
from tests.faults.visitors import Visitor
from tests.workers import wait_for

WORKERS = 2
WHILE = (0.5, 2.5)  # seconds that an outage lasts, between these
BAD_MANNERS = [manner for manner in Manner if manner != Manner.ACCEPT]


class Storm:
    """``faults`` counts them by kind. One seed brings the same faults after the same numbers of posts."""

    def __init__(self, stand: Stand, seed: int) -> None:
        self.stand = stand
        self.seed = seed
        self.chance = random.Random(seed)  # noqa: S311 (to be replayed)
        self.faults: Counter[str] = Counter()
        self.web = stand.web()
        self.workers = [stand.worker() for _ in range(WORKERS)]
        self.beat = stand.beat()
        self.is_over = Event()
        self.sender: visitors.Sender | None = None
        self.kinds: dict[str, Callable[[], None]] = {
            "broker crashed": self.crash_broker,
            "broker emptied": stand.servers.empty_broker,
            "database crashed": self.crash_database,
            "worker killed": self.kill_worker,
            "web killed": self.kill_web,
            "sender killed": self.kill_sender,
            "beat killed": self.kill_beat,
            "mail server failing": self.spoil_mail,
        }

    @property
    def duplicates_allowed(self) -> int:
        """One for each worker that was ended between a mail's arrival and its commit, or told nothing."""
        cut = self.faults["worker killed"] + WORKERS * self.faults["database crashed"]
        return cut + self.stand.mail.unanswered

    def rage(
        self, posting: Sequence[Visitor], sending: Sequence[Visitor], *, faults: int, most: float
    ) -> None:
        """Bring the faults while some post over HTTP and others send by the action; all insist.

        Fails when it takes more than ``most`` seconds from one fault to the next; in the end, whoever is not
        thanked after so long gives up.
        """
        self.sender = visitors.Sender(self.stand, sending)
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
        finally:
            self.is_over.set()
            self.sender.stop()
            for thread in threads:
                thread.join()
        self.stand.mail.behave()

    def _plan(self, faults: int) -> list[tuple[str, float]]:
        """Each kind in turn, in an order of chance, spread over the posts."""
        kinds: list[str] = []
        while len(kinds) < faults:
            kinds += self.chance.sample(sorted(self.kinds), len(self.kinds))
        return [(kind, (index + 1) / (faults + 2)) for index, kind in enumerate(kinds[:faults])]

    def _progress(self, everybody: Sequence[Visitor]) -> float:
        return sum(visitor.is_thanked for visitor in everybody) / len(everybody)

    def _post(self, posting: Sequence[Visitor]) -> None:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(self._insist, posting))

    def _insist(self, visitor: Visitor) -> None:
        while not self.is_over.is_set() and not visitors.send(visitor, self.stand.addresses[0]):
            time.sleep(0.5)

    def _pass_time(self) -> None:
        while not self.is_over.wait(1.0):
            self.stand.let_time_pass_safely()

    def _last(self) -> None:
        time.sleep(self.chance.uniform(*WHILE))

    def crash_broker(self) -> None:
        self.stand.servers.crash(self.stand.servers.valkey)
        self._last()
        self.stand.servers.start(self.stand.servers.valkey)

    def crash_database(self) -> None:
        self.stand.servers.crash(self.stand.servers.postgres)
        self._last()
        self.stand.servers.start(self.stand.servers.postgres)

    def kill_worker(self) -> None:
        place = self.chance.randrange(WORKERS)
        self.stand.kill(self.workers[place])
        self.workers[place] = self.stand.worker()

    def kill_web(self) -> None:
        self.stand.kill(self.web)
        self.web = self.stand.web(address=self.stand.addresses[0])

    def kill_sender(self) -> None:
        assert self.sender
        self.sender.kill()

    def kill_beat(self) -> None:
        self.stand.kill(self.beat)
        self._last()
        self.beat = self.stand.beat()

    def spoil_mail(self) -> None:
        manners = self.chance.sample(BAD_MANNERS, 2)
        self.stand.mail.behave(Manner.ACCEPT, *manners, seed=self.chance.randrange(1000))
        self._last()
        self.stand.mail.behave()

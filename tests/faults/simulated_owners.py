"""Simulated owners who post the form over HTTP, and the answers that they get."""

import json
import re
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Thread, local
from typing import IO

import requests
from django.contrib.sessions.backends.db import SessionStore

from tests.faults.harness import PATIENCE, PortalHarness
from tests.forks import Forked

SUBJECT, COMMUNE = "attirer-fideliser", "Is-sur-Tille"
FORM = f"/demande/{SUBJECT}/"
NEED = {"commune": COMMUNE, "description": "Je cherche un peintre depuis quatre mois, sans succès."}
NAME = "Peintures de l'Ignon"
TOKEN = "f" * 32  # CSRF token, the same in the form and the cookie
NO_ANSWER = 0


@dataclass
class SimulatedOwner:
    """An owner who has only the last step to post; ``answers``: HTTP status codes of their posts."""

    number: int
    session: str
    draft: int
    answers: list[int] = field(default_factory=list)

    @property
    def email(self) -> str:
        return f"v{self.number}@entreprise.example.org"

    @property
    def is_acknowledged(self) -> bool:
        return 302 in self.answers


_kept = local()


def post_form(owner: SimulatedOwner, address: str) -> bool:
    """Post the last step; return whether the owner was ever redirected to the thanks page."""
    try:
        response = _connection().post(
            f"{address}{FORM}contact/",
            data=_contact(owner.email),
            cookies={"sessionid": owner.session, "csrftoken": TOKEN},
            headers={"Connection": "close"},
            allow_redirects=False,
            timeout=PATIENCE,
        )
        is_acknowledged = response.status_code == 302 and "/suivi/" in response.headers["Location"]
        owner.answers.append(response.status_code if is_acknowledged or response.status_code != 302 else 409)
    except requests.RequestException:
        owner.answers.append(NO_ANSWER)
    return owner.is_acknowledged


def post_all(
    owners: Iterable[SimulatedOwner], addresses: Sequence[str], *, at_once: int = 4, tries: int = 1
) -> None:
    """Post the forms of all these owners, each until acknowledged, ``tries`` times at most."""
    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(lambda owner: post_until_acknowledged(owner, addresses, tries=tries), owners))


def post_until_acknowledged(owner: SimulatedOwner, addresses: Sequence[str], *, tries: int) -> None:
    for attempt in range(tries):
        if post_form(owner, addresses[(owner.number + attempt) % len(addresses)]):
            return
        time.sleep(0.5)


def create_owners(harness: PortalHarness, number: int, *, first: int = 0) -> list[SimulatedOwner]:
    """Create owners who have only the last step to post; one goes through the form, the others copy it."""
    if not harness.count("SELECT count(*) FROM solicitations_draft"):
        _walk(harness.addresses[0])
    [(answers,)] = harness.sql(
        "SELECT answers FROM solicitations_draft WHERE solicitation_id IS NULL ORDER BY id LIMIT 1"
    )
    store = SessionStore()
    drafts = harness.insert_rows(
        "INSERT INTO solicitations_draft (answers, email, serial, created_at, updated_at) VALUES %s"
        " RETURNING id",
        [(json.dumps(answers), "", 1)] * number,
        "(%s, %s, %s, now(), now())",
    )
    owners = [
        SimulatedOwner(first + index, f"owner{first + index:024d}", draft)
        for index, (draft,) in enumerate(drafts)
    ]
    harness.insert_rows(
        "INSERT INTO django_session (session_key, session_data, expire_date) VALUES %s RETURNING session_key",
        [(owner.session, store.encode({"drafts": {SUBJECT: owner.draft}})) for owner in owners],
        "(%s, %s, now() + interval '1 day')",
    )
    return owners


def name_company(address: str, name: str) -> None:
    """Post the first two steps, with a company's name for the register to search."""
    with requests.Session() as browser:
        _post(browser, f"{address}{FORM}", **NEED)
        _post(browser, f"{address}{FORM}entreprise/", company=name)


def _walk(address: str) -> None:
    """Post the first two steps, which creates a draft."""
    browser = requests.Session()
    _post(browser, f"{address}{FORM}", **NEED)
    _post(browser, f"{address}{FORM}entreprise/", company=NAME, action="typed")
    _post(browser, f"{address}{FORM}entreprise/", name=NAME, headcount="6", activity="43.34Z", craft="yes")
    last = browser.get(f"{address}{FORM}contact/", timeout=PATIENCE)
    assert "Envoyer ma demande" in last.text, last.url


def _post(browser: requests.Session, url: str, **answers: str) -> None:
    """Post one page, and check that the portal redirects to the next."""
    page = browser.get(url, timeout=PATIENCE)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert token, page.text
    given = {"csrfmiddlewaretoken": token[1], **answers}
    done = browser.post(url, data=given, allow_redirects=False, timeout=PATIENCE)
    assert done.is_redirect, done.text


def _contact(email: str) -> dict[str, str]:
    return {
        "csrfmiddlewaretoken": TOKEN,
        "contact_name": "La gérante",
        "phone": "06 39 98 12 34",
        "email": email,
        "consent": "on",
    }


def _connection() -> requests.Session:
    """The thread's HTTP session; posts use ``Connection: close``, since servers die between them."""
    if not hasattr(_kept, "session"):
        _kept.session = requests.Session()
        _kept.session.trust_env = False
    return _kept.session


class SenderProcess:
    """Owners' drafts submitted by ``sender_process``, which may be killed and is started again."""

    def __init__(self, harness: PortalHarness, owners: Sequence[SimulatedOwner]) -> None:
        self.harness = harness
        self.owners = owners
        self.process: Forked | None = None
        self.is_stopped = False

    def run(self) -> None:
        """Run processes until every owner is acknowledged."""
        while not self.is_stopped and (left := [one for one in self.owners if not one.is_acknowledged]):
            self.process = self.harness.start_process("tests.faults.sender_process", pipes=True)
            assert self.process.stdin
            assert self.process.stdout
            by_number = {owner.number: owner for owner in left}
            lines = "".join(f"{owner.number} {owner.draft}\n" for owner in left)
            feeding = Thread(target=_feed, args=(self.process.stdin, lines.encode()))
            feeding.start()
            for line in self.process.stdout:
                if line.endswith(b"\n"):
                    by_number[int(line)].answers.append(302)
            feeding.join()
            self.process.wait()

    def kill(self) -> None:
        if self.process:
            self.harness.kill(self.process)

    def stop(self) -> None:
        self.is_stopped = True
        self.kill()


def _feed(pipe: IO[bytes], lines: bytes) -> None:
    with suppress(BrokenPipeError), pipe:
        pipe.write(lines)

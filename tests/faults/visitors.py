"""People who send the form, over HTTP, and what they were told."""

import json
import re
import subprocess
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Thread, local
from typing import IO

import requests
from django.contrib.sessions.backends.db import SessionStore

from tests.faults.stand import PATIENCE, Stand

SUBJECT, COMMUNE = "attirer-fideliser", "Is-sur-Tille"
FORM = f"/demande/{SUBJECT}/"
NEED = {"commune": COMMUNE, "description": "Je cherche un peintre depuis quatre mois, sans succès."}
NAME = "Peintures de l'Ignon"
TOKEN = "f" * 32  # of a form and its cookie: Django asks that they be the same
NO_ANSWER = 0


@dataclass
class Visitor:
    """Somebody with two steps behind them; ``answers`` are the states that their posts brought."""

    number: int
    session: str
    draft: int
    answers: list[int] = field(default_factory=list)

    @property
    def email(self) -> str:
        return f"v{self.number}@entreprise.example.org"

    @property
    def is_thanked(self) -> bool:
        return 302 in self.answers


_kept = local()


def send(visitor: Visitor, address: str) -> bool:
    """Press « Envoyer ma demande »; whether the thanks page was promised."""
    try:
        response = _connection().post(
            f"{address}{FORM}contact/",
            data=_contact(visitor.email),
            cookies={"sessionid": visitor.session, "csrftoken": TOKEN},
            headers={"Connection": "close"},
            allow_redirects=False,
            timeout=PATIENCE,
        )
        is_thanked = response.status_code == 302 and "/suivi/" in response.headers["Location"]
        visitor.answers.append(response.status_code if is_thanked or response.status_code != 302 else 409)
    except requests.RequestException:
        visitor.answers.append(NO_ANSWER)
    return visitor.is_thanked


def send_all(
    visitors: Iterable[Visitor], addresses: Sequence[str], *, at_once: int = 4, tries: int = 1
) -> None:
    """Everybody sends; who is not thanked presses again, ``tries`` times at most."""

    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(lambda visitor: insist(visitor, addresses, tries=tries), visitors))


def insist(visitor: Visitor, addresses: Sequence[str], *, tries: int) -> None:
    for attempt in range(tries):
        if send(visitor, addresses[(visitor.number + attempt) % len(addresses)]):
            return
        time.sleep(0.5)


def arrive(stand: Stand, number: int, *, first: int = 0) -> list[Visitor]:
    """Visitors who have only the last step to send: one goes through the form, the others are copies."""
    if not stand.number("SELECT count(*) FROM solicitations_draft"):
        _walk(stand.addresses[0])
    [(answers,)] = stand.sql(
        "SELECT answers FROM solicitations_draft WHERE solicitation_id IS NULL ORDER BY id LIMIT 1"
    )
    store = SessionStore()
    drafts = stand.rows(
        "INSERT INTO solicitations_draft (answers, email, serial, created_at, updated_at) VALUES %s"
        " RETURNING id",
        [(json.dumps(answers), "", 1)] * number,
        "(%s, %s, %s, now(), now())",
    )
    visitors = [
        Visitor(first + index, f"visitor{first + index:024d}", draft) for index, (draft,) in enumerate(drafts)
    ]
    stand.rows(
        "INSERT INTO django_session (session_key, session_data, expire_date) VALUES %s RETURNING session_key",
        [(visitor.session, store.encode({"drafts": {SUBJECT: visitor.draft}})) for visitor in visitors],
        "(%s, %s, now() + interval '1 day')",
    )
    return visitors


def name_company(address: str, name: str) -> None:
    """Ask for a company by its name, as the second step does of the register."""
    with requests.Session() as browser:
        _post(browser, f"{address}{FORM}", **NEED)
        _post(browser, f"{address}{FORM}entreprise/", company=name)


def _walk(address: str) -> None:
    """The first two steps as a browser sends them; they stay a draft."""
    browser = requests.Session()
    _post(browser, f"{address}{FORM}", **NEED)
    _post(browser, f"{address}{FORM}entreprise/", company=NAME, action="typed")
    _post(browser, f"{address}{FORM}entreprise/", name=NAME, headcount="6", activity="43.34Z", craft="yes")
    last = browser.get(f"{address}{FORM}contact/", timeout=PATIENCE)
    assert "Envoyer ma demande" in last.text, last.url


def _post(browser: requests.Session, url: str, **answers: str) -> None:
    """Fill in one page; the portal moves on to the next."""
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
    """One a thread; each post on a connection of its own, since servers die between them."""
    if not hasattr(_kept, "session"):
        _kept.session = requests.Session()
        _kept.session.trust_env = False
    return _kept.session


class Sender:
    """Sends by the action that the form calls, in a process that may be killed: the next one goes on."""

    def __init__(self, stand: Stand, visitors: Sequence[Visitor]) -> None:
        self.stand = stand
        self.visitors = visitors
        self.process: subprocess.Popen[bytes] | None = None
        self.is_stopped = False

    def run(self) -> None:
        """Until each is known to be kept."""
        while not self.is_stopped and (left := [one for one in self.visitors if not one.is_thanked]):
            self.process = self.stand.start("tests.faults.sender", pipes=True)
            assert self.process.stdin
            assert self.process.stdout
            by_number = {visitor.number: visitor for visitor in left}
            lines = "".join(f"{visitor.number} {visitor.draft}\n" for visitor in left)
            feeding = Thread(target=_feed, args=(self.process.stdin, lines.encode()))
            feeding.start()
            for line in self.process.stdout:
                if line.endswith(b"\n"):
                    by_number[int(line)].answers.append(302)
            feeding.join()
            self.process.wait()

    def kill(self) -> None:
        if self.process:
            self.stand.kill(self.process)

    def stop(self) -> None:
        self.is_stopped = True
        self.kill()


def _feed(pipe: IO[bytes], lines: bytes) -> None:
    with suppress(BrokenPipeError), pipe:
        pipe.write(lines)

"""People who open the inbox and requests, for locust; ``PEOPLE`` is the file of their cookies and paths."""

import itertools
import json
import os
from pathlib import Path

from locust import HttpUser, task

_people = itertools.cycle(json.loads(Path(os.environ["PEOPLE"]).read_text()))
PREFIX = os.environ["PREFIX"]  # of each path: the portal's own page, or the bare view


class SignedInUser(HttpUser):
    """A person of the inbox: one page after the other, the list and the requests of its first lines."""

    def on_start(self) -> None:
        """Sign in by a session made beforehand."""
        person = next(_people)
        self.client.headers["Cookie"] = person["cookie"]
        self.paths = itertools.cycle(person["paths"])

    @task
    def open_page(self) -> None:
        """Open the next page; a redirection is an error: it would measure the sign-in page."""
        path = PREFIX + next(self.paths)
        with self.client.get(path, name="page", allow_redirects=False, catch_response=True) as answer:
            if answer.status_code != 200:
                answer.failure(f"{answer.status_code}")

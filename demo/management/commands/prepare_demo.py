"""``manage.py prepare_demo``: tables, static files, territories, catalogue, directory, past requests."""

import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from demo import static_files
from mailing import tasks as mailing_tasks
from portal.tasks import record_beat
from solicitations import tasks as solicitations_tasks

ROOT = Path(settings.BASE_DIR)
DIRECTORY = "experts/data/directory-demo.yaml"
# Title of each step, its command, and the files whose change makes it run again.
STEPS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("Territoires", ("import_territories",), ("territories/data/*", "territories/*.py")),
    (
        "Catalogue des sujets",
        ("import_catalogue",),
        ("experts/data/catalogue.yaml", "experts/data/institutions.yaml"),
    ),
    ("Annuaire", ("import_directory", DIRECTORY), (DIRECTORY,)),
    ("Demandes des dernières semaines", ("seed_demo",), (DIRECTORY,)),
)


class Command(BaseCommand):
    help = "Prépare la base et les fichiers de la démonstration ; ce qui est déjà fait n'est pas refait."

    def handle(self, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Cette commande remplit la base de la démonstration, et elle seule.")
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        static_files.collect(announce=lambda: self._announce("Feuilles de style et images"))
        for title, command, sources in STEPS:
            self._once(title, command, _fingerprint(sources))
        for task in (record_beat, mailing_tasks.sweep, solicitations_tasks.sweep):
            task.delay()  # the worker's first tasks: the health page does not have to wait for beat

    def _once(self, title: str, command: tuple[str, ...], fingerprint: str) -> None:
        key = _key(command[0])
        if cache.get(key) != fingerprint:
            self._announce(title)
            call_command(*command)
            cache.set(key, fingerprint, timeout=None)

    def _announce(self, title: str) -> None:
        """Print the title of the step that begins."""
        self.stdout.write(f"  {title}")
        self.stdout.flush()


def _key(command: str) -> str:
    return f"prepare_demo.{command}"


def _fingerprint(patterns: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for pattern in patterns for path in ROOT.glob(pattern)):
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()

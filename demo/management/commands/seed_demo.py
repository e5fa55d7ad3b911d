"""``manage.py seed_demo``: creates the requests that the demo starts with."""

import logging
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from demo import seeding


class Command(BaseCommand):
    help = "Remplit la démonstration de demandes des dernières semaines."

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the sample requests once. Refused outside the demo: they are not real requests."""
        if not settings.DEMO:
            raise CommandError("seed_demo ne sert qu'à la démonstration.")
        logging.disable(logging.INFO)  # thousands of lines about mails would hide errors
        try:
            count = seeding.seed(now=timezone.now())
        finally:
            logging.disable(logging.NOTSET)
        self.stdout.write(f"{count} demandes créées." if count else "Déjà remplie.")

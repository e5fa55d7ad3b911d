"""``manage.py services``: start, stop or describe the embedded servers."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from demo import services
from demo.embedded.account import ServerFailed


class Command(BaseCommand):
    help = "Démarre, arrête ou décrit les serveurs PostgreSQL et Valkey de cette copie de travail."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("order", choices=["start", "status", "stop"])

    def handle(self, *, order: str, **options: Any) -> None:
        if order == "stop":
            services.stop()
            return
        try:
            if order == "start":
                services.start()
            elif not services.is_running():
                raise CommandError("Les serveurs sont arrêtés : « manage.py services start » les démarre.")
        except ServerFailed as error:
            raise CommandError(str(error)) from error
        for name, url in services.addresses().items():
            self.stdout.write(f"{name}={url}")

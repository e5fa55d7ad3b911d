"""``manage.py restore FILE``: fills an empty database from a backup."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mailing.models import OutgoingEmail
from portal import backups
from solicitations.models import Solicitation


class Command(BaseCommand):
    help = "Remplit une base vide avec une copie faite par « backup »."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *, file: Path, **options: Any) -> None:
        """Restore, then print counts, so that a person can see that it is the right backup."""
        try:
            backups.load(file)
        except backups.BackupFailed as error:
            raise CommandError(str(error)) from error
        newest = Solicitation.objects.newest_first().first()
        last = f", la dernière du {newest.submitted_at:%d/%m/%Y à %H:%M} (UTC)" if newest else ""
        self.stdout.write(
            f"{Solicitation.objects.count()} demandes{last} ; {OutgoingEmail.objects.count()} mails, dont "
            f"{OutgoingEmail.objects.pending().count()} encore à envoyer."
        )

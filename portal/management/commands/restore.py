"""``manage.py restore FILE``: fills an empty database from a backup."""

import tarfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mailing.models import OutgoingEmail
from portal import backups
from solicitations.models import AttachedFile, Solicitation


class Command(BaseCommand):
    help = "Remplit une base vide avec une copie faite par « backup »."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *, file: Path, **options: Any) -> None:
        """Restore, then print counts, so that a person can see that it is the right backup."""
        try:
            backups.load(file)
            files = backups.load_files(file)
        except (backups.BackupFailed, OSError, tarfile.TarError) as error:
            raise CommandError(str(error)) from error
        newest = Solicitation.objects.newest_first().first()
        last = f", la dernière du {newest.submitted_at:%d/%m/%Y à %H:%M} (UTC)" if newest else ""
        self.stdout.write(
            f"{Solicitation.objects.count()} demandes{last} ; {OutgoingEmail.objects.count()} mails, dont "
            f"{OutgoingEmail.objects.pending().count()} encore à envoyer."
        )
        named = AttachedFile.objects.count()
        if named or files:
            self.stdout.write(f"{named} fichiers joints aux messages ; {files} rendus par la copie.")
        if named > files:
            self.stdout.write(f"Il en manque : {backups.files_beside(file)} est-il bien à côté de la copie ?")

"""``manage.py backup FILE``: dumps the whole database to one file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal import backups


class Command(BaseCommand):
    help = "Copie toute la base dans un fichier, sans rien arrêter."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *, file: Path, **options: Any) -> None:
        try:
            backups.dump(file)
            files = backups.dump_files(file)
        except (backups.BackupFailed, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{file} : {file.stat().st_size / 1_000_000:.1f} Mo.")
        if files:
            self.stdout.write(
                f"{backups.files_beside(file)} : {files} fichiers joints. Gardez les deux ensemble."
            )

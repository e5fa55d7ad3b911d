"""Load INSEE's table of correspondence between editions of the classification of activities."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from companies.naf_editions import UnreadableCorrespondence, replace_correspondence


class Command(BaseCommand):
    """Replaces the stored table."""

    help = "Charge la table de correspondance de l'Insee entre la NAF rév. 2 et la NAF 2025 (CSV)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FICHIER.csv")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            count = replace_correspondence(file)
        except UnreadableCorrespondence as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{count} correspondances enregistrées.")

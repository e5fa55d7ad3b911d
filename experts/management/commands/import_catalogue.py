"""Import the themes, subjects and institutions."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from experts.catalogue_file import read_catalogue, read_institutions
from experts.catalogue_import import import_catalogue
from experts.entries import Problems
from experts.yaml_files import Node, UnreadableFile, read
from territories.models import Region

DATA = Path(__file__).resolve().parent.parent.parent / "data"


class Command(BaseCommand):
    """Imports all or nothing, can be run again, and prints every error with its path and line."""

    help = "Charge les thèmes, les sujets et les institutions."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--catalogue", type=Path, default=DATA / "catalogue.yaml", help="les thèmes et sujets"
        )
        parser.add_argument(
            "--institutions", type=Path, default=DATA / "institutions.yaml", help="les institutions"
        )

    def handle(self, *args: Any, catalogue: Path, institutions: Path, **options: Any) -> None:
        if not Region.objects.exists():
            raise CommandError(
                "Il n'y a pas encore de communes : lancez d'abord « manage.py import_territories »."
            )
        of_institutions, of_catalogue = Problems(), Problems()
        bodies = read_institutions(_root(institutions), of_institutions)
        codes = {group.code for group in bodies.groups} | {body.code for body in bodies.institutions}
        subjects = read_catalogue(_root(catalogue), codes, of_catalogue)
        for file, problems in ((institutions, of_institutions), (catalogue, of_catalogue)):
            for problem in problems.in_order():
                self.stderr.write(f"{file.name}: {problem}")
        if of_institutions or of_catalogue:
            raise CommandError("Rien n'a été changé.")
        counts = import_catalogue(bodies, subjects, now=timezone.now())
        for kept in counts.kept:
            self.stdout.write(f"Gardé comme corrigé dans le portail : {kept}")
        if counts.wrote_nothing:
            self.stdout.write("Catalogue : rien à changer.")
        else:
            self.stdout.write(
                f"Catalogue : créés {counts.created}, changés {counts.changed}, retirés {counts.dropped}."
            )


def _root(path: Path) -> Node:
    """Read the file's document. Raises ``CommandError`` with the reason when it cannot be read."""
    try:
        return read(path)
    except UnreadableFile as error:
        raise CommandError(f"{path.name}, {error}") from error

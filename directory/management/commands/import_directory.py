"""Load a directory: the file is the whole of it."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from directory import imports, report
from experts.models import Subject
from experts.yaml_files import UnreadableFile, read_bytes
from territories.models import Region


class Command(BaseCommand):
    """All or nothing; harmless twice; every error of the file with its path and line."""

    help = "Charge l'annuaire : zones, antennes et référents. Ce que le fichier ne contient plus est fermé."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="l'annuaire, en YAML")
        parser.add_argument("--dry-run", action="store_true", help="dit ce qui changerait, sans rien écrire")

    def handle(self, *args: Any, file: Path, dry_run: bool, **options: Any) -> None:
        if not Region.objects.exists():
            raise CommandError(
                "Il n'y a pas encore de communes : lancez d'abord « manage.py import_territories »."
            )
        if not Subject.objects.exists():
            raise CommandError(
                "Il n'y a pas encore de sujets : lancez d'abord « manage.py import_catalogue »."
            )
        checked = self._check(file)
        now = timezone.now()
        plan = (
            imports.rehearse(checked, now=now)
            if dry_run
            else imports.import_file(checked, name=file.name, now=now)
        )
        for line in report.lines(plan, is_rehearsal=dry_run):
            self.stdout.write(line)

    def _check(self, file: Path) -> imports.CheckedFile:
        """The file, read; every problem is printed before giving up."""
        try:
            return imports.check(read_bytes(file))
        except UnreadableFile as error:
            raise CommandError(f"{file.name}, {error}") from error
        except imports.InvalidDirectory as error:
            for problem in error.problems:
                self.stderr.write(str(problem))
            raise CommandError(f"Erreurs : {len(error.problems)}. Rien n'a été changé.") from error

"""Import a directory file, which replaces the previous file entirely."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from directory import importing, plan_effects, plan_report
from directory.management.command_arguments import need_reference
from experts.entries import MAX_PROBLEMS
from experts.yaml_files import UnreadableFile, read_bytes


class Command(BaseCommand):
    """Imports all or nothing, can be run again, and prints every error with its path and line."""

    help = "Charge l'annuaire : zones, antennes et référents. Ce que le fichier ne contient plus est fermé."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="l'annuaire, en YAML")
        parser.add_argument("--dry-run", action="store_true", help="dit ce qui changerait, sans rien écrire")

    def handle(self, *args: Any, file: Path, dry_run: bool, **options: Any) -> None:
        need_reference()
        checked = self._check(file)
        now = timezone.now()
        plan = importing.plan_import(checked, now=now)
        # As things were before: a plan that is applied takes nothing away any more.
        effects = plan_effects.effects(plan, user=plan_effects.command_user(None), now=now)
        if not dry_run:
            plan = importing.import_file(checked, name=file.name, now=now)
        for line in (*plan_report.lines(plan, is_dry_run=dry_run), *plan_effects.lines(effects)):
            self.stdout.write(line)

    def _check(self, file: Path) -> importing.CheckedFile:
        """Read and check the file. Raises ``CommandError`` after printing its errors."""
        try:
            return importing.check(read_bytes(file))
        except UnreadableFile as error:
            raise CommandError(f"{file.name}, {error}") from error
        except importing.InvalidDirectory as error:
            for problem in error.problems:
                self.stderr.write(str(problem))
            more = " au moins" if len(error.problems) == MAX_PROBLEMS else ""
            raise CommandError(f"Erreurs : {len(error.problems)}{more}. Rien n'a été changé.") from error

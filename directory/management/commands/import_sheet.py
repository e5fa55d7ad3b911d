"""Import a spreadsheet of the directory: what its lines create and change, or the whole of a part of it."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from directory import plan_effects, plan_report
from directory.management.command_arguments import add_mode, add_region, read_region
from directory.plan_json import plan_json
from directory.sheets.applying_sheets import apply_trial
from directory.sheets.opening import read_bytes
from directory.sheets.sheet_plan import Closing, SheetOptions
from directory.sheets.tables import UnreadableSheet
from directory.sheets.trial import InvalidSheet, SheetTrial, try_sheet
from directory.sheets.whole import InvalidWhole, Whole
from experts.changes.applying import StalePlan
from experts.models import Revision


class Command(BaseCommand):
    """Acts as an admin of the region; applies all or nothing, and prints every error with its place."""

    help = "Lit un tableur de l'annuaire (.xlsx, .ods, .csv) : ajoute et change, ne ferme que si on le dit."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="le tableur")
        add_region(parser)
        add_mode(parser)
        parser.add_argument(
            "--whole",
            metavar="PART",
            help="region:27, department:21 ou institution:CODE : ce que le fichier n'en a pas est fermé",
        )
        parser.add_argument(
            "--replace-declared",
            action="store_true",
            help="le fichier l'emporte aussi sur ce que les référents ont déclaré eux-mêmes",
        )

    def handle(self, *args: Any, file: Path, dry_run: bool, **options: Any) -> None:
        region = read_region(options["region"])
        try:
            whole = Whole.parse(options["whole"], region=region) if options["whole"] else None
        except InvalidWhole as error:
            raise self._failure([str(error)], [str(error)], as_json=options["json"]) from error
        sheet_options = SheetOptions(region, whole, options["replace_declared"])
        trial = self._try(file, sheet_options, as_json=options["json"])
        # Said as things are before the change, of which they are the effect.
        effects = plan_effects.effects(trial.plan, user=plan_effects.command_user(region), now=timezone.now())
        revision = None if dry_run else self._apply(trial, file.name)
        if options["json"]:
            self._print_json(trial, effects, revision)
        else:
            self._print(trial, effects, is_dry_run=dry_run)

    def _try(self, file: Path, options: SheetOptions, *, as_json: bool) -> SheetTrial:
        """Make the dry run. Raises ``CommandError`` after printing the errors."""
        try:
            return try_sheet(read_bytes(file), file.name, options, now=timezone.now())
        except UnreadableSheet as error:
            raise self._failure([str(error)], [f"{file.name}: {error}"], as_json=as_json) from error
        except InvalidSheet as error:
            raise self._failure(error.problems, error.problems, as_json=as_json) from error

    def _apply(self, trial: SheetTrial, name: str) -> Revision | None:
        self._confirm(trial.closing)
        try:
            with transaction.atomic(durable=True):
                return apply_trial(trial, name, now=timezone.now())
        except StalePlan as error:
            raise CommandError(
                "L'annuaire a changé à l'instant : recommencez. Rien n'a été écrit."
            ) from error

    def _confirm(self, closing: Closing) -> None:
        """Say that more than a tenth is closed; at a terminal, ask."""
        if not closing.must_be_confirmed:
            return
        sentence = f"Le fichier ferme {closing.closed} lignes sur {closing.total}."
        self.stderr.write(sentence)
        if sys.stdin.isatty() and input("Continuer ? (oui/non) ").strip().lower() not in {"oui", "o"}:
            raise CommandError("Rien n'a été écrit.")

    def _failure(self, problems: list[Any], lines: list[Any], *, as_json: bool) -> CommandError:
        """Print the errors, one a line, or as JSON."""
        if as_json:
            self.stdout.write(json.dumps({"errors": list(map(str, problems))}, ensure_ascii=False))
        for line in lines:
            self.stderr.write(str(line))
        return CommandError(f"Erreurs : {len(problems)}. Rien n'a été écrit.")

    def _print_json(self, trial: SheetTrial, effects: dict[str, Any], revision: Revision | None) -> None:
        answer = plan_json(trial.plan) | {
            "refused": list(map(str, trial.refused)),
            "remarks": list(trial.remarks),
            "errors": [],
            "applied": revision is not None,
            **effects,
        }
        self.stdout.write(json.dumps(answer, ensure_ascii=False))

    def _print(self, trial: SheetTrial, effects: dict[str, Any], *, is_dry_run: bool) -> None:
        for line in (
            *trial.remarks,
            *(f"Refusée : {refused}" for refused in trial.refused),
            *plan_effects.lines(effects),
            *plan_report.lines(trial.plan, is_dry_run=is_dry_run, lists_created=True),
        ):
            self.stdout.write(line)

"""Import a spreadsheet of the directory: what its lines create and change, or the whole of a part of it."""

import sys
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from directory.management.command_arguments import add_mode, add_region, read_region
from directory.management.plan_command import PlanCommand
from directory.sheets.applying_sheets import apply_trial
from directory.sheets.opening import read_bytes
from directory.sheets.sheet_plan import Closing, SheetOptions
from directory.sheets.tables import UnreadableSheet
from directory.sheets.trial import InvalidSheet, SheetTrial, try_sheet
from directory.sheets.whole import InvalidWhole, Whole
from experts.models import Revision


class Command(PlanCommand):
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
        self.as_json, region = options["json"], read_region(options["region"])
        try:
            whole = Whole.parse(options["whole"], region=region) if options["whole"] is not None else None
        except InvalidWhole as error:
            raise self.failure([error]) from error
        try:
            sheet_options = SheetOptions(region, whole, options["replace_declared"])
            trial = try_sheet(read_bytes(file), file.name, sheet_options, now=timezone.now())
        except UnreadableSheet as error:
            raise self.failure([error], file=f"{file.name}: ") from error
        except InvalidSheet as error:
            raise self.failure(error.problems) from error
        if not dry_run:
            self._confirm(trial.closing)
        self.answer(
            trial.plan,
            None if dry_run else partial(self._apply, trial, file.name),
            region=region,
            remarks=trial.remarks,
            refused=trial.refused,
        )

    def _apply(self, trial: SheetTrial, name: str) -> Revision | None:
        with transaction.atomic(durable=True):
            return apply_trial(trial, name, now=timezone.now())

    def _confirm(self, closing: Closing) -> None:
        """Say that more than a tenth is closed; at a terminal, ask."""
        if not closing.must_be_confirmed:
            return
        sentence = f"Le fichier ferme {closing.closed} lignes sur {closing.total}."
        self.stderr.write(sentence)
        if sys.stdin.isatty() and input("Continuer ? (oui/non) ").strip().lower() not in {"oui", "o"}:
            raise CommandError("Rien n'a été écrit.")

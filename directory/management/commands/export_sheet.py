"""Write a region's part of the directory to a spreadsheet, or what is missing there."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from directory.management.command_arguments import add_region, read_region
from directory.sheets.holes import hole_lines
from directory.sheets.sheet_lines import directory_lines
from directory.sheets.sheet_writing import ChoiceLists, write_csv, write_workbook
from experts.changes import snapshot


class Command(BaseCommand):
    """Importing the file unchanged changes nothing."""

    help = "Écrit l'annuaire d'une région dans un tableur, .xlsx ou .csv."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="le fichier à écrire, .xlsx ou .csv")
        add_region(parser)
        parser.add_argument("--holes", action="store_true", help="seulement ce qui manque, à compléter")

    def handle(self, *args: Any, file: Path, holes: bool, **options: Any) -> None:
        region = read_region(options["region"])
        now = timezone.now()
        if holes:
            lines = hole_lines(snapshot.load(), region, now=now)
        else:
            lines = directory_lines(snapshot.load(), region, today=timezone.localdate(now))
        try:
            if file.suffix.lower() == ".xlsx":
                with file.open("wb") as workbook:
                    write_workbook(workbook, lines, ChoiceLists.load(region))
            elif file.suffix.lower() == ".csv":
                with file.open("w", encoding="utf-8", newline="") as text:
                    write_csv(text, lines)
            else:
                raise CommandError("Le nom du fichier finit par .xlsx ou .csv.")
        except OSError as error:
            raise CommandError(f"{file} ne peut pas être écrit ({error.strerror}).") from error

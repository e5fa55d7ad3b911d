"""Import the State's open directory of local services: offices without people, matched with others."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from directory import plan_report, tasks
from directory.management.command_arguments import add_mode, add_region, read_region
from directory.plan_json import plan_json
from directory.public_offices.offering import read_all, services_of_region
from directory.public_offices.office_matching import Matcher, PublicPlan
from directory.public_offices.service_stream import UnreadableServices
from directory.public_offices.service_types import InvalidTypes, load_types
from directory.sheets import uploads
from experts.changes import applying, snapshot
from experts.changes.applying import StalePlan
from experts.models import Cause, Institution, Revision
from experts.yaml_files import UnreadableFile


class Command(BaseCommand):
    """Reads the file as a stream; never replaces what stands, and says what it did not understand."""

    help = "Charge les guichets de la « base de données locales » de l'annuaire de l'administration (JSON)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="la base, en JSON")
        add_region(parser)
        add_mode(parser).add_argument(
            "--offer",
            action="store_true",
            help="propose à la région, sur sa page, de choisir ligne par ligne",
        )
        parser.add_argument(
            "--types", type=Path, metavar="FILE.yaml", help="les institutions de chaque type de service"
        )

    def handle(self, *args: Any, file: Path, dry_run: bool, **options: Any) -> None:
        region = read_region(options["region"])
        if options["offer"]:
            self._offer(file, region)
            return
        types = self._types(options["types"], as_json=options["json"])
        unread: list[str] = []
        try:
            made = Matcher(snapshot.load(), types, region).plan(read_all(file, unread))
        except UnreadableServices as error:
            raise self._failure([f"{file.name}: {error}"], as_json=options["json"]) from error
        revision = None if dry_run else self._apply(made, file.name)
        remarks = [*unread, *made.remarks]
        if options["json"]:
            self._print_json(made, remarks, revision)
        else:
            self._print(made, remarks, is_dry_run=dry_run)

    def _offer(self, file: Path, region: str | None) -> None:
        """Keep the region's part of the file, which its page offers line by line."""
        if region is None:
            raise CommandError("Dites à quelle région proposer ces guichets.")
        try:
            content = services_of_region(file, region)
        except UnreadableServices as error:
            raise CommandError(f"{file.name}: {error}") from error
        upload = uploads.offer(content, file.name, author=None, region=region, now=timezone.now())
        transaction.on_commit(lambda: tasks.work_on_sheet.delay(upload.pk))
        self.stdout.write("Proposé à la région, dans « Tableur ».")

    def _types(self, path: Path | None, *, as_json: bool) -> dict[str, list[str]]:
        """Load the table of types. Raises ``CommandError`` after printing its errors."""
        institutions = set(Institution.objects.listed().values_list("code", flat=True))
        name = path.name if path else "service_types.yaml"
        try:
            return load_types(path, institutions)
        except UnreadableFile as error:
            raise self._failure([f"{name}, {error}"], as_json=as_json) from error
        except InvalidTypes as error:
            raise self._failure([f"{name}, {one}" for one in error.problems], as_json=as_json) from error

    def _apply(self, made: PublicPlan, name: str) -> Revision | None:
        try:
            return applying.apply(made.plan, cause=Cause.PUBLIC_OFFICES, now=timezone.now(), note=name)
        except StalePlan as error:
            sentence = "L'annuaire a changé à l'instant : recommencez. Rien n'a été écrit."
            raise CommandError(sentence) from error

    def _failure(self, errors: list[str], *, as_json: bool) -> CommandError:
        """Print the errors, one a line, or as JSON."""
        if as_json:
            self.stdout.write(json.dumps({"errors": errors}, ensure_ascii=False))
        for error in errors:
            self.stderr.write(error)
        return CommandError(f"Erreurs : {len(errors)}. Rien n'a été écrit.")

    def _print_json(self, made: PublicPlan, remarks: list[str], revision: Revision | None) -> None:
        answer = plan_json(made.plan) | {
            "refused": list(made.refused),
            "remarks": remarks,
            "errors": [],
            "applied": revision is not None,
        }
        self.stdout.write(json.dumps(answer, ensure_ascii=False))

    def _print(self, made: PublicPlan, remarks: list[str], *, is_dry_run: bool) -> None:
        for remark in remarks:
            self.stdout.write(remark)
        for refused in made.refused:
            self.stdout.write(f"Refusée : {refused}")
        for line in plan_report.lines(made.plan, is_dry_run=is_dry_run, lists_created=True):
            self.stdout.write(line)

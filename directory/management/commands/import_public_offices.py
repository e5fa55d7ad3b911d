"""Import the State's open directory of local services: offices without people, matched with others."""

from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from directory import tasks
from directory.management.command_arguments import add_mode, add_region, read_region
from directory.management.plan_command import PlanCommand
from directory.public_offices.offering import read_all, services_of_region
from directory.public_offices.office_matching import Matcher
from directory.public_offices.service_stream import UnreadableServices
from directory.public_offices.service_types import InvalidTypes, load_types
from directory.sheets import uploads
from experts.changes import applying, snapshot
from experts.models import Cause, Institution
from experts.yaml_files import UnreadableFile


class Command(PlanCommand):
    """Reads the file as a stream; never replaces existing values, and reports what it did not understand."""

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
        self.as_json, region = options["json"], read_region(options["region"])
        if options["offer"]:
            self._offer(file, region)
            return
        types = self._types(options["types"])
        unread: list[str] = []
        try:
            made = Matcher(snapshot.load(), types, region).plan(read_all(file, unread))
        except UnreadableServices as error:
            raise self.failure([error], file=f"{file.name}: ") from error
        now = timezone.now()
        write = partial(applying.apply, made.plan, cause=Cause.PUBLIC_OFFICES, now=now, note=file.name)
        self.answer(
            made.plan,
            None if dry_run else write,
            region=region,
            remarks=[*unread, *made.remarks],
            refused=made.refused,
        )

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

    def _types(self, path: Path | None) -> dict[str, list[str]]:
        """Load the table of types. Raises ``CommandError`` after printing its errors."""
        institutions = set(Institution.objects.listed().values_list("code", flat=True))
        name = path.name if path else "service_types.yaml"
        try:
            return load_types(path, institutions)
        except UnreadableFile as error:
            raise self.failure([error], file=f"{name}, ") from error
        except InvalidTypes as error:
            raise self.failure(error.problems, file=f"{name}, ") from error

"""Import the bundled geographic code, and count the region of each office again."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from experts.changes import applying
from experts.regions import update_regions
from territories import bundle, bundle_import
from territories.bundle import Bundle
from territories.models import Region


class Command(BaseCommand):
    help = "Importe les communes, EPCI, départements et régions fournis avec le portail."

    def handle(self, **options: Any) -> None:
        """Import and print the counts; or list every commune without successor, change nothing, exit 1."""
        code = bundle.read()
        try:
            moved = self._import(code)
        except bundle_import.CommunesWithoutSuccessor as error:
            lines = [
                f"commune {lost} : absente du nouveau code, sans commune qui lui succède"
                for lost in error.codes
            ]
            raise CommandError("\n".join([*lines, "Rien n'a été importé."])) from None
        self.stdout.write(
            f"{len(code.communes)} communes, {len(code.former)} anciennes communes, {len(code.epci)} EPCI, "
            f"{len(code.departments)} départements et collectivités, {len(code.regions)} régions."
        )
        for line in moved:
            self.stdout.write(line)

    @transaction.atomic
    def _import(self, code: Bundle) -> list[str]:
        """Import the code; the offices that change region, in words."""
        applying.lock_directory()
        bundle_import.import_bundle(code, now=timezone.now())
        changed = update_regions()
        names = dict(Region.objects.values_list("pk", "name"))
        return [
            f"antenne {office.code} {office.name} : région "
            f"{names.get(before or '', 'aucune')} → {names.get(office.region_id or '', 'aucune')}"
            for office, before in changed
        ]

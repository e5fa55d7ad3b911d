"""``manage.py import_territories``: imports the bundled geographic code."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from territories import bundle, bundle_import


class Command(BaseCommand):
    help = "Importe les communes, EPCI, départements et régions fournis avec le portail."

    def handle(self, **options: Any) -> None:
        """Import and print the counts; or list every commune without successor, change nothing, exit 1."""
        code = bundle.read()
        try:
            bundle_import.import_bundle(code, now=timezone.now())
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

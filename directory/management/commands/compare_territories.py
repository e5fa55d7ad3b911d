"""List what the bundled geographic code would change for offices, zones and requests; write nothing."""

from typing import Any

from django.core.management.base import BaseCommand

from directory import territory_changes
from territories import bundle


class Command(BaseCommand):
    """Command to run before ``import_territories``, each January."""

    help = "Dit ce que le nouveau code géographique changera, avant « import_territories ». N'écrit rien."

    def handle(self, **options: Any) -> None:
        for line in list(territory_changes.compare(bundle.read())) or [
            "Rien ne change : ni commune, ni EPCI."
        ]:
            self.stdout.write(line)

"""Arguments that the directory's commands share."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from experts.models import Subject
from territories.models import Region

NATIONAL = "national"


def add_region(parser: CommandParser) -> None:
    """Add ``--region``, required."""
    parser.add_argument(
        "--region",
        required=True,
        metavar="CODE",
        help=f"code de la région, ou « {NATIONAL} » pour toutes",
    )


def add_mode(parser: CommandParser) -> Any:
    """Add ``--dry-run``, ``--apply``, of which one is required, and ``--json``; return the group of modes."""
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--dry-run", action="store_true", help="dit ce qui changerait, sans rien écrire")
    mode.add_argument("--apply", action="store_true", help="écrit")
    parser.add_argument("--json", action="store_true", help="répond en JSON")
    return mode


def need_reference() -> None:
    """Raise ``CommandError`` when communes or subjects are not imported yet."""
    if not Region.objects.exists():
        raise CommandError(
            "Il n'y a pas encore de communes : lancez d'abord « manage.py import_territories »."
        )
    if not Subject.objects.exists():
        raise CommandError("Il n'y a pas encore de sujets : lancez d'abord « manage.py import_catalogue ».")


def read_region(code: str) -> str | None:
    """The code of a region, ``None`` for the whole country. Raises ``CommandError``."""
    need_reference()
    if code == NATIONAL:
        return None
    if not Region.objects.filter(code=code).exists():
        raise CommandError(f"La région « {code} » n'existe pas.")
    return code

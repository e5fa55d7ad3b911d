"""Create a staff account: the first one, or another."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from experts.accounts.invitations import invite
from experts.models import User
from mailing.addresses import clean_address
from mailing.text_cleaning import clean_line
from territories.models import Region


class Command(BaseCommand):
    """Creates an account without password: people sign in with a mailed code, then a second factor."""

    help = "Crée le compte d'une personne de l'équipe nationale ou d'une région."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="son adresse électronique")
        parser.add_argument("--role", required=True, choices=User.Role.values, help="national ou region")
        parser.add_argument("--region", help="le code de sa région, comme 27, pour le rôle region")
        parser.add_argument("--name", default="", help="son nom, tel qu'il sera montré")

    def handle(self, *args: Any, email: str, role: str, **options: Any) -> None:
        try:
            email = clean_address(email).lower()
        except ValidationError as error:
            reason = f" {error.message}" if error.code != "invalid" else ""
            raise CommandError(f"« {email} » n'est pas une adresse électronique.{reason}") from error
        region = _region(role, options["region"])
        if User.objects.filter(email__iexact=email).exists():
            raise CommandError(f"Un compte existe déjà pour {email}.")
        with transaction.atomic():
            user = User.objects.create_user(email, name=clean_line(options["name"]), role=role, region=region)
            invite(user, now=timezone.now())
        place = f" ({region})" if region else ""
        self.stdout.write(f"Compte créé pour {user.email} : {User.Role(role).label.lower()}{place}.")
        self.stdout.write("Une invitation part à cette adresse : elle dit comment se connecter.")


def _region(role: str, code: str | None) -> Region | None:
    """The region of a regional account; refuses a region that is missing, unknown, or not needed."""
    if role == User.Role.NATIONAL:
        if code:
            raise CommandError("L'équipe nationale n'a pas de région : retirez --region.")
        return None
    if not code:
        raise CommandError("Indiquez la région avec --region, par exemple --region 27.")
    region = Region.objects.filter(code=code).first()
    if region is None:
        codes = ", ".join(Region.objects.order_by("code").values_list("code", flat=True))
        raise CommandError(f"Aucune région n'a le code « {code} ». Les codes possibles : {codes or 'aucun'}.")
    return region

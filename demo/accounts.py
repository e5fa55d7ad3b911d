"""Accounts of the demo, for its one-click roles: staff, an expert with an inbox, a manager."""

from datetime import datetime

from django.db.models import Count

from experts.accounts import seats
from experts.models import Expert, User
from solicitations.models import Match
from territories.models import Region

REGION = "27"


def make_staff() -> None:
    """Create a regional admin and a national one."""
    region = Region.objects.filter(pk=REGION).first()
    _account(
        "referent.regional@demo.example.org", "Référente régionale", role=User.Role.REGION, region=region
    )
    _account("equipe.nationale@demo.example.org", "Équipe nationale", role=User.Role.NATIONAL)


def make_professionals(*, now: datetime) -> None:
    """Create an account for the expert whose needs are the most varied, and one for a manager of that office.

    A visitor finds something in each tab of the inbox.
    """
    busiest = (
        Match.objects.filter(expert__office__region=REGION, expert__left_at=None)
        .values("expert")
        .annotate(states=Count("state", distinct=True), needs=Count("pk"))
        .order_by("-states", "-needs", "expert")
        .first()
    )
    if busiest is None:
        return
    expert = Expert.objects.select_related("office").get(pk=busiest["expert"])
    _account(expert.email, expert.name)
    manager = _account("responsable@demo.example.org", "Responsable d'antenne")
    seats.give_office(manager, expert.office, now=now)


def _account(email: str, name: str, *, role: str = "", region: Region | None = None) -> User:
    known = User.objects.filter(email__iexact=email).first()
    return known or User.objects.create_user(email, name=f"{name} (démonstration)", role=role, region=region)

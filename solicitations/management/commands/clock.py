"""Print the clock's work of a given moment, and do it unless it is a dry run."""

from argparse import ArgumentParser
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from solicitations import tasks
from solicitations.clock import forecast
from solicitations.clock.drafts import place
from solicitations.clock.forecast import UpcomingStep
from solicitations.models import Draft
from territories.working_time import is_working_time

END_OF_DAY = time(18, 59)  # nothing is sent later


class Command(BaseCommand):
    help = (
        "Prints, a line each, what the clock sends at a moment: when, occasion, to whom, which request, why."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--at",
            help="date et heure (2026-12-04T09:00, heure de Paris sans fuseau) ; "
            "une date seule : la fin de cette journée ; maintenant par défaut",
        )
        parser.add_argument("--dry-run", action="store_true", help="ne rien faire, seulement le dire")

    def handle(self, *args: Any, **options: Any) -> None:
        at = moment(options["at"]) if options["at"] else timezone.now()
        lines = [*map(line, forecast.due_now(now=at)), *drafts(at)]
        for printed in lines:
            self.stdout.write(printed)
        if not lines:
            self.stderr.write("Rien ne part à ce moment.")
        if not options["dry_run"]:
            tasks.run_clock(now=at)


def moment(typed: str) -> datetime:
    """The typed date and time. Raises ``CommandError``."""
    try:
        at = datetime.fromisoformat(typed)
    except ValueError:
        raise CommandError(
            f"« {typed} » n'est ni une date (2026-12-04) ni un moment (2026-12-04T09:00)."
        ) from None
    if len(typed) == len("2026-12-04"):
        at = datetime.combine(at.date(), END_OF_DAY)
    return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(settings.TIME_ZONE))


def line(upcoming: UpcomingStep) -> str:
    """``2026-12-04T09:00+01:00  reminders  x@y  K7QP-3MWR  Sans réponse depuis 3 jours``, tabs between."""
    time_zone = upcoming.requests[0].time_zone
    return "\t".join(
        [
            upcoming.at.astimezone(time_zone).isoformat(timespec="minutes"),
            upcoming.step.value,
            ", ".join(upcoming.to) or "-",
            ", ".join(request.reference for request in upcoming.requests),
            upcoming.why,
        ]
    )


def drafts(at: datetime) -> list[str]:
    """The reminders of drafts left aside."""
    time_zone = ZoneInfo(settings.TIME_ZONE)
    return [
        "\t".join(
            [
                at.astimezone(time_zone).isoformat(timespec="minutes"),
                "resume_reminder",
                draft.email,
                str(draft),
                "Demande à finir depuis un jour",
            ]
        )
        for draft in Draft.objects.to_remind(now=at).order_by("pk")
        if is_working_time(at, place(draft))
    ]

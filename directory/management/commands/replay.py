"""``manage.py replay``: print the past requests that would go elsewhere. Saves nothing."""

import json
import re
import sys
from argparse import ArgumentParser
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from directory import importing
from directory.foresight import replaying
from directory.foresight.areas_in_memory import KnownAreas
from directory.foresight.directory_in_memory import DirectoryInMemory
from directory.foresight.past_requests import OfficesOutcome
from directory.foresight.replaying import ReplayedRequest
from experts.changes import snapshot
from experts.yaml_files import UnreadableFile, read_bytes
from territories.spoken_time import spoken_date

DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class UnusableOption(ValueError):
    """An option that cannot be read; the message is a French sentence, or several lines."""


class Command(BaseCommand):
    """Compare two directories, or today's with the decisions stored at the time, request by request.

    With ``--directory``: the directory as the import of that file would leave it, against today's tables.
    Without it: today's tables, against the decision that each request got. A request changes when the set of
    its offices does. ``--on``: decide as if every request came that day.
    """

    help = "Dit quelles demandes passées iraient ailleurs. N'enregistre rien."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options; their values are read by ``handle``, which words the errors in French."""
        parser.add_argument("--since", metavar="AAAA-MM-JJ", help="premier jour des demandes")
        parser.add_argument(
            "--directory", metavar="FICHIER.yaml", help="annuaire à comparer à celui d'aujourd'hui"
        )
        parser.add_argument(
            "--on", metavar="AAAA-MM-JJ", help="jour supposé ; sinon, celui de chaque demande"
        )
        parser.add_argument("--json", action="store_true")

    def handle(self, **options: Any) -> None:
        """Print a line per request that changes, or the error on standard error and exit with 1."""
        try:
            since = _day(options["since"] or "", "--since")
            on = _day(options["on"], "--on") if options["on"] is not None else None
            before, after = _directories(options["directory"])
        except UnusableOption as error:
            self.stderr.write(str(error))
            sys.exit(1)
        start = datetime.combine(since, time.min, tzinfo=timezone.get_current_timezone())
        read = changed = 0
        for replayed in replaying.replay(since=start, after=after, before=before, on=on):
            read += 1
            if replayed.changes:
                changed += 1
                self.stdout.write(json.dumps(_as_json(replayed)) if options["json"] else _as_text(replayed))
        if not options["json"]:
            self.stderr.write(f"Demandes relues : {read}. Iraient ailleurs : {changed}.")


def _directories(file: str | None) -> tuple[DirectoryInMemory | None, DirectoryInMemory]:
    """The directory before (``None``: the stored decisions) and after. Raises ``UnusableOption``."""
    stored, known = snapshot.load(), KnownAreas.load()
    today = DirectoryInMemory(stored, known)
    if file is None:
        return None, today
    try:
        checked = importing.check(read_bytes(Path(file)))
    except UnreadableFile as error:
        raise UnusableOption(f"{Path(file).name}, {error}") from error
    except importing.InvalidDirectory as error:
        raise UnusableOption("\n".join(map(str, error.problems))) from error
    plan = importing.plan_import(checked, now=timezone.now())
    return today, DirectoryInMemory(plan.applied_to(stored), known)


def _day(typed: str, option: str) -> date:
    """Read a date of the command line. Raises ``UnusableOption``."""
    if not typed:
        raise UnusableOption(f"Indiquez une date : {option} AAAA-MM-JJ.")
    try:
        if DATE.fullmatch(typed):
            return date.fromisoformat(typed)
    except ValueError:
        pass
    sentence = f"{option} : « {typed[:80]} » n'est pas une date. Écrivez-la comme 2026-12-01."
    raise UnusableOption(sentence)


def _as_json(replayed: ReplayedRequest) -> dict[str, Any]:
    """A line of JSON; of a confidential request, the reference and the offices alone."""
    request, before, after = replayed.request, replayed.before, replayed.after
    line: dict[str, Any] = {
        "reference": request.reference,
        "before": sorted(before.offices),
        "after": sorted(after.offices),
        "fallback_before": before.is_fallback,
        "fallback_after": after.is_fallback,
    }
    if not request.is_confidential:
        line |= {
            "on": replayed.on.isoformat(),
            "commune": request.place.commune,
            "subjects": [subject.slug for subject in request.asked],
        }
    return line


def _as_text(replayed: ReplayedRequest) -> str:
    request = replayed.request
    parts = [request.reference]
    if not request.is_confidential:
        day = spoken_date(replayed.on, today=None)
        parts += [day, request.commune, ", ".join(subject.slug for subject in request.asked)]
    return f"{' · '.join(parts)} : {_offices(replayed.before)} → {_offices(replayed.after)}"


def _offices(outcome: OfficesOutcome) -> str:
    names = ", ".join(sorted(outcome.offices)) or "personne"
    return f"{names} (relais)" if outcome.is_fallback and outcome.offices else names

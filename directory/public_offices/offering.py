"""Offices of the open directory offered to a region: a dry run like that of a spreadsheet."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from directory.public_offices.office_matching import Matcher
from directory.public_offices.public_services import PublicService, read_service
from directory.public_offices.served_areas import ServedAreas
from directory.public_offices.service_stream import UnreadableServices, read_services
from directory.public_offices.service_types import load_types
from directory.sheets.sheet_plan import Closing
from directory.sheets.tables import UnreadableSheet
from directory.sheets.trial import ReportProgress, SheetTrial
from experts.changes import snapshot
from experts.models import Institution

REPORTED_EVERY = 500  # services


def try_services(content: bytes, *, region: str | None, progress: ReportProgress | None = None) -> SheetTrial:
    """Say which offices a file would create or complete. Raises ``UnreadableSheet``."""
    types = load_types(None, set(Institution.objects.listed().values_list("code", flat=True)))
    unread: list[str] = []
    with TemporaryDirectory() as folder:
        path = Path(folder) / "services.json"
        path.write_bytes(content)
        try:
            made = Matcher(snapshot.load(), types, region).plan(read_all(path, unread, progress=progress))
        except UnreadableServices as error:
            raise UnreadableSheet(f"Ce n'est pas la base attendue : {error}") from error
    refused = (f"Refusée : {one}" for one in made.refused)
    return SheetTrial(made.plan, (*refused, *unread, *made.remarks), (), Closing())


def read_all(
    path: Path, unread: list[str], *, progress: ReportProgress | None = None
) -> Iterator[PublicService]:
    """The services of a file; items that are no service are said in ``unread``."""
    for number, item in enumerate(read_services(path), start=1):
        service = read_service(number, item)
        if service is None:
            unread.append(f"service {number} : ce n'est pas un service, laissé de côté.")
        else:
            yield service
        if progress and number % REPORTED_EVERY == 0:
            progress(number)


def services_of_region(path: Path, region: str) -> bytes:
    """The part of a file that a region may use, in the same shape. Raises ``UnreadableServices``."""
    areas, kept = ServedAreas(), []
    for number, item in enumerate(read_services(path), start=1):
        service = read_service(number, item)
        if service and _reaches(service, areas, region):
            kept.append(item)
    return json.dumps({"service": kept}, ensure_ascii=False).encode()


def _reaches(service: PublicService, areas: ServedAreas, region: str) -> bool:
    codes: set[str] = set().union(*service.areas.values())
    communes, _ = areas.current(codes | ({service.commune} if service.commune else set()))
    return any(areas.places[code][0] == region for code in communes)


def only_chosen(trial: SheetTrial, chosen: list[str]) -> SheetTrial:
    """The same dry run without the offices that were not ticked."""
    kept: Any = tuple(row for row in trial.plan.offices if row.key in set(chosen))
    return replace(trial, plan=replace(trial.plan, offices=kept))

"""``manage.py coverage``: print the offices and experts that answer each subject in each commune."""

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from directory.coverage import content_loading
from directory.coverage.cells import CellAnswer, cells
from directory.coverage.commune_groups import CommuneGroups
from directory.coverage.content_loading import CoveragePlace
from directory.coverage.coverage_texts import FLAG_LABELS, thousands
from directory.coverage.figures import SubjectFigures, subject_figures, totals
from directory.coverage.subject_coverage import CoverageEngine, Flag, SubjectCoverage
from directory.silence import silent
from experts.batches import InvalidInput
from experts.models import Expert, Subject
from experts.routing import inputs
from territories.models import Region

LINES = 2_000  # written at a time


class Command(BaseCommand):
    """Prints counts by subject, or a JSON line per subject and commune; saves nothing."""

    help = "Dit quelles antennes et quels référents répondent à chaque sujet dans chaque commune."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--region", metavar="27", help="code de la région ; la France entière sinon")
        parser.add_argument(
            "--subject", nargs="+", action="extend", metavar="SUJET", help="un ou plusieurs ; tous sinon"
        )
        parser.add_argument("--on", metavar="AAAA-MM-JJ", help="aujourd'hui sinon")
        parser.add_argument("--json", action="store_true", help="une ligne par sujet et commune")

    def handle(self, *args: Any, **options: Any) -> None:
        region, subjects = _region(options["region"]), _subjects(options["subject"])
        now = timezone.now()
        content = content_loading.load(
            CoveragePlace(region),
            on=_day(options["on"]) or timezone.localdate(now),
            subjects=subjects,
            silent=set(silent(Expert.objects.listed(), now=now).values_list("pk", flat=True)),
        )
        if options["json"]:
            self._write_cells(CoverageEngine(content), content.groups)
        else:
            self._write_figures(CoverageEngine(content), content.groups)

    def _write_cells(self, engine: CoverageEngine, groups: CommuneGroups) -> None:
        """Write one subject at a time: the nation's lines never are in memory together."""
        for coverage in engine.subjects():
            lines = list(_cell_lines(coverage, groups))
            for start in range(0, len(lines), LINES):
                self.stdout.write("\n".join(lines[start : start + LINES]))

    def _write_figures(self, engine: CoverageEngine, groups: CommuneGroups) -> None:
        labels = dict(Subject.objects.values_list("slug", "label"))
        figures = [subject_figures(coverage, groups) for coverage in engine.subjects()]
        for each in figures:
            self.stdout.write("\n".join(_figure_lines(labels[each.subject], each)))
        self.stdout.write("\n".join(_figure_lines("Tous les sujets, commune par commune", totals(figures))))


def _cell_lines(coverage: SubjectCoverage, groups: CommuneGroups) -> Iterator[str]:
    """Yield the JSON lines of a subject; communes that share an answer share its text."""
    texts: dict[int, str] = {}
    start = f'{{"subject": {json.dumps(coverage.subject)}, "commune": "'
    for commune, answer in cells(coverage, groups):
        text = texts.get(id(answer))
        if text is None:
            text = texts[id(answer)] = f'", {json.dumps(_as_json(answer))[1:]}'
        yield f"{start}{commune.code}{text}"


def _as_json(answer: CellAnswer) -> dict[str, Any]:
    return {
        "offices": answer.offices,
        "experts": answer.experts,
        "fallback": answer.is_fallback,
        "flags": answer.flags,
    }


def _figure_lines(title: str, figures: SubjectFigures) -> Iterator[str]:
    yield f"{title} : {thousands(figures.covered)} sur {thousands(figures.communes)}"
    if figures.uncovered:
        yield (
            f"  sans réponse : {thousands(figures.uncovered)}, "
            f"soit {thousands(figures.uncovered_population)} habitants"
        )
    if figures.without_fallback:
        yield f"  … et sans antenne de repli : {thousands(figures.without_fallback)}"
    for flag in Flag:
        if figures.flagged[flag]:
            yield f"  {FLAG_LABELS[flag].lower()} : {thousands(figures.flagged[flag])}"


def _region(code: str | None) -> str | None:
    if code is not None and not Region.objects.filter(code=code).exists():
        codes = ", ".join(Region.objects.order_by("code").values_list("code", flat=True))
        raise CommandError(f"Aucune région n'a le code « {code[:80]} ». Les codes possibles : {codes}.")
    return code


def _subjects(slugs: list[str] | None) -> list[str] | None:
    """The slugs asked, each once. Raises ``CommandError`` when one is not in the catalogue."""
    if slugs is None:
        return None
    known = set(Subject.objects.listed().values_list("slug", flat=True))
    if unknown := [slug for slug in slugs if slug not in known]:
        raise CommandError(" ".join(f"Sujet inconnu : « {slug[:80]} »." for slug in unknown))
    return list(dict.fromkeys(slugs))


def _day(typed: str | None) -> date | None:
    """Read the day. Raises ``CommandError``."""
    try:
        return inputs.read_day(typed) if typed else None
    except InvalidInput as error:
        raise CommandError(str(error)) from None

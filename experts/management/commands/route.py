"""``manage.py route``: print who would receive a request, and why. Saves nothing."""

import json
import re
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from experts.batches import InvalidInput, read_lines
from experts.models import Office, Subject
from experts.routing import explanations, inputs, loading
from experts.routing.engine import Decision, NeedDecision
from experts.routing.inputs import RoutingQuery
from territories.models import Commune, UnknownCommune
from territories.spoken_time import spoken_date

COMMUNE_CODE = re.compile(r"[0-9][0-9AB][0-9]{3}")
YES_OR_NO = {"yes": True, "no": False}


class Command(BaseCommand):
    """Print a decision, or one per line of a file."""

    help = "Dit qui recevrait une demande, et pourquoi. N'enregistre rien."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options; values are checked by ``inputs``, which words the errors in French."""
        parser.add_argument("--subject", action="append", metavar="SUJET", help="à répéter pour plusieurs")
        parser.add_argument("--commune", metavar="INSEE")
        parser.add_argument("--naf", metavar="56.10A")
        parser.add_argument("--headcount", metavar="12|20-49")
        parser.add_argument("--legal-form", metavar="5499")
        parser.add_argument("--craft", metavar="yes|no")
        parser.add_argument("--project-holder", action="store_true", help="personne sans entreprise")
        parser.add_argument("--created-on", metavar="AAAA-MM-JJ")
        parser.add_argument("--on", metavar="AAAA-MM-JJ", help="jour de la demande ; aujourd'hui sinon")
        parser.add_argument("--json", action="store_true")
        parser.add_argument(
            "--batch", metavar="FICHIER.jsonl", help="une demande par ligne ; - : entrée standard"
        )

    def handle(self, **options: Any) -> None:
        """Answer, or print the error on standard error and exit with 1."""
        try:
            if options["batch"] is None:
                self.answer_one(options)
            else:
                self.answer_all(options["batch"])
        except InvalidInput as error:
            self.stderr.write(str(error))
            sys.exit(1)

    def answer_one(self, options: dict[str, Any]) -> None:
        """Answer the request of the command line. Raises ``InvalidInput``."""
        question = inputs.read(_request(options))
        day = question.on or timezone.localdate()
        commune, decision = _route(question, day, _known_slugs())
        if options["json"]:
            self.stdout.write(json.dumps(decision.as_json(), indent=2))
        else:
            self.stdout.write("\n".join(_text_lines(decision, commune, day)))

    def answer_all(self, name: str) -> None:
        """Print one JSON object per line, in order. Raises ``InvalidInput`` at the end if some are errors."""
        slugs, today, unanswered = _known_slugs(), timezone.localdate(), 0
        for line in read_lines(name):
            try:
                question = inputs.read_line(line)
                answer = _route(question, question.on or today, slugs)[1].as_json()
            except InvalidInput as error:
                answer, unanswered = {"error": str(error)}, unanswered + 1
            self.stdout.write(json.dumps(answer))
        if unanswered:
            raise InvalidInput(f"Lignes sans réponse : {unanswered}. Leur clé « error » dit pourquoi.")


def _request(options: dict[str, Any]) -> dict[str, Any]:
    """Convert the command line's options to the keys of a batch."""
    headcount, craft = options["headcount"], options["craft"]
    return {
        "subjects": options["subject"],
        "commune": options["commune"],
        "naf": options["naf"],
        "headcount": None if headcount is None else inputs.read_band(headcount),
        "legal_form": options["legal_form"],
        "craft": YES_OR_NO.get(craft, craft),
        "project_holder": options["project_holder"] or None,
        "created_on": options["created_on"],
        "on": options["on"],
    }


def _known_slugs() -> set[str]:
    return set(Subject.objects.listed().values_list("slug", flat=True))


def _route(question: RoutingQuery, day: date, slugs: set[str]) -> tuple[Commune, Decision]:
    """Check that the slugs and the commune exist, and decide. Raises ``InvalidInput``."""
    sentences = [f"Sujet inconnu : « {slug[:80]} »." for slug in question.subjects if slug not in slugs]
    commune = _commune(question.commune)
    if commune is None:
        sentences.append(f"Commune inconnue : « {question.commune[:80]} ». Indiquez son code INSEE.")
    if commune is None or sentences:
        raise InvalidInput(*sentences)
    return commune, loading.decide(subjects=question.subjects, commune=commune, facts=question.facts, on=day)


def _commune(code: str) -> Commune | None:
    if not COMMUNE_CODE.fullmatch(code):
        return None
    try:
        return Commune.objects.resolve(code)
    except UnknownCommune:
        return None


def _text_lines(decision: Decision, commune: Commune, day: date) -> Iterator[str]:
    """Lines of the decision as text."""
    codes = {*decision.offices, *(refused.office for refused in decision.refused)}
    offices = dict(Office.objects.filter(code__in=codes).values_list("code", "name"))
    labels = dict(Subject.objects.values_list("slug", "label"))
    yield f"{commune.place}, demande du {spoken_date(day, today=date.min)}"
    for need in decision.needs:
        yield ""
        yield labels[need.subject]
        yield from _need_lines(need, offices)
    if decision.unknown:
        yield ""
        yield f"Ce qu'il serait utile de savoir : {explanations.facts(decision.unknown)}."


def _need_lines(need: NeedDecision, offices: dict[str, str]) -> Iterator[str]:
    if need.is_fallback:
        yield "  Personne ne couvre ce sujet ici."
    if not need.chosen:
        yield "  Aucune antenne de repli ne répond : la demande est gardée et l'équipe alertée."
    else:
        yield "  Reçoit la demande, à défaut :" if need.is_fallback else "  Reçoivent la demande :"
    for chosen in need.chosen:
        yield f"  - {offices[chosen.office]} ({chosen.office}), {chosen.expert}"
        yield f"      {_joined(explanations.reasons(chosen))}"
    if need.refused:
        yield "  Écartés :"
    for refused in need.refused:
        who = f", {refused.expert}" if refused.expert else ""
        obstacles = _joined(explanations.obstacles(refused))
        yield f"  - {offices[refused.office]} ({refused.office}){who} : {obstacles}"


def _joined(parts: Iterable[str]) -> str:
    return " ; ".join(parts)

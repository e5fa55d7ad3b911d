"""``manage.py suggest``: print the subjects of a text, and the words that spoke for them. Saves nothing."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from experts.batches import InvalidInput, read_lines
from experts.wording import inputs, loading


class Command(BaseCommand):
    """Print the suggestions for a text, or for each line of a file, as JSON."""

    help = "Dit de quels sujets parle un texte, et par quels mots. N'enregistre rien."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options; texts are checked by ``inputs``."""
        parser.add_argument(
            "text", nargs="?", metavar="TEXTE", help="ce que la personne écrit, entre guillemets"
        )
        parser.add_argument(
            "--batch", metavar="FICHIER.jsonl", help='un objet {"text": "…"} par ligne ; - : entrée standard'
        )

    def handle(self, *, text: str | None, batch: str | None, **options: Any) -> None:
        """Answer, or print the error on standard error and exit with 1."""
        try:
            if batch is None:
                self.stdout.write(_answer(inputs.read(text)))
            else:
                self.answer_all(batch, text)
        except InvalidInput as error:
            self.stderr.write(str(error))
            sys.exit(1)

    def answer_all(self, name: str, text: str | None) -> None:
        """Print one JSON object per line, in order. Raises ``InvalidInput`` at the end if some are errors."""
        if text is not None:
            raise InvalidInput("Donnez un texte, ou un fichier avec --batch, mais pas les deux.")
        unanswered = 0
        for line in read_lines(name):
            try:
                answer = _answer(inputs.read_line(line))
            except InvalidInput as error:
                answer, unanswered = json.dumps({"error": str(error)}), unanswered + 1
            self.stdout.write(answer)
        if unanswered:
            raise InvalidInput(f"Lignes sans réponse : {unanswered}. Leur clé « error » dit pourquoi.")


def _answer(text: str) -> str:
    return json.dumps(loading.suggest(text).as_json())

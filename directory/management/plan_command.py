"""Base of the commands by which a file changes the directory: a dry run or an apply, in words or in JSON."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from directory import plan_effects, plan_report
from directory.plan_json import plan_json
from experts.changes.applying import StalePlan
from experts.changes.row_plans import Plan
from experts.models import Revision


class PlanCommand(BaseCommand):
    """``as_json`` is set by ``handle``."""

    as_json = False

    def failure(self, errors: Sequence[Any], *, file: str = "") -> CommandError:
        """Print the errors, one a line after the file's name, or as JSON."""
        if self.as_json:
            self.stdout.write(json.dumps({"errors": list(map(str, errors))}, ensure_ascii=False))
        for error in errors:
            self.stderr.write(f"{file}{error}")
        return CommandError(f"Erreurs : {len(errors)}. Rien n'a été écrit.")

    def answer(
        self,
        plan: Plan,
        apply: Callable[[], Revision | None] | None,
        *,
        region: str | None,
        remarks: Sequence[str],
        refused: Sequence[Any],
    ) -> None:
        """Write the plan, unless it is a dry run, and print it, with its effects as things were before."""
        effects = plan_effects.effects(plan, user=plan_effects.command_user(region), now=timezone.now())
        revision = self._written(apply) if apply else None
        if self.as_json:
            answer = plan_json(plan) | {
                "refused": list(map(str, refused)),
                "remarks": list(remarks),
                "errors": [],
                "applied": revision is not None,
            }
            self.stdout.write(json.dumps(answer | effects, ensure_ascii=False))
            return
        for line in (
            *remarks,
            *(f"Refusée : {each}" for each in refused),
            *plan_effects.lines(effects),
            *plan_report.lines(plan, is_dry_run=apply is None, lists_created=True),
        ):
            self.stdout.write(line)

    def _written(self, apply: Callable[[], Revision | None]) -> Revision | None:
        try:
            return apply()
        except StalePlan as error:
            sentence = "L'annuaire a changé à l'instant : recommencez. Rien n'a été écrit."
            raise CommandError(sentence) from error

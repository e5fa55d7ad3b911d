"""Result of a dry run as its page shows it, kept as JSON."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import date
from typing import Any

from directory.foresight.preview import Preview
from directory.foresight.preview_content import preview_content
from directory.foresight.preview_map import PreviewPlaces, preview_map
from directory.sheets.sheet_lines import Labels
from directory.sheets.trial import InvalidSheet, SheetTrial
from experts.changes.directory_facts import LABELS
from experts.changes.formatting import format_value
from experts.changes.row_plans import Difference, RowOutcome, RowPlan
from experts.models import User

MAX_LINES = 500  # of each outcome; the counts are whole
KINDS = {"offices": "Antenne", "experts": "Référent"}
OUTCOMES = {"created": RowOutcome.CREATED, "changed": RowOutcome.CHANGED, "closed": RowOutcome.CLOSED}
HIDDEN = {"edited_fields", "source", "office"}
CHOICES: Mapping[str, Mapping[Any, str]] = {
    "craft": {"": "toutes les entreprises", "only": "artisans seulement", "exclude": "sauf artisans"},
}


def trial_report(trial: SheetTrial, *, most: int = MAX_LINES) -> dict[str, Any]:
    """Lines by outcome, the first ``most`` of each, with their facts in words, and the counts."""
    rows = [(kind, row) for kind in KINDS for row in getattr(trial.plan, kind)]
    texts = _Texts(row for _, row in rows if row.changes_something)
    report: dict[str, Any] = {}
    counts = {"unchanged": sum(row.outcome is RowOutcome.UNCHANGED for _, row in rows)}
    for name, outcome in OUTCOMES.items():
        found = [(kind, row) for kind, row in rows if row.outcome is outcome]
        counts[name] = len(found)
        report[name] = [texts.line(kind, row) for kind, row in found[:most]]
    kept = [(kind, row) for kind, row in rows if row.kept]
    counts["kept"] = len(kept)
    report["kept"] = [texts.kept_line(kind, row) for kind, row in kept[:MAX_LINES]]
    return report | {
        "counts": counts,
        "refused": [str(note) for note in trial.refused[:MAX_LINES]],
        "remarks": list(trial.remarks[:MAX_LINES]),
        "closing": [trial.closing.closed, trial.closing.total],
    }


def preview_report(preview: Preview, user: User) -> dict[str, Any]:
    """The effect on recent requests, as this person may read it; its map is drawn again from the places."""
    content = asdict(replace(preview_content(preview, user=user), map=None))
    for line in content["lines"]:
        line["on"] = line["on"].isoformat()
    return content


def read_preview(report: Mapping[str, Any]) -> dict[str, Any] | None:
    """The preview of a report, as ``directory/foresight/_preview.html`` reads it; ``None`` without one."""
    if not (preview := report.get("preview")):
        return None
    lines = [line | {"on": date.fromisoformat(line["on"])} for line in preview["lines"]]
    places = preview.get("places")  # absent from reports of the version before
    return {**preview, "lines": lines, "map": preview_map(PreviewPlaces(**places)) if places else None}


def error_report(error: InvalidSheet) -> dict[str, Any]:
    """The errors, each with its place, and what was read otherwise."""
    return {
        "errors": [
            {"sheet": one.sheet, "line": one.line, "column": one.column, "sentence": one.sentence}
            for one in error.problems[:MAX_LINES]
        ],
        "counts": {"errors": len(error.problems)},
        "remarks": list(error.remarks[:MAX_LINES]),
    }


def unreadable_report(sentence: str) -> dict[str, Any]:
    """The sentence of a file that cannot be read."""
    return {"unreadable": sentence, "counts": {}}


class _Texts:
    """Facts in French; the names that these rows refer to are read once."""

    def __init__(self, rows: Iterable[RowPlan[Any]]) -> None:
        refs = {
            ref for row in rows for facts in (row.before, row.written_facts) for ref in facts.get("areas", ())
        }
        self.labels = Labels.load(refs)

    def line(self, kind: str, row: RowPlan[Any]) -> dict[str, Any]:
        """A line: its row, and each fact with its value before and after."""
        if row.outcome is RowOutcome.CREATED:
            facts = [
                [LABELS[fact], "", self.value(fact, value)]
                for fact, value in row.facts.items()
                if fact not in HIDDEN and value not in (None, "", False, [], frozenset())
            ]
        else:
            facts = [self._difference(one) for one in row.changes if one.fact not in HIDDEN]
        return self._named(kind, row) | {
            "facts": facts,
            "areas": sorted(map(str, row.after.get("areas", ()))),
        }

    def kept_line(self, kind: str, row: RowPlan[Any]) -> dict[str, Any]:
        """A line of what is kept as people declared it."""
        return self._named(kind, row) | {"facts": [self._difference(one) for one in row.kept]}

    def _named(self, kind: str, row: RowPlan[Any]) -> dict[str, Any]:
        key = row.key[1] if kind == "experts" else row.key
        pk = row.instance.pk if row.instance is not None else None
        return {"kind": KINDS[kind], "name": row.label, "key": key, "pk": pk}

    def _difference(self, one: Difference) -> list[str]:
        return [LABELS[one.fact], self.value(one.fact, one.before), self.value(one.fact, one.after)]

    def value(self, fact: str, value: Any) -> str:
        """The value of a fact, with names instead of codes."""
        if fact == "institution":
            return self.labels.institutions.get(value, str(value))
        if fact in CHOICES:
            return CHOICES[fact].get(value, str(value))
        if fact in {"subjects", "exclusive_subjects"} and value:
            return ", ".join(sorted(self.labels.subjects.get(slug, slug) for slug in value))
        if fact == "areas" and value:
            return ", ".join(sorted(map(self.labels.area, value)))
        return format_value(value)

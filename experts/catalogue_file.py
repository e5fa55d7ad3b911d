"""Reading of the catalogue's files: institutions and their groups, themes, subjects, entry questions."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from experts.entries import Entry, Fields, Problems, distinct
from experts.models import Institution, InstitutionKind
from experts.yaml_files import Node

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
MAX_LABEL = 200
FLAGS = {
    "labour_law": "is_labour_law",
    "confidential": "is_confidential",
    "local_first": "is_local_first",
    "collective": "is_collective",
    "project_holders": "is_open_to_project_holders",
}


@dataclass(frozen=True, slots=True)
class GroupEntry:
    code: str
    label: str
    summary: str


@dataclass(frozen=True, slots=True)
class InstitutionEntry:
    code: str
    name: str
    former_names: list[str]
    group: str | None
    kind: str
    usual_level: str
    notified: str
    is_legal_information: bool
    summary: str


@dataclass(frozen=True, slots=True)
class SubjectEntry:
    slug: str
    theme: str | None
    label: str
    summary: str
    guidance: str
    flags: dict[str, bool]
    keywords: list[str]
    examples: list[str] | None  # None: not in the file
    institutions: list[str]
    relays: list[str]


@dataclass(frozen=True, slots=True)
class ThemeEntry:
    slug: str
    label: str
    summary: str
    position: int
    subjects: list[SubjectEntry]


@dataclass(frozen=True, slots=True)
class QuestionEntry:
    position: int
    question: str
    theme: str | None
    subjects: list[str]


@dataclass(frozen=True, slots=True)
class InstitutionsFile:
    """Content of ``institutions.yaml``, in its order."""

    groups: list[GroupEntry]
    institutions: list[InstitutionEntry]


@dataclass(frozen=True, slots=True)
class CatalogueFile:
    """Content of ``catalogue.yaml``, in its order."""

    themes: list[ThemeEntry]
    standalone: list[SubjectEntry]
    questions: list[QuestionEntry]


def read_institutions(root: Node, problems: Problems) -> InstitutionsFile:
    """Read the file of institutions; errors are added to ``problems``."""
    entries = Entry(root, "", problems).keys(["groups", "institutions"])
    group_codes = _UniqueCodes("ce code de groupe")
    groups = [_group(item, group_codes) for item in entries.listed("groups")]
    known_groups = {group.code for group in groups}
    codes = _UniqueCodes("ce code", taken=known_groups)
    return InstitutionsFile(
        groups, [_institution(item, codes, known_groups) for item in entries.listed("institutions")]
    )


def read_catalogue(root: Node, codes: Collection[str], problems: Problems) -> CatalogueFile:
    """Read the file of subjects; ``codes`` are those of the institutions and their groups."""
    entries = Entry(root, "", problems).keys(["themes"], ["standalone_subjects", "entry_questions"])
    theme_slugs, slugs = _UniqueCodes("cette adresse de thème"), _UniqueCodes("cette adresse de sujet")
    themes = [_theme(item, theme_slugs, slugs, codes) for item in entries.listed("themes")]
    standalone = [_subject(item, None, slugs, codes) for item in entries.listed("standalone_subjects")]
    positions: set[int] = set()
    questions = []
    for item in entries.listed("entry_questions"):
        question = _question(item, theme_slugs.seen, slugs.seen)
        if question.position in positions:
            item.refuse(f"la position {question.position} est donnée deux fois.")
        positions.add(question.position)
        questions.append(question)
    return CatalogueFile(themes, standalone, questions)


class _UniqueCodes:
    """Checks that no code is given twice; ``label`` names the kind of code in the error."""

    def __init__(self, label: str, taken: Collection[str] = ()) -> None:
        self.label = label
        self.seen = set(taken)

    def read(self, entry: Entry | None, *, max_length: int, pattern: re.Pattern[str] | None = None) -> str:
        """Return the code of this entry, empty when it could not be read."""
        code = entry.text(max_length=max_length) if entry else None
        if entry is None or code is None:
            return ""
        if pattern and not pattern.fullmatch(code):
            entry.refuse(f"« {code} » : seulement des minuscules sans accent, des chiffres et des tirets.")
        if code in self.seen:
            entry.refuse(f"{self.label} est donné deux fois : « {code} ».")
        self.seen.add(code)
        return code


def _texts(entries: Fields, key: str) -> list[str]:
    """Read the texts under a key."""
    return entries[key].texts(max_length=MAX_LABEL) if key in entries else []


def _codes(entries: Fields, key: str, known: Collection[str], label: str) -> list[str]:
    """Read the codes under a key; unknown ones are refused."""
    return distinct((item, item.known(known, label)) for item in entries.listed(key))


def _group(item: Entry, codes: _UniqueCodes) -> GroupEntry:
    entries = item.keys(["code", "label", "summary"])
    return GroupEntry(
        code=codes.read(entries.get("code"), max_length=20),
        label=entries.text("label", max_length=MAX_LABEL),
        summary=entries.text("summary"),
    )


def _institution(item: Entry, codes: _UniqueCodes, groups: Collection[str]) -> InstitutionEntry:
    entries = item.keys(
        ["code", "name", "kind", "usual_level", "notified", "summary"],
        ["former_names", "group", "legal_information"],
    )

    return InstitutionEntry(
        code=codes.read(entries.get("code"), max_length=20),
        name=entries.text("name", max_length=MAX_LABEL),
        former_names=_texts(entries, "former_names"),
        group=entries.known("group", groups, "groupe inconnu") or None,
        kind=entries.one_of("kind", InstitutionKind.values),
        usual_level=entries.one_of("usual_level", Institution.UsualLevel.values),
        notified=entries.one_of("notified", Institution.Notified.values),
        is_legal_information=bool(entries.boolean("legal_information")),
        summary=entries.text("summary"),
    )


def _theme(item: Entry, theme_slugs: _UniqueCodes, slugs: _UniqueCodes, codes: Collection[str]) -> ThemeEntry:
    entries = item.keys(["slug", "label", "summary", "position", "subjects"])
    slug = theme_slugs.read(entries.get("slug"), max_length=60, pattern=SLUG)
    return ThemeEntry(
        slug=slug,
        label=entries.text("label", max_length=MAX_LABEL),
        summary=entries.text("summary"),
        position=entries.integer("position", maximum=1000) or 0,
        subjects=[_subject(subject, slug, slugs, codes) for subject in entries.listed("subjects")],
    )


def _subject(item: Entry, theme: str | None, slugs: _UniqueCodes, codes: Collection[str]) -> SubjectEntry:
    required = ["slug", "label", "summary", "guidance", "institutions"]
    entries = item.keys(required, ["flags", "relays", "keywords", "examples"])
    flags = entries["flags"].keys([], FLAGS) if "flags" in entries else Fields()
    return SubjectEntry(
        slug=slugs.read(entries.get("slug"), max_length=60, pattern=SLUG),
        theme=theme,
        label=entries.text("label", max_length=MAX_LABEL),
        summary=entries.text("summary"),
        guidance=entries.text("guidance"),
        flags={field: bool(flags.boolean(key)) for key, field in FLAGS.items()},
        keywords=_texts(entries, "keywords"),
        examples=entries["examples"].texts() if "examples" in entries else None,
        institutions=_codes(entries, "institutions", codes, "institution inconnue"),
        relays=_codes(entries, "relays", codes, "institution inconnue"),
    )


def _question(item: Entry, themes: Collection[str], slugs: Collection[str]) -> QuestionEntry:
    entries = item.keys(["position", "question"], ["theme", "subjects"])
    if ("theme" in entries) == ("subjects" in entries):
        item.refuse("une question mène à un thème ou à des sujets, l'un des deux.")
    return QuestionEntry(
        position=entries.integer("position", maximum=1000) or 0,
        question=entries.text("question", max_length=MAX_LABEL),
        theme=entries.known("theme", themes, "thème inconnu") or None,
        subjects=_codes(entries, "subjects", slugs, "sujet inconnu"),
    )

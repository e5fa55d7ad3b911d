"""Values of a spreadsheet's cells, checked like those of a directory file."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError

from companies.siret import InvalidSiret, clean_siret
from directory.file import LEGAL_FORM_PREFIX, NAF_PREFIX
from directory.sheets import habits
from directory.sheets.cell_texts import (
    all_found,
    code_prefixes,
    found_or_refused,
    list_codes,
    list_items,
    list_naf_codes,
    refused,
    required,
    with_text,
)
from directory.sheets.columns import CellKind, Column
from directory.sheets.known_names import AreaNames
from directory.sheets.name_index import NameIndex
from directory.sheets.tables import NO_RESULT, CellValue
from experts.directory_sites import clean_site
from experts.entries import CONTROLS, EARLIEST, LATEST, MAX_INTEGER, Entry
from experts.models import Office
from territories.areas import AreaRef
from territories.names import normalise

MAX_REMARKS = 1000
YES, NO = {"oui", "o", "x", "vrai", "true", "1", "yes", "ok"}, {"non", "n", "faux", "false", "0", "no"}
TICKS = dict.fromkeys("✓✔☑✅☒🗹", "oui") | dict.fromkeys("☐✗✘", "non")
CRAFT_WORDS = {
    **dict.fromkeys(
        ("artisans seulement", "artisans", "seulement artisans", "only"), Office.Craft.ONLY.value
    ),
    **dict.fromkeys(("sauf artisans", "hors artisans", "exclude"), Office.Craft.EXCLUDE.value),
    **dict.fromkeys(("toutes les entreprises", "toutes", "tous"), Office.Craft.ANY.value),
}
ALL_SUBJECTS = {"tous", "tous les sujets", "toutes", "all"}


@dataclass(frozen=True, slots=True)
class Skills:
    """Subjects of an expert: all, or these."""

    has_all: bool
    subjects: frozenset[str]


@dataclass(frozen=True, slots=True)
class SheetNote:
    """A sentence about a cell: an error, a repair, a refused line."""

    sheet: str
    line: int
    column: str
    sentence: str

    def __str__(self) -> str:
        return f'{self.sheet}, line {self.line}, column "{self.column}": {self.sentence}'


@dataclass(frozen=True, slots=True)
class KnownNames:
    """Institutions, subjects and areas that cells may name."""

    institutions: NameIndex[str]
    subjects: NameIndex[str]
    areas: AreaNames


@dataclass
class CellReader:
    """Reader of the cells of a file; areas are collected in ``found_areas``, to be checked together."""

    names: KnownNames
    sheet: str = ""
    remarks: list[SheetNote] = field(default_factory=list)
    found_areas: list[tuple[Entry, AreaRef]] = field(default_factory=list)
    stray_spaces: int = 0

    def read(self, column: Column, value: CellValue, entry: Entry) -> Any:
        """The value of a cell that is not empty; « - » gives the empty value. Raises ``Unread``."""
        raw = habits.plain_text(value)
        if sentence := _refusal(raw, column.kind):
            raise refused(entry, sentence)
        text = habits.without_stray_spaces(raw)
        self.stray_spaces += isinstance(value, str) and "\n" not in raw and text != raw.removeprefix("'")
        if text in habits.DASHES:
            return _emptied(column, entry)
        if column.kind in LISTS:
            text = raw
        if column.kind in DIGITS:
            text = habits.without_decimals(text.removeprefix("'"))  # the apostrophe keeps the zeros
        return _READERS[column.kind](self, value, text, entry)

    def remark(self, entry: Entry, sentence: str) -> None:
        """Say something about a cell."""
        if sentence and len(self.remarks) < MAX_REMARKS:
            self.remarks.append(SheetNote(self.sheet, entry.line, entry.path, sentence))

    def text(self, value: CellValue, text: str, entry: Entry) -> str:
        return required(with_text(entry, text).text())

    def email(self, value: CellValue, text: str, entry: Entry) -> str:
        if " " in text and text.count("@") == 1:
            self.remark(entry, f"« {text} » est lu sans ses espaces : vérifiez l'adresse.")
        return required(with_text(entry, re.sub(r"^mailto:", "", text, flags=re.IGNORECASE)).email())

    def phone(self, value: CellValue, text: str, entry: Entry) -> str:
        repaired, sentence = habits.repaired_phone(text)
        self.remark(entry, sentence)
        return required(with_text(entry, repaired).phone())

    def site(self, value: CellValue, text: str, entry: Entry) -> str:
        try:
            return clean_site(text)
        except ValidationError:
            raise refused(
                entry, f"« {text} » n'est pas une adresse internet comme https://www.exemple.fr."
            ) from None

    def siret(self, value: CellValue, text: str, entry: Entry) -> str:
        repaired, sentence = habits.repaired_siret(text)
        try:
            siret = clean_siret(repaired)
        except InvalidSiret as error:
            raise refused(entry, f"« {text} » : {error}") from None
        self.remark(entry, sentence)
        return siret

    def institution(self, value: CellValue, text: str, entry: Entry) -> str:
        code: str = found_or_refused(self.names.institutions.find, text, entry)
        return code

    def subjects(self, value: CellValue, text: str, entry: Entry) -> frozenset[str]:
        items = list_items(text, self.names.subjects.knows)
        return frozenset(all_found(self.names.subjects.find, items, entry))

    def skills(self, value: CellValue, text: str, entry: Entry) -> Skills:
        if normalise(text) in ALL_SUBJECTS:
            return Skills(True, frozenset())
        return Skills(False, self.subjects(value, text, entry))

    def areas(self, value: CellValue, text: str, entry: Entry) -> frozenset[AreaRef]:
        refs = set(
            all_found(lambda item: self._area(item, entry), list_items(text, self.names.areas.knows), entry)
        )
        self.found_areas += [(entry, ref) for ref in refs]
        return frozenset(refs)

    def _area(self, item: str, entry: Entry) -> AreaRef:
        repaired, sentence = habits.repaired_area(item)
        self.remark(entry, sentence)
        if len(repaired) == 5 and (places := self.names.areas.postcodes.others(repaired)):
            warning = (
                f"« {item} » est lu comme le code d'une commune ; c'est aussi le code postal de {places}."
            )
            self.remark(entry, warning)
        return self.names.areas.find(repaired)

    def number(self, value: CellValue, text: str, entry: Entry) -> int:
        digits = text.replace(" ", "")
        if not re.fullmatch(r"0|[1-9][0-9]{0,8}", digits) or int(digits) > MAX_INTEGER:
            raise refused(
                entry, f"« {text} » n'est pas un nombre entier : écrivez-le en chiffres, sans unité."
            )
        return int(digits)

    def naf(self, value: CellValue, text: str, entry: Entry) -> list[str]:
        items = [text] if isinstance(value, date) else list_naf_codes(text, entry)
        repaired = [habits.repaired_naf(value if isinstance(value, date) else None, item) for item in items]
        for _, sentence in repaired:
            self.remark(entry, sentence)
        return code_prefixes([item for item, _ in repaired], entry, NAF_PREFIX, "un code NAF")

    def legal_forms(self, value: CellValue, text: str, entry: Entry) -> list[str]:
        return code_prefixes(list_codes(text), entry, LEGAL_FORM_PREFIX, "une catégorie juridique")

    def craft(self, value: CellValue, text: str, entry: Entry) -> str:
        if normalise(text) not in CRAFT_WORDS:
            raise refused(
                entry,
                f"« {text} » est inconnu : écrivez « toutes les entreprises », « artisans seulement » ou "
                "« sauf artisans ».",
            )
        return CRAFT_WORDS[normalise(text)]

    def choice(self, value: CellValue, text: str, entry: Entry) -> bool:
        word = TICKS.get(text.removesuffix("\ufe0f"), normalise(habits.without_decimals(text)))
        if word not in YES | NO:
            raise refused(entry, f"« {text} » est inconnu : écrivez « oui » ou « non ».")
        return word in YES

    def day(self, value: CellValue, text: str, entry: Entry) -> date:
        day, sentence = habits.read_day(value, text)
        if day is None or not EARLIEST <= day <= LATEST:
            raise refused(entry, f"« {text} » n'est pas une date : écrivez-la comme 31/12/2026.")
        self.remark(entry, sentence)
        return day

    def days(self, value: CellValue, text: str, entry: Entry) -> list[date]:
        if isinstance(value, date):
            return [self.day(value, text, entry)]
        return [self.day(None, item, entry) for item in habits.split_list(text)]

    def emails(self, value: CellValue, text: str, entry: Entry) -> list[str | None]:
        return [
            None if item in habits.DASHES else self.email(None, item, entry).lower()
            for item in re.split(r"[;,\s]+", habits.without_stray_spaces(text))
            if item
        ]


_READERS: dict[CellKind, Callable[[CellReader, CellValue, str, Entry], Any]] = {
    CellKind.CODE: CellReader.text,
    CellKind.TEXT: CellReader.text,
    CellKind.EMAIL: CellReader.email,
    CellKind.PHONE: CellReader.phone,
    CellKind.SITE: CellReader.site,
    CellKind.SIRET: CellReader.siret,
    CellKind.INSTITUTION: CellReader.institution,
    CellKind.SUBJECTS: CellReader.subjects,
    CellKind.SKILLS: CellReader.skills,
    CellKind.AREAS: CellReader.areas,
    CellKind.NUMBER: CellReader.number,
    CellKind.NAF: CellReader.naf,
    CellKind.LEGAL_FORMS: CellReader.legal_forms,
    CellKind.CRAFT: CellReader.craft,
    CellKind.CHOICE: CellReader.choice,
    CellKind.DAY: CellReader.day,
    CellKind.DAYS: CellReader.days,
    CellKind.EMAILS: CellReader.emails,
}
LISTS = {CellKind.SUBJECTS, CellKind.SKILLS, CellKind.AREAS, CellKind.DAYS, CellKind.EMAILS}
# Written with digits alone, to which a column of numbers adds decimals.
DIGITS = {CellKind.PHONE, CellKind.SIRET, CellKind.AREAS, CellKind.NUMBER, CellKind.LEGAL_FORMS}
EMPTY: dict[CellKind, Any] = {
    CellKind.SUBJECTS: frozenset(),
    CellKind.SKILLS: Skills(False, frozenset()),
    CellKind.AREAS: frozenset(),
    CellKind.NUMBER: None,
    CellKind.NAF: [],
    CellKind.LEGAL_FORMS: [],
    CellKind.CHOICE: None,
    CellKind.DAY: None,
    CellKind.DAYS: [],
    CellKind.EMAILS: [],
}


def _emptied(column: Column, entry: Entry) -> Any:
    if column.is_required:
        raise refused(entry, "cette case ne peut pas être vidée : écrivez sa nouvelle valeur.")
    return EMPTY.get(column.kind, "")


def _refusal(raw: str, kind: CellKind) -> str:
    """Reason to read a cell no further; empty when there is none."""
    if raw == NO_RESULT:
        return "cette formule n'a pas de résultat : ouvrez le fichier dans un tableur, et enregistrez-le."
    if habits.ERROR.fullmatch(raw.strip()):
        return f"la formule de cette case donne une erreur ({raw}) : écrivez la valeur."
    if CONTROLS.search(re.sub(r"[\t\r\n]", " ", raw)):
        return "ce texte contient un caractère de contrôle : retapez-le au clavier."
    if kind is not CellKind.TEXT and habits.SCIENTIFIC.fullmatch(raw.strip()):
        return (
            f"« {raw} » : le tableur a perdu des chiffres ; mettez la colonne au format Texte et retapez-le."
        )
    return ""

"""Headings on two lines: « Antenne » above « Nom » and « Tél. », « Référent » above « Nom » and « Mail »."""

from directory.sheets.columns import Column, column_of
from directory.sheets.habits import plain_text
from directory.sheets.tables import SheetRow
from territories.names import normalise

GROUPS = {
    **dict.fromkeys(("antenne", "structure", "agence", "organisme", "etablissement"), "antenne"),
    **dict.fromkeys(("referent", "contact", "expert", "personne", "interlocuteur"), "referent"),
    "absence": "absence",
}


def groups_under(row: SheetRow | None, width: int) -> list[str]:
    """The group of each column: the last one named before it, in a row that names several things."""
    names = [normalise(plain_text(cell)) for cell in row.cells] if row else []
    if sum(map(bool, names)) < 2:
        return [""] * width
    found, last = [], ""
    for name in (*names, *[""] * (width - len(names))):
        last = name or last
        found.append(GROUPS.get(last.removesuffix("s"), ""))
    return found


def column_under(group: str, heading: str) -> Column | None:
    """The column of a heading under its group; ``None`` when it is unknown."""
    named = (column_of(f"{heading} {group}") or column_of(f"{group} {heading}")) if group else None
    return named or column_of(heading)

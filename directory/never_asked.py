"""Reasons why an office or an expert would never be asked anything, said before they are saved. Pure."""

from collections.abc import Collection, Iterable

from experts.changes.directory_facts import Facts


def office_reasons(office: Facts, *, is_notified: bool) -> list[str]:
    """Reasons that keep every request from an office, whoever works there."""
    reasons = []
    if not is_notified and not office["is_fallback"]:
        reasons.append(
            "Son institution n'est jamais prévenue : les pages des sujets la montrent seulement comme relais."
        )
    if not office["is_fallback"]:
        reasons += _contradictions(office)
    return reasons


def expert_reasons(
    expert: Facts, office: Facts, *, answered: Collection[str], labels: dict[str, str] | None = None
) -> list[str]:
    """Reasons that keep every request from an expert. ``answered``: subjects of the office's institution."""
    if not expert["areas"] and not office["areas"]:
        return ["Ni cette personne ni son antenne n'ont de territoire."]
    if office["is_fallback"] or expert["has_all_subjects"]:
        return []
    if not expert["subjects"]:
        return ["Aucun sujet n'est coché."]
    if not set(expert["subjects"]) & set(answered):
        names = _listed((labels or {}).get(slug, slug) for slug in expert["subjects"])
        return [f"Aucun de ses sujets n'est confié à son institution ({names})."]
    return []


def _contradictions(office: Facts) -> list[str]:
    """Criteria that exclude everybody."""
    found = []
    for accepted, refused, what in (
        ("naf", "naf_excluded", "activités"),
        ("legal_forms", "legal_forms_excluded", "formes juridiques"),
    ):
        kept = [code for code in office[accepted] if not _starts(code, office[refused])]
        if office[accepted] and not kept:
            found.append(f"Toutes les {what} acceptées sont aussi refusées.")
    for low, high, sentence in (
        ("headcount_min", "headcount_max", "L'effectif minimal dépasse le maximal."),
        ("age_min_years", "age_max_years", "L'ancienneté minimale dépasse la maximale."),
    ):
        if None not in {office[low], office[high]} and office[low] > office[high]:
            found.append(sentence)
    return found


def _starts(code: str, prefixes: Iterable[str]) -> bool:
    bare = _bare(code)
    return any(bare.startswith(_bare(prefix)) for prefix in prefixes)


def _bare(code: str) -> str:
    return code.replace(".", "").replace(" ", "").lower()


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))

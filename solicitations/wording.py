"""Facts and states of a request as French words, shared by pages and mails."""

from collections.abc import Sequence
from datetime import date, datetime

from django.conf import settings

from companies import headcounts, naf_editions
from solicitations.lifecycle import ContactWish, MatchOrigin
from solicitations.models import Match, Solicitation
from territories.areas import AreaRef
from territories.models import Commune
from territories.spoken_places import of_area
from territories.spoken_time import spoken_date
from territories.working_time import add_working_days

DAYS = {
    "mon": "lundi",
    "tue": "mardi",
    "wed": "mercredi",
    "thu": "jeudi",
    "fri": "vendredi",
    "sat": "samedi",
}
HOURS = {
    "morning": "le matin (8\u00a0h\u00a0–\u00a012\u00a0h)",
    "noon": "entre midi et deux (12\u00a0h\u00a0–\u00a014\u00a0h)",
    "afternoon": "l'après-midi (14\u00a0h\u00a0–\u00a017\u00a0h)",
    "evening": "en fin de journée (17\u00a0h\u00a0–\u00a019\u00a0h)",
}


def listed(items: Sequence[str], *, last: str = "et") -> str:
    """``["a", "b", "c"]`` as ``a, b et c``; an empty list as an empty string."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def headcount(low: int | None, high: int | None) -> str:
    """``6 à 9 salariés``, ``1 salarié``, ``aucun salarié``; empty when unknown."""
    return "" if low is None else headcounts.display((low, high))


def callback(solicitation: Solicitation) -> str:
    """Days and hours to call back: ``lundi et mardi, le matin (8 h – 12 h)``, or ``à tout moment``."""
    days = [DAYS[code] for code in DAYS if code in solicitation.callback_days]
    hours = [HOURS[code] for code in HOURS if code in solicitation.callback_hours]
    wishes = [listed(days), listed(hours, last="ou")]
    return ", ".join(wish for wish in wishes if wish) or "à tout moment"


WISHES = {
    ContactWish.VIDEO: "souhaite un échange en visioconférence",
    ContactWish.VISIT: "souhaite un rendez-vous sur place",
    ContactWish.WRITTEN: "souhaite une réponse écrite",
}


def contact_wish(solicitation: Solicitation) -> str:
    """Return the wished way of being answered, in words; empty for a call, which is usual."""
    return WISHES.get(ContactWish(solicitation.contact_wish), "")


def company_lines(solicitation: Solicitation, *, today: date) -> list[str]:
    """The company's facts, one line each; unknown facts are mentioned."""
    if solicitation.is_project_holder:
        return ["Projet de création ou de reprise, pas encore d'entreprise"]
    size = headcount(solicitation.headcount_min, solicitation.headcount_max) or "effectif non vérifié"
    lines = [size[0].upper() + size[1:]]
    if solicitation.naf:
        activity = naf_editions.label(solicitation.naf)
        lines.append(f"{activity[0].upper()}{activity[1:]} ({solicitation.naf})")
    else:
        lines.append("Activité non vérifiée")
    if solicitation.craft is not None:
        lines.append("Entreprise artisanale" if solicitation.craft else "Entreprise non artisanale")
    if number := siret(solicitation):
        lines.append(f"SIRET {number}".replace(" ", "\u00a0"))
    if solicitation.company_closed_on:
        lines.append(
            f"Fermée au registre depuis le {spoken_date(solicitation.company_closed_on, today=today)}"
        )
    return lines


def siret(solicitation: Solicitation) -> str:
    """``000 100 370 00014``; empty where there is none."""
    number = solicitation.siret
    return f"{number[:3]} {number[3:6]} {number[6:9]} {number[9:]}".strip()


def headline(solicitation: Solicitation, subjects: Sequence[str]) -> str:
    """The subject line of an expert's mail: ``Sujet — Entreprise, commune (6 salariés)``.

    Other people may see a list of mails on a screen: a confidential request does not name its company there.
    """
    if solicitation.is_confidential:
        return f"{listed(subjects)} — demande confidentielle, {solicitation.commune.name}"
    size = headcount(solicitation.headcount_min, solicitation.headcount_max)
    place = f"{solicitation.applicant}, {solicitation.commune.name}"
    return f"{listed(subjects)} — {place}" + (f" ({size})" if size else "")


def subjects(matches: Sequence[Match]) -> list[str]:
    """The subjects of these matches, without repeats: one person may hold two posts."""
    return list(dict.fromkeys(match.need.subject.label for match in matches))


def reasons(matches: Sequence[Match]) -> list[str]:
    """The reasons why these experts were chosen, a sentence each, without repeats. Needs ``with_people``."""
    return list(dict.fromkeys(reason(match) for match in matches))


def reason(match: Match) -> str:
    """Return the reason for this expert: hand-over, matching area, absent colleague."""
    origin = MatchOrigin(match.origin)
    if origin in {MatchOrigin.HAND_OVER, MatchOrigin.BRING_IN} and match.introduced_by:
        introducer = match.introduced_by.expert
        is_colleague = introducer.office_id == match.expert.office_id
        office = introducer.name if is_colleague else introducer.office.name
        verb = "vous a réorienté ce besoin" if origin == MatchOrigin.HAND_OVER else "demande votre renfort"
        return f"{office} {verb}."
    if origin == MatchOrigin.STAFF:
        return "L'équipe du service a pensé à vous pour ce besoin."
    if origin == MatchOrigin.ESCALATION:
        return "Ceux qui ont reçu ce besoin avant vous n'ont pas répondu : à votre tour."
    if origin == MatchOrigin.FALLBACK or (match.need.decision or {}).get("fallback"):
        return "Personne d'autre ne répond sur ce sujet à cet endroit : votre antenne prend le relais."
    sentence = f"Vous répondez sur «\u00a0{match.need.subject.label}\u00a0» aux entreprises {_place(match)}."
    if absent := match.reason.get("stand_in_for"):
        sentence += f" Vous remplacez {absent}, absent."
    return sentence


def _place(match: Match) -> str:
    """« de la Côte-d'Or »: the area through which the rule chose the expert, else the commune."""
    if area := match.reason.get("area"):
        return of_area(AreaRef.parse(area).kind, match.reason["area_name"])
    return of_area("commune", match.mailbox.solicitation.commune.name)


def spoken_day(solicitation: Solicitation, at: datetime, *, now: datetime) -> str:
    """The day of a moment as people say it where the company is: « lundi 3 mars »."""
    return spoken_date(at.astimezone(solicitation.time_zone).date(), today=solicitation.today(now))


def legal_deadline(submitted_at: datetime, commune: Commune) -> date:
    """The deadline for answering a labour-law question: 10 working days of the territory from sending.

    Source: code du travail, L. 5143-1, which asks for a reasonable time.
    """
    sent_on = submitted_at.astimezone(commune.time_zone).date()
    return add_working_days(sent_on, settings.LEGAL_DELAY_DAYS, commune)

"""Figures about needs: the only definition of each, in SQL and in French."""

from dataclasses import dataclass

from django.db.models import Q

ANSWER_HOURS = 72


@dataclass(frozen=True)
class Measure:
    """A number of needs: its condition on ``NeedFacts``, and the sentence printed beside it."""

    code: str
    label: str
    definition: str
    condition: Q


RECEIVED = Measure(
    "recus",
    "Reçus",
    "Besoins dont la demande est arrivée pendant la période. Une demande sur deux sujets fait deux besoins ; "
    "les demandes indésirables, les essais et les doublons ne comptent pas.",
    Q(),
)
MEASURES = (
    RECEIVED,
    Measure(
        "repondus",
        "Répondus en 3 jours",
        "Besoins qu'un référent a pris en charge, déclinés ou réorientés dans les 72 heures qui suivent leur "
        "premier envoi.",
        Q(answer_hours__lte=ANSWER_HOURS),
    ),
    Measure(
        "pris",
        "Pris en charge",
        "Besoins qu'au moins un référent a pris en charge, quelle qu'en soit la suite.",
        Q(taking_hours__isnull=False),
    ),
    Measure(
        "aides",
        "Aide apportée",
        "Besoins dont au moins un référent dit avoir aidé l'entreprise.",
        Q(is_helped=True),
    ),
    Measure(
        "attente",
        "En attente",
        "Besoins encore ouverts que personne n'a pris en charge, au moment du calcul.",
        Q(is_waiting=True),
    ),
    Measure(
        "avis",
        "Avis reçus",
        "Besoins dont l'entreprise a répondu à l'enquête envoyée après la clôture.",
        Q(was_useful__isnull=False),
    ),
    Measure(
        "rappeles",
        "Rappelées",
        "Parmi les avis reçus, l'entreprise dit avoir été rappelée.",
        Q(was_called=True),
    ),
    Measure(
        "utiles",
        "Aide utile",
        "Parmi les avis reçus, l'entreprise dit l'aide utile, au moins en partie.",
        Q(was_useful=True),
    ),
)
OF_SURVEY = frozenset({"rappeles", "utiles"})  # their share is one of the answers, not of the needs received
DELAY_LABEL = "Délai médian"
DELAY = (
    "Entre le premier envoi d'un besoin et sa première prise en charge, la durée que la moitié des besoins "
    "ne dépassent pas. Un besoin que personne n'a pris compte comme le plus long."
)


def measure_of(code: str) -> Measure | None:
    """The measure of a code, as addresses name it."""
    return next((measure for measure in MEASURES if measure.code == code), None)

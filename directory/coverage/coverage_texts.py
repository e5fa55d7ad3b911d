"""French texts of coverage."""

from directory.coverage.subject_coverage import Flag
from territories.areas import Level

FLAG_LABELS = {
    Flag.CRITERIA_ONLY: "Sous conditions seulement",
    Flag.STAND_IN_ONLY: "Par des remplaçants seulement",
    Flag.SILENT_ONLY: "Par des référents sans réponse à leurs trois dernières demandes",
    Flag.DOUBLED: "Deux antennes d'une même institution",
    Flag.EXCLUSIVE: "Par une antenne exclusive",
}
LEVEL_LABELS = {
    Level.COMMUNE: "Commune",
    Level.EPCI: "Intercommunalité",
    Level.ZONE: "Zone",
    Level.DEPARTMENT: "Département",
    Level.REGION: "Région",
    Level.NATIONAL: "France entière",
}


def thousands(number: int) -> str:
    """« 34 969 », with narrow no-break spaces."""
    return f"{number:,}".replace(",", "\u202f")


def percent(share: float) -> str:
    """« 12 % »; what is not nothing is never said « 0 % »."""
    rounded = round(share * 100)
    if share and not rounded:
        return "moins de 1\xa0%"
    return f"{rounded}\xa0%"

"""Labels of INSEE's legal categories: all of the two-digit level, the commonest of the four-digit level."""

from collections.abc import Mapping

LABELS: Mapping[str, str] = {
    "10": "Entrepreneur individuel",
    "21": "Indivision",
    "22": "Société créée de fait",
    "23": "Société en participation",
    "24": "Fiducie",
    "27": "Paroisse hors zone concordataire",
    "28": "Assujetti unique à la TVA",
    "29": "Autre groupement de droit privé non doté de la personnalité morale",
    "31": "Personne morale de droit étranger, immatriculée au registre du commerce",
    "32": "Personne morale de droit étranger, non immatriculée au registre du commerce",
    "41": "Établissement public ou régie à caractère industriel ou commercial",
    "51": "Société coopérative commerciale particulière",
    "52": "Société en nom collectif",
    "53": "Société en commandite",
    "54": "Société à responsabilité limitée (SARL)",
    "5498": "SARL unipersonnelle (EURL)",
    "55": "Société anonyme à conseil d'administration",
    "56": "Société anonyme à directoire",
    "57": "Société par actions simplifiée (SAS)",
    "5720": "Société par actions simplifiée à associé unique (SASU)",
    "58": "Société européenne",
    "61": "Caisse d'épargne et de prévoyance",
    "62": "Groupement d'intérêt économique",
    "63": "Société coopérative agricole",
    "64": "Société d'assurance mutuelle",
    "65": "Société civile",
    "6533": "Groupement agricole d'exploitation en commun (GAEC)",
    "6540": "Société civile immobilière (SCI)",
    "6598": "Exploitation agricole à responsabilité limitée (EARL)",
    "69": "Autre personne morale de droit privé inscrite au registre du commerce",
    "71": "Administration de l'État",
    "72": "Collectivité territoriale",
    "73": "Établissement public administratif",
    "74": "Autre personne morale de droit public administratif",
    "81": "Organisme gérant un régime de protection sociale à adhésion obligatoire",
    "82": "Organisme mutualiste",
    "83": "Comité social et économique",
    "84": "Organisme professionnel",
    "85": "Organisme de retraite à adhésion non obligatoire",
    "91": "Syndicat de propriétaires",
    "92": "Association loi 1901 ou assimilé",
    "93": "Fondation",
    "99": "Autre personne morale de droit privé",
}

# The families of INSEE's first level by their digit, the commonest first.
FAMILIES: Mapping[str, str] = {
    "1": "Entreprise individuelle",
    "5": "Société commerciale",
    "6": "Société civile, groupement, coopérative agricole, mutuelle",
    "9": "Association, fondation, syndicat",
    "2": "Indivision ou groupement sans personnalité morale",
    "3": "Société étrangère",
    "4": "Établissement public commercial",
    "7": "Administration",
    "8": "Organisme social ou professionnel",
}


def choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """The labels by family, for a list to choose from."""
    return [
        (family, [(code, label) for code, label in LABELS.items() if code.startswith(digit)])
        for digit, family in FAMILIES.items()
    ]


def label(code: str) -> str:
    """The label of a category, else of its two-digit family; "" when unknown."""
    return LABELS.get(code) or LABELS.get(code[:2], "")


def is_known(code: str) -> bool:
    """True for a category, a family or the beginning of one; false in another edition of the list."""
    return any(family.startswith(code[:2]) for family in LABELS)

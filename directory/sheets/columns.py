"""Columns of the directory's spreadsheet: headings, other names for them, and what to write there."""

from dataclasses import dataclass
from enum import Enum

from territories.names import normalise


class Owner(Enum):
    """Row of the directory that a column describes."""

    OFFICE = "office"
    EXPERT = "expert"


class CellKind(Enum):
    """Way to read a cell."""

    CODE = "code"
    TEXT = "text"
    EMAIL = "email"
    PHONE = "phone"
    SITE = "site"
    SIRET = "siret"
    INSTITUTION = "institution"
    SUBJECTS = "subjects"
    SKILLS = "skills"
    AREAS = "areas"
    NUMBER = "number"
    NAF = "naf"
    LEGAL_FORMS = "legal_forms"
    CRAFT = "craft"
    CHOICE = "choice"
    DAY = "day"
    DAYS = "days"
    EMAILS = "emails"


@dataclass(frozen=True, slots=True)
class Column:
    """A column; ``fact`` is that of the directory's row, ``is_required`` when it cannot be emptied."""

    fact: str
    owner: Owner
    kind: CellKind
    heading: str
    explanation: str
    aliases: tuple[str, ...] = ()
    width: int = 20
    is_required: bool = False

    @property
    def key(self) -> str:
        """Name of the column among all: both offices and experts have a name and a phone."""
        return f"{self.owner.value}.{self.fact}"


def _office(
    fact: str, kind: CellKind, heading: str, explanation: str, *aliases: str, width: int = 18
) -> Column:
    is_required = fact in {
        "code",
        "institution",
        "name",
        "phone",
        "email",
        "areas",
        "is_fallback",
        "is_public",
    }
    return Column(fact, Owner.OFFICE, kind, heading, explanation, aliases, width, is_required)


def _expert(
    fact: str, kind: CellKind, heading: str, explanation: str, *aliases: str, width: int = 18
) -> Column:
    is_required = fact in {"name", "email", "phone"}
    return Column(fact, Owner.EXPERT, kind, heading, explanation, aliases, width, is_required)


LIST_HELP = "Plusieurs : séparez-les par un point-virgule."
AREA_HELP = (
    "Communes, EPCI, zones, départements ou régions, par leur nom ou leur code (« département 21 », "
    f"« Dijon (21) », « EPCI 242100410 »). {LIST_HELP}"
)
NO_LIMIT = "Vide : n'exclut personne."
YES_NO = "« oui » ou « non »."

COLUMNS = (
    _office(
        "code", CellKind.CODE, "Code de l'antenne",
        "Donné par le portail : ne le changez pas, laissez-le vide pour une nouvelle antenne.",
        "code", "code antenne", "id", "identifiant", width=16,
    ),
    _office(
        "institution", CellKind.INSTITUTION, "Institution",
        "Le nom de l'institution, à choisir dans la liste, ou son code.",
        "organisme", "code institution", "reseau", width=26,
    ),
    _office(
        "name", CellKind.TEXT, "Nom de l'antenne", "Le nom que verront les entreprises.",
        "antenne", "structure", "service", "nom de la structure", "nom antenne", "agence", width=30,
    ),
    _office(
        "phone", CellKind.PHONE, "Téléphone de l'antenne", "Le numéro montré aux entreprises, à 10 chiffres.",
        "tel antenne", "telephone antenne", "telephone structure", "telephone de la structure", "standard",
    ),
    _office(
        "email", CellKind.EMAIL, "Courriel de l'antenne", "La boîte partagée de l'antenne.",
        "mail antenne", "email antenne", "adresse de l'antenne", "courriel antenne", "mail de l'antenne",
        "courriel structure", "mail structure", "boite partagee", width=30,
    ),
    _office(
        "site", CellKind.SITE, "Site internet", "L'adresse complète, par exemple https://www.exemple.fr.",
        "site", "site web", "web", "url", width=26,
    ),
    _office("siret", CellKind.SIRET, "SIRET", "14 chiffres.", "numero siret", "n siret"),
    _office(
        "areas", CellKind.AREAS, "Territoires de l'antenne", f"Où l'antenne répond. {AREA_HELP}",
        "territoires", "territoire", "territoire de l'antenne", "secteur", "perimetre", "communes", "zone",
        width=40,
    ),
    _expert(
        "name", CellKind.TEXT, "Nom du référent", "La personne, ou le nom du service qui répond.",
        "nom", "referent", "nom referent", "nom et prenom", "nom prenom", "contact", "expert", width=30,
    ),
    _expert("job", CellKind.TEXT, "Fonction", "Son métier.",
            "poste", "metier", "fonction du referent", width=26),
    _expert(
        "email", CellKind.EMAIL, "Courriel du référent", "L'adresse qui reçoit les demandes.",
        "mail", "courriel", "email", "e mail", "adresse mail", "adresse electronique", "adresse e mail",
        "adresse courriel", "mail du referent", "mail referent", "email du referent", "email referent",
        "courriel referent", "mel", width=32,
    ),
    _expert(
        "phone", CellKind.PHONE, "Téléphone du référent",
        "Sa ligne ; vide pour une nouvelle personne : celui de l'antenne.",
        "telephone", "tel", "portable", "mobile", "ligne directe", "telephone referent", "tel referent",
        "numero de telephone", "numero",
    ),
    _expert(
        "subjects", CellKind.SKILLS, "Sujets",
        f"« tous », ou les sujets auxquels la personne répond, comme dans la liste. {LIST_HELP} "
        "Sans sujet, elle ne reçoit rien.",
        "sujet", "competences", "competence", "themes", "domaines", width=50,
    ),
    _expert(
        "areas", CellKind.AREAS, "Territoires du référent",
        f"Ils remplacent ceux de l'antenne ; vide : les mêmes. {AREA_HELP}",
        "territoires propres", "territoire du referent", "secteur du referent", "territoires referent",
        "territoire referent", "secteur referent", width=30,
    ),
    _expert(
        "absent_from", CellKind.DAYS, "Absence du", f"Premier jour. {LIST_HELP}",
        "absent du", "absente du", "debut d'absence", "debut absence", width=14,
    ),
    _expert(
        "absent_to", CellKind.DAYS, "Absence au", "Dernier jour, compris, dans le même ordre.",
        "absent jusqu'au", "absente jusqu'au", "fin d'absence", "fin absence", "absent au", width=14,
    ),
    _expert(
        "deputies", CellKind.EMAILS, "Suppléant",
        "Le courriel d'un référent de la même antenne, dans le même ordre ; « - » : personne.",
        "suppleante", "remplacant", "courriel du suppleant", "mail du suppleant", width=30,
    ),
    _office("headcount_min", CellKind.NUMBER, "Effectif minimal", NO_LIMIT, "effectif min", width=10),
    _office("headcount_max", CellKind.NUMBER, "Effectif maximal", NO_LIMIT, "effectif max", width=10),
    _office(
        "age_min_years", CellKind.NUMBER, "Ancienneté minimale", f"En années. {NO_LIMIT}",
        "anciennete min", "age minimal", width=10,
    ),
    _office(
        "age_max_years", CellKind.NUMBER, "Ancienneté maximale", f"En années. {NO_LIMIT}",
        "anciennete max", "age maximal", width=10,
    ),
    _office(
        "naf", CellKind.NAF, "NAF acceptés", f"Débuts de codes NAF : « 43 ; 56.10 ». {NO_LIMIT}",
        "naf", "activites acceptees", "activites acceptees naf", "codes naf", "code naf", "ape",
    ),
    _office(
        "naf_excluded", CellKind.NAF, "NAF refusés", f"Débuts de codes NAF. {NO_LIMIT}",
        "naf exclus", "activites refusees", "activites refusees naf",
    ),
    _office(
        "legal_forms", CellKind.LEGAL_FORMS, "Formes juridiques acceptées",
        f"Débuts de catégories juridiques de l'Insee : « 54 ; 5710 ». {NO_LIMIT}",
        "formes juridiques", "categories juridiques",
    ),
    _office(
        "legal_forms_excluded", CellKind.LEGAL_FORMS, "Formes juridiques refusées",
        f"Débuts de catégories juridiques de l'Insee. {NO_LIMIT}",
        "formes juridiques exclues",
    ),
    _office(
        "craft", CellKind.CRAFT, "Artisanat",
        "« toutes les entreprises », « artisans seulement » ou « sauf artisans ».", "artisans",
    ),
    _office(
        "project_holders", CellKind.CHOICE, "Porteurs de projet",
        f"« non » écarte les personnes sans entreprise. {NO_LIMIT}",
        "porteur de projet", "createurs", width=12,
    ),
    _office(
        "exclusive_subjects", CellKind.SUBJECTS, "Sujets exclusifs",
        f"Sur son territoire, l'antenne y répond seule. {LIST_HELP}", "exclusivite", "sujet exclusif",
        width=30,
    ),
    _office(
        "is_fallback", CellKind.CHOICE, "Antenne de secours",
        f"Reçoit ce que personne ne couvre, et rien d'autre : {YES_NO}", "secours",
        "recoit ce que personne ne couvre", width=12,
    ),
    _office("is_public", CellKind.CHOICE, "Montrée au public", f"Sur « Qui peut m'aider ? » : {YES_NO}",
            "publique", width=12),
    _office("agreement_signed_on", CellKind.DAY, "Convention signée le", "Une date.", "signature", width=14),
    _office(
        "agreement_ends_on", CellKind.DAY, "Fin de la convention",
        "Une date ; de ce jour, l'antenne ne reçoit plus rien.", "convention jusqu'au", "fin de convention",
        width=14,
    ),
    _office("agreement_link", CellKind.SITE, "Lien vers la convention", "Une adresse https://…",
            "lien convention", "lien"),
    _office(
        "closed_on", CellKind.DAY, "Fermée à partir du",
        "Premier jour où l'antenne ne reçoit plus rien ; « - » la rouvre.",
        "fermeture", "fermeture le", "fermee le", "date de fermeture", width=14,
    ),
)  # fmt: skip

BY_KEY = {column.key: column for column in COLUMNS}
BY_NAME: dict[str, Column] = {}
for _column in COLUMNS:
    for _name in (_column.heading, *_column.aliases):
        BY_NAME.setdefault(normalise(_name), _column)

# Headings of the template's other sheets.
HELP_SHEET, LISTS_SHEET, DATA_SHEET = "Mode d'emploi", "Listes", "Annuaire"


def column_of(heading: str) -> Column | None:
    """The column of a heading as people write it; ``None`` when it is unknown."""
    name = normalise(heading.replace("*", " "))
    return BY_NAME.get(name) or BY_NAME.get(name.removeprefix("l ").removesuffix(" obligatoire"))

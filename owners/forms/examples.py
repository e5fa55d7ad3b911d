"""An example of a request per theme, shown beside the text to write."""

from experts.models import Theme

PLAIN = (
    "Nous sommes un atelier de six personnes. Depuis le printemps, nos commandes changent et je ne "
    "sais pas à qui en parler. J'ai déjà vu mon comptable. Je voudrais savoir quelles aides existent "
    "et par où commencer."
)
BY_THEME = {
    "recrutement": (
        "Je cherche un plaquiste en CDI à temps plein, à Dijon, depuis quatre mois. J'ai déposé une "
        "offre et reçu deux CV. J'accepterais de former un débutant. Pouvez-vous m'aider à trouver "
        "des candidats ?"
    ),
    "alternance": (
        "Nous sommes une boulangerie de quatre salariés. Nous voudrions prendre un apprenti en CAP à "
        "la rentrée, pour la première fois. Combien cela coûte-t-il, et quelles démarches faire avant"
        " l'été ?"
    ),
    "formation": (
        "Deux de nos salariés doivent apprendre à se servir d'une machine neuve livrée en mars. Qui "
        "peut financer la formation, et comment remplacer leurs heures pendant ce temps ?"
    ),
    "organisation-rh": (
        "Nous sommes passés de cinq à douze salariés en un an. Les plannings se font au dernier "
        "moment et l'équipe se fatigue. Nous cherchons quelqu'un pour nous aider à nous organiser."
    ),
    "droit-travail": (
        "Un salarié en CDI à temps plein, présent depuis trois ans, demande à passer à mi-temps en "
        "septembre. Que dois-je écrire, et puis-je refuser ?"
    ),
    "sante-securite": (
        "Nous montons des charpentes, nous sommes huit. Après deux chutes sans gravité, je veux "
        "revoir nos règles de sécurité et notre document unique. Par où commencer ?"
    ),
    "difficultes": (
        "Notre chiffre d'affaires a baissé d'un tiers depuis janvier. Nous avons deux mois de "
        "trésorerie et trois échéances de cotisations. Je voudrais étaler ces dettes et garder mes "
        "quatre salariés."
    ),
    "developpement": (
        "Notre menuiserie est à l'étroit. Nous voulons louer un atelier de 400 m² d'ici un an et "
        "acheter une machine. Quelles aides existent, et qui peut nous accompagner ?"
    ),
    "transmission": (
        "J'ai 61 ans et je veux vendre mon garage de trois salariés d'ici deux ans. Je n'ai pas de "
        "repreneur. Comment estimer sa valeur et trouver quelqu'un ?"
    ),
    "numerique": (
        "Nous prenons les commandes par téléphone et sur un cahier. Je voudrais vendre en ligne et "
        "suivre le stock, sans tout changer. Qui peut me conseiller ?"
    ),
    "ecologie": (
        "La facture d'énergie de notre atelier a doublé. Je voudrais un diagnostic, puis changer le "
        "chauffage avant l'hiver. Quelles aides, et dans quel ordre ?"
    ),
    "achats-insertion": (
        "La mairie lance un marché de peinture avec une clause d'insertion. Nous sommes cinq et "
        "n'avons jamais répondu. Comment remplir cette clause, et avec qui ?"
    ),
}


def example(theme: Theme | None) -> str:
    """Return an example of a request on this theme; a general one for a subject without a theme."""
    return BY_THEME.get(theme.slug, PLAIN) if theme else PLAIN

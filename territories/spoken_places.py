"""Names of areas inside a French sentence: « du bassin d'emploi dijonnais », « de la Côte-d'Or ». Pure."""

import re

# The article of départements and régions that take one; the others are « de Paris », « d'Eure-et-Loir ».
_ARTICLES = {
    "du ": (
        "Calvados, Cantal, Cher, Doubs, Finistère, Gard, Gers, Jura, Loiret, Lot, Morbihan, Nord, "
        "Pas-de-Calais, Puy-de-Dôme, Bas-Rhin, Haut-Rhin, Rhône, Tarn, Territoire de Belfort, "
        "Val-d'Oise, Val-de-Marne, Var, Centre-Val de Loire, Grand Est"
    ),
    "de la ": (
        "Charente, Charente-Maritime, Corrèze, Corse-du-Sud, Côte-d'Or, Creuse, Dordogne, Drôme, Gironde, "
        "Haute-Corse, Haute-Garonne, Haute-Loire, Haute-Marne, Haute-Saône, Haute-Savoie, Haute-Vienne, "
        "Loire, Loire-Atlantique, Lozère, Manche, Marne, Mayenne, Meuse, Moselle, Nièvre, Sarthe, Savoie, "
        "Seine-Maritime, Somme, Vendée, Vienne, Guadeloupe, Martinique, Guyane"
    ),
    "de l'": (
        "Ain, Aisne, Allier, Ardèche, Ariège, Aube, Aude, Aveyron, Essonne, Eure, Hérault, Indre, Isère, "
        "Oise, Orne, Yonne"
    ),
    "des ": (
        "Alpes-de-Haute-Provence, Alpes-Maritimes, Ardennes, Bouches-du-Rhône, Côtes-d'Armor, Deux-Sèvres, "
        "Hautes-Alpes, Hautes-Pyrénées, Hauts-de-Seine, Landes, Pyrénées-Atlantiques, "
        "Pyrénées-Orientales, Vosges, Yvelines, Hauts-de-France, Pays de la Loire"
    ),
}
_KNOWN = {name: article for article, names in _ARTICLES.items() for name in names.split(", ")}
# The first word of a zone or an intercommunalité that is a common noun, written small in a sentence.
_NOUNS = {
    "du ": "bassin pays territoire grand syndicat plateau pôle canton nord sud centre val massif littoral",
    "de la ": "zone vallée plaine communauté métropole région côte presqu'île",
    "de l'": "agglomération arrondissement est ouest eurométropole île",
    "des ": "vallées monts coteaux",
}
_ARTICLE_OF = {noun: article for article, nouns in _NOUNS.items() for noun in nouns.split()}
_INITIALS = {"CC": "la communauté de communes", "CA": "la communauté d'agglomération"}
_INITIALS |= {"CU": "la communauté urbaine"}
_VOWEL = re.compile(r"[aeiouyàâéèêëîïôöûùœæ]|h(?=[aeiouyéè])", re.IGNORECASE)
_LEADING = {"Le ": "du ", "Les ": "des ", "La ": "de La ", "L'": "de L'"}


def of_area(kind: str, name: str) -> str:
    """Return the complement « of this area »; ``kind`` is that of an ``AreaRef``."""
    if kind == "national":
        return "de toute la France"
    if kind in {"department", "region"} and name in _KNOWN:
        return f"{_KNOWN[name]}{name}"
    first, _, rest = name.partition(" ")
    if kind == "epci" and first in _INITIALS:
        return f"de {_INITIALS[first]} {rest}"
    if kind in {"zone", "epci"} and first.lower() in _ARTICLE_OF:
        noun = first.lower()
        return f"{_ARTICLE_OF[noun]}{noun} {rest}".rstrip()
    for written, contracted in _LEADING.items():
        if name.startswith(written):
            return f"{contracted}{name.removeprefix(written)}"
    return f"d'{name}" if _VOWEL.match(name) else f"de {name}"

"""Words of a person who may be in danger: thoughts of suicide, exhaustion, isolation, violence. Pure.

They are looked for in plain words, spoken or badly spelt. One too many shows telephone numbers for nothing,
one too few shows none: in doubt, it counts. An employee's burn-out is a question about work, a threat is not.
"""

import re
from collections.abc import Sequence

from experts.wording import features

_VERY = (
    "(?:si |tres |trop |tellement |vraiment |completement |totalement |nerveusement |moralement |toute? |la "
    "|du tout )*"
)
# After words that say much alone, little before what they are about: « je suis perdu », « dans les aides ».
_END = (
    r"(?= *$| (?:je|j|et|mais|moi|moralement|psychologiquement|nerveusement|du tout|maintenant|aidez|aide"
    r"|merci|svp|bonjour|a cause|depuis|tous|chaque|en ce moment)\b)"
)
_WANT = r"(?:j?veu[xt]?|j?ve|j?vx|veulent|j?voudrai[st]?|j?voulais?|j?aimerai[st]?|prefere(?:rai[st]?)?)"
_ME = "(?:me|m|se|s|nous)"
_DIE = (
    "(?:mourr?ire?|crever?|creve|mort|disparaitre(?! (?:de|des|du|d) )|etre mort|plus exister"
    r"|d?en finir(?! avec\b)|m en aller pour toujours|dormir pour toujours)"
)
_KILL = (
    "(?:tuer|pendre|flinguer|noyer|supprimer|buter|jeter (?:sous|du|par)|tirer une balle|ouvrir les veines"
    "|(?:foutre|fiche) en l air|faire du mal|faire sauter|mettre une balle)"
)
_NO_MORE = "(?:plus|plu|pu)"
_CLOSE = (
    "(?:mari|femme|conjointe?|compagne|compagnon|frere|soeur|pere|mere|fils|fille|associee?|patronn?e?|amie?)"
)
_WEAPON = "(?:fusil|carabine|pistolet|revolver|arme)"
# What one may be tired of without danger.
_TOOL = (
    r"(?:ordi\w*|logiciel\w*|appli\w*|site\w*|imprimante\w*|machine\w*|telephone\w*|caisse\w*|formulaire\w*"
    r"|paperass\w*|papier\w*|mot de passe|mots de passe|excel|messagerie|connexion|reseau|four|camion\w*)\b"
)
_HE = f"(?:il|elle|qui|on|ex|clients?|salariee?|{_CLOSE})"
_PATTERNS = (
    # Wish to die, or to do oneself harm.
    r"suicid\w*|suiside\w*",
    rf"me {_KILL}|m en(?:tr)? (?:tuer|pendre)|me (?:fou[st]?|fiche) en l air",
    r"(?:envie?|veux|veu|vais) (?:de )?me tue|vais mourr?ire?|pense \w* ?(?:a mourir|a la mort)",
    r"foutre en l air|me (?:scarifie|mutile)",
    (
        r"(?:dit|parle|menace|pense|veut|veux|voulu|voulait|va|vais|allait|essaye?|tente|risque|peur)"
        rf"(?: \w+){{0,2}} {_ME} {_KILL}"
    ),
    r"une balle(?: dans la (?:tete|bouche))?(?= *$| (?:dans|et|je|j)\b)",
    (
        rf"(?:envie|envi|autant|mieux|plutot) (?:de |d )?(?:{_DIE}|tout (?:arreter|lacher|plaquer)|rien)"
        r"(?! (?:avec|que)\b)"
    ),
    rf"{_WANT} (?:juste |vraiment |simplement )?{_DIE}",
    r"(?:pense a|songe a|pour|vais|va) en finir(?! (?:avec|une|de|enfin avec|rapidement avec)\b)",
    r"en finir avec (?:la|ma|cette) vie|fin a (?:mes|ses) jours|fin a (?:ma|sa) vie",
    (
        rf"(?:plus envie|{_NO_MORE} (?:la force|le courage|(?:le )?gout)) (?:de |a )?(?:vivre|me lever"
        r"|me battre|continuer|la vie|rien)"
    ),
    rf"{_WANT} (?:\w+ )?{_NO_MORE} (?:vivre|continuer(?! a)|(?:me )?reveiller|etre la{_END}|exister)",
    rf"arriv(?:e|ons) {_NO_MORE} a (?:me lever|dormir(?! (?:chez|dans)\b)|vivre|respirer|tenir)",
    rf"ne {_NO_MORE} (?:me |se )?(?:reveiller|vivre)",
    rf"{_NO_MORE} (?:aucun |d )?(?:espoir|sens a)|(?:sans|aucun) espoir|idees? (?:noires?|suicidaires?)",
    r"(?:pensees?|idees?) (?:noires?|sombres?|morbides?)|broie du noir|broyer du noir",
    r"a quoi bon (?:vivre|continuer)|quoi bon vivre",
    (
        r"(?:fasse|fasses|ferai|vais faire|faire|fais) une (?:betise|connerie)(?! (?:en|avec|dans|sur|de"
        r"|fiscale|administrative)\b)"
    ),
    r"(?:monde|famille|enfants|femme|mari)(?: \w+)? (?:serai[st]?|seraient|sera) (?:mieux|mieu|soulages?)",
    r"(?:mieux|mieu) sans moi|(?:fatiguee?|lasse?|marre|degoutee?) de (?:vivre|la vie|ma vie)",
    r"vie (?:n a|ne vaut|vaut|n en vaut) (?:\w+ )?(?:plus|pas|plu)|(?:peine|coup) de vivre",
    rf"{_WANT} que (?:tout|ca|cela) (?:s arrete|cesse|finisse|soit fini){_END}",
    (
        r"(?:avale|avaler|pris (?:trop|plein|tou[st]|une boite|toute)) (?:\w+ ){0,2}(?:cachets"
        r"|medicaments|medocs|somniferes|comprimes)"
    ),
    r"regarde (?:la poutre|la corde|le fusil|mon fusil)|pense a (?:la|une) corde|la corde au cou",
    r"(?:want|wanna|going) (?:to )?(?:die|kill myself|end it)|kill (?:myself|himself|herself)",
    r"end (?:my|his|her) life|can ?t (?:take it|go on|cope)|cannot (?:take it|go on|cope)",
    # Farewells, means at hand, being found.
    r"lettres? d adieu|adieu a (?:tous|toutes|ma|mes|mon)|dire adieu",
    r"(?:dites?|dire|dis|diras?) a (?:\w+ ){1,3}que je (?:les?|l|t) (?:aime|aimais|ai aime\w*)",
    (
        rf"(?:re)?trouv(?:er|era|erez|eront|ee?) (?:{_CLOSE} )?(?:pendue?|morte?)(?! (?:de|dans) rire)"
        rf"|{_ME} pend(?:s|re|rai)"
    ),
    (
        rf"(?:medicaments?|medocs?|cachets?|somniferes?|corde|{_WEAPON}) (?:\w+ )?(?:devant moi|sous les yeux"
        r"|a portee de main|pres de moi|a cote de moi|dans (?:la|ma) main)"
    ),
    rf"(?:{_WEAPON}|corde) (?:est )?(?:charge|chargee|prete?)\b",
    # Exhaustion, despair.
    (
        rf"j?en (?:peux|peut|peu|puis|pouvons|pouvai[st]|pe) {_VERY}{_NO_MORE}"
        rf"(?! (?:des |du |de |d )(?:l |ce |cet |cette |ces |mon |ma |mes )?{_TOOL})"
    ),
    rf"je (?:n(?:e )?)?(?:peux|peut|peu) {_NO_MORE}{_END}",
    (
        r"(?:je|j) (?:vais |vai )?(?:craque|craquer?|craquons|craker?|m effondre)(?! "
        r"(?:\w+ )?(?:pour (?!(?:un |des )?riens?\b|tout\b)|sur|devant)\b)"
    ),
    r"de (?:craquer|m effondrer|peter (?:un|les) \w+|sombrer)|va craquer|nerfs (?:ont )?lache\w*",
    rf"{_CLOSE} (?:craque|n en peut|s effondre|deprime|sombre)",
    r"(?:je|j) (?:vais )?(?:pleure(?! (?:pas|plus)\b)|pete (?:les plombs|un (?:cable|plomb)))",
    r"nuits? a pleurer",
    r"suis en (?:pleurs|larmes)",
    rf"{_NO_MORE} (?:la|de|les) forces?{_END}",
    (
        rf"sui[st]? {_VERY}(?:(?:a|au) bout?{_END}|a bout(?! d )|au bout? du roul\w+"
        r"|au bout de (?:ma vie|mes forces))"
    ),
    (
        rf"sui[st]? {_VERY}(?:epuisee?|cramee?|desesperee?|deprimee?|depressi(?:f|ve)|lessivee?"
        r"|aneantie?|detruite?|terrorisee?"
        r"|brisee?)"
    ),
    rf"sui[st]? {_VERY}(?:vide|videe|perdu|perdue|foutu|foutue|ko|fini|finie){_END}",
    rf"(?:je|on) (?:ne )?tiens? {_NO_MORE}(?: debout| le coup| psychologiquement)?{_END}",
    rf"je (?:sombre|coule|deprime|lache|flanche|crains le pire){_END}|je coule au|je lache (?:prise|tout)",
    rf"en train de couler{_END}|moral (?:est )?(?:a zero|a 0|au plus bas|dans les chaussettes)",
    r"au bout? du roul\w+|a bout de (?:force|forces|nerfs)|au fond du (?:trou|gouffre)|toucher? le fond",
    (
        r"(?:en|fai[st] une?|fini[rst]? en|ma|mon|frole le|frole un|bord du|debut de) (?:burn ?out"
        r"|depression|deprime)"
    ),
    (
        r"^(?:\w+ )?(?:burn ?out|surmenage|depression|epuisement|desespoir)(?: total| complet| moral"
        r"| professionnel)?$"
    ),
    r"mon (?:epuisement|desespoir|mal etre)|epuisement (?:total|moral|complet)|le desespoir",
    r"desesperee?s?",
    (
        rf"(?:vois|voit|voyons|trouve) (?:\w+ )?{_NO_MORE} (?:le bout|d issue|comment m en sortir vivant)"
        r"(?! (?:de|des|d) )"
    ),
    r"(?:aucune|sans|pas d|plus d) issue(?! de secours)|vois pas le bout du tunnel",
    r"(?:crises?|attaques?) (?:d angoisse|de panique)|boule au ventre|angoisse (?:tous|chaque|la nuit)",
    r"bois (?:trop|tous les|chaque|pour tenir|pour oublier|de plus en plus|en cachette)",
    rf"(?:on|nous) (?:ne |n )?(?:va |allons )?craqu(?:e|er|ons){_END}|jenpeu\w*",
    r"(?:deux|2) doigts de tout \w+|sui[st]? au bord (?:du|de|d)|au bord de la rupture",
    r"en detresse|ma detresse|^detresse$|detresse (?:morale|psychologique)",
    (
        rf"je (?:ne )?(?:vais|vai) (?:tres |vraiment |si )*(?:mal|pas bien){_END}|je (?:vais"
        r"|vai) (?:tres|vraiment) mal"
    ),
    r"je (?:ne )?ser[st]? (?:plus |plu )?a rien|ma vie est (?:foutue|finie|gachee|un enfer)",
    (
        rf"plus rien (?:n )?a de sens|rien n a plus de sens|me leve {_NO_MORE}{_END}"
        rf"|si j etai[st]? {_NO_MORE} la"
    ),
    (
        r"(?:sens comme|suis|vaux|qu) (?:une? |qu une? )?(?:merde|dechet|moins que rien|bonn?e? a rien"
        rf"|ratee?|nulle){_END}|honte (?:de moi|de me regarder|devant (?:mes|ma|mon))|me degoute{_END}"
    ),
    r"nervous breakdown|i (?:am|m) (?:so |very )?depressed",
    # Isolation.
    rf"me sen[st] {_VERY}(?:seule?|isolee?|vide|a bout(?! d )|mal)|seule? au monde",
    r"(?:personne|plus|pas|pa|plu) a (?:qui|ki) (?:parler|me confier|en parler)(?! (?:de|d|du|des|pour)\b)",
    r"(?:dors|dort|dor) (?:plus|plu)(?! (?:chez|dans|a l hotel)\b)",
    # Violence.
    (
        r"menace\w* (?:moi |nous |ma femme |mon mari )?(?:de mort|d une arme|avec (?:une arme|un couteau"
        r"|un fusil)|de (?:me |nous |le |la )?(?:tuer|frapper|taper|casser la|buter|planter|bruler|violer"
        r"|mettre le feu))"
    ),
    (
        rf"{_HE} (?:m a |nous a |me |m )(?:frappe|bat|tape|tabasse|cogne|agresse\w*|etrangle|viole\w*"
        r"|poursuit avec)"
    ),
    r"battue? par|me fais? (?:battre|frapper|taper|agresser)",
    r"violences? (?:conjugales?|physiques?|sexuelles?)",
    r"agression (?:sexuelle|physique)|agressee? (?:physiquement|sexuellement)|a ete violee?",
    r"peur pour ma (?:vie|securite)",
    (
        rf"(?:vie|sante|{_CLOSE}|suis|sommes|salariee?s?|employee?s?|apprentie?s?|ouvri\w+)(?: (?:est"
        r"|sont))? en danger"
    ),
    (
        r"(?:ex|mari|conjoint|compagnon|associe) (?:\w+ )?(?:me|nous) (?:harcele|menace|suit"
        r"|fait peur|terrorise)"
    ),
    r"(?:frappee?s?|tabassee?s?|violee?s?) par (?:son|sa|mon|ma|un|une)",
)
_DISTRESS = re.compile(rf"\b(?:{'|'.join(_PATTERNS)})(?!\w)")
# Exhaustion of an employee of the writer, and the prevention of suicide; suicide and violence
# themselves are never left out.
_EMPLOYED = (
    r"(?:salarie|employe|ouvri|vendeu|collaborat|apprenti|secretaire|comptable|chauffeur|equip"
    r"|serveu|adjoint|gars)\w*"
)
_EXHAUSTED = "(?:burn ?out|depression|deprime|surmenage|epuisee?s?|desesperee?s?)"
_OF_OTHERS = re.compile(
    rf"\b(?:{_EMPLOYED} (?:\w+ ){{0,4}}|elles? (?:est|sont|fait|a fait) (?:\w+ )?){_EXHAUSTED}"
    r"|\bprevention (?:\w+ ){0,2}suicides?"
    rf"|\b{_EXHAUSTED} (?:d une?|de (?:mon|ma|mes|notre|nos|l)|du|des|chez) (?:\w+ )?{_EMPLOYED}"
)


def is_distress(plain: Sequence[str]) -> bool:
    """Return whether these plain words may tell of distress."""
    return bool(_DISTRESS.search(_OF_OTHERS.sub("", " ".join(plain))))


def is_told_in(text: str) -> bool:
    """Return whether a text, as it was typed, may tell of distress."""
    return is_distress([word.plain for word in features.words(features.clean(text))])

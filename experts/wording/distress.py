"""Words of a person who may be in danger: thoughts of suicide, exhaustion, isolation. Pure.

They are looked for in plain words, spoken or badly spelt. One too many shows telephone numbers for nothing,
one too few shows none: in doubt, it counts.
"""

import re
from collections.abc import Sequence

_VERY = "(?:si |tres |trop |tellement |vraiment |completement |totalement |nerveusement |moralement )*"
_END = r"(?= *$| (?:je|j|et|moralement|du tout)\b)"
_PATTERNS = (
    r"suicid\w*",
    r"me (?:tuer|pendre|flinguer|noyer|jeter sous|jeter du|tirer une balle)|foutre en l air",
    r"(?:envie|envi) (?:de |d )?(?:d?en finir|mourir|crever|disparaitre|tout arreter|rien)",
    r"(?:veux|veu|voudrais|prefere|preferais) (?:mourir|crever|disparaitre)",
    r"(?:veux|veu|vais|pense a|songe a) en finir(?! avec\b)|en finir avec (?:la vie|tout)",
    r"plus (?:envie|la force|(?:le )?gout|le courage) (?:de |a )?(?:vivre|me lever|continuer|la vie|rien)",
    r"(?:veux|veu) (?:plus|plu) (?:vivre|continuer)|arrive (?:plus|plu) a (?:me lever|dormir|vivre)",
    r"plus (?:aucun )?(?:espoir|sens)|idees? (?:noires?|suicidaires?)|a quoi bon (?:vivre|continuer)",
    r"(?:fasse|fasses|faire) une (?:betise|connerie)",
    rf"j?en (?:peux|peut|peu) {_VERY}(?:plus|plu)",
    rf"je (?:n(?:e )?)?(?:peux|peut|peu) (?:plus|plu){_END}",
    r"(?:je|j) (?:vais )?(?:craque|craker|craquer|m effondre|pleure|pete les plombs|pete un cable)",
    rf"suis {_VERY}(?:a bout|au bout du rouleau|epuisee?|cramee?|desesperee?|deprimee?|depressi(?:f|ve))",
    r"au bout du rouleau|a bout de (?:force|forces|nerfs)|au fond du trou",
    r"(?:en|fais un|fais une|ma|mon) (?:burn ?out|depression)",
    rf"me sen[st] {_VERY}(?:seule?|isolee?|vide|a bout)",
    r"personne a qui parler|(?:dors|dort|mange) (?:plus|plu)",
)
_DISTRESS = re.compile(rf"\b(?:{'|'.join(_PATTERNS)})\b")


def is_distress(plain: Sequence[str]) -> bool:
    """Return whether these plain words may tell of distress."""
    return bool(_DISTRESS.search(" ".join(plain)))

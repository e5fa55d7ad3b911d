"""Words by which people look for offices and experts, without accents nor capitals; indexed."""

from django.db.models import F, Func, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Lower, Replace

ACCENTED, PLAIN = "àâäéèêëîïôöùûüÿç’", "aaaeeeeiioouuuyc'"  # few: each letter is compared with all of them


def plain_text(text: str | Combinable) -> Func:
    """The text in small letters without accents, as ``experts.word_search.plain`` gives it."""
    spelled: Func = Lower(text)
    for ligature, letters in (("œ", "oe"), ("æ", "ae")):
        spelled = Func(spelled, Value(ligature), Value(letters), function="replace", output_field=TextField())
    return Func(spelled, Value(ACCENTED), Value(PLAIN), function="translate", output_field=TextField())


def _joined(*texts: Combinable) -> Func:
    """Texts that are never null, with spaces between them."""
    parts = [part for text in texts for part in (Value(" "), text)][1:]
    return Func(*parts, arg_joiner=" || ", template="(%(expressions)s)", output_field=TextField())


# A phone is one word of figures; addresses and codes have no accents, which take most of the time.
PHONE = Replace("phone", Value(" "), Value(""))
OFFICE_WORDS = _joined(PHONE, Lower(_joined(F("code"), F("email"))), plain_text("name"))
EXPERT_WORDS = _joined(PHONE, Lower("email"), plain_text(_joined(F("name"), F("job"))))

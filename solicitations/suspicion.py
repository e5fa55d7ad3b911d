"""Detection of automatic texts. Pure; a suspect request is held, never refused."""

import re

MANY_LINKS = 2
LINK = re.compile(r"(?:https?://|www\.)\S", re.IGNORECASE)
MARKUP = re.compile(r"\[(?:url|link)[=\]]|<a\s|</\w+>|href\s*=", re.IGNORECASE)
OTHER_SCRIPT = re.compile(r"[\u0400-\u04ff\u0590-\u06ff\u3040-\u30ff\u4e00-\u9fff]")
REPEATED = re.compile(r"(.)\1{14}|\b(\w{3,20})(?:\W{1,3}\2\b){5}", re.IGNORECASE | re.DOTALL)
SALES = re.compile(
    r"\b(?:casino|viagra|cialis|crypto|bitcoin|backlinks?|seo services?|référencement garanti|1re page google"
    r"|click here|buy now|loan offer|make money)\b",
    re.IGNORECASE,
)
SHOUTED_SHARE = 0.7
LONG_ENOUGH_TO_SHOUT = 120


def looks_automatic(text: str) -> bool:
    """True when the text carries several links, markup, another script, repetitions or a sales pitch."""
    if len(LINK.findall(text)) >= MANY_LINKS:
        return True
    return any(sign.search(text) for sign in (MARKUP, OTHER_SCRIPT, REPEATED, SALES)) or is_shouted(text)


def is_shouted(text: str) -> bool:
    """A long text almost all in capitals."""
    letters = [letter for letter in text if letter.isalpha()]
    if len(letters) < LONG_ENOUGH_TO_SHOUT:
        return False
    return sum(letter.isupper() for letter in letters) / len(letters) > SHOUTED_SHARE

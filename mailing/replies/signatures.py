"""Removes signatures, lines added by devices, and legal warnings at the end of mails.

In doubt, a block is kept.
"""

import re
from collections.abc import Sequence, Set

from mailing.replies.text_lines import MAX_MARK_LENGTH, fold

# A longer block is not only a signature.
MAX_SIGNATURE_LINES = 15
MAX_MARKED_LINES = 2 * MAX_SIGNATURE_LINES
MAX_LINE_LENGTH = 90
RULE = re.compile(r"[-–—_]{2,}")
CLOSING = re.compile(
    r"((bien |tres )?(sincerement |amicalement |respectueusement )?cordialement|cdlt|cdt|bien a vous"
    r"|((mes|nos) )?((sinceres|meilleures|respectueuses|cordiales) )?salutations( distinguees| cordiales)?"
    r"|bien amicalement|amicalement|respectueusement"
    r"|(((with|my|our) )?(very )?(best|kind|kindest|warm|warmest) |many thanks and )?(kind |best )?regards"
    r"|(with )?(best|kind|warm) wishes|all the best|best|cheers|thanks and regards"
    r"|(many |kind )?thanks( again| a lot| so much)?|thank you( very much| so much)?"
    r"|(yours |very )?(sincerely|faithfully|truly)( yours)?|rgds|brgds|br|yours"
    r"|(mit )?(freundlichen|freundliche|besten|beste|viele|herzliche) gru(ss|e)en?|mfg"
    r"|(un )?(cordial )?saludos?( cordiales| cordial)?|atentamente"
    r"|(met )?(vriendelijke|hartelijke) groet(en)?|(cordiali|distinti) saluti"
    r"|(com os )?(melhores |atenciosos )?cumprimentos|atenciosamente|abracos?|warmly|respectfully"
    r"|have a (good|great|nice|lovely) (day|evening|week|weekend)|(med )?vennlig hilsen|mvh"
    r"|(med )?vanlig(a)? halsning(ar)?|ystavallisin terveisin"
    r"|z powazaniem|pozdrawiam|cu (stima|respect)|toate cele bune)\b"
)
# « Envoyé de mon iPhone », and the lines of other devices, programs and antivirus.
TAIL_LINE = re.compile(
    r"(envoye|expedie|sent) (de|depuis|from|a partir de|avec|via|with) (mon|ma|my) [\w' .-]{0,20}"
    r"(iphone|ipad|mac|android|mobile|telephone|smartphone|tablette|appareil|portable|samsung|galaxy|huawei"
    r"|xiaomi|pixel|blackberry|device|phone|tablet).{0,70}"
    r"|(envoye|sent) (de|depuis|from|a partir d'|a partir de|avec|via|a l'aide de|with|using)"
    r" ?((la |l'|le |the )?(messagerie|application|appli|app|webmail|courrier|mail)[\w' -]{0,20} )?"
    r"(\(https?://[^ ]{1,200} )?(pour |for )?\[?"
    r"(outlook|yahoo|proton ?mail|gmail|orange|laposte|la poste|sfr|free|bluemail|mymail|spark|zimbra|tuta"
    r"|tutanota|mailo|infomaniak|ionos|k-9|thunderbird|windows|android|samsung|huawei)\b.{0,90}"
    r"|(obtenir|obtenez|telecharge[rz]?|get) (outlook|bluemail|yahoo mail|gmail|proton mail)"
    r" (pour|for) .{0,60}"
    r"|(enviado|inviato|verzonden|gesendet|wys[lł]an[eoy]|trimis|skickat|sendt|odeslano|odoslane|enviat)"
    r" (desde|do|da|dal|vanaf|von|van|z|ze|zo|de pe|din|fran|fra|des) .{0,60}"
    r"|(diese nachricht wurde )?von mein(em|er) .{0,50} gesendet.{0,30}"
    r"|yahoo mail ?: .{0,50}"
    r"|provenance ?: courrier.{0,60}|(garanti )?sans virus.{0,60}|virus-free.{0,60}"
    r"|(merci d'|veuillez )?excuse[rz]? (ma|la|my) (brievete|brevity).{0,40}"
    r"|(p |\W )?(s'il vous plait,? |merci de )?(pensez?r? a (l'environnement|la planete)"
    r"|avant d'imprimer|n'imprimez|please consider the environment).{0,160}"
)
LINK_LINE = re.compile(r"[<(\[]?(https?://|#[0-9A-F-]{36})[^\s<>]*[>)\]]?")
# « Ce message et ses pièces jointes sont confidentiels… »: first words, and vocabulary.
WARNING_START = re.compile(
    r"\W*((important|avis|avertissement|confidentialite|disclaimer|confidentiality)\b.{0,30})?"
    r"\b(ce (message|courriel|mail|e-mail|courrier)|les informations contenues|l'integrite d"
    r"|this (message|e-?mail)|the (information|contents))\b"
)
WARNING_WORDS = re.compile(
    r"confidenti|destinatair|erreur|autoris|diffusion|pieces? jointe|expediteur|integrite|virus"
    r"|responsabilite|recipient|intended|error|privileged|attachment|notify|strictement"
)
MIN_WARNING_LENGTH, MAX_WARNING_LINES = 100, 60
PHONE = re.compile(
    r"(\+ ?\d{2,3} ?(\(0\))?|\b0)( ?[1-9])([ .-]?\d\d){4}\b"
    r"|\+ ?\d[\d .()/-]{6,18}\d\b|\(\d{3}\) ?\d{3}[ -]\d{4}\b"
    r"|\(0\d\)([ .-]?\d\d){4}\b"
)
ADDRESS = re.compile(r"\S+@\S+|\(?https?://\S+|\bwww\.\S+|\b[\w-]+\.(fr|com|org|net|eu|re|gouv)\b(/\S*)?")
STREET = re.compile(
    r"\b\d{5}\b [a-z]|^\d{1,4}( ?(bis|ter))?,? (rue|av|avenue|bd|boulevard|place|quai|allee|chemin|impasse"
    r"|route|cours|square|esplanade|faubourg|passage)\b|^(bp|cs|za|zi|zac|zae|immeuble|batiment) ?\w"
)
PARTS = re.compile(r" [|•·–/-] |\t")
CONTACT_WORDS = {
    "tel", "telephone", "mob", "mobile", "port", "portable", "fax", "ligne", "directe", "direct",
    "standard", "email", "e", "mail", "mel", "courriel", "site", "web", "internet", "t", "m", "p", "f",
    "w", "d", "linkedin", "facebook", "poste", "et", "ou", "accueil", "bureau", "gsm", "mailto",
    "phone", "tlf", "cell", "office", "line", "dial", "ext", "website", "telefon", "telefono", "telefoon",
    "movil", "mobil", "whatsapp",
}  # fmt: skip
# Words of sentences, not of job titles.
SPEECH = {
    "je", "j", "tu", "il", "elle", "on", "nous", "vous", "ils", "elles", "moi", "cela", "mon", "ma",
    "mes", "votre", "vos", "notre", "nos", "merci", "ps", "nb", "bonjour", "oui", "non", "svp", "sont",
    "suis", "ai", "avons", "ne", "qui", "que", "mais", "voici", "voir", "dispo", "disponible",
    "rappeler", "rappelez", "rappel", "appeler", "appelez", "urgent", "attention", "avant", "apres",
    "demain", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "joyeux", "joyeuses", "bonne",
    "bonnes", "bon", "i", "you", "we", "he", "she", "they", "it", "my", "your", "our", "his", "her", "please",
    "thanks", "thank", "hello", "hi", "dear", "yes", "is", "are", "was", "will", "can", "could", "would",
    "should", "have", "has", "not", "call", "me", "us", "tomorrow", "today", "monday", "tuesday",
    "wednesday", "thursday", "friday", "this", "that", "here", "if", "when", "but", "ok", "agreed",
}  # fmt: skip
WORDS = re.compile(r"[a-z0-9]+")


def without_signature(text: Sequence[str], *, names: Set[str]) -> list[str]:
    """``text`` without signature and warnings at its end; ``names``: words of the sender's name, folded."""
    kept = list(text)
    _cut(kept, _warning_start(kept))
    _cut(kept, _marked_start(kept, names))
    _cut(kept, _block_start(kept, names))
    return kept


def _cut(text: list[str], at: int | None) -> None:
    """Cut the text at ``at``, then remove blank lines and lines of devices, with their links, at the end."""
    if at is not None:
        del text[at:]
    while text:
        if not text[-1].strip() or _is_tail(text[-1]):
            text.pop()
        elif len(text) > 1 and LINK_LINE.fullmatch(text[-1].strip()) and _is_tail(text[-2]):
            del text[-2:]
        else:
            break


def _is_tail(line: str) -> bool:
    return bool(TAIL_LINE.fullmatch(_folded(line)))


def _folded(line: str) -> str:
    return fold(line[:MAX_MARK_LENGTH])


def _warning_start(text: Sequence[str]) -> int | None:
    """Index of a legal warning that continues to the end."""
    for at in range(max(0, len(text) - MAX_WARNING_LINES), len(text)):
        if WARNING_START.match(_folded(text[at])):
            paragraph = fold(" ".join(text[at : at + 8])[:1000])
            speaks_of = set(WARNING_WORDS.findall(paragraph))
            if len(paragraph) >= MIN_WARNING_LENGTH and len(speaks_of) >= 3:
                return at
    return None


def _marked_start(text: Sequence[str], names: Set[str]) -> int | None:
    """Index of the separator "-- ". "--" alone may be a rule typed by the author."""
    for at in range(max(0, len(text) - MAX_MARKED_LINES), len(text)):
        rest = [line for line in text[at + 1 :] if line.strip()]
        if text[at] == "-- " or (RULE.fullmatch(text[at].strip()) and (not rest or _signs(rest, names))):
            return at
    return None


def _block_start(text: Sequence[str], names: Set[str]) -> int | None:
    """Index of « Cordialement, » or the sender's name, before a block of names, titles and numbers."""
    contents = [at for at in range(max(0, len(text) - MAX_MARKED_LINES), len(text)) if text[at].strip()]
    above = ""
    for at in contents[-MAX_SIGNATURE_LINES:]:
        rest = [text[below] for below in contents if below > at]
        # « Voici deux contacts : » with names below is not a signature.
        is_list = above.rstrip().endswith(":")
        if not is_list and (_closes(text[at], rest, names) or _opens_block(text[at], rest, names)):
            return at
        above = text[at]
    return None


def _closes(line: str, rest: Sequence[str], names: Set[str]) -> bool:
    """True for a line « Cordialement, » with a signature on the same line or below."""
    folded = _folded(line)
    closing = CLOSING.match(folded)
    if not closing:
        return False
    after = " ".join(line.split()[len(closing[0].split()) :]).strip(" ,.!;-/|*")
    if after:
        # « Cordialement, Léa », or the whole signature on one line; not « Thanks for the call », then a name
        is_list = folded[closing.end() :].startswith(",")
        pieces = [piece.strip() for piece in after.split(",")] if is_list else [after]
        is_signed = _is_name(after, names) or _signs([*filter(None, pieces), *rest], names)
        is_signed = is_signed or _closes(after, rest, names)
        return is_signed and all(_may_sign(line, names) for line in rest)
    return _signs(rest, names) or bool(rest and _closes(rest[0], rest[1:], names))


def _opens_block(line: str, rest: Sequence[str], names: Set[str]) -> bool:
    has_contact = any(_is_contact(below, names) for below in rest)
    return _is_name(line, names) and has_contact and all(_may_sign(below, names) for below in rest)


def _signs(lines: Sequence[str], names: Set[str]) -> bool:
    """True for lines that form a signature: the sender's name first, or contact details."""
    if not lines or not all(_may_sign(line, names) for line in lines):
        return False
    return _is_name(lines[0], names) or any(_is_contact(line, names) for line in lines)


def _may_sign(line: str, names: Set[str]) -> bool:
    """True for a line that may be part of a signature: a name, a title, a place, a number, a rule."""
    return len(line) <= MAX_LINE_LENGTH and (
        _is_name(line, names)
        or _is_contact(line, names)
        or _is_title(line)
        or bool(RULE.fullmatch(line.strip()))
    )


def _is_name(line: str, names: Set[str]) -> bool:
    words = WORDS.findall(_folded(line))
    return 0 < len(words) <= 5 and all(
        word in names or len(word) == 1 or word in {"mme", "mr"} for word in words
    )


def _is_contact(line: str, names: Set[str]) -> bool:
    folded = _folded(line)
    words = set(WORDS.findall(folded))
    if len(line) > MAX_LINE_LENGTH or words & SPEECH:
        return False
    if STREET.search(folded):
        return True
    rest = ADDRESS.sub(" ", PHONE.sub(" ", folded))
    if rest == folded:
        return False
    return bool(PARTS.search(line)) or set(WORDS.findall(rest)) <= CONTACT_WORDS | names


def _is_title(line: str) -> bool:
    bare = line.strip(" |•·-–*").removesuffix(",")
    is_sentence = (
        bare.endswith(("?", "!", ":", ";", "…", ",", ".")) or set(WORDS.findall(_folded(line))) & SPEECH
    )
    return 0 < len(bare) <= 60 and not bare[0].islower() and not is_sentence

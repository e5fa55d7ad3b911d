"""Attributions just above our delimiter, in any language and in ASCII: never the author's words."""

import pytest

from mailing.replies import DELIMITER, MailKind, read
from tests.mailing.replies.test_reply import mail

OURS = "demandes@relais.example.org"
SENDER = f"Relais Entreprises <{OURS}>"
ATTRIBUTIONS = {
    "zoho": f"---- Le sam., 28 nov. 2026 10:05:00 +0100 {SENDER} a écrit ----",
    "zoho without address": "---- On Sat, 28 Nov 2026 10:05:00 +0100 Relais Entreprises wrote ----",
    "spanish": f"El sáb, 28 nov 2026 a las 10:05, Relais Entreprises (<{OURS}>)\nescribió:",
    "portuguese": f"Em sáb., 28 de nov. de 2026 às 10:05,\nRelais Entreprises\n<{OURS}> escreveu:",
    "dutch": f"Op za 28 nov 2026 om 10:05 schreef Relais\nEntreprises <{OURS}>:",
    "german": f"Am Sa., 28. Nov. 2026 um 10:05 Uhr schrieb Relais Entreprises <\n{OURS}>:",
    "german thunderbird": "Am 28.11.26 um 10:05 schrieb Nadia Benali, via Relais Entreprises:",
    "italian": f"Il giorno sab 28 nov 2026 alle ore 10:05 {SENDER} ha scritto:",
    "polish": f"W dniu sob., 28 lis 2026 o 10:05 {SENDER} napisał(a):",
    "swedish, date last": f"{SENDER} skrev\nden 28 nov. 2026 kl 10:05:",
    "japanese": f"2026年11月28日(土) 10:05 {SENDER}:",
    "arabic": f"في السبت، 28 نوفمبر 2026 في 10:05 ص تمت كتابة ما يلي بواسطة {SENDER}:",
    "without date": f"{SENDER} a écrit :",
    "address alone on its line": f"Relais Entreprises\n<{OURS}> napsal:",
    "a name of ours alone": "Nadia Benali, via Relais Entreprises a écrit :",
    "an unknown name": f"Le 28/11/2026 à 10:05, Nadia Benali <{OURS}> :",
    "outlook german": f"Von: {SENDER}\nGesendet: Samstag, 28. November 2026 10:05\nAn: j@x.fr\nBetreff: Aide",
    "outlook dutch": f"Van: {SENDER}\nVerzonden: zaterdag 28 november 2026\nAan: j@x.fr\nOnderwerp: Aide",
    "outlook spanish": f"De: {SENDER}\nEnviado: sábado, 28 de noviembre\nPara: j@x.fr\nAsunto: Aide",
    "outlook italian": f"Da: {SENDER}\nInviato: sabato 28 novembre\nA: j@x.fr\nOggetto: Aide",
    "outlook czech": f"Od: {SENDER}\nOdesláno: sobota 28. listopadu 2026 10:05\nKomu: j@x.fr\nPředmět: Aide",
    "outlook finnish": f"Lähettäjä: {SENDER}\nLähetetty: 28. marraskuuta 2026\nVastaanottaja: J\nAihe: Aide",
}
CUT = f"{DELIMITER}\nNouvelle demande"
CUTS = {
    "next line": f"\n{CUT}",
    "blank line": f"\n\n{CUT}",
    "quoted": f"\n\n> {DELIMITER}\n> Nouvelle demande",
}


def texts(typed, cut, **options):
    """Return what is kept of a mail that begins with some words, by the attribution that follows them."""
    return {
        name: read(mail(f"{typed}{attribution}{cut}"), **options).text
        for name, attribution in ATTRIBUTIONS.items()
    }


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
class TestAboveOurDelimiter:
    def test_nothing_typed_is_an_empty_mail(self, cut):
        replies = {
            name: read(mail(f"{attribution}{cut}"), our_addresses=[OURS])
            for name, attribution in ATTRIBUTIONS.items()
        }

        found = {name: (reply.text, reply.kind) for name, reply in replies.items()}
        assert found == dict.fromkeys(ATTRIBUTIONS, ("", MailKind.EMPTY))

    def test_words_typed_above_are_kept_to_the_letter(self, cut):
        found = texts("Oui, mardi.\nVoir 12.\n\n", cut, our_addresses=[OURS])

        assert found == dict.fromkeys(ATTRIBUTIONS, "Oui, mardi.\nVoir 12.")

    def test_words_typed_on_the_line_above_are_kept(self, cut):
        found = texts("Oui, mardi.\n", cut, our_addresses=[OURS])

        assert found == dict.fromkeys(ATTRIBUTIONS, "Oui, mardi.")

    def test_our_sender_need_not_be_known(self, cut):
        assert texts("Oui.\n\n", cut) == dict.fromkeys(ATTRIBUTIONS, "Oui.")

    def test_an_ascii_client_hides_nothing(self, cut):
        found = {
            name: read(
                mail(
                    f"Oui.\n\n{attribution}{cut}".encode("ascii", "replace").decode(),
                    Content_Type="text/plain; charset=us-ascii",
                )
            ).text
            for name, attribution in ATTRIBUTIONS.items()
        }

        assert found == dict.fromkeys(ATTRIBUTIONS, "Oui.")


@pytest.mark.parametrize(
    "typed",
    [
        "Écrivez-moi à jeanne@exemple.fr",
        "Rendez-vous le 28/11/2026 à 10 h.",
        "Merci à Relais Entreprises",
        "J'ai eu Relais Entreprises le 28/11/2026",
        "Écrivez plutôt à Léa <lea@exemple.fr>",
        "Rendez-vous le 28/11/2026 avec Léa <lea@exemple.fr>",
        "Le 28/11/2026, écrivez à jeanne@exemple.fr",
        "Lundi : 10 h\nMardi : 14 h 30\nMercredi : fermé",
        "Voici deux dates :\n28/11/2026\n29/11/2026",
    ],
)
def test_what_the_author_types_just_above_the_delimiter_is_kept(typed):
    assert read(mail(f"{typed}\n\n{CUT}"), our_addresses=[OURS]).text == typed


@pytest.mark.parametrize(
    "written",
    [
        "? R?pondez au-dessus de cette ligne ?",
        "??? R??pondez au-dessus de cette ligne ???",
        "? R?pondez au?dessus de cette ligne ?",
        "- Repondez au-dessus de cette ligne -",
        "â€” RÃ©pondez au-dessus de cette ligne â€”",
    ],
)
def test_a_delimiter_without_its_accents_is_found(written):
    assert read(mail(f"Oui.\n\n{written}\nNouvelle demande")).text == "Oui."


@pytest.mark.parametrize(
    "quoted",
    [
        "Le sam. 28 nov. 2026 ? 10:05, Relais <x@example.org> a ?crit :\n> Nouvelle demande",
        "Le sam. 28 nov. 2026 ? 10:05, Relais <x@example.org> a ?crit?:\n> Nouvelle demande",
        "Le 28/11/2026 ? 10:05, Relais a ??crit :\n> Nouvelle demande",
        "De?: Relais <x@example.org>\nEnvoy??: samedi 28/11/2026\n??: Lou\nObjet?: Aide\n\nBonjour",
        "De : Relais <x@example.org>\nEnvoy? : samedi 28 novembre 2026\n? : Lou\nObjet : Aide\n\nBonjour",
        "-----Message d?origine-----\nDe : Relais <x@example.org>\nEnvoy? : samedi\nObjet : Aide\n\nBonjour",
    ],
)
def test_attributions_of_ascii_clients_are_found_without_our_delimiter(quoted):
    assert read(mail(f"Oui.\n\n{quoted}", In_Reply_To="<1@example.org>")).text == "Oui."


LABELS = f"Date : 28/11/2026 10:05\nObjet : Nouveau message\n\n{CUT}"
QUOTED = f"> \n> {DELIMITER}\n> Nouvelle demande"
CLIENTS = {
    "notes": f"-----{SENDER} a écrit : -----\nÀ : j@x.fr\nDe : {SENDER}\n{LABELS}",
    "notes in english": f"-----{SENDER} wrote: -----\nTo: j@x.fr\nFrom: {SENDER}\n{LABELS}",
    "em client": f'------ Message d\'origine ------\nDe "Relais" <{OURS}>\nÀ j@x.fr\nDate 28/11/26\n{CUT}',
    "samsung": f"------ Mensaje original ------\nDe: {SENDER}\nFecha: 28/11/26\nAsunto: A\n\n{CUT}",
    "polish": f"-------- Oryginalna wiadomość --------\nOd: {SENDER}\nTemat: A\n\n{CUT}",
    "apple dutch": f"Begin doorgestuurd bericht:\n\nVan: {SENDER}\n\n{CUT}",
    "apple german": f"Anfang der weitergeleiteten Nachricht:\n\nVon: {SENDER}\nBetreff: A\n\n{CUT}",
    "apple spanish": f"Inicio del mensaje reenviado:\n\nDe: {SENDER}\nAsunto: A\n\n{CUT}",
    "sfr": f'Message du : 28/11/2026 10:05\nDe : "Relais" <{OURS}>\nA : j@x.fr\nSujet : A\n\n{CUT}',
    "two lines of ours above": f"{SENDER} a écrit :\n\nVotre réponse sera lue par l'entreprise et par les\n"
    f"autres experts.\n{CUT}",
    "german": f"-----Ursprüngliche Nachricht-----\nVon: {SENDER}\nBetreff: A\n\n{CUT}",
    "iphone german": f"Von meinem iPhone gesendet\n\n> Am 28.11.2026 schrieb {SENDER}:\n{QUOTED}",
    "iphone spanish": f"Enviado desde mi iPhone\n\n> El 28 nov 2026, {SENDER} escribió:\n{QUOTED}",
}
HTML_SENDER = f"Relais Entreprises &lt;{OURS}&gt;"
HTML = {
    "zoho": f"<div>---- Le sam., 28 nov. 2026 <b>{HTML_SENDER}</b> a écrit ----<br></div>",
    "outlook german": f"<p><b>Von:</b> {HTML_SENDER}<br><b>Gesendet:</b> Samstag, 28. November 2026 10:05<br>"
    "<b>An:</b> j@x.fr<br><b>Betreff:</b> A</p>",
    "dutch": f'<p>Op za 28 nov 2026 schreef Relais &lt;<a href="mailto:{OURS}">{OURS}</a>&gt;:</p>',
    "table": f"<table><tr><td>Von:</td><td>{HTML_SENDER}</td></tr><tr><td>Datum:</td><td>28.11.2026</td>"
    "</tr><tr><td>An:</td><td>j@x.fr</td></tr></table>",
}


@pytest.mark.parametrize("typed", ["", "Oui, mardi."])
@pytest.mark.parametrize("quoted", CLIENTS.values(), ids=CLIENTS)
def test_blocks_of_other_clients_are_not_the_authors(quoted, typed):
    assert read(mail(f"{typed}\n\n{quoted}"), our_addresses=[OURS]).text == typed


@pytest.mark.parametrize("typed", ["", "Oui, mardi."])
@pytest.mark.parametrize("quoted", HTML.values(), ids=HTML)
def test_blocks_of_html_clients_are_not_the_authors(quoted, typed):
    html = f"<p>{typed}</p>{quoted}<blockquote><p>{DELIMITER}</p><p>Nouvelle demande</p></blockquote>"

    assert read(mail(html, Content_Type="text/html; charset=utf-8"), our_addresses=[OURS]).text == typed


MARKED = {
    "blank lines before the quotation": f"<div>Le 28 nov. 2026, {HTML_SENDER} a écrit :<br><br><br></div>"
    "<blockquote type='cite'>",
    "labels without colons": f"<div>------ Message d'origine ------</div><div>De {HTML_SENDER}</div>"
    "<div>Date 28/11/2026 10:05</div><br><blockquote type='cite'>",
}


@pytest.mark.parametrize("typed", ["", "Oui, mardi."])
@pytest.mark.parametrize("quoted", MARKED.values(), ids=MARKED)
def test_words_typed_below_a_marked_quotation_are_kept(quoted, typed):
    html = f"{quoted}<p>{DELIMITER}</p><p>Nouvelle demande</p></blockquote><p>{typed}</p>"

    assert read(mail(html, Content_Type="text/html; charset=utf-8"), our_addresses=[OURS]).text == typed


@pytest.mark.parametrize(
    "line",
    [
        "##- Veuillez répondre au-dessus de cette ligne -##",
        "##- Bitte geben Sie Ihre Antwort oberhalb dieser Zeile ein. -##",
        "#### Répondre au-dessus de cette ligne ####",
        "-- Veuillez répondre au-dessus de cette ligne --",
        "=-=-=-= Pour répondre par courriel, écrivez au-dessus de cette ligne =-=-=-=",
        "[[ Please type your reply above this line ]]",
        "*** Merci de répondre au-dessus de cette ligne ***",
        "Reply above this line.",
    ],
)
@pytest.mark.parametrize("kind", ["plain", "html"])
def test_line_of_a_ticket_program_is_not_the_authors(line, kind):
    top, bottom = f"{line}\n\nJe l'appelle mardi.", f"{SENDER} a écrit :\n{CUT}"
    text = "".join(f"<div>{line}</div>" for line in (*top.split("\n"), bottom.replace("<", "&lt;")))
    raw = mail(text if kind == "html" else f"{top}\n\n{bottom}", Content_Type=f"text/{kind}; charset=utf-8")

    assert read(raw, our_addresses=[OURS]).text == "Je l'appelle mardi."


@pytest.mark.parametrize(
    "typed",
    [
        "Votre réponse sera lue par mon comptable.",
        "Merci de répondre au-dessus de cette ligne du tableau, sinon je ne vois rien.",
        "La ligne au-dessus est fausse.",
    ],
)
def test_words_that_only_look_like_such_a_line_are_kept(typed):
    assert read(mail(f"{typed}\nMerci.\n\n{SENDER} a écrit :\n{CUT}")).text == f"{typed}\nMerci."

"""Parsing of mails: sender, recipients, kind, quotations, attachments."""

import base64
from pathlib import Path

import pytest

from mailing.replies import DELIMITER, MailKind, read

SAMPLES = Path(__file__).parent / "samples"


def mail(text="D'accord.", **headers):
    lines = {"From": "Jeanne Martin <jeanne@exemple.fr>", "To": "reponse+e1-aa@example.org", **headers}
    top = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
    return (top + "\r\n" + text.replace("\n", "\r\n")).encode()


def with_file(name, content="QUJD", kind="application/pdf", **headers):
    top = "".join(f"{header.replace('_', '-')}: {value}\n" for header, value in headers.items())
    part = f"--a\nContent-Type: {kind}\nContent-Disposition: attachment; {name}\n{top}"
    return mail(
        f"--a\n\nVoici.\n{part}Content-Transfer-Encoding: base64\n\n{content}\n--a--\n",
        Content_Type="multipart/mixed; boundary=a",
    )


def test_a_mail_says_who_wrote_to_whom():
    reply = read(mail(Subject="=?utf-8?q?R=C3=A9?=", Message_ID="<1@exemple.fr>"))

    assert (reply.sender, reply.sender_name) == ("jeanne@exemple.fr", "Jeanne Martin")
    assert (reply.subject, reply.message_id) == ("Ré", "<1@exemple.fr>")
    assert reply.kind == MailKind.PERSON


def test_address_of_delivery_comes_before_the_named_recipients():
    reply = read(
        mail(To="x@example.org", Cc="Paul <paul@exemple.fr>", Delivered_To="reponse+e1-aa@example.org")
    )

    assert reply.recipients == ("reponse+e1-aa@example.org", "x@example.org", "paul@exemple.fr")


def test_the_mail_it_answers_comes_first():
    reply = read(mail(References="<1@example.org> <2@example.org>", In_Reply_To="<2@example.org>"))

    assert reply.in_reply_to == ("<2@example.org>", "<1@example.org>")


def test_mail_with_two_senders_has_no_sender():
    assert read(mail(From="a@exemple.fr, b@exemple.fr")).sender == ""


def test_a_header_in_latin_letters_is_read_as_it_stands():
    raw = mail(Subject="Réunion", From="Éloïse <eloise@exemple.fr>").decode().encode("cp1252")

    assert (read(raw).subject, read(raw).sender_name) == ("Réunion", "Éloïse")


def test_text_below_our_line_is_not_the_authors():
    assert read(mail(f"Oui.\n\n{DELIMITER}\nNouvelle demande")).text == "Oui."


SENT = f"""<div>{DELIMITER}</div><h1>Nouveau message</h1><p>Qui appelle l'entreprise cette semaine ?</p>
<p>Faut-il prévenir la Mission locale ?</p><a href="https://example.org/r/1/">Répondre</a>
<p>Relais Entreprises, le service public. <a href="https://example.org">https://example.org</a></p>"""
UNMARKED = """Mes réponses dans le texte.

De : Relais Entreprises <x@example.org>
Envoyé : lundi 30 novembre 2026 10:05
Objet : Nouveau message

"""


def outlook_copy(*answers):
    first, second = answers or ("", "")
    copy = f"{DELIMITER}\nNouveau message\nQui appelle l’entreprise  cette semaine ?\n{first}\nFaut-il"
    end = "Répondre<https://example.org/r/1/>\nRelais Entreprises, le service public. https://example.org\n"
    return mail(f"{UNMARKED}{copy} prévenir la\nMission locale ?\n{second}\n{end}")


def test_words_between_the_lines_of_our_mail_are_found_when_it_is_known():
    raw = outlook_copy("Moi, jeudi.", "Oui.")

    assert read(raw, sent=SENT).text == "Mes réponses dans le texte.\n\nMoi, jeudi.\n\nOui."


COPY = ["Nouveau message", "Qui appelle l’entreprise cette semaine ?", "Faut-il prévenir la Mission locale ?"]
END = "Relais Entreprises, le service public. https://example.org"
ANSWERS = "Moi, jeudi.\n\nNon."


def marked_copy(first, second):
    """Answers typed inside the marks of the quotation, as phones leave no other place."""
    lines = [DELIMITER, COPY[0], COPY[1], *first, COPY[2], *second, END]
    return "Le 30 nov. 2026 à 10:05, Relais Entreprises <x@example.org> a écrit :", lines


@pytest.mark.parametrize("top", ["", "Voir plus bas."])
@pytest.mark.parametrize("kind", ["plain", "html"])
def test_words_typed_inside_a_marked_copy_of_our_mail_are_found(kind, top):
    attribution, lines = marked_copy(["Moi, jeudi."], ["Non."])
    if kind == "plain":
        body = "\n".join([top, "", attribution, *(f"> {line}" for line in lines)])
    else:
        quoted = "".join(f"<div>{line}</div>" for line in lines)
        body = f"<div>{top}</div><div>{attribution}</div><blockquote type='cite'>{quoted}</blockquote>"
        body = body.replace("<x@example.org>", "&lt;x@example.org&gt;")
    raw = mail(body, Content_Type=f"text/{kind}; charset=utf-8", In_Reply_To="<1@example.org>")

    assert read(raw, sent=SENT).text == "\n\n".join(filter(None, [top, ANSWERS]))


def test_short_words_that_ours_only_contain_are_the_authors():
    assert read(outlook_copy("Ou.", "Ion."), sent=SENT).text.endswith("Ou.\n\nIon.")


def test_lines_typed_together_inside_a_copy_stay_together():
    raw = outlook_copy("Moi, jeudi.\nÀ 10 h.\n\nMerci.", "Non.")

    assert read(raw, sent=SENT).text == (
        "Mes réponses dans le texte.\n\nMoi, jeudi.\nÀ 10 h.\n\nMerci.\n\nNon."
    )


def test_more_words_inside_a_copy_than_it_has_are_found():
    typed = "\n".join(f"Ligne que j'ajoute, la {number}e." for number in range(12))

    assert read(outlook_copy(typed, "Non."), sent=SENT).text == (
        f"Mes réponses dans le texte.\n\n{typed}\n\nNon."
    )


def test_a_marked_copy_of_another_mail_adds_nothing():
    quoted = "".join(f"> {line}\n" for line in marked_copy(["Moi."], ["Non."])[1])

    assert (
        read(mail(f"Oui.\n\n{quoted}"), sent=f"<div>{DELIMITER}</div><p>Un tout autre mail.</p>").text
        == "Oui."
    )


@pytest.mark.parametrize("sent", ["", SENT, "<p>Un tout autre mail, écrit un autre jour.</p>"])
def test_a_mere_copy_of_our_mail_adds_nothing(sent):
    assert read(outlook_copy(), sent=sent).text == "Mes réponses dans le texte."


def test_authors_may_cite_others_in_their_own_words():
    typed = "Le 12 mars 2026, la banque a écrit :\nRefusé.\nLe 13 mars 2026, elle m'a écrit :\n> Accepté."

    assert read(mail(typed)).text == typed


def test_recipients_may_go_on_over_several_lines():
    people = "\n".join(f"Paul {number} <paul{number}@exemple.fr>;" for number in range(3))
    top = f"De : Relais <x@example.org>\nÀ : Lou <lou@exemple.fr>;\n{people}\nObjet : Nouveau message"

    assert read(mail(f"Vu.\n\n{top}\n\nNouvelle demande")).text == "Vu."


def test_nothing_at_all_is_an_empty_mail():
    assert read(b"").kind == MailKind.EMPTY


@pytest.mark.parametrize(
    ("name", "read_as"),
    [
        ('filename="devis.pdf"', "devis.pdf"),
        ("filename*=utf-8''Devis%20f%C3%A9vrier.pdf", "Devis février.pdf"),
        ('filename="=?utf-8?q?Devis_f=C3=A9vrier.pdf?="', "Devis février.pdf"),
        ('filename="C:\\\\Bureau\\\\devis.pdf"', "devis.pdf"),
        ('filename="../../etc/devis.pdf"', "devis.pdf"),
        ('filename="devis\u202efdp.exe"', "devisfdp.exe"),
        ("", "sans nom.pdf"),
    ],
)
def test_a_file_is_named(name, read_as):
    assert read(with_file(name)).attachments == (read_as,)


def test_a_long_name_keeps_its_ends():
    (name,) = read(with_file(f'filename="{"a" * 300}.pdf"')).attachments

    assert len(name) <= 121
    assert name.endswith("aaa.pdf")


@pytest.mark.parametrize(
    ("sample", "names"),
    [
        ("outlook-logo-and-attachment", ("devis.pdf", "Ancien devis.eml")),
        ("apple-mail-attachments-between-words", ("Devis février.pdf", "IMG_0012.jpeg")),
        ("outlook-web-new", ()),
    ],
)
def test_files_are_named_and_logos_are_not(sample, names):
    assert read((SAMPLES / f"person/{sample}.eml").read_bytes()).attachments == names


@pytest.mark.parametrize(
    ("kind", "disposition", "names"),
    [
        ("text/calendar; method=PUBLISH", 'attachment; filename="salon.ics"', ("salon.ics",)),
        ("text/calendar; name=salon.ics", "inline", ("salon.ics",)),
        ("text/calendar", "attachment", ("sans nom.ics",)),
        ("text/calendar; method=REQUEST", "inline", ()),
    ],
)
def test_calendar_file_that_the_author_joined_is_named(kind, disposition, names):
    part = f"--a\nContent-Type: {kind}\nContent-Disposition: {disposition}\n\nBEGIN:VCALENDAR\n"
    reply = read(mail(f"--a\n\nVoici.\n{part}--a--\n", Content_Type="multipart/mixed; boundary=a"))

    assert (reply.attachments, reply.text, reply.kind) == (names, "Voici.", MailKind.PERSON)


def test_a_file_without_a_word_is_an_empty_mail_with_a_file():
    raw = with_file('filename="devis.pdf"').replace(b"Voici.", b"")

    assert (read(raw).kind, read(raw).attachments) == (MailKind.EMPTY, ("devis.pdf",))


@pytest.mark.parametrize(
    ("encoding", "written"),
    [
        ("base64", base64.b64encode("Déjà appelée.".encode())[:-3].decode()),
        ("base64", base64.b64encode("Déjà appelée.  ".encode()).decode() + "T"),
        (
            "base64",
            base64.b64encode("Déjà ".encode()).decode()
            + "\n"
            + base64.b64encode("appelée.".encode()).decode(),
        ),
        ("base64", base64.b64encode("Déjà appelée.".encode()).decode() + "\n-- \nListe de diffusion\n"),
        ('"quoted-printable" ; x', "D=C3=A9j=C3=A0 appel=C3=A9e."),
        ("Quoted-Printable;", "D=C3=A9j=C3=A0 appel=\n=C3=A9e.="),
        ("(comment) base64", base64.b64encode("Déjà appelée.".encode()).decode()),
    ],
)
def test_an_encoding_written_or_cut_badly_is_decoded(encoding, written):
    raw = mail(written, Content_Type="text/plain; charset=utf-8", Content_Transfer_Encoding=encoding)

    assert read(raw).text in {"Déjà appelée.", "Déjà appelée"}


@pytest.mark.parametrize("kind", ["text/plain", "text/html", "text/csv"])
def test_a_text_file_shown_in_the_mail_is_named_too(kind):
    part = f"--a\nContent-Type: {kind}\nContent-Disposition: inline; filename=liste.txt\n\nLou\n"
    reply = read(mail(f"--a\n\nVoici.\n{part}--a--\n", Content_Type="multipart/mixed; boundary=a"))

    assert reply.attachments == ("liste.txt",)
    assert reply.text.startswith("Voici.")

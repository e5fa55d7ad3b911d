"""Signatures in English and other languages are cut like French ones; what only looks like one is kept."""

import pytest

from mailing.replies import read
from tests.mailing.replies.test_reply import mail

SENDER = "Recruitment <recruitment@exemple.fr>"
SIGNATURES = [
    "Best regards,\n\nRecruitment team\nPhone: +33 3 80 00 00 00",
    "Best regards,\nRecruitment team,\nPhone: 03 80 00 00 00",
    "Best regards, Recruitment team, Phone: 03 80 00 00 00",
    "Kind regards\nJohn Smith\nHR Manager | Acme Ltd\nT: +44 20 7946 0958 | +44 7700 900123\nwww.acme.co.uk",
    "Many thanks,\nJohn Smith\nHead of Recruitment\nOffice: (555) 123-4567",
    "Thanks,\n\nJohn\n\nJohn Smith\nAcme Ltd, 12 High Street, London\njohn@acme.co.uk",
    "Cheers,\nRecruitment\nTel. +33 (0)3 80 00 00 00",
    "Yours faithfully,\nThe recruitment team\nPhone: 0380000000",
    "With best wishes,\nRecruitment team\nMobile: +33 6 00 00 00 00\nSent from my iPhone",
    "--\nRecruitment team\nPhone: +33 3 80 00 00 00",
    "Mit freundlichen Grüßen\nRecruitment team\nTelefon: +49 30 1234567",
    "Saludos cordiales,\nRecruitment\nTeléfono: +34 91 123 45 67",
    "Cordialement,\nL'équipe recrutement\nTél. : 03 80 00 00 00",
    "Best regards / Cordialement\nRecruitment team\nPhone: 03 80 00 00 00",
    "Yours,\nRecruitment\nSenior Adviser\nP: +33 3 80 00 00 00",
    "Cordialement,\nRecruitment\n--\nCCI Côte-d'Or",
    "*Cordialement,* Recruitment",
    "Envoyé à partir de Courrier (https://go.microsoft.com/fwlink/?LinkId=550986) pour Windows",
    "Envoyé à partir de Yahoo Mail pour iPhone\n<https://mail.onelink.me/107872968?pid=x>",
    "Envoyé avec la messagerie sécurisée [Proton Mail](https://proton.me/).",
    "Sent with [Proton Mail](https://proton.me/mail/home) secure email.",
    "Wysłane z mojego Galaxy",
    "Trimis de pe iPhone-ul meu",
    "Skickat från min iPhone",
    "Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.",
    "Garanti sans virus. www.avast.com\n<#DAB4FAD8-2DD7-40BB-A1B8-4E2AA1F9FDF2>",
    "Atenciosamente,\nRecruitment\nTel. +351 210 000 000",
    "Warmly,\nRecruitment\nSales Manager\nT: 03 80 00 00 00",
    "Best,\nRecruitment team\nCell: (03) 80 00 00 00",
    "Have a great day,\nRecruitment team\nPhone: 03 80 00 00 00",
    "Med vennlig hilsen\nRecruitment team\nTlf: +47 22 00 00 00",
    "Med vänlig hälsning,\nRecruitment team\nTel: +46 8 000 00 00",
    "Z poważaniem\nRecruitment\nTel. +48 22 123 45 67",
]
TYPED = [
    "Thanks for the call.",
    "Best regards to your team, we call on Monday.",
    "Regards croisés sur l'emploi",
    "Thanks,\nplease call me at 03 80 00 00 00",
    "Thanks, call me on 03 80 00 00 00",
    "Two contacts:\nJohn Smith\n03 80 00 00 00",
    "Cheers, we will call\nPhone: 03 80 00 00 00",
    "Have a great day with her on Monday.",
    "Best,\nlet us meet Monday",
    "Call John Smith: 03 80 00 00 00",
    "Thanks for the call\nRecruitment",
    "Best price: 300\nRecruitment",
    "Best Tuesday at 10\nRecruitment",
    "Thank you for calling her.\nRecruitment",
    "Voir https://exemple.fr/aide",
    "The form:\nhttps://exemple.fr/form",
    "Voir le point #12",
]


@pytest.mark.parametrize("signature", SIGNATURES)
def test_a_signature_is_cut(signature):
    assert read(mail(f"We call on Monday.\n\n{signature}", From=SENDER)).text == "We call on Monday."


@pytest.mark.parametrize("typed", TYPED)
def test_words_that_only_look_like_a_signature_are_kept(typed):
    text = f"We call on Monday.\n\n{typed}"

    assert read(mail(text, From=SENDER)).text == text


@pytest.mark.parametrize(
    "line",
    [
        "##- Veuillez taper votre réponse au-dessus de cette ligne -##",
        "##- Please type your reply above this line -##",
        "## Répondez au-dessus de cette ligne ##",
    ],
)
def test_the_line_that_a_ticket_program_writes_above_an_answer_is_cut(line):
    assert read(mail(f"{line}\n\nWe call on Monday.", From=SENDER)).text == "We call on Monday."


def test_a_signature_marked_by_the_front_mail_program_is_cut():
    html = "<p>We call on Monday.</p><div class='front-signature'>The recruiters</div>"

    assert read(mail(html, From=SENDER, Content_Type="text/html")).text == "We call on Monday."

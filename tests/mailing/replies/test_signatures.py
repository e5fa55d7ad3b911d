"""Signatures in English and other languages are cut as French ones; words that look like one are kept."""

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
]
TYPED = [
    "Thanks for the call.",
    "Best regards to your team, we call on Monday.",
    "Regards croisés sur l'emploi",
    "Thanks,\nplease call me at 03 80 00 00 00",
    "Thanks, call me on 03 80 00 00 00",
    "Two contacts:\nJohn Smith\n03 80 00 00 00",
    "Cheers, we will call\nPhone: 03 80 00 00 00",
    "Best,\nlet us meet Monday",
    "Call John Smith: 03 80 00 00 00",
]


@pytest.mark.parametrize("signature", SIGNATURES)
def test_a_signature_is_cut(signature):
    assert read(mail(f"We call on Monday.\n\n{signature}", From=SENDER)).text == "We call on Monday."


@pytest.mark.parametrize("typed", TYPED)
def test_words_that_only_look_like_one_are_kept(typed):
    text = f"We call on Monday.\n\n{typed}"

    assert read(mail(text, From=SENDER)).text == text

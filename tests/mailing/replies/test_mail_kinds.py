"""Kinds of mails: strong signs of a machine decide alone, weak ones only when they agree."""

import pytest

from mailing.replies import MailKind, read, read_headers
from tests.mailing.replies.test_reply import mail

REPORT = {"Content_Type": "multipart/report; report-type=delivery-status; boundary=a"}
STATUS = "--a\n\nVotre message.\n--a\nContent-Type: message/delivery-status\n\nAction: failed\n--a--\n"


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({"Auto_Submitted": "auto-replied"}, MailKind.AUTO_REPLY),
        ({"Auto_Submitted": "auto-generated"}, MailKind.AUTO_REPLY),
        ({"Auto_Submitted": "Auto-Notified; owner-email=x@exemple.fr"}, MailKind.AUTO_REPLY),
        ({"Auto_Submitted": "(vacation) auto-replied"}, MailKind.AUTO_REPLY),
        ({"Auto_Submitted": "auto-replied", "Subject": "Je suis absente"}, MailKind.OUT_OF_OFFICE),
        ({"List_Id": "<reseau.exemple.fr>", "Auto_Submitted": "auto-replied"}, MailKind.AUTO_REPLY),
        ({"From": "MAILER-DAEMON@exemple.fr"}, MailKind.BOUNCE),
        ({"From": "postmaster@exemple.fr", "Return_Path": "<>"}, MailKind.BOUNCE),
        ({"X_Failed_Recipients": "x@exemple.fr"}, MailKind.BOUNCE),
        ({"Content_Class": "urn:content-classes:calendarmessage"}, MailKind.CALENDAR),
    ],
    ids=str,
)
def test_strong_sign_decides_alone(headers, kind):
    assert read(mail(**headers)).kind == kind
    assert read_headers(mail(**headers)).kind == kind


# Each alone is on mails that people typed: their client, their server or their subject put it there.
WEAK = [
    {"X_Auto_Response_Suppress": "All"},
    {"X_Auto_Response_Suppress": "DR, OOF, AutoReply"},
    {"X_Auto_Response_Suppress": "OOF"},
    {"Subject": "Absence : ma vendeuse ne vient plus"},
    {"Subject": "Absence du bureau des salariés"},
    {"Subject": "Accusé de réception de mon recommandé"},
    {"Subject": "Lu : votre proposition"},
    {"Subject": "=?utf-8?q?R=C3=A9ponse_automatique?="},
    {"Precedence": "bulk"},
    {"Precedence": "list"},
    {"Precedence": "Junk"},
    {"List_Id": "<reseau.exemple.fr>", "List_Post": "<mailto:reseau@exemple.fr>"},
    {"List_Unsubscribe": "<https://exemple.fr/non>"},
    {"From": "noreply@exemple.fr"},
    {"From": "postmaster@exemple.fr"},
    {"From": "noreply-contact@exemple.fr"},
    {"Subject": "Absence"},
    {"Subject": "Absent : mon apprenti"},
    {"Subject": "Votre demande a bien été enregistrée"},
]


@pytest.mark.parametrize("headers", WEAK, ids=str)
def test_one_weak_sign_does_not_make_an_automatic_mail(headers):
    reply = read(mail(**headers))

    assert (reply.kind, reply.weak_signs) == (MailKind.PERSON, 1)
    assert reply.may_be_answered


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "no"},
        {"Auto_Submitted": "No"},
        {"Auto_Submitted": "no (typed by a person)"},
        {"X_Auto_Response_Suppress": "None"},
        {"X_Auto_Reply": "no"},
        {"X_Autoreply": "No"},
        {"X_Autorespond": "false"},
        {"X_Autoresponder": "0"},
        {"X_Auto_Respond": '"no"'},
        {"X_Away": "off"},
        {"X_Autoreply": "aucune"},
        {"X_Auto_Response": "disabled"},
        {"Auto_Reply": "none"},
        {"Precedence": "normal"},
        {"Precedence": "first-class"},
        {"Precedence": "special-delivery"},
        {"Return_Path": "<jeanne@exemple.fr>"},
        {"Subject": "RE: Réponse automatique : Recrutement"},
        {"Subject": "Recrutement, absence du bureau"},
        {"Subject": "Absences répétées d'un salarié"},
        {"Subject": "Automatisation d'une chaîne"},
    ],
    ids=str,
)
def test_value_of_a_header_is_read_not_its_presence(headers):
    reply = read(mail(**headers))

    assert (reply.kind, reply.weak_signs) == (MailKind.PERSON, 0)


@pytest.mark.parametrize(
    ("headers", "text", "kind"),
    [
        ({"X_Auto_Response_Suppress": "All", "Subject": "Absence : Recrutement"}, "Bien reçu.", "doubtful"),
        ({"X_Auto_Response_Suppress": "All"}, "Je suis absente jusqu'au 4.", "doubtful"),
        ({"Subject": "Réponse automatique : Aide"}, "Nous avons bien reçu votre message.", "doubtful"),
        ({"Subject": "Automatic reply: Aide"}, "I am out of the office until Monday.", "doubtful"),
        ({"Subject": "Automatische Antwort: Aide"}, "Ich bin nicht im Büro.", "doubtful"),
        ({"Subject": "Respuesta automática: Aide"}, "Estoy ausente hasta el lunes.", "doubtful"),
        ({"Precedence": "bulk"}, "Je suis absente jusqu'au 4.", "list"),
        ({"Precedence": "list", "List_Id": "<reseau.exemple.fr>"}, "Bonjour.", "list"),
        ({"Precedence": "bulk", "X_Auto_Response_Suppress": "All"}, "Bonjour.", "list"),
        ({"Subject": "Abwesenheitsnotiz"}, "Ich bin im Urlaub.", "doubtful"),
        ({"Subject": "Risposta automatica: Aide"}, "Sono in ferie fino al 5.", "doubtful"),
        ({"Subject": "Odpowiedź automatyczna: Aide"}, "Jestem na urlopie.", "doubtful"),
        ({"Subject": "Răspuns automat: Aide"}, "Sunt în concediu până pe 5.", "doubtful"),
        ({"Subject": "رد تلقائي: Aide"}, "أنا في إجازة", "doubtful"),
        ({"Subject": "[Répondeur] Re: Aide"}, "Actuellement en congés, je lirai à mon retour.", "doubtful"),
        ({"Subject": "Absence"}, "Votre correspondant est absent jusqu'au 5.", "doubtful"),
        ({"Subject": "Vacation reply"}, "Nous sommes fermés jusqu'au 3 janvier.", "doubtful"),
        (
            {"Subject": "[GLPI #0000012] Nouveau ticket : Aide"},
            "Un ticket a été créé sous le n° 12.",
            "doubtful",
        ),
        ({"Precedence": "bulk"}, "Votre ticket 2026112810000012 a été enregistré.", "list"),
        ({"Subject": "[MailInBlack] Demande d'authentification"}, "Votre e-mail est en attente.", "doubtful"),
        # Written by programs alone, or by servers about a mail: each is worth two.
        ({"Precedence": "auto_reply"}, "Bonjour.", "doubtful"),
        ({"X_Autoreply": "yes"}, "Bonjour.", "doubtful"),
        ({"Preference": "auto_reply"}, "Bonjour.", "doubtful"),
        ({"X_MS_Exchange_Generated_Message_Source": "Mailbox Rules Agent"}, "Bonjour.", "doubtful"),
        ({"Subject": "Absent(e) du bureau : Aide"}, "Je suis absente jusqu'au 4.", "doubtful"),
        ({"X_Autorespond": "Re: Aide"}, "Bonjour.", "doubtful"),
        ({"X_Auto_Reply_From": "x@exemple.fr"}, "Bonjour.", "doubtful"),
        ({"Auto_Submitted": "yes"}, "Bonjour.", "doubtful"),
        ({"Return_Path": "<>"}, "Bonjour.", "doubtful"),
    ],
    ids=str,
)
def test_two_weak_signs_make_a_doubtful_mail_that_nobody_answers(headers, text, kind):
    reply = read(mail(text, **headers))

    assert reply.kind == kind
    assert reply.kind.is_doubtful
    assert not reply.may_be_answered


@pytest.mark.parametrize(
    "text",
    [
        "Je suis absent lundi, appelez mardi.",
        "Nous avons bien reçu votre demande, je l'appelle.",
        "Merci de ne pas répondre à ce client avant moi.",
    ],
)
def test_sentences_of_automatic_mails_are_no_sign_alone(text):
    assert read(mail(text)).weak_signs == 0


def test_a_subject_and_a_text_about_somebody_elses_absence_are_one_sign():
    reply = read(mail("Elle est absente depuis trois semaines.", Subject="Absence : ma vendeuse"))

    assert (reply.kind, reply.weak_signs) == (MailKind.PERSON, 1)


def test_delivery_status_is_a_bounce():
    assert read(mail(STATUS, **REPORT)).kind == MailKind.BOUNCE
    assert read(mail(STATUS, Content_Type="multipart/mixed; boundary=a", Return_Path="<>")).kind == "bounce"


def test_delivery_status_that_a_person_forwards_is_one_weak_sign():
    reply = read(mail(STATUS, Content_Type="multipart/mixed; boundary=a"))

    assert (reply.kind, reply.weak_signs) == (MailKind.PERSON, 1)


@pytest.mark.parametrize(
    ("kind", "content", "read_as"),
    [
        ("text/calendar; method=REPLY", "", MailKind.CALENDAR),
        ("text/calendar; method=COUNTER", "", MailKind.CALENDAR),
        ("text/calendar", "BEGIN:VCALENDAR\nMETHOD:REPLY\n", MailKind.CALENDAR),
        ("text/calendar; method=REQUEST", "", MailKind.PERSON),
        ("text/calendar; method=PUBLISH", "", MailKind.PERSON),
        ("text/calendar", "BEGIN:VCALENDAR\nMETHOD:REQUEST\n", MailKind.PERSON),
    ],
)
@pytest.mark.parametrize("content_class", ["", "urn:content-classes:calendarmessage"])
def test_calendar_answer_is_refused_and_an_invitation_with_words_is_not(
    kind, content, read_as, content_class
):
    top = {"Content_Class": content_class} if content_class else {}
    body = f"--a\n\nVoyons-nous mardi.\n--a\nContent-Type: {kind}\n\n{content}\n--a--\n"

    assert read(mail(body, Content_Type="multipart/alternative; boundary=a", **top)).kind == read_as


def test_headers_alone_are_read_without_any_part():
    reply = read_headers(mail(STATUS, Content_Type="multipart/mixed; boundary=a", Subject="Aide"))

    assert (reply.subject, reply.text, reply.attachments) == ("Aide", "", ())
    assert reply.kind == MailKind.EMPTY


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (
            "##- Veuillez répondre au-dessus de cette ligne -##\n\nJe l'appelle lundi.\n\nLéa",
            MailKind.DOUBTFUL,
        ),
        ("-- Reply above this line --\n\nI will call her on Monday.", MailKind.DOUBTFUL),
        ("##- Répondez au-dessus de cette ligne -##\n\nVotre demande (12) a été reçue.", MailKind.AUTO_REPLY),
        ("##- Répondez au-dessus de cette ligne -##\n", MailKind.AUTO_REPLY),
        ("Je l'appelle lundi.", MailKind.AUTO_REPLY),
    ],
)
def test_what_a_colleague_types_in_a_ticket_program_is_held_not_refused(text, kind):
    reply = read(mail(text, Auto_Submitted="auto-generated"))

    assert reply.kind == kind
    assert not reply.may_be_answered

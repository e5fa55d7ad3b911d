"""What is read of a mail beside its words."""

from mailing.replies import DELIMITER, Kind, read


def mail(text="D'accord.", **headers):
    lines = {"From": "Jeanne Martin <jeanne@exemple.fr>", "To": "reponse+e1-aa@example.org", **headers}
    top = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
    return (top + "\r\n" + text.replace("\n", "\r\n")).encode()


def test_a_mail_says_who_wrote_to_whom():
    reply = read(
        mail(
            Cc="Paul <paul@exemple.fr>",
            Delivered_To="reponse+e1-aa@example.org",
            Subject="=?utf-8?q?R=C3=A9?=",
        )
    )

    assert (reply.sender, reply.sender_name) == ("jeanne@exemple.fr", "Jeanne Martin")
    assert reply.recipients == ("reponse+e1-aa@example.org", "paul@exemple.fr")
    assert reply.subject == "Ré"
    assert reply.kind == Kind.PERSON


def test_what_stands_below_our_line_is_not_the_authors():
    assert read(mail(f"Oui.\n\n{DELIMITER}\nNouvelle demande")).text == "Oui."


def test_nothing_at_all_is_an_empty_mail():
    assert read(b"").kind == Kind.EMPTY

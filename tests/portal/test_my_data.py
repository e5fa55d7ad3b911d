"""« Mes données »: copy, deletion confirmed by mail, and nothing for a stranger."""

import io
import json
import re
from datetime import UTC, date, datetime, timedelta
from zipfile import ZipFile

import pytest
from django.conf import settings as django_settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from experts.models import Subject
from mailing import reception
from mailing.accepted_files import AcceptedFile
from mailing.models import Channel, DeliveryEvent, OutgoingEmail
from portal import mailbox_erasure, my_data
from solicitations.actions import company_requests, expert_answers, expert_messages
from solicitations.conversation import replies
from solicitations.lifecycle import MatchState
from solicitations.models import AddressChange, Draft, Match, PlannedCall, Solicitation
from tests.solicitations.factories import TEXT, mailbox, match, send
from tests.solicitations.incoming import answer, raw

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr("portal.views.my_data.time.sleep", lambda seconds: None)


@pytest.fixture
def sent(commit, now) -> Solicitation:
    found = commit(send, now=now)
    author = mailbox(found, "recrutement@france-travail")
    commit(expert_messages.post_message, author, body="Entre nous", now=now)
    return found


def link(occasion: str) -> str:
    mail = OutgoingEmail.objects.filter(template=f"portal/emails/{occasion}").latest("pk")
    return str(mail.context["url"]).removeprefix(django_settings.SITE_URL)


def ask(client: Client, email: str):
    return client.post(reverse("my_data"), {"email": email}, follow=True)


def test_the_answer_is_the_same_whether_the_address_is_known_or_not(client, sent):
    known, unknown = ask(client, sent.email.upper()), ask(client, "personne@example.org")

    plain = [re.sub(rb'(value|nonce)="[^"]*"', b"", page.content) for page in (known, unknown)]
    assert plain[0] == plain[1]
    assert [mail.to for mail in OutgoingEmail.objects.filter(template="portal/emails/my_data")] == [
        sent.email
    ]


def test_the_copy_has_the_companys_words_and_no_experts(client, sent):
    ask(client, sent.email)
    page = client.get(link("my_data")).content.decode()
    copied = json.loads(client.get(link("my_data") + "copie.json").content)

    assert TEXT in page.replace("&#x27;", "'")
    assert copied["requests"][0]["text"] == TEXT
    assert copied["requests"][0]["contact"]["phone"] == sent.phone
    assert "Entre nous" not in page + json.dumps(copied)


def test_the_archive_has_a_page_the_files_and_the_drafts(client, sent, commit, now, settings, tmp_path):
    settings.PRIVATE_FILES = str(tmp_path)
    author = mailbox(sent, "recrutement@france-travail")
    inside = [AcceptedFile("interne.pdf", "application/pdf", b"%PDF-1.4 between us")]
    commit(expert_messages.post_message, author, body="Entre nous encore", attached=inside, now=now)
    quote = [AcceptedFile("devis.pdf", "application/pdf", b"%PDF-1.4 quote")]
    commit(company_requests.add_information, sent, body="Voici le devis", attached=quote, now=now)
    drafted = timezone.now()
    Draft.objects.create(
        email=sent.email, answers={"description": "Un brouillon"}, created_at=drafted, updated_at=drafted
    )
    ask(client, sent.email)

    answer = client.get(link("my_data") + "copie.zip")

    book = ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    page, data = book.read("mes-donnees.html").decode(), json.loads(book.read("mes-donnees.json"))
    [path] = [name for name in book.namelist() if name.startswith("fichiers/")]
    assert book.read(path) == b"%PDF-1.4 quote"
    assert f'href="{path}"' in page
    assert "Voici le devis" in page
    assert "Un brouillon" in page
    assert data["requests"][0]["files"][0]["sent_by"] == "company"
    assert data["drafts"][0]["answers"] == {"description": "Un brouillon"}
    assert "Entre nous" not in page


def test_a_form_that_was_never_sent_has_its_link_and_its_deletion(client):
    at = timezone.now()
    Draft.objects.create(email="essai@example.org", answers={}, created_at=at, updated_at=at)
    ask(client, "Essai@example.org")
    assert "Demande non envoyée" in client.get(link("my_data")).content.decode()

    client.post(link("my_data") + "supprimer/")
    assert "non envoyée" in client.get(link("my_data_deletion")).content.decode()
    client.post(link("my_data_deletion"))

    assert not Draft.objects.exclude(email="").exists()


def test_deletion_is_confirmed_by_mail_and_erases_at_once(client, commit, sent, now):
    expert_match = match(sent, "recrutement@france-travail")
    commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now)
    ask(client, sent.email)
    client.post(link("my_data") + "supprimer/")
    path = link("my_data_deletion")
    client.get(path)
    sent.refresh_from_db()
    assert sent.description == TEXT

    assert "supprimées" in client.post(path).content.decode()

    sent.refresh_from_db()
    assert (sent.state, sent.description, sent.email, sent.phone) == ("anonymised", "", "", "")
    mails = OutgoingEmail.objects.filter(template__endswith="/request_deleted", cancelled_at=None)
    assert {mail.to for mail in mails} >= {expert_match.expert.email}
    assert {mail.about == [] for mail in mails} == {True}
    assert not OutgoingEmail.objects.filter(to__iexact="contact@peintures.example.org").exists()
    assert not DeliveryEvent.objects.exists()
    assert Match.objects.filter(need__solicitation=sent).count() > 0
    assert [client.get(path).status_code, client.post(path).status_code] == [410, 410]


def test_words_that_arrive_while_or_after_they_are_erased_are_not_kept(commit, sent, now):
    unread = [
        reception.store(
            raw(who, text, message_id=f"<{pk}@poste.example.org>"), channel=Channel.PIPE, now=now
        )[0]
        for pk, (who, text) in enumerate(
            [
                (sent, "Oui, deux postes."),
                (mailbox(sent, "recrutement@france-travail"), "La gérante rappelle."),
            ]
        )
    ]
    commit(mailbox_erasure.erase_mailbox, sent.email, now=now)

    for email in unread:
        commit(replies.process_reply, email.pk, now=now)
        email.refresh_from_db()

    assert [(email.state, bytes(email.raw), email.sender) for email in unread] == [("refused", b"", "")] * 2
    assert not OutgoingEmail.objects.filter(to__iexact="contact@peintures.example.org").exists()


def test_withdrawn_words_are_no_empty_lines_of_the_copy(commit, sent, now):
    author = mailbox(sent, "recrutement@france-travail")
    for text, by in (
        (commit(company_requests.add_information, sent, body="Non.", now=now), sent),
        (commit(expert_messages.ask, author, body="Quoi ?", now=now), author),
    ):
        commit(expert_messages.withdraw, text, by=by, now=now)

    [copied] = my_data.copy_of(sent.email, now=now)["requests"]

    assert (copied["added"], copied["questions"]) == ([], [])


def test_a_link_of_one_kind_opens_no_other(client, sent):
    ask(client, sent.email)
    token = link("my_data").strip("/").rpartition("/")[2]

    assert client.post(reverse("my_data_deletion", args=[token])).status_code == 410
    assert client.get(reverse("my_data_copy", args=[f"{token}0"])).status_code == 410


# Columns of a request that say how the service works on it, not what its company gave or received.
OF_THE_SERVICE = {
    "id", "state", "progress", "held_reason", "closed_reason", "region", "duplicate_of", "sent_with",
    "is_confidential", "is_fallback", "held_at", "released_at", "routing_due_at", "routing_error",
    "routed_at", "clock_error", "clock_retry_at", "clock_due_at", "ended_at", "outcome_at", "surveyed_at",
    "handled_by", "handled_since", "link_serial", "link_extended_until",
}  # fmt: skip


NAMED = {"commune": ("25056", "Besançon"), "siret": ("11122233300014",) * 2, "is_project_holder": (False, "")}
NAMED["email"] = ("plante@example.org",) * 2
NOON = datetime(2026, 12, 2, 12, tzinfo=UTC)
# A value of such a column that no other has, and how the copy shows it; the first kind that fits.
KINDS = (
    (models.BooleanField, lambda name: (True, "")),
    (
        models.DateTimeField,
        lambda name: (datetime(2026, 12, 2, 9, len(name), tzinfo=UTC), f"T09:{len(name)}"),
    ),
    (models.DateField, lambda name: (date(2011, 1, len(name)), f"2011-01-{len(name)}")),
    (models.IntegerField, lambda name: (100 + len(name), str(100 + len(name)))),
    (models.JSONField, lambda name: ({"naf": "plante-sources"}, "plante-sources")),
    (ArrayField, lambda name: ([f"p{name}"[:9]], f"p{name}"[:9])),
)


def planted(field):
    """A value for a column, and the text of the copy that shows it."""
    if field.name in NAMED:
        return NAMED[field.name]
    for kind, value in KINDS:
        if isinstance(field, kind):
            return value(field.name)
    shown = field.choices[-1][0] if field.choices else f"plante {field.name}"[: field.max_length or 99]
    return shown, shown


def test_the_copy_has_every_column_that_a_company_gave(sent):
    columns = [one for one in Solicitation._meta.concrete_fields if one.name not in OF_THE_SERVICE]
    values = {one.attname: planted(one) for one in columns}
    Solicitation.objects.filter(pk=sent.pk).update(**{name: value for name, (value, _) in values.items()})

    copied = json.dumps(my_data.copy_of("plante@example.org", now=timezone.now()), ensure_ascii=False)

    assert [name for name, (_, shown) in values.items() if shown and shown not in copied] == []
    assert all(f'"{flag}": true' in copied for flag in ("is_craft", "is_activity_kept_back"))


def test_the_copy_has_what_the_company_was_told_and_wrote_besides(client, sent, commit, now):
    author = mailbox(sent, "recrutement@france-travail")
    expert_match = match(sent, author.email)
    Subject.objects.update(is_labour_law=True)
    commit(expert_messages.ask, author, body="Temps plein ?", now=now)
    commit(expert_answers.move, expert_match, MatchState.TAKEN, by=author, now=now)
    commit(expert_answers.move, expert_match, MatchState.HELPED, by=author, answer="Voici la règle.", now=now)
    PlannedCall.objects.create(mailbox=author, starts_at=now + timedelta(days=1), changed_at=now)
    answer(sent, "Je suis absente.", auto_submitted="auto-replied", now=now)
    AddressChange.objects.create(solicitation=sent, email="nouvelle@example.org", asked_at=now)

    [copied] = my_data.copy_of(sent.email, now=now)["requests"]

    assert expert_match.expert.office.institution.name in copied["sent_to"]
    assert [one["text"] for one in copied["questions"]] == ["Temps plein ?"]
    assert [one["text"] for one in copied["answers"]] == ["Voici la règle."]
    assert [one["text"] for one in copied["not_published"]] == ["Je suis absente."]
    assert (len(copied["calls"]), copied["address_to_confirm"]) == (1, "nouvelle@example.org")

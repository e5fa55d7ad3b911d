"""One object of every kind that an address may name, and the paths to them."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.contrib.contenttypes.models import ContentType
from django.core import signing
from django.db import connection

from experts.models import Expert, User
from mailing.models import Channel, IncomingEmail, OutgoingEmail
from solicitations import links
from solicitations.actions import expert_record
from solicitations.lifecycle import AlertCause
from solicitations.models import (
    Addition,
    AddressChange,
    Alert,
    Draft,
    Mailbox,
    Match,
    Message,
    ReadyAnswer,
    Solicitation,
    StaffMessage,
    StaffNote,
)
from tests.attacks.addresses import PARAMETER, Address
from tests.solicitations.factories import send

# Tables to compare, by prefix: sessions, for example, may change when a page is opened.
ROOMS = ("solicitations_", "mailing_", "experts_", "directory_", "account_", "mfa_", "django_admin_log")
IGNORED_TABLES = ("solicitations_tally",)
OPENED_COLUMN = "opened_at"  # set when a page is opened, by a person or a scanner


def token_of(url: str) -> str:
    return urlsplit(url).path.strip("/").split("/")[-1]


@dataclass
class SampleData:
    """A request, one of its mailboxes, a draft, an alert, words of staff, mails in and out, an account."""

    solicitation: Solicitation
    mailbox: Mailbox
    match: Match
    draft: Draft
    alert: Alert
    mail: OutgoingEmail
    incoming: IncomingEmail
    message: Message
    addition: Addition
    ready_answer: ReadyAnswer
    user: User
    address_change: AddressChange

    @classmethod
    def build(cls, *, commit: Any, user: User, now: datetime, **columns: Any) -> "SampleData":
        solicitation = commit(send, now=now, **columns)
        match = Match.objects.with_people().filter(need__solicitation=solicitation).order_by("pk")[0]
        mailbox = Mailbox.objects.get(pk=match.mailbox_id)
        incoming = IncomingEmail.objects.create(
            channel=Channel.PIPE,
            message_id=f"<{solicitation.pk}@example.org>",
            raw=f"Subject: x\r\n\r\nOriginal de {solicitation.reference}".encode(),
            about=[f"request:{solicitation.pk}"],
            received_at=now,
            next_try_at=now,
        )
        said: dict[str, Any] = {
            "solicitation": solicitation,
            "incoming": incoming,
            "body": "Bonjour",
            "at": now,
        }
        written: dict[str, Any] = {"solicitation": solicitation, "author": user, "body": "Interne", "at": now}
        StaffNote.objects.create(**written)
        StaffMessage.objects.create(mailbox=mailbox, addressee="x", **written)
        return cls(
            solicitation=solicitation,
            mailbox=mailbox,
            message=Message.objects.create(mailbox=mailbox, author="x", institution="x", **said),
            addition=Addition.objects.create(**said),
            incoming=incoming,
            match=match,
            draft=Draft.objects.create(
                answers={"subject": "trouver-candidats"},
                created_at=now,
                updated_at=now,
                email="moi@example.org",
            ),
            alert=Alert.objects.create(solicitation=solicitation, cause=AlertCause.NOT_CALLED, raised_at=now),
            ready_answer=ReadyAnswer.objects.create(
                region=solicitation.region,
                title=f"Pour {solicitation.reference}",
                body="Prête",
                changed_by=user,
                changed_at=now,
            ),
            mail=OutgoingEmail.objects.get(key=f"received:{solicitation.pk}"),
            user=user,
            address_change=AddressChange.objects.create(
                solicitation=solicitation, email="nouvelle@example.org", asked_at=now
            ),
        )

    @property
    def owner_token(self) -> str:
        return token_of(links.follow_url(self.solicitation))

    @property
    def expert_token(self) -> str:
        return token_of(links.answer_url(self.mailbox))

    @property
    def draft_token(self) -> str:
        return token_of(links.resume_url(self.draft))

    @property
    def signed_change(self) -> str:
        """The signed change that undoes that of the expert's phone number."""
        change = {"expert": self.expert.pk, "phone": "03 80 00 00 00", "instead_of": self.expert.phone}
        return signing.dumps(change, salt=expert_record.SALT)

    @property
    def expert(self) -> Expert:
        return self.match.expert

    def path(self, address: Address, **instead: object) -> str:
        """Path of an address; ``instead`` replaces values of its parameters."""

        def value(name: str) -> str:
            return str(instead[name] if name in instead else self.value(address, name))

        return "/" + PARAMETER.sub(lambda found: value(found[1]), address.route)

    def value(self, address: Address, name: str) -> object:
        """The value of a parameter of an address. Add new kinds of address in ``_named``."""
        if address.is_admin:
            return self._admin_value(address, name)
        for beginning, parameter, found in self._named():
            if address.route.startswith(beginning) and parameter == name:
                return found
        raise LookupError(f"teach SampleData what <{name}> is in {address.route}")

    def _named(self) -> list[tuple[str, str, object]]:
        return [
            ("suivi/<str:token>/avis/", "token", token_of(links.survey_url(self.solicitation))),
            ("suivi/<str:token>/rappel/", "token", token_of(links.call_check_url(self.solicitation))),
            ("suivi/", "token", self.owner_token),
            ("reponse/", "token", self.expert_token),
            ("reprise/", "token", self.draft_token),
            ("adresse/", "token", token_of(links.address_url(self.address_change))),
            ("demande/<slug:slug>/", "rest", "x/"),
            ("suivi/<str:token>/", "rest", "x/"),
            ("reponse/<str:token>/", "rest", "x/"),
            ("fiche/", "signed", self.signed_change),
            ("reponse/<str:token>/besoins/", "pk", self.match.pk),
            ("reponse/<str:token>/postes/", "pk", self.match.expert_id),
            ("reponse/<str:token>/originaux/", "pk", self.message.pk),
            ("suivi/<str:token>/originaux/", "pk", self.addition.pk),
            ("demandes/<slug:reference>/alertes/", "pk", self.alert.pk),
            ("demandes/reponses-pretes/", "pk", self.ready_answer.pk),
            ("demandes/", "reference", self.solicitation.reference),
            ("courrier/recu/", "pk", self.incoming.pk),
            ("courrier/", "pk", self.mail.pk),
            ("demande/", "slug", "trouver-candidats"),
            ("sujets/", "slug", "trouver-candidats"),
            ("themes/", "slug", "recrutement"),
            ("questions/", "position", 0),
            ("questions/", "anything", "x"),
        ]

    def _admin_value(self, address: Address, name: str) -> object:
        if name == "app_label":
            return "experts"
        if name == "content_type_id":
            return ContentType.objects.get_for_model(Expert).pk
        model = address.route.split("/")[2]
        rows = {"office": self.expert.office_id, "expert": self.expert.pk, "user": self.user.pk}
        return rows.get(model, 1)


def database_digest() -> str:
    """Digest of the rows that matter, to check that an attack changed nothing."""
    digest = hashlib.sha256()
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            if table.startswith(ROOMS) and table not in IGNORED_TABLES:
                row = f"(to_jsonb(t) - '{OPENED_COLUMN}')::text"
                cursor.execute(f"SELECT md5(string_agg({row}, '|' ORDER BY {row})) FROM \"{table}\" t")  # noqa: S608
                digest.update(f"{table}:{cursor.fetchone()}".encode())
    return digest.hexdigest()

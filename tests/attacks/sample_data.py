"""One object of every kind that an address may name, and the paths to them."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, cached_property
from typing import Any
from urllib.parse import urlsplit

from django.contrib.contenttypes.models import ContentType
from django.core import signing
from django.db import connection, transaction
from django.utils import timezone

from directory.models import ContentKind, ContentRevision, RecordRemark
from directory.own_record import record_links
from directory.sheet_upload import SheetUpload
from experts import tokens
from experts.accounts import seat_invitations
from experts.models import CannedAnswer, Cause, Expert, Invitation, RevisedRow, Revision, Seat, User
from mailing.models import Channel, IncomingEmail, OutgoingEmail
from portal import my_data
from solicitations import links
from solicitations.lifecycle import AlertCause
from solicitations.models import (
    Addition,
    AddressChange,
    Alert,
    AttachedFile,
    Draft,
    Mailbox,
    Match,
    Message,
    Solicitation,
    StaffMessage,
    StaffNote,
)
from tests.attacks.addresses import PARAMETER, Address
from tests.experts.factories import PersonFactory
from tests.solicitations.factories import send
from workspace import record_changes
from workspace.models import SavedSearch

# Tables to compare, by prefix: sessions, for example, may change when a page is opened.
ROOMS = (
    "solicitations_",
    "mailing_",
    "experts_",
    "directory_",
    "workspace_",
    "account_",
    "mfa_",
    "django_admin_log",
)
# Written when a page is opened, or a file is taken out.
IGNORED_TABLES = ("solicitations_tally", "workspace_readmark", "experts_accessrecord")
OPENED_COLUMN = "opened_at"  # set when a page is opened, by a person or a scanner


def token_of(url: str) -> str:
    return urlsplit(url).path.strip("/").split("/")[-1]


# The rows that this transaction has written, even where it was rolled back to a savepoint.
WRITTEN = """
    SELECT pg_current_xact_id()::text, relname, n_tup_ins + n_tup_upd + n_tup_del
    FROM pg_stat_xact_user_tables WHERE n_tup_ins + n_tup_upd + n_tup_del > 0
"""
_digests: dict[tuple[object, ...], str] = {}


@dataclass
class SampleData:
    """A request, one of its mailboxes, a draft, an alert, messages of staff, mails in and out, an account."""

    solicitation: Solicitation
    mailbox: Mailbox
    match: Match
    draft: Draft
    alert: Alert
    mail: OutgoingEmail
    incoming: IncomingEmail
    message: Message
    addition: Addition
    file: AttachedFile
    staff_text: CannedAnswer
    canned_answer: CannedAnswer
    user: User
    address_change: AddressChange
    content_revision: ContentRevision
    remark: RecordRemark
    revision: Revision
    sheet_upload: SheetUpload
    invitation: Invitation
    seat: Seat
    saved_search: SavedSearch

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
        text_columns: dict[str, Any] = {
            "solicitation": solicitation,
            "incoming": incoming,
            "body": "Bonjour",
            "at": now,
        }
        written: dict[str, Any] = {"solicitation": solicitation, "author": user, "body": "Interne", "at": now}
        StaffNote.objects.create(**written)
        StaffMessage.objects.create(mailbox=mailbox, addressee="x", **written)
        addition = Addition.objects.create(**text_columns)
        return cls(
            solicitation=solicitation,
            mailbox=mailbox,
            message=Message.objects.create(mailbox=mailbox, author="x", institution="x", **text_columns),
            addition=addition,
            file=AttachedFile.objects.create(
                solicitation=solicitation,
                addition=addition,
                name="x.pdf",
                kind="x",
                size=1,
                key=f"{solicitation.pk:032}",
                at=now,
            ),
            incoming=incoming,
            match=match,
            draft=Draft.objects.create(
                answers={"subject": "trouver-candidats"},
                created_at=now,
                updated_at=now,
                email="moi@example.org",
            ),
            alert=Alert.objects.create(solicitation=solicitation, cause=AlertCause.NOT_CALLED, raised_at=now),
            canned_answer=CannedAnswer.objects.create(
                institution=match.expert.office.institution,
                title=f"Pour {solicitation.reference}",
                body="Prête",
                changed_at=now,
            ),
            staff_text=CannedAnswer.objects.create(
                region=solicitation.region,
                title=f"Pour {solicitation.reference}",
                body="Prête",
                changed_by=user,
                changed_at=now,
            ),
            mail=OutgoingEmail.objects.get(key=f"received:{solicitation.pk}"),
            user=user,
            content_revision=ContentRevision.objects.create(
                made_at=now,
                author=user,
                kind=ContentKind.REGION,
                key=solicitation.region_id,
                label="x",
                before={"name": "", "phone": ""},
                after={"name": "x", "phone": ""},
            ),
            remark=RecordRemark.objects.create(
                expert=match.expert, region=solicitation.region, body="Attaque", at=now
            ),
            revision=_revision_of(match.expert, now=now),
            saved_search=SavedSearch.objects.create(
                user=PersonFactory(), name="Mes besoins", query="onglet=clos"
            ),
            address_change=AddressChange.objects.create(
                solicitation=solicitation, email="nouvelle@example.org", asked_at=now
            ),
            invitation=Invitation.objects.create(
                email=f"invitee{solicitation.pk}@example.org",
                name="Invitée",
                office=match.expert.office,
                invited_by=user,
                sent_at=now,
                expires_at=now + timedelta(days=14),
            ),
            seat=Seat.objects.create(
                user=User.objects.create_user(f"responsable{solicitation.pk}@example.org"),
                office=match.expert.office,
                given_at=now,
            ),
            sheet_upload=SheetUpload.objects.create(
                author=user,
                region=solicitation.region,
                file_name=f"{solicitation.reference}.csv",
                content=b"Code;Mail",
                state=SheetUpload.State.READY,
                sent_at=now,
                report={"counts": {"created": 1}},
            ),
        )

    @property
    def owner_token(self) -> str:
        return token_of(links.follow_url(self.solicitation))

    @property
    def expert_token(self) -> str:
        return token_of(links.answer_url(self.mailbox))

    @property
    def invitation_token(self) -> str:
        return tokens.make_token(seat_invitations.PURPOSE, self.invitation.pk, self.invitation.serial)

    @property
    def record_token(self) -> str:
        return token_of(record_links.record_url(self.expert, today=timezone.localdate()))

    @property
    def office_token(self) -> str:
        return token_of(record_links.office_url(self.expert.office, today=timezone.localdate()))

    @property
    def draft_token(self) -> str:
        return token_of(links.resume_url(self.draft))

    @property
    def signed_change(self) -> str:
        """The signed change that undoes that of the expert's phone number."""
        change = {"expert": self.expert.pk, "phone": "03 80 00 00 00", "instead_of": self.expert.phone}
        return signing.dumps(change, salt=record_changes.SALT)

    def _my_data(self, purpose: str) -> str:
        today = timezone.localdate()
        return token_of(my_data.url_of(self.solicitation, purpose=purpose, today=today))

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
        for beginning, parameter, found in self._named:
            if address.route.startswith(beginning) and parameter == name:
                return found
        raise LookupError(f"teach SampleData what <{name}> is in {address.route}")

    @cached_property
    def _named(self) -> list[tuple[str, str, object]]:
        return [
            ("connexion/invitation/", "token", self.invitation_token),
            ("equipe/antennes/", "pk", self.expert.office_id),
            ("equipe/invitations/", "pk", self.invitation.pk),
            ("equipe/places/", "pk", self.seat.pk),
            ("equipe/comptes/", "pk", self.seat.user_id),
            ("connexion/securite/sessions/", "pk", 0),
            ("connexion/securite/cles/", "pk", 0),
            ("suivi/<str:token>/avis/", "token", token_of(links.survey_url(self.solicitation))),
            ("suivi/<str:token>/rappel/", "token", token_of(links.call_check_url(self.solicitation))),
            ("suivi/", "token", self.owner_token),
            ("reponse/", "token", self.expert_token),
            ("reprise/", "token", self.draft_token),
            ("adresse/", "token", token_of(links.address_url(self.address_change))),
            ("ma-fiche/envoyer/", "token", token_of(links.record_url(self.mailbox))),
            ("ma-fiche/antenne/", "token", self.office_token),
            ("mes-donnees/suppression/", "token", self._my_data(my_data.DELETION)),
            ("mes-donnees/", "token", self._my_data(my_data.COPY)),
            ("desinscription/", "token", token_of(links.unsubscribe_url(self.mailbox))),
            (
                "ma-fiche/",
                "token",
                token_of(record_links.record_url(self.expert, today=timezone.localdate())),
            ),
            ("ma-fiche/", "pk", self.expert.pk),
            ("ma-fiche/", "day", "2030-01-07"),
            ("demande/<slug:slug>/", "rest", "x/"),
            ("suivi/<str:token>/", "rest", "x/"),
            ("reponse/<str:token>/", "rest", "x/"),
            ("fiche/", "signed", self.signed_change),
            ("reponse/<str:token>/besoins/", "pk", self.match.pk),
            ("reponse/<str:token>/postes/", "pk", self.match.expert_id),
            ("reponse/<str:token>/originaux/", "pk", self.message.pk),
            ("besoins/<int:mailbox>/fichiers/", "pk", self.file.pk),
            ("reponse/<str:token>/fichiers/", "pk", self.file.pk),
            ("suivi/<str:token>/fichiers/", "pk", self.file.pk),
            ("besoins/<int:mailbox>/retirer/", "pk", self.message.pk),
            ("besoins/<int:mailbox>/retirer/", "kind", "message"),
            ("reponse/<str:token>/retirer/", "pk", self.message.pk),
            ("reponse/<str:token>/retirer/", "kind", "message"),
            ("suivi/<str:token>/appels/", "pk", 0),
            ("suivi/<str:token>/retirer/", "pk", self.addition.pk),
            ("suivi/<str:token>/originaux/", "pk", self.addition.pk),
            ("besoins/", "mailbox", self.mailbox.pk),
            ("besoins/recherches/", "pk", self.saved_search.pk),
            ("besoins/<int:mailbox>/besoins/", "pk", self.match.pk),
            ("besoins/<int:mailbox>/postes/", "pk", self.match.expert_id),
            ("besoins/<int:mailbox>/originaux/", "pk", self.message.pk),
            ("mes-antennes/reponses/", "pk", self.canned_answer.pk),
            ("mes-antennes/", "office", self.expert.office_id),
            ("mes-antennes/personnes/", "pk", self.expert.pk),
            ("mes-antennes/personnes/", "day", "2026-12-01"),
            ("demandes/<slug:reference>/alertes/", "pk", self.alert.pk),
            ("demandes/reponses-pretes/", "pk", self.staff_text.pk),
            ("demandes/", "reference", self.solicitation.reference),
            ("courrier/recu/", "pk", self.incoming.pk),
            ("annuaire/couverture/", "code", self.solicitation.region_id),
            ("annuaire/antennes/", "code", self.expert.office.code),
            ("annuaire/referents/", "pk", self.expert.pk),
            ("annuaire/a-verifier/", "pk", self.remark.pk),
            ("annuaire/referents/<int:pk>/absence/", "day", "2026-12-01"),
            ("annuaire/zones/", "slug", "bassin-dijonnais"),
            ("annuaire/journal/", "pk", self.revision.pk),
            ("annuaire/tableur/", "pk", self.sheet_upload.pk),
            ("courrier/", "pk", self.mail.pk),
            ("demande/", "slug", "trouver-candidats"),
            ("sujets/", "slug", "trouver-candidats"),
            ("themes/", "slug", "recrutement"),
            ("qui-peut-aider/departements/", "code", "21"),
            ("annuaire/region/", "code", self.solicitation.region_id),
            ("annuaire/region/", "slug", "recrutement"),
            ("annuaire/region/", "pk", self.content_revision.pk),
            ("annuaire/catalogue/historique/", "pk", self.content_revision.pk),
            ("annuaire/catalogue/", "kind", "theme"),
            ("annuaire/catalogue/", "key", "recrutement"),
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


def _revision_of(expert: Expert, *, now: datetime) -> Revision:
    """A change of the phone of an expert, as the journal keeps it."""
    revision = Revision.objects.create(made_at=now, cause=Cause.PAGE)
    phones = {"before": {"phone": "03 80 00 00 00"}, "after": {"phone": expert.phone}}
    RevisedRow.objects.create(revision=revision, kind="expert", row_pk=expert.pk, label=expert.name, **phones)
    return revision


@contextmanager
def rolled_back() -> Iterator[None]:
    """Undo in the end what was done inside, so that each attack starts from the same data."""
    block = transaction.atomic()
    block._from_testcase = True  # noqa: SLF001 (actions insist on transactions of their own)
    with block:
        yield
        transaction.set_rollback(True)


_contents: dict[tuple[str, str | None], str] = {}  # by table and row versions


def database_digest() -> str:
    """Digest of the rows that matter, to check that an attack changed nothing.

    It is made again only when this transaction has written since. A table is read again only when PostgreSQL
    holds other versions (transaction and place) of its rows.
    """
    with connection.cursor() as cursor:
        cursor.execute(WRITTEN)
        written = sorted(row for row in cursor.fetchall() if row[1] not in IGNORED_TABLES)
    moment = (len(connection.savepoint_ids), *written)  # what was written may be rolled back to a savepoint
    if moment not in _digests:
        _digests[moment] = _read_digest()
    return _digests[moment]


def _read_digest() -> str:
    digest = hashlib.sha256()
    with connection.cursor() as cursor:
        cursor.execute(_versions_query())
        for table, versions in sorted(cursor.fetchall()):
            if (table, versions) not in _contents:
                row = f"(to_jsonb(t) - '{OPENED_COLUMN}')::text"
                cursor.execute(f"SELECT md5(string_agg({row}, '|' ORDER BY {row})) FROM \"{table}\" t")  # noqa: S608
                _contents[table, versions] = f"{table}:{cursor.fetchone()}"
            digest.update(_contents[table, versions].encode())
    return digest.hexdigest()


@cache
def _versions_query() -> str:
    """SQL that gives the name of each table that matters, and a digest of its rows' versions."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
    version = "md5(string_agg(concat_ws(' ', xmin, ctid), ',' ORDER BY ctid))"
    return " UNION ALL ".join(
        f"SELECT '{table}', {version} FROM \"{table}\""  # noqa: S608 (names of ours)
        for table in tables
        if table.startswith(ROOMS) and table not in IGNORED_TABLES
    )

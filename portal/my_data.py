"""« Mes données »: the links, and the copy of all that a company's mailbox has given or received."""

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from tempfile import TemporaryFile
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from experts import tokens
from experts.tokens import ForgedLink
from mailing import outbox, replies, senders
from mailing.models import IncomingEmail, IncomingState, OutgoingEmail
from solicitations import links, progress
from solicitations.conversation import file_store
from solicitations.models import AttachedFile, Draft, PlannedCall, Solicitation

LIFE = 7  # days
PART = 64 * 1024  # bytes of an archive sent at a time
COPY, DELETION = "my_data", "my_data_deletion"


def url_of(row: Solicitation | Draft, *, purpose: str, today: date) -> str:
    """The page of a mailbox's data, or the one that confirms their deletion; its link is valid for a week.

    It names one of the mailbox's requests, or one of its drafts where nothing was sent.
    """
    token = tokens.make_token(_purpose(purpose, row), row.pk, today.toordinal())
    name = "my_data_copy" if purpose == COPY else "my_data_deletion"
    return links.absolute(reverse(name, args=[token]))


def address_of(token: str, *, purpose: str, today: date) -> str:
    """The address whose data a link opens. Raises ``ForgedLink``, also once it is too old or erased."""
    number = token.partition("-")[0]
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise ForgedLink
    named: list[Solicitation | Draft] = [
        *Solicitation.objects.not_erased().filter(pk=int(number)),
        *Draft.objects.filter(pk=int(number)).exclude(email=""),
    ]
    for row in named:
        try:
            _, day = tokens.read_token(token, _purpose(purpose, row))
        except ForgedLink:
            continue
        if 0 <= today.toordinal() - day <= LIFE:
            return row.email
    raise ForgedLink


def _purpose(purpose: str, row: Solicitation | Draft) -> str:
    """The address is signed too: after a change, the link of the former one opens nothing."""
    kind = "" if isinstance(row, Solicitation) else "draft:"
    return f"{purpose}:{kind}{row.email.lower()}"


def requests_of(address: str) -> list[Solicitation]:
    """The requests of a mailbox, the newest first."""
    rows = Solicitation.objects.filter(email__iexact=address).not_erased()
    return list(rows.select_related("commune__department").newest_first())


def drafts_of(address: str, *, now: datetime) -> list[Draft]:
    """The forms that a mailbox began and has not sent, the newest first."""
    rows = Draft.objects.alive(now=now).filter(email__iexact=address, solicitation=None)
    return list(rows.order_by("-updated_at", "-pk"))


@transaction.atomic(durable=True)
def send_link(address: str, *, purpose: str = COPY, now: datetime) -> None:
    """Mail a link to an address, at most every ten minutes; an unknown one gets nothing."""
    requests = requests_of(address)
    found: list[Solicitation | Draft] = [*requests, *drafts_of(address, now=now)]
    if not found:
        return
    outbox.enqueue(
        key=f"{_purpose(purpose, found[0])}:{found[0].pk}:{now:%Y%m%d%H}{now.minute // 10}",
        to=found[0].email,
        template=f"portal/emails/{purpose}",
        context={
            "url": url_of(found[0], purpose=purpose, today=timezone.localdate(now)),
            "count": len(requests),
        },
        about=[f"request:{row.pk}" for row in requests],
        now=now,
    )


def copy_of(address: str, *, now: datetime) -> dict[str, Any]:
    """Return what is kept of a mailbox, as plain JSON, without the messages among experts."""
    return {
        "address": address,
        "requests": [_request(row) for row in requests_of(address)],
        "drafts": [
            {"updated_at": _iso(draft.updated_at), "answers": draft.answers}
            for draft in drafts_of(address, now=now)
        ],
    }


def archive_chunks(address: str, *, now: datetime) -> Iterator[bytes]:
    """Parts of a ZIP of the copy: a page to read, the same as JSON, the files sent to or by the company."""
    copied = copy_of(address, now=now)
    with TemporaryFile() as archive:
        with ZipFile(archive, "w", ZIP_DEFLATED) as book:
            book.writestr("mes-donnees.html", render_to_string("portal/my_data_file.html", {"copy": copied}))
            book.writestr("mes-donnees.json", json.dumps(copied, ensure_ascii=False, indent=2))
            for row in requests_of(address):
                for file in files_of(row):
                    if (path := file_store.path_of(file.key)).exists():
                        book.write(path, _name_in_archive(row, file), compress_type=ZIP_STORED)
        archive.seek(0)
        yield from iter(lambda: archive.read(PART), b"")


def files_of(solicitation: Solicitation) -> list[AttachedFile]:
    """The files of the company's own words, and of what it was sent."""
    files = solicitation.files.filter(message=None, internal_message=None)
    return list(files.select_related("addition", "question").order_by("pk"))


def _name_in_archive(solicitation: Solicitation, file: AttachedFile) -> str:
    """« fichiers/BFC-26-ABCD/12-devis.pdf »: the number keeps two files of one name apart."""
    return f"fichiers/{solicitation.reference}/{file.pk}-{file.name.replace('/', '_')}"


def _request(row: Solicitation) -> dict[str, Any]:
    mails = OutgoingEmail.objects.about(f"request:{row.pk}").filter(to__iexact=row.email, is_secret=False)
    found = progress.build(row)
    return {
        "reference": row.reference,
        "sent_at": _iso(row.submitted_at),
        "subjects": list(found.subjects),
        "text": row.description,
        "contact": {"name": row.contact_name, "phone": row.phone, "email": row.email},
        "address_to_confirm": getattr(getattr(row, "address_change", None), "email", ""),
        "callback": {"days": row.callback_days, "hours": row.callback_hours, "way": row.contact_wish},
        "company": _company(row),
        "sent_to": [line.name for line in found.institutions],
        "not_sent_to": list(row.unticked_institutions.order_by("pk").values_list("name", flat=True)),
        "consent": {"version": row.consent_version, "at": _iso(row.consented_at)},
        **_exchanged(row, found),
        "mails": [
            {"template": mail.template.rpartition("/")[2], "sent_at": _iso(mail.sent_at)}
            for mail in mails.order_by("pk")
            if mail.sent_at
        ],
    }


def _company(row: Solicitation) -> dict[str, Any]:
    """The facts about the company, and where each comes from."""
    return {
        "name": row.company_name,
        "siret": row.siret,
        "naf": row.naf,
        "legal_form": row.legal_form,
        "headcount": [row.headcount_min, row.headcount_max],
        "commune": row.commune.place,
        "created_on": _iso(row.company_created_on),
        "closed_on": _iso(row.company_closed_on),
        "is_craft": row.craft,
        "is_project": row.is_project_holder,
        "is_activity_kept_back": row.is_activity_refused,
        "sources": row.fact_sources,
    }


def _exchanged(row: Solicitation, found: progress.Progress) -> dict[str, Any]:
    """The words, files and calls between the company and those who help it."""
    survey = getattr(row, "survey", None)
    return {
        "added": _texts(
            row.additions.filter(withdrawn_at=None).order_by("at", "pk").values_list("at", "body")
        ),
        "not_published": [*_unpublished(row)],
        "questions": [
            {"at": _iso(one.asked_at), "text": one.body, "by": f"{one.author}, {one.institution}"}
            for one in found.questions
            if not one.withdrawn_at
        ],
        "answers": [
            {"at": _iso(one.at), "text": one.answer, "by": f"{one.person}, {one.office}"}
            for one in found.legal_answers
        ],
        "calls": [_iso(call.starts_at) for call in _calls(row)],
        "closing_words": found.message,
        "files": [
            {
                "name": file.name,
                "at": _iso(file.at),
                "sent_by": "company" if file.addition_id else "expert",
                "path": _name_in_archive(row, file),
            }
            for file in files_of(row)
        ],
        "survey": survey.opinion() if survey and survey.answered_at else None,
    }


def _calls(row: Solicitation) -> list[PlannedCall]:
    return list(PlannedCall.objects.filter(mailbox__solicitation=row, cancelled_at=None).order_by("pk"))


def _unpublished(row: Solicitation) -> Iterator[dict[str, Any]]:
    """The company's own mails that were held or refused: their words are kept, and nobody reads them."""
    kept = IncomingEmail.objects.about(f"request:{row.pk}").exclude(state=IncomingState.ACCEPTED)
    for email in kept.order_by("received_at", "pk"):
        if senders.is_same_mailbox(email.sender, row.email):
            yield {"at": _iso(email.received_at), "text": replies.read(bytes(email.raw)).text}


def _texts(rows: Iterable[tuple[datetime, str]]) -> list[dict[str, Any]]:
    return [{"at": _iso(at), "text": text} for at, text in rows]


def _iso(at: date | None) -> str | None:
    return at.isoformat() if at else None

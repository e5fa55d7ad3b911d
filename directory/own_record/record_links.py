"""Links to « Ma fiche »: they open the record of one address for a month, and die when it changes."""

from datetime import date, timedelta
from typing import TypeVar

from django.db import models
from django.urls import reverse

from experts import tokens
from experts.models import Expert, Office
from experts.tokens import ForgedLink
from solicitations import links

LIFE = timedelta(days=30)
RECORD, OFFICE = "record", "office_record"
Row = TypeVar("Row", Expert, Office)


class ExpiredRecordLink(Exception):
    """The link is older than ``LIFE``."""


def record_url(expert: Expert, *, today: date) -> str:
    """The page of the record of this expert's address, for mails."""
    token = tokens.make_token(_purpose(RECORD, expert), expert.pk, today.toordinal())
    return links.absolute(reverse("directory:own_record", args=[token]))


def office_url(office: Office, *, today: date) -> str:
    """The page where an office's mailbox says whether its list is right, for mails."""
    token = tokens.make_token(_purpose(OFFICE, office), office.pk, today.toordinal())
    return links.absolute(reverse("directory:office_record", args=[token]))


def expert_of(token: str, *, today: date) -> Expert:
    """The expert of a link. Raises ``ForgedLink`` or ``ExpiredRecordLink``."""
    return _row_of(token, RECORD, Expert.objects.select_related("office"), today=today)


def office_of(token: str, *, today: date) -> Office:
    """The office for which a link was made. Raises the same."""
    return _row_of(token, OFFICE, Office.objects.select_related("region"), today=today)


def _row_of(token: str, purpose: str, rows: "models.QuerySet[Row]", *, today: date) -> Row:
    number = token.partition("-")[0]
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise ForgedLink
    row = rows.filter(pk=int(number)).first()
    if row is None:
        raise ForgedLink
    _, day = tokens.read_token(token, _purpose(purpose, row))
    if not 0 <= today.toordinal() - day <= LIFE.days:
        raise ExpiredRecordLink
    return row


def _purpose(name: str, row: Expert | Office) -> str:
    """The address is signed too: the links of the former one open nothing."""
    return f"{name}:{row.email.lower()}"

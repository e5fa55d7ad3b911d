"""Links to « Ma fiche »: they open the record of one address for a month, and die when it changes."""

from datetime import date, timedelta

from django.urls import reverse

from experts import tokens
from experts.models import Expert
from experts.tokens import ForgedLink
from solicitations import links

LIFE = timedelta(days=30)
RECORD = "record"


class ExpiredRecordLink(Exception):
    """The link is older than ``LIFE``; ``expert`` is the one it was made for."""

    def __init__(self, expert: Expert) -> None:
        self.expert = expert
        super().__init__(str(expert.pk))


def record_url(expert: Expert, *, today: date) -> str:
    """The page of the record of this expert's address, for mails."""
    token = tokens.make_token(_purpose(expert), expert.pk, today.toordinal())
    return links.absolute(reverse("directory:own_record", args=[token]))


def expert_of(token: str, *, today: date) -> Expert:
    """The expert for whom a link was made. Raises ``ForgedLink`` or ``ExpiredRecordLink``."""
    number = token.partition("-")[0]
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise ForgedLink
    expert = Expert.objects.select_related("office").filter(pk=int(number)).first()
    if expert is None:
        raise ForgedLink
    _, day = tokens.read_token(token, _purpose(expert))
    if not 0 <= today.toordinal() - day <= LIFE.days:
        raise ExpiredRecordLink(expert)
    return expert


def _purpose(expert: Expert) -> str:
    """The address is signed too: the links of the former one open nothing."""
    return f"{RECORD}:{expert.email.lower()}"

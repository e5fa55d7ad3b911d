"""Creates visitors at the last step of the form, each with a draft and a session."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from urllib.parse import urlencode

from django.conf import settings
from django.utils import timezone

from companies.register import Company
from experts.models import Institution
from owners.forms.identity import Identity, Kind
from solicitations.models import Draft
from territories.models import Commune

SUBJECT = "trouver-candidats"
LAST_STEP = f"/demande/{SUBJECT}/contact/"
CSRF = "b" * 32


@dataclass(frozen=True)
class Visitor:
    """A visitor who only has to send the form: email, body and headers of the post."""

    draft: int
    email: str
    body: str
    headers: dict[str, str]


def visitors(count: int, *, seed: int) -> list[Visitor]:
    """Create visitors with different companies, in communes of the whole country."""
    picked = random.Random(seed)
    codes = list(Commune.objects.current().order_by("pk").values_list("pk", flat=True))
    drawn = [picked.choice(codes) for _ in range(count)]
    communes = Commune.objects.with_place().in_bulk(drawn)
    now = timezone.now()
    drafts = Draft.objects.bulk_create(
        Draft(answers=_answers(number, code, communes[code].place), created_at=now, updated_at=now)
        for number, code in enumerate(drawn)
    )
    store = import_module(settings.SESSION_ENGINE).SessionStore
    optional = [row.code for row in Institution.objects.listed().order_by("pk") if row.may_be_unticked][:2]
    known = []
    for number, draft in enumerate(drafts):
        session = store()
        session["drafts"] = {SUBJECT: draft.pk}
        session.create()
        known.append(_visitor(number, draft, session.session_key, optional=optional))
    return known


def _visitor(number: int, draft: Draft, session: str, *, optional: Sequence[str]) -> Visitor:
    """The complete post of the page; the boxes of optional institutions stay ticked."""
    email = f"gerance{number}@entreprise{number}.example.org"
    body = {
        "csrfmiddlewaretoken": CSRF,
        "contact_name": "La gérante",
        "phone": "06 39 98 12 34",
        "email": email,
        "days": ["mon", "thu"],
        "shown": optional,
        "kept": optional,
        "website": "",
        "consent": "on",
    }
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": f"csrftoken={CSRF}; {settings.SESSION_COOKIE_NAME}={session}",
    }
    return Visitor(draft.pk, email, urlencode(body, doseq=True), headers)


def _answers(number: int, code: str, name: str) -> dict[str, object]:
    siret = f"{number:014}"
    return {
        "subject": SUBJECT,
        "need": {
            "commune": [name],
            "commune_code": [code],
            "description": ["Je cherche un peintre depuis quatre mois et je n'ai reçu que deux CV."],
            "website": [""],
        },
        "facts": {},
        "identity": Identity(Kind.FOUND, siret=siret, company=_company(siret)).as_json(),
    }


def _company(siret: str) -> Company:
    return Company(
        siret=siret,
        siren=siret[:9],
        name="PEINTURES VANNIER SARL",
        naf="43.34Z",
        craft=True,
        headcount=(6, 9),
        headcount_year=2024,
        legal_form="5499",
        created_on=date(2012, 4, 2),
        closed_on=None,
        read_on=date(2026, 11, 21),
        address="12 RUE DES TILLEULS 21120 IS-SUR-TILLE",
        commune_code="21317",
        is_closed=False,
        is_company_closed=False,
        is_undisclosed=False,
    )

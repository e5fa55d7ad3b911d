"""Third step: who will be called, who will receive the request, the consent; then it is sent."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from experts import contacts
from experts.accounts import limits
from owners.forms import hints as hint_list
from owners.forms.contact import CONSENT_VERSION, ContactForm
from owners.views import recipients
from owners.views.journey import Journey, typed_values
from owners.views.need import closed_page
from owners.views.pages import public_page, thanks
from solicitations import wording
from solicitations.actions import submission
from solicitations.models import Solicitation
from solicitations.models.request_querysets import LINK_LIFE_AFTER_END

TOO_FAST = "Votre demande est arrivée très vite. Relisez-la, puis envoyez-la : rien n'a été perdu."


@public_page
def contact(request: HttpRequest, slug: str) -> HttpResponse:
    """Contact, recipients, consent, « Envoyer ma demande »."""
    journey = Journey.of(request, slug)
    if journey.draft and journey.draft.solicitation:
        return thanks(journey.draft.solicitation)
    if journey.step_reached() != "contact":
        return journey.go_to(journey.step_reached())
    if page := closed_page(request, journey):
        return page
    if request.method != "POST":
        return _page(request, journey)
    now = timezone.now()
    form = ContactForm(request.POST)
    is_later = request.POST.get("action") == "later"
    response = journey.go_to("later") if is_later else _refusal(request, journey, form, now=now)
    if response is None:
        return _send(journey, form, now=now)
    journey.save_answers(request, contact=typed_values(form))
    return response


def _refusal(
    request: HttpRequest, journey: Journey, form: ContactForm, *, now: datetime
) -> HttpResponse | None:
    """Return the page that says why the request cannot be sent yet; ``None`` when it can."""
    if not form.is_valid():
        return _page(request, journey, form)
    if _is_too_fast(journey, now=now):
        form.add_error(None, TOO_FAST)
        return _page(request, journey, form)
    hints = form.hints()
    if hints and request.POST.get("hints_seen") != hint_list.mark(hints):
        return _page(request, journey, form, hints=hints)
    requests = len(journey.need.parts())
    if limits.is_sending_over(request, form.cleaned_data["email"], requests=requests, now=now):
        return limits.too_many(request, back=request.path)
    return None


def _send(journey: Journey, form: ContactForm, *, now: datetime) -> HttpResponse:
    try:
        sent = submission.submit(
            _blank(journey, form, now=now),
            parts=journey.need.parts(),
            unticked=form.unticked,
            draft=journey.draft,
            is_suspect=_is_suspect(journey, form, now=now),
            now=now,
        )
    except submission.AlreadySent as already:
        return thanks(already.solicitation)
    return thanks(sent[0])


def _is_too_fast(journey: Journey, *, now: datetime) -> bool:
    if limits.is_lifted() or journey.draft is None:
        return False
    return now - journey.draft.created_at < limits.MINIMUM_DELAY


def _is_suspect(journey: Journey, form: ContactForm, *, now: datetime) -> bool:
    """Return ``True`` when the hidden field is filled, or too many similar requests come together."""
    text = "".join(part.description for part in journey.need.parts())
    is_flood = limits.looks_like_a_flood(text, commune=journey.commune.code, now=now)
    return is_flood or bool(form.cleaned_data["website"] or journey.need.cleaned_data["website"])


def _blank(journey: Journey, form: ContactForm, *, now: datetime) -> Solicitation:
    """Return the unsaved request that the three steps describe."""
    contact_given = form.cleaned_data
    return Solicitation(
        commune=journey.commune,
        **_company_columns(journey),
        contact_name=contact_given["contact_name"],
        phone=contact_given["phone"],
        email=contact_given["email"],
        callback_days=contact_given["days"],
        callback_hours=contact_given["hours"],
        contact_wish=contact_given["wish"],
        consent_version=CONSENT_VERSION,
        consented_at=now,
    )


def _company_columns(journey: Journey) -> dict[str, Any]:
    """The columns of a request that the second step fills."""
    company = journey.facts
    facts = company.facts()
    low, high = facts.value("headcount") or (None, None)
    found = company.identity.company
    return {
        "company_name": company.company_name,
        "siret": company.identity.siret,
        "naf": facts.value("naf") or "",
        "legal_form": facts.value("legal_form") or "",
        "headcount_min": low,
        "headcount_max": high,
        "craft": facts.value("craft"),
        "company_created_on": facts.value("created_on"),
        "company_closed_on": found.closed_on if found and found.is_closed else None,
        "is_project_holder": company.identity.is_project,
        "fact_sources": facts.sources(),
        "is_activity_refused": company.is_activity_refused,
    }


def _recap(journey: Journey) -> dict[str, Any]:
    """The texts and the facts of the first two steps, to read again before sending."""
    request = Solicitation(commune=journey.commune, **_company_columns(journey))
    return {
        "parts": journey.need.parts(),
        "is_project": request.is_project_holder,
        "company_name": request.company_name,
        "company_lines": wording.company_lines(request, today=journey.today),
    }


def _recipients(journey: Journey) -> recipients.Recipients:
    return recipients.of_decision(journey.decide(journey.facts.routing_facts()), journey=journey)


def _page(
    request: HttpRequest, journey: Journey, form: ContactForm | None = None, *, hints: list[str] | None = None
) -> HttpResponse:
    chosen = _recipients(journey)
    if form is None:
        form = ContactForm(journey.answers("contact"))
        form.errors.clear()  # no error on a page that was not submitted
    context = {
        "subject": journey.subject,
        "commune": journey.commune,
        "is_distress": journey.need.tells_distress(),
        "form": form,
        "recipients": chosen,
        "region_contact": contacts.region_contact(journey.commune.region, on=journey.today),
        "recap": _recap(journey),
        "hints": hints or [],
        "hints_mark": hint_list.mark(hints or []),
        "link_life": LINK_LIFE_AFTER_END.days,
        "requests": len(journey.need.parts()),
    }
    return render(request, "owners/contact.html", context)

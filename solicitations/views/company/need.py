"""First step: the commune, the subjects, the text."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from experts import contacts
from experts.accounts import limits
from solicitations.actions import company_requests
from solicitations.forms import hints as hint_list
from solicitations.forms.examples import example
from solicitations.forms.need import LONGEST_TEXT, NeedForm, initial_commune
from solicitations.views.company.journey import Journey, typed
from solicitations.views.company.pages import form_page


@form_page
def need(request: HttpRequest, slug: str) -> HttpResponse:
    """The commune, the text, other subjects."""
    journey = Journey.of(request, slug)
    if request.method != "POST":
        return _page(request, journey, _first_form(request, journey))
    is_limited = limits.STEPS_PER_ADDRESS.is_over(limits.address_of(request), now=timezone.now())
    if journey.draft is not None or not is_limited:  # past the limit, only a draft that exists is updated
        journey.keep(request, need=typed(NeedForm(request.POST, subject=journey.subject)))
    if is_limited:
        return limits.too_many(request, back=request.path)
    if request.POST.get("action") == "later":
        return journey.go_to("later")
    form = journey.need
    if not form.is_valid():
        return _page(request, journey, form)
    hints = form.hints()
    if hints and request.POST.get("hints_seen") != hint_list.mark(hints):
        return _page(request, journey, form, hints=hints)
    return closed_page(request, journey) or journey.go_to("company")


def closed_page(request: HttpRequest, journey: Journey) -> HttpResponse | None:
    """The page that explains a closed region or theme; ``None`` where the service is open.

    A refused need is counted once.
    """
    now = timezone.now()
    closings = journey.closings(now=now)
    if not closings:
        return None
    counted = journey.draft.answers.get("missed", []) if journey.draft else []
    missed = {f"{journey.commune.code}:{subject.slug}": subject for subject, _ in closings}
    new = [subject for key, subject in missed.items() if key not in counted]
    if new and request.method == "POST":
        company_requests.record_missed_demand(commune=journey.commune, subjects=new, now=now)
        journey.keep(request, missed=sorted({*counted, *missed}))
    context = {
        "subject": journey.subject,
        "commune": journey.commune,
        "closings": closings,
        "region_contact": contacts.region_contact(journey.commune.region, on=journey.today),
        "others": [one for one in journey.need.all_subjects() if one not in missed.values()],
    }
    return render(request, "solicitations/company/closed.html", context)


def _first_form(request: HttpRequest, journey: Journey) -> NeedForm:
    """Return the form with the earlier answers, else a new one with the initial values of the address."""
    if journey.answers("need"):
        journey.need.errors.clear()  # no error on a page that was not submitted
        return journey.need
    initial = initial_commune(request.GET.get("commune", ""))
    initial["description"] = request.GET.get("texte", "")[:LONGEST_TEXT]
    return NeedForm(subject=journey.subject, initial=initial)


def _page(
    request: HttpRequest, journey: Journey, form: NeedForm, *, hints: list[str] | None = None
) -> HttpResponse:
    context = {
        "subject": journey.subject,
        "form": form,
        "hints": hints or [],
        "hints_mark": hint_list.mark(hints or []),
        "example": example(journey.subject.theme),
        "patterns": [{"pattern": pattern, "said": hint} for pattern, hint in hint_list.SENSITIVE],
    }
    return render(request, "solicitations/company/need.html", context)

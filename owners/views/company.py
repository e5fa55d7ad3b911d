"""Second step: which company, then what is known of it, on one page.

A *project* is an applicant without a company yet; some subjects are closed to projects. What the register of
companies says of a company are its *facts*.
"""

from datetime import date

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from companies import facts as company_facts
from companies import headcounts, legal_forms, naf_editions, siret
from experts.accounts import limits
from experts.models import Subject
from owners.forms.company import NO_ACTIVITY, CompanyForm, FactsForm
from owners.forms.identity import Found, Identity, Kind, look_up
from owners.views.journey import Journey, typed_values
from owners.views.need import closed_page
from owners.views.pages import public_page
from territories.spoken_time import MONTHS

NOT_LISTED = "none"
CRAFT_ASKED = "craft_asked"  # hidden field: the form has shown the question about crafts
MAX_CARDS = 12


@public_page
def company(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the search field and its result cards or, once a company is chosen, its facts."""
    journey = Journey.of(request, slug)
    if not journey.need.is_valid():
        return journey.go_to("need")
    if page := closed_page(request, journey):
        return page
    is_company_chosen = journey.identity is not None and not journey.is_project_refused()
    if request.method != "POST":
        return _facts_page(request, journey) if is_company_chosen else _choice_page(request, journey)
    if limits.STEPS_PER_ADDRESS.is_over(limits.address_of(request), now=timezone.now()):
        _save_typed(request, journey, is_company_chosen=is_company_chosen)
        return limits.too_many(request, back=request.path)
    if request.POST.get("action") == "change":
        journey.save_answers(request, identity=None, company=None, facts=None)
        return journey.go_to("company")
    return _post_facts(request, journey) if is_company_chosen else _post_choice(request, journey)


def _save_typed(request: HttpRequest, journey: Journey, *, is_company_chosen: bool) -> None:
    """Save what was typed in the form of this page, valid or not."""
    if is_company_chosen and journey.identity:
        form: forms.Form = FactsForm(request.POST, identity=journey.identity, on=journey.today)
        journey.save_answers(request, facts=typed_values(form))
    else:
        journey.save_answers(request, company=typed_values(CompanyForm(request.POST)))


def _post_choice(request: HttpRequest, journey: Journey) -> HttpResponse:
    """Handle a SIRET, a name, a chosen company, or a person without a company."""
    journey.save_answers(request, company=typed_values(CompanyForm(request.POST)), identity=None)
    action = request.POST.get("action", "")
    if action == "later":  # to finish later: the next page mails a link to the draft
        return journey.go_to("later")
    if action == "project":
        return _save_identity(request, journey, Identity(Kind.PROJECT))
    form = CompanyForm(request.POST)
    if not form.is_valid():
        return _choice_page(request, journey, form)
    identity = _chosen(request, form, _look_up(form, journey))
    return _save_identity(request, journey, identity) if identity else journey.go_to("company")


def _save_identity(request: HttpRequest, journey: Journey, identity: Identity) -> HttpResponse:
    journey.save_answers(request, identity=identity.as_json(), facts=None)
    return journey.go_to("company")


def _look_up(form: CompanyForm, journey: Journey) -> Found:
    cleaned = form.cleaned_data
    return look_up(number=cleaned["siret"], name=cleaned["name"], commune_code=journey.commune.code)


def _chosen(request: HttpRequest, form: CompanyForm, found: Found) -> Identity | None:
    """The chosen company, or that of the SIRET; ``None`` while the visitor has to choose.

    The company as typed when the visitor says that it is not listed, or when the register does not answer.
    """
    cleaned = form.cleaned_data
    wanted = cleaned["siret"] or request.POST.get("siret", "")
    for row in found.companies:
        if row.siret == wanted:
            return Identity(Kind.FOUND, siret=row.siret, company=row)
    if found.is_register_unavailable or wanted == NOT_LISTED or request.POST.get("action") == "typed":
        return Identity(
            Kind.TYPED,
            siret=cleaned["siret"],
            name=cleaned["name"],
            is_register_away=found.is_register_unavailable,
        )
    return None


def _choice_page(request: HttpRequest, journey: Journey, form: CompanyForm | None = None) -> HttpResponse:
    """Show the field; below it, the companies found for the last search, or why a project is refused."""
    if form is None:
        earlier = journey.answers("company")
        form = CompanyForm(earlier if earlier and earlier.get("company") else None)
    found = _look_up(form, journey) if form.is_valid() else None
    refused = journey.refused_to_projects() if journey.is_project_refused() else []
    context = {
        "subject": journey.subject,
        "commune": journey.commune,
        "is_distress": journey.need.tells_distress(),
        "form": form,
        "found": found,
        "searched": form.cleaned_data["company"] if found else "",
        "cards": found.companies[:MAX_CARDS] if found else (),
        "not_listed": NOT_LISTED,
        "refused": refused,
        "is_main_subject_refused": journey.subject in refused,
        "open_subjects": _open_to_projects() if refused else [],
    }
    return render(request, "owners/company.html", context)


def _open_to_projects() -> QuerySet[Subject]:
    listed: QuerySet[Subject] = Subject.objects.listed().filter(is_open_to_project_holders=True)
    return listed.order_by("theme__position", "position", "pk")


def _post_facts(request: HttpRequest, journey: Journey) -> HttpResponse:
    """Save the owner's corrections; ask about craft when an office's criterion needs it."""
    _save_typed(request, journey, is_company_chosen=True)
    if request.POST.get("action") == "later":
        return journey.go_to("later")
    form = journey.facts
    if not form.is_valid() or (CRAFT_ASKED not in request.POST and _asks_craft(journey, form)):
        return _facts_page(request, journey)
    return journey.go_to("contact")


def _facts_page(request: HttpRequest, journey: Journey) -> HttpResponse:
    """Show the known facts, which can be corrected, and the questions."""
    form = journey.facts
    identity = form.identity
    asks_craft = _asks_craft(journey, form)
    if request.method != "POST":
        form.errors.clear()  # no error on a page that was not submitted
    context = {
        "subject": journey.subject,
        "commune": journey.commune,
        "is_distress": journey.need.tells_distress(),
        "identity": identity,
        "company": identity.company,
        "siret": siret.display(identity.siret) if identity.siret else "",
        "form": form,
        "known": [] if identity.is_project else _known(form, identity),
        "asks_headcount": not identity.is_project and identity.facts.headcount is None,
        "asks_craft": asks_craft,
        "craft_asked": CRAFT_ASKED,
        "no_activity": NO_ACTIVITY,
    }
    return render(request, "owners/facts.html", context)


def _asks_craft(journey: Journey, form: FactsForm) -> bool:
    """Return ``True`` when the page asks whether the company is a craft business.

    It does when the criteria of an office depend on it and the register does not say; once shown, the
    question stays.
    """
    if form.identity.facts.craft is not None:
        return False
    if CRAFT_ASKED in form.data:
        return True
    if not form.is_bound:
        # Nothing was posted: decide on what the register says. The name only makes the form valid.
        form = FactsForm({"name": "?"}, identity=form.identity, on=form.on)
    return form.is_valid() and "craft" in journey.decide(form.routing_facts()).unknown


def _known(form: FactsForm, identity: Identity) -> list[dict[str, object]]:
    """The register's facts as texts, with their source and the field that corrects them."""
    facts = identity.facts
    shown = {
        "headcount": ("Effectif", "headcount", headcounts.display(facts.value("headcount"))),
        "naf": ("Activité", "activity", naf_editions.label(facts.value("naf") or "")),
        "legal_form": ("Forme juridique", "legal_form", legal_forms.label(facts.value("legal_form") or "")),
        "craft": ("Artisanat", "craft", "Entreprise artisanale"),
        "created_on": ("Création", "created_on", _format_date(facts.value("created_on"))),
    }
    return [
        {
            "term": term,
            "text": value or fact.value,
            "source": company_facts.source_label(name, fact.source, fact.on),
            "field": form[field],
            "is_corrected": bool(form[field].errors or form[field].data),
        }
        for name, (term, field, value) in shown.items()
        if (fact := getattr(facts, name))
    ]


def _format_date(on: date | None) -> str:
    """« 3 mai 2019 »."""
    return f"{'1er' if on.day == 1 else on.day}\u00a0{MONTHS[on.month - 1]}\u00a0{on.year}" if on else ""

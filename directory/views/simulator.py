"""The simulator: who would get a demand, and why not somebody else."""

from dataclasses import dataclass, field
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from companies import register
from companies.forms import initial_commune
from companies.register_responses import Company
from directory.foresight import simulation
from directory.foresight.outside import Named
from directory.foresight.simulation import SimulatedDemand
from directory.simulator_form import SimulatorForm
from experts.accounts.staff_access import staff_page, staff_user
from experts.models import Expert, Office, User
from experts.word_search import plain, search_experts, search_offices_by_name

MAX_NAMES = 10
ASKED = ("antenne", "referent")


@dataclass(frozen=True)
class FirmLookup:
    """The register's answer for a SIRET: ``problem`` is a sentence when there is no company."""

    company: Company | None = None
    problem: str = ""


@dataclass(frozen=True)
class Choice:
    """An office or expert that the typed words may mean; ``query`` asks about it."""

    label: str
    query: str


@dataclass(frozen=True)
class WhyNotQuestion:
    """The office or expert that the user asks about, or those that the words may mean."""

    named: Named | None = None
    choices: list[Choice] = field(default_factory=list)
    is_unknown: bool = False


@require_safe
@staff_page
def simulator(request: HttpRequest) -> HttpResponse:
    """Show the form, then the decision for what it says; the address keeps it all, to be shared."""
    user, today = staff_user(request), timezone.localdate()
    typed = _typed(request.GET)
    is_asked = {"sujet", "commune"} <= typed.keys()
    form = SimulatorForm(typed if is_asked else None, initial=typed.dict())
    context = {"form": form, "today": today}
    if form.is_valid():
        found = _look_up(form.cleaned_data["siret"])
        asked = SimulatedDemand(
            subjects=form.subjects(),
            commune=form.cleaned_data["place"],
            facts=form.facts(found.company),
            on=form.day(today=today),
        )
        why_not = _why_not_question(form, request.GET, asked, user=user)
        context |= {
            "asked": asked,
            "firm": found,
            "why_not": why_not,
            "simulation": simulation.simulate(asked, user=user, named=why_not.named),
        }
    return render(request, "directory/simulator.html", context)


def _typed(query: QueryDict) -> QueryDict:
    """The address's values; in a link, which the form has not sent, the commune may be an INSEE code."""
    typed = query.copy()
    if "commune" in typed and "commune_code" not in typed:
        for name, value in initial_commune(query.get("commune", "")).items():
            typed[name] = value
    return typed


def _look_up(siret: str) -> FirmLookup:
    if not siret:
        return FirmLookup()
    try:
        company = register.find_by_siret(siret)
    except register.RegisterUnavailable:
        return FirmLookup(problem="Le registre des entreprises ne répond pas : saisissez ce que vous savez.")
    return FirmLookup(company, "" if company else "Le registre ne connaît pas ce SIRET.")


def _why_not_question(
    form: SimulatorForm, query: QueryDict, asked: SimulatedDemand, *, user: User
) -> WhyNotQuestion:
    """The row named by the address, else the only one that the typed words name, else a choice."""
    cleaned = form.cleaned_data
    code, pk = cleaned["antenne"], cleaned["referent"]
    if not (code or pk) and cleaned["qui"]:
        choices = _choices(cleaned["qui"], user)
        exact = [choice for choice in choices if plain(choice[2]) == plain(cleaned["qui"])]
        choices = exact if len(exact) == 1 else choices
        if len(choices) != 1:
            offered = [Choice(label, _with(query, name, value)) for name, value, label in choices[:MAX_NAMES]]
            return WhyNotQuestion(choices=offered, is_unknown=not choices)
        name, value, _ = choices[0]
        code, pk = (str(value), None) if name == "antenne" else ("", int(value))
    if not (code or pk):
        return WhyNotQuestion()
    named = simulation.named_row(office_code=code, expert_pk=pk, commune=asked.commune, user=user)
    return WhyNotQuestion(named, is_unknown=named is None)


def _choices(text: str, user: User) -> list[tuple[str, str | int, str]]:
    """Offices of the country and experts of the user's region with these words: parameter, value, label."""
    offices = search_offices_by_name(Office.objects.listed(), text).order_by("name", "pk")[:MAX_NAMES]
    visible = Expert.objects.visible_to(user).listed().select_related("office")
    experts = search_experts(visible, text).order_by("name", "pk")[:MAX_NAMES]
    return [
        *(("antenne", office.code, office.name) for office in offices),
        *(("referent", expert.pk, f"{expert.name}, {expert.office.name}") for expert in experts),
    ]


def _with(query: QueryDict, name: str, value: str | int) -> str:
    """The address's query, asking about this row."""
    kept = {key: value for key, value in query.items() if value and key not in ASKED}
    return urlencode(kept | {name: value})

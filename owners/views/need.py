"""First step: the commune, the subjects, the text."""

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from companies.forms import initial_commune
from experts import contacts
from experts.accounts import limits
from experts.models import Subject
from experts.wording import loading
from owners.forms import hints as hint_list
from owners.forms.examples import example
from owners.forms.need import MAX_OTHER_SUBJECTS, MAX_TEXT_LENGTH, NeedForm
from owners.views.journey import Journey, typed_values
from owners.views.pages import public_page
from solicitations.actions import submission

OTHER_SUBJECT = "autre"
SURE = 0.7  # score from which a text speaks of another subject than those chosen


@csrf_exempt  # it writes nothing
@public_page
def start(request: HttpRequest) -> HttpResponse:
    """The first step with the text and subjects of a search; posted, so that the text is in no address."""
    asked = Subject.objects.listed().select_related("theme")
    rows = {row.slug: row for row in asked.filter(slug__in=request.POST.getlist("sujet"))}
    chosen = [rows[slug] for slug in dict.fromkeys(request.POST.getlist("sujet")) if slug in rows]
    if request.method != "POST" or not chosen:
        return redirect("home")
    if OTHER_SUBJECT in rows:  # « Décrire mon besoin »: whatever is ticked
        chosen = [rows[OTHER_SUBJECT]]
    first, *others = sorted(chosen, key=lambda row: row.is_confidential)
    text = request.POST.get("texte", "")[:MAX_TEXT_LENGTH]
    data = QueryDict(mutable=True)
    data.update({"description": text, **{f"text_{row.slug}": text for row in others if row.is_confidential}})
    data.setlist("subjects", [row.slug for row in others][:MAX_OTHER_SUBJECTS])
    form = NeedForm(data, subject=first)
    form.errors.clear()  # a page that is only shown blames nobody
    return _page(request, Journey(first, None), form)


@public_page
def need(request: HttpRequest, slug: str) -> HttpResponse:
    """The commune, the text, other subjects."""
    journey = Journey.of(request, slug)
    if request.method != "POST":
        return _page(request, journey, _first_form(request, journey))
    is_limited = limits.STEPS_PER_ADDRESS.is_over(limits.address_of(request), now=timezone.now())
    if journey.draft is not None or not is_limited:  # past the limit, only a draft that exists is updated
        journey.save_answers(request, need=typed_values(NeedForm(request.POST, subject=journey.subject)))
    if is_limited:
        return limits.too_many(request, back=request.path)
    if request.POST.get("action") == "later":
        return journey.go_to("later")
    form = journey.need
    if not form.is_valid():
        return _page(request, journey, form)
    hints = [*form.hints(), *_other_subject(form)]
    if hints and request.POST.get("hints_seen") != hint_list.mark(hints):
        return _page(request, journey, form, hints=hints)
    return closed_page(request, journey) or journey.go_to("company")


@public_page
def elsewhere(request: HttpRequest, slug: str, rest: str) -> HttpResponse:
    """Redirect to the first step an address below it that names no step."""
    return redirect("owners:need", slug)


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
        submission.record_missed_demand(commune=journey.commune, subjects=new, now=now)
        journey.save_answers(request, missed=sorted({*counted, *missed}))
    context = {
        "subject": journey.subject,
        "commune": journey.commune,
        "closings": closings,
        "region_contact": contacts.region_contact(journey.commune.region, on=journey.today),
        "others": [one for one in journey.need.all_subjects() if one not in missed.values()],
    }
    return render(request, "owners/closed.html", context)


def _other_subject(form: NeedForm) -> list[str]:
    """The hint that the text speaks of a subject that was not chosen; nothing is changed."""
    suggestions = loading.suggest(form.cleaned_data["description"])
    asked = {subject.slug for subject in form.all_subjects()}
    is_sure = suggestions.is_confident and suggestions.subjects[0].score >= SURE
    if not is_sure or OTHER_SUBJECT in asked or asked & {found.slug for found in suggestions.subjects}:
        return []
    [likeliest] = loading.subjects(suggestions)[:1]
    speaks_of = f"Votre texte parle plutôt de «\u00a0{likeliest.label}\u00a0»."
    return [f"{speaks_of} Ajoutez ce sujet plus bas si c'est le cas, ou continuez."]


def _first_form(request: HttpRequest, journey: Journey) -> NeedForm:
    """Return the form with the earlier answers, else a new one with the initial values of the address."""
    if journey.answers("need"):
        journey.need.errors.clear()  # no error on a page that was not submitted
        return journey.need
    initial = initial_commune(request.GET.get("commune", ""))
    initial["description"] = request.GET.get("texte", "")[:MAX_TEXT_LENGTH]
    return NeedForm(subject=journey.subject, initial=initial)


def _page(
    request: HttpRequest, journey: Journey, form: NeedForm, *, hints: list[str] | None = None
) -> HttpResponse:
    context = {
        "subject": journey.subject,
        "form": form,
        "hints": hints or [],
        "is_distress": form.tells_distress(),
        "hints_mark": hint_list.mark(hints or []),
        "example": example(journey.subject.theme),
        "patterns": [{"pattern": pattern, "said": hint} for pattern, hint in hint_list.SENSITIVE],
    }
    return render(request, "owners/need.html", context)

"""Home page, questions, themes, subjects and search."""

from django.contrib.auth.decorators import login_not_required
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from experts.accounts.middleware import never_waits
from experts.models import EntryQuestion, Institution, Subject, SubjectInstitution, Theme
from experts.wording import loading
from experts.wording.engine import Suggestions
from owners.views.pages import public_page
from portal import home_content
from portal.forms import SearchForm
from portal.views import shortcuts

QUESTIONS_IN_SIGHT = 6
OTHER_SUBJECT = "autre"


@never_waits
@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The home page: search box, everyday questions, themes."""
    content = home_content.current()
    return render(
        request,
        "portal/home.html",
        {
            "questions": content.questions[:QUESTIONS_IN_SIGHT],
            "other_questions": content.questions[QUESTIONS_IN_SIGHT:],
            "themes": content.themes,
            "institution_count": content.institution_count,
        },
    )


@csrf_exempt  # it changes nothing, and needs no cookie
@public_page
def search(request: HttpRequest) -> HttpResponse:
    """Show at most five subjects for a text, and say when they are doubtful; a posted text is in no URL."""
    form = SearchForm(request.POST if request.method == "POST" else request.GET)
    typed = form.cleaned_data["q"] if form.is_valid() else ""
    suggestions = loading.suggest(typed) if typed else Suggestions(())
    return render(
        request,
        "portal/search.html",
        {
            "form": form,
            "typed": typed,
            "suggestions": suggestions,
            "subjects": loading.subjects(suggestions),
            "other_subject": OTHER_SUBJECT,
            "themes": Theme.objects.listed().order_by("position", "pk"),
        },
    )


@login_not_required
@require_safe
def question(request: HttpRequest, position: int) -> HttpResponse:
    """The subjects of a question that has several of them; another question leads where its link does."""
    asked = EntryQuestion.objects.listed().select_related("theme").filter(position=position).first()
    if asked is None:
        return shortcuts.to_questions()
    if home_content.question_url(asked) != request.path:
        return redirect(home_content.question_url(asked))
    subjects = asked.subjects.listed().order_by("position", "pk")
    return render(request, "portal/question.html", {"question": asked, "subjects": subjects})


@login_not_required
@require_safe
def theme(request: HttpRequest, slug: str) -> HttpResponse:
    """The subjects of a theme, one line each."""
    found = Theme.objects.listed().filter(slug=slug).first()
    if found is None:
        return shortcuts.to_catalogue(slug)
    subjects = found.subjects.listed().order_by("position", "pk")
    return render(request, "portal/theme.html", {"theme": found, "subjects": subjects})


@login_not_required
@require_safe
def subject(request: HttpRequest, slug: str) -> HttpResponse:
    """A subject: the help available, who gives it, what to prepare."""
    answers = SubjectInstitution.objects.select_related("institution", "group").order_by("position", "pk")
    subjects = Subject.objects.listed().select_related("theme")
    found = subjects.prefetch_related(Prefetch("answers", answers)).filter(slug=slug).first()
    if found is None:
        return shortcuts.to_catalogue(slug)
    return render(
        request,
        "portal/subject.html",
        {
            "subject": found,
            "answerers": [_answerer(answer) for answer in found.answers.all() if _is_notified(answer)],
            "relays": [_answerer(answer) for answer in found.answers.all() if not _is_notified(answer)],
        },
    )


def _answerer(answer: SubjectInstitution) -> tuple[str, str]:
    """Public name and summary."""
    if answer.institution:
        return answer.institution.name, answer.institution.summary
    return str(answer), answer.group.summary if answer.group else ""


def _is_notified(answer: SubjectInstitution) -> bool:
    """True when requests may be sent to it; the others are only shown."""
    if answer.is_relay:
        return False
    return answer.institution is None or answer.institution.notified != Institution.Notified.NEVER

"""Home page, questions, themes, subjects and search."""

from urllib.parse import urlencode

from django.contrib.auth.decorators import login_not_required
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from experts.models import EntryQuestion, Institution, Subject, SubjectInstitution, Theme
from experts.wording import loading
from portal.forms import SearchForm

QUESTIONS_IN_SIGHT = 6
OTHER_SUBJECT = "autre"


def question_url(question: EntryQuestion) -> str:
    """URL of the theme or the only subject of ``question``; else of the page that lists its subjects."""
    if question.theme:
        return reverse("theme", args=[question.theme.slug])
    subjects = question.subjects.all()
    if len(subjects) == 1:
        return reverse("subject", args=[subjects[0].slug])
    return reverse("question", args=[question.position])


def other_subject_url(words: str) -> str:
    """URL of the form of the subject « autre », with the words that matched no subject."""
    return f"/demande/{OTHER_SUBJECT}/?{urlencode({'texte': words})}"


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The home page: search box, everyday questions, themes."""
    questions = EntryQuestion.objects.select_related("theme").prefetch_related("subjects")
    links = [(question.question, question_url(question)) for question in questions.order_by("position")]
    institutions = Institution.objects.listed()
    return render(
        request,
        "portal/home.html",
        {
            "questions": links[:QUESTIONS_IN_SIGHT],
            "other_questions": links[QUESTIONS_IN_SIGHT:],
            "themes": Theme.objects.listed().order_by("position", "pk"),
            "institution_count": institutions.exclude(notified=Institution.Notified.NEVER).count(),
        },
    )


@login_not_required
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """The subjects that match the words; without result, a link to « autre » with the same words."""
    form = SearchForm(request.GET)
    words = form.cleaned_data["q"] if form.is_valid() else ""
    return render(
        request,
        "portal/search.html",
        {
            "form": form,
            "words": words,
            "subjects": loading.subjects(loading.suggest(words)) if words else [],
            "other_url": other_subject_url(words),
            "themes": Theme.objects.listed().order_by("position", "pk"),
        },
    )


@login_not_required
@require_safe
def question(request: HttpRequest, position: int) -> HttpResponse:
    """The subjects of a question that has several of them."""
    asked = get_object_or_404(EntryQuestion, position=position)
    subjects = asked.subjects.listed().order_by("position", "pk")
    return render(request, "portal/question.html", {"question": asked, "subjects": subjects})


@login_not_required
@require_safe
def theme(request: HttpRequest, slug: str) -> HttpResponse:
    """The subjects of a theme, one line each."""
    found = get_object_or_404(Theme.objects.listed(), slug=slug)
    subjects = found.subjects.listed().order_by("position", "pk")
    return render(request, "portal/theme.html", {"theme": found, "subjects": subjects})


@login_not_required
@require_safe
def subject(request: HttpRequest, slug: str) -> HttpResponse:
    """A subject: the help available, who gives it, what to prepare."""
    answers = SubjectInstitution.objects.select_related("institution", "group").order_by("position", "pk")
    subjects = Subject.objects.listed().select_related("theme")
    found = get_object_or_404(subjects.prefetch_related(Prefetch("answers", answers)), slug=slug)
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

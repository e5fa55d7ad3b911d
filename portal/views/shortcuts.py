"""Addresses that people type, cut or guess from ours: each leads to the page that was meant."""

from collections.abc import Callable

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from experts.models import Subject, Theme


def to_page(name: str, *, fragment: str = "") -> Callable[[HttpRequest], HttpResponse]:
    """Return a view that redirects to a page of ours, at one of its headings."""

    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse(name) + fragment)

    return login_not_required(require_safe(view))


@login_not_required
@require_safe
def to_page_of_questions(request: HttpRequest, anything: str) -> HttpResponse:
    """Redirect an address of a question that is no number."""
    return to_questions()


def to_questions() -> HttpResponseRedirect:
    """Redirect to the everyday questions: the one at this number is not there, or not there any more."""
    return HttpResponseRedirect(f"{reverse('home')}#questions")


def to_catalogue(slug: str) -> HttpResponseRedirect:
    """Redirect to the theme or the subject of this slug. Raises ``Http404`` without either."""
    if theme := Theme.objects.listed().filter(slug=slug).first():
        return HttpResponseRedirect(reverse("theme", args=[theme.slug]))
    if subject := Subject.objects.listed().filter(slug=slug).first():
        return HttpResponseRedirect(reverse("subject", args=[subject.slug]))
    raise Http404

"""Searches of the inbox that people keep."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from mailing.form_fields import LineField
from workspace.inbox import inbox_filters
from workspace.models import SavedSearch
from workspace.views.inbox import reader_of

MAX_SEARCHES = 30
KEPT = {*inbox_filters.NAMES, "pour", "onglet"}


class SavedSearchForm(forms.Form):
    """Name of a search."""

    name = LineField(
        label="Nom de cette recherche",
        max_length=60,
        error_messages={
            "required": "Donnez un nom à cette recherche.",
            "max_length": "Choisissez un nom plus court : 60 caractères au plus.",
        },
    )
    query = forms.CharField(max_length=1000)


@never_cache
@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """« Garder cette recherche »: under a name that exists, the new one replaces it."""
    user, form = reader_of(request).user, SavedSearchForm(request.POST)
    if not form.is_valid():
        messages.error(request, str(next(iter(form.errors.values()))[0]))
        return HttpResponseRedirect(reverse("workspace:inbox"))
    name, query = form.cleaned_data["name"], _kept(form.cleaned_data["query"])
    existing = SavedSearch.objects.filter(user=user, name__iexact=name).first()
    if existing is None and SavedSearch.objects.filter(user=user).count() >= MAX_SEARCHES:
        messages.error(request, f"Vous gardez déjà {MAX_SEARCHES} recherches : retirez-en une d'abord.")
    else:
        search = existing or SavedSearch(user=user)
        search.name, search.query = name, query
        search.save()
        messages.success(request, f"La recherche «\u00a0{name}\u00a0» est gardée.")
    return HttpResponseRedirect(f"{reverse('workspace:inbox')}?{query}")


def _kept(typed: str) -> str:
    """The query string, with nothing but filters of the inbox."""
    query = QueryDict(typed).copy()
    for name in set(query) - KEPT:
        del query[name]
    return query.urlencode()


@never_cache
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """« Retirer » a search of one's own."""
    search = get_object_or_404(SavedSearch, pk=pk, user=reader_of(request).user)
    search.delete()
    messages.success(request, f"La recherche «\u00a0{search.name}\u00a0» est retirée.")
    return HttpResponseRedirect(reverse("workspace:inbox"))

"""Pages of a region: its contact, links and openings, and the demand recorded while it was closed."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from directory.contents import content_changes, content_editing, content_facts, content_texts, region_forms
from directory.contents.content_changes import ContentChange, StaleContent
from directory.contents.content_editing import SeenContent
from directory.contents.content_facts import ContentFacts, EditedContent
from directory.models import ContentKind, ContentRevision
from directory.region_health import region_health
from directory.views.catalogue_pages import SAME, SAVED, STALE, journal_entries, undo_revision
from experts import contacts
from experts.accounts.staff_access import staff_page, staff_user
from experts.models import Theme, User
from solicitations.models import MissedDemand, Opening
from territories.models import Region

RECENT = timedelta(days=90)
CONTACT, LINKS = "Coordonnées de la région", "Liens de la région"
LATEST = 10


@require_safe
@staff_page
def regions(request: HttpRequest) -> HttpResponse:
    """List the regions with their state, for the national team; another user has one region."""
    user = staff_user(request)
    if not user.is_national:
        return redirect("directory:region", user.region_id)
    now = timezone.now()
    closed = Opening.objects.closed_regions(now=now)
    rows = [(region, region.code in closed) for region in Region.objects.order_by("name", "pk")]
    return render(request, "directory/region/list.html", {"rows": rows, "menu": "region"})


@require_safe
@staff_page
def region_page(request: HttpRequest, code: str) -> HttpResponse:
    """Show the public contact, links and openings of a region, and the demand it could not take."""
    region, user, now = _region_or_404(request, code), staff_user(request), timezone.now()
    facts = _content(region).facts
    themes = Theme.objects.listed().order_by("position", "pk")
    revisions = ContentRevision.objects.of(ContentKind.REGION, code).select_related("author", "undone_by")
    context = {
        "region": region,
        "facts": facts,
        "contact": contacts.region_contact(region, on=timezone.localdate(now)),
        "links": facts["links"],
        "whole": content_texts.opening_text(facts["openings"].get("")),
        "themes": [
            (theme, content_texts.opening_text(facts["openings"].get(theme.slug))) for theme in themes
        ],
        "missed": MissedDemand.objects.by_subject(region, since=now - RECENT),
        "entries": [
            entry | {"may_undo": user.is_national or is_own_change(entry["revision"])}
            for entry in journal_entries(revisions.newest_first()[:LATEST])
        ],
        "health": region_health(region, now=now),
        "menu": "region",
    }
    return render(request, "directory/region/region.html", context)


@staff_page
def contact(request: HttpRequest, code: str) -> HttpResponse:
    """Edit the name, phone and hours."""
    region = _region_or_404(request, code)
    content = _content(region)
    posted = request.POST if request.method == "POST" else None
    form = region_forms.RegionContactForm(posted, initial=SeenContent.of(request.POST, content.facts).facts)
    if request.method == "POST" and form.is_valid():
        return _saved(request, content, form.cleaned_data, title=CONTACT, form=form)
    return _form_page(request, content, CONTACT, form=form)


@staff_page
def links(request: HttpRequest, code: str) -> HttpResponse:
    """Edit the links, all together."""
    content = _content(_region_or_404(request, code))
    posted = request.POST if request.method == "POST" else None
    formset = region_forms.links_formset(posted, links=content.facts["links"])
    if request.method == "POST" and formset.is_valid():
        typed = {"links": region_forms.typed_links(formset)}
        return _saved(request, content, typed, title=LINKS, formset=formset)
    return _form_page(request, content, LINKS, formset=formset)


@staff_page
def opening(request: HttpRequest, code: str, slug: str = "") -> HttpResponse:
    """Open or close the region, or a theme in it, by date: the national team's to decide."""
    if not staff_user(request).is_national:
        raise Http404
    content = _content(_region_or_404(request, code))
    theme = get_object_or_404(Theme.objects.listed(), slug=slug) if slug else None
    openings = content.facts["openings"]
    posted = request.POST if request.method == "POST" else None
    form = region_forms.OpeningForm(posted, initial=region_forms.initial_opening(openings.get(slug)))
    title = f"Ouverture du thème « {theme.label} »" if theme else "Ouverture de la région"
    if request.method == "POST" and form.is_valid():
        seen, opened = SeenContent.of(request.POST, content.facts), form.opening()
        others = {other: facts for other, facts in openings.items() if other != slug}
        is_same = opened == seen.facts["openings"].get(slug)
        typed = {} if is_same else {"openings": others | ({slug: opened} if opened else {})}
        return _saved(request, content, typed, title=title, form=form, is_opening=True)
    return _form_page(request, content, title, form=form, is_opening=True)


@require_POST
@staff_page
def undo(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """Undo a change of the region; that of an opening is the national team's."""
    region, user = _region_or_404(request, code), staff_user(request)
    revision = get_object_or_404(ContentRevision.objects.of(ContentKind.REGION, region.code), pk=pk)
    if not (user.is_national or is_own_change(revision)):
        raise Http404
    undo_revision(request, revision, user=user)
    return redirect("directory:region", code)


def is_own_change(revision: ContentRevision) -> bool:
    """Return whether the region's own staff may undo this change: it opened and closed nothing."""
    before: ContentFacts = revision.before or {}
    return bool(before.get("openings") == revision.after.get("openings"))


def _saved(
    request: HttpRequest, content: EditedContent, typed: ContentFacts, *, title: str, **page: Any
) -> HttpResponse:
    """Save what was typed; a fact that somebody else changed meanwhile is shown before it is replaced."""
    seen = SeenContent.of(request.POST, content.facts)
    edited = seen.edited(typed)
    met = edited.keys() & set(seen.changed_meanwhile(content.facts))
    if met and seen.known != content_editing.mark(content.facts):
        messages.warning(request, STALE)
        return _form_page(request, content, title, **page)
    change = ContentChange(content.kind, content.key, content.facts, content.facts | edited)
    try:
        saved = content_changes.apply(change, author=staff_user(request), now=timezone.now())
    except StaleContent:
        messages.warning(request, STALE)
        return redirect(request.path)
    messages.success(request, SAVED if saved else SAME)
    return redirect("directory:region", content.key)


def _form_page(request: HttpRequest, content: EditedContent, title: str, **context: Any) -> HttpResponse:
    form, seen = context.get("form"), SeenContent.of(request.POST, content.facts)
    has_errors = bool(form.errors) if form else bool(context["formset"].total_error_count())
    shown = seen.shown_by(form, content.facts) if form else seen
    context |= {
        "title": title,
        "region": content.row,
        "seen": shown.packed(content.facts),
        "meanwhile": content_texts.meanwhile(
            content.kind, seen.facts, content.facts, seen.changed_meanwhile(content.facts)
        ),
        "has_errors": has_errors,
        "menu": "region",
    }
    return render(request, "directory/region/form.html", context)


def _region_or_404(request: HttpRequest, code: str) -> Region:
    """The region, when the user may edit it. Raises ``Http404``."""
    user: User = staff_user(request)
    region = Region.objects.filter(pk=code).first()
    if region is None or not (user.is_national or user.region_id == region.pk):
        raise Http404
    return region


def _content(region: Region) -> EditedContent:
    content = content_facts.read(ContentKind.REGION, region.code)
    if content is None:
        raise Http404
    return content

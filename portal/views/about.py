"""Pages about the service: legal notice, privacy, accessibility, contact, site map."""

from django.contrib.auth.decorators import login_not_required
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from experts.models import Subject, Theme


@login_not_required
@require_safe
def legal_notice(request: HttpRequest) -> HttpResponse:
    """Mentions légales."""
    return render(request, "portal/legal_notice.html")


@login_not_required
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """Données personnelles: data kept, purposes, durations, rights."""
    return render(request, "portal/privacy.html")


@login_not_required
@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    """Déclaration d'accessibilité."""
    return render(request, "portal/accessibility.html")


@login_not_required
@require_safe
def contact(request: HttpRequest) -> HttpResponse:
    """Contacts by reason."""
    return render(request, "portal/contact.html")


@login_not_required
@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """Every public page, subjects included."""
    subjects = Subject.objects.listed().order_by("position", "pk")
    themes = Theme.objects.listed().prefetch_related(Prefetch("subjects", subjects))
    return render(request, "portal/sitemap.html", {"themes": themes.order_by("position", "pk")})

"""« Finir plus tard »: the link that resumes a draft."""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from experts.accounts import limits
from experts.tokens import ForgedLink
from owners.forms.follow_up import LaterForm
from owners.views.journey import Journey
from owners.views.pages import OWNER, public_page
from solicitations import links
from solicitations.actions import company_requests
from solicitations.views.token_pages import secret


@public_page
def later(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for an address, and send it the link immediately."""
    journey = Journey.of(request, slug)
    if journey.draft is None or journey.draft.solicitation:
        return journey.go_to("need")
    now = timezone.now()
    form = LaterForm(request.POST or None, initial={"email": journey.draft.email or _typed_email(journey)})
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"]
        if limits.are_links_over(request, email, now=now):
            return limits.too_many(request, back=request.path)
        company_requests.send_resume_link(journey.draft, email=email, now=now)
        return journey.go_to("later")
    context = {
        "subject": journey.subject,
        "form": form,
        "draft": journey.draft,
        "step": journey.step_reached(),
        "days": settings.DRAFT_LIFE.days,
    }
    return render(request, "owners/later.html", context)


@secret
@require_safe
def resume(request: HttpRequest, token: str) -> HttpResponse:
    """Resume a draft at the step reached; its id is stored in the session, nothing else changes."""
    try:
        draft = links.draft_of(token, now=timezone.now())
    except ForgedLink:
        return OWNER.dead_link(request, "forged", status=404)
    except links.RevokedLink:
        return OWNER.dead_link(request, "gone", status=410)
    journey = Journey.of(request, draft.answers["subject"])
    journey.remember(request, draft)
    return journey.go_to(journey.step_reached())


@login_not_required
def without_token(request: HttpRequest) -> HttpResponse:
    """The page of an invalid link, for an address cut before its secret part."""
    return OWNER.dead_link(request, "forged", status=404)


def _typed_email(journey: Journey) -> str:
    """The address given at the third step, if any."""
    contact = journey.answers("contact")
    return str(contact.get("email", "")) if contact else ""

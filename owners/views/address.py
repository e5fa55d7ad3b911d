"""Correction of the owner's address: asked on the follow-up page, confirmed from the new mailbox."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from experts.accounts import limits
from experts.tokens import ForgedLink
from owners.forms.follow_up import AddressForm
from owners.views.follow_up import OVER, back_to_page, show
from owners.views.pages import OWNER, follow_path, owner_page, posted
from solicitations import links
from solicitations.actions import company_address
from solicitations.lifecycle import ForbiddenMove
from solicitations.models import Solicitation
from solicitations.views.token_pages import secret

SENT = (
    "Un message vient de partir à {email} : ouvrez-le pour confirmer cette adresse. Regardez aussi dans les "
    "indésirables. D'ici là, rien n'est changé."
)


@owner_page
@posted
def ask(request: HttpRequest, solicitation: Solicitation) -> HttpResponse:
    """Mail the new address a link that confirms it."""
    form = AddressForm(request.POST)
    if not form.is_valid():
        return show(request, solicitation, address=form)
    email, now = form.cleaned_data["new_email"], timezone.now()
    is_over = limits.ADDRESSES_PER_SOLICITATION.is_over(str(solicitation.pk), now=now)
    if is_over or limits.are_links_over(request, email, now=now):
        return limits.too_many(request, back=follow_path(solicitation))
    try:
        company_address.ask(solicitation, email=email, now=now)
    except company_address.SameAddress:
        return back_to_page(request, solicitation, info="C'est déjà l'adresse de votre demande.")
    except ForbiddenMove:
        return back_to_page(request, solicitation, warning=OVER)
    return back_to_page(request, solicitation, success=SENT.format(email=email))


@secret
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Show a button that confirms the address, since mail scanners open links; then the owner's page."""
    now = timezone.now()
    try:
        change = links.address_change_of(token, now=now)
        if request.method != "POST":
            context = {"email": change.email, "reference": change.solicitation.reference}
            return render(request, "owners/address.html", context)
        solicitation = company_address.confirm(change, now=now)
    except ForgedLink:
        return OWNER.dead_link(request, "forged", status=404)
    except (links.RevokedLink, company_address.ReplacedAddress, ForbiddenMove):
        return OWNER.dead_link(request, "address", status=410)
    messages.success(
        request, f"Votre adresse est confirmée : nous écrivons désormais à {solicitation.email}."
    )
    return HttpResponseRedirect(follow_path(solicitation))

"""« Ouvrir ma boîte »: from the link of a mail to an account, by a code sent to that very mailbox."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from experts.accounts import adapter, limits, mailbox_proof, seats, sign_in
from experts.accounts.forms import OwnAddressForm
from experts.models import User
from solicitations.models import Mailbox
from workspace.views.link_access import answer_path, expert_page


@expert_page
def open_inbox(request: HttpRequest, mailbox: Mailbox) -> HttpResponse:
    """Ask whether the mailbox is shared, then mail a code to it: a forwarded link opens no account."""
    user = request.user if isinstance(request.user, User) else None
    if user and _works_at(user, mailbox):
        return redirect(adapter.first_page(user))
    form = OwnAddressForm(request.POST if request.method == "POST" else None, auto_id="inbox_%s")
    if request.method == "POST" and form.is_valid():
        if limits.are_codes_over(request, mailbox.email, now=timezone.now()):
            return limits.too_many(request, back=request.path)
        return _send_code(request, mailbox, account=user.email if user else form.cleaned_data["own"])
    context = {"form": form, "mailbox": mailbox, "account": user, "path": answer_path(mailbox)}
    return render(request, "workspace/open_inbox.html", context)


def _works_at(user: User, mailbox: Mailbox) -> bool:
    """Return whether the account has a seat at a post of this mailbox already."""
    return seats.posts_of(user, now=timezone.now()).filter(email__iexact=mailbox.email).exists()


def _send_code(request: HttpRequest, mailbox: Mailbox, *, account: str) -> HttpResponse:
    """Mail the code, for an account of the mailbox's own address or of another one."""
    if account and account.lower() != mailbox.email.lower():
        mailbox_proof.begin(request, mailbox.email, account=account, now=timezone.now())
        return redirect("confirm_mailbox")
    sign_in.begin(request, mailbox.email)
    return redirect(f"{reverse('account_confirm_login_code')}?{urlencode({'next': answer_path(mailbox)})}")

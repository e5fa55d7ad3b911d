"""Code sent to a shared mailbox: it gives the posts that bear its address to an account."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from experts.accounts import adapter, limits, mailbox_proof, sign_in
from experts.accounts.forms import MailboxCodeForm, SharedMailboxForm
from experts.models import User

TOO_OLD = "Ce code est trop ancien, ou a été essayé trop souvent : demandez-en un autre."


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for the code of a shared mailbox, for the account that is signed in."""
    form = SharedMailboxForm(request.POST or None, auto_id="mailbox_%s")
    if request.method == "POST" and form.is_valid():
        mailbox, now = form.cleaned_data["mailbox"], timezone.now()
        if limits.are_codes_over(request, mailbox, now=now):
            return limits.too_many(request, back=request.path)
        mailbox_proof.begin(request, mailbox, account=request.user.email, now=now)  # type: ignore[union-attr]
        return redirect("confirm_mailbox")
    return render(request, "account/ask_mailbox.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_not_required
def confirm(request: HttpRequest) -> HttpResponse:
    """Take the code of a shared mailbox, then give its posts, or have the visitor sign in first."""
    now = timezone.now()
    try:
        proof = mailbox_proof.awaited(request)
        form = MailboxCodeForm(request.POST or None, auto_id="mailbox_%s")
        if request.method == "POST" and form.is_valid():
            if mailbox_proof.is_right(request, form.cleaned_data["code"], now=now):
                return _proved(request, proof["account"])
            form.add_error("code", adapter.AccountAdapter.error_messages["incorrect_code"])
    except (mailbox_proof.NoProof, mailbox_proof.TooManyTries):
        messages.error(request, TOO_OLD)
        return redirect("ask_mailbox")
    return render(request, "account/confirm_mailbox.html", {"form": form, "mailbox": proof["mailbox"]})


def _proved(request: HttpRequest, email: str) -> HttpResponse:
    """Give the posts to the account that is signed in; else mail a code to the visitor's own address."""
    now = timezone.now()
    if isinstance(request.user, User):
        mailbox_proof.take_posts(request, request.user, now=now)
        messages.success(request, adapter.MAILBOX_ADDED)
        return redirect(adapter.first_page(request.user))
    if limits.are_codes_over(request, email, now=now):
        return limits.too_many(request, back=request.path)
    sign_in.begin(request, email)
    return redirect("account_confirm_login_code")

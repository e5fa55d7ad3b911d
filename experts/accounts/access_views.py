"""Pages of the access log, of one's own sessions, and of the reset of a second factor."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from experts.accounts import second_factors, sessions, team_access
from experts.accounts.pagination import page_of
from experts.accounts.team_forms import ReasonForm
from experts.models import AccessRecord, AccountSession, User
from mailing.text_cleaning import clean_line

OWN_LINES, LINES = 30, 100


def _account(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise Http404
    return request.user


@require_safe
@never_cache
def own_access(request: HttpRequest) -> HttpResponse:
    """The open sessions of the account, and the last lines of its log."""
    user = _account(request)
    context = {
        "sessions": sessions.open_sessions(request, user, now=timezone.now()),
        "records": AccessRecord.objects.filter(user=user).latest_first()[:OWN_LINES],
    }
    return render(request, "account/access.html", context)


@require_POST
@never_cache
def close_session(request: HttpRequest, pk: int) -> HttpResponse:
    """Close one of one's own sessions."""
    row = get_object_or_404(AccountSession, pk=pk, user=_account(request))
    sessions.close(row, now=timezone.now())
    messages.success(request, "La session est fermée.")
    return redirect("own_access")


@require_POST
@never_cache
def close_others(request: HttpRequest) -> HttpResponse:
    """Close all of one's own sessions but this one."""
    sessions.close_all(_account(request), but=request.session.session_key or "", now=timezone.now())
    messages.success(request, "Les autres sessions sont fermées.")
    return redirect("own_access")


@require_safe
@never_cache
def whole_log(request: HttpRequest) -> HttpResponse:
    """The access log of everybody, for the national team; ``?q=``: an address, or the beginning of one."""
    team_access.national_account(request)
    asked = clean_line(request.GET.get("q", ""))[:254]
    records = AccessRecord.objects.latest_first()
    if asked:
        records = records.filter(user__email__istartswith=asked)
    context = {"page": page_of(records, request.GET, size=LINES), "asked": asked}
    return render(request, "team/access_log.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def reset_factor(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove somebody else's second factor, with the reason that they will read."""
    by = team_access.national_account(request)
    user = get_object_or_404(User.objects.exclude(pk=by.pk), pk=pk)
    form = ReasonForm(request.POST if request.method == "POST" else None, auto_id="reset_%s")
    if request.method == "POST" and form.is_valid():
        second_factors.reset(user, by=by, reason=form.cleaned_data["reason"], now=timezone.now())
        messages.success(request, f"Le second facteur de {user.email} est effacé. Un courriel le lui dit.")
        return redirect("admin:experts_user_changelist")
    return render(request, "team/reset_factor.html", {"form": form, "account": user})

"""The demo's roles, one click each, without password or code. 404 outside the demo."""

from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from experts.accounts import seats
from experts.models import User
from solicitations import links
from solicitations.models import Match, Solicitation

EXPERTS = 2
LATEST = 50  # matches searched for experts
EXPERT, MANAGER = "expert", "manager"
MAX_ACCOUNTS = 20


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_not_required
def roles(request: HttpRequest) -> HttpResponse:
    """The page of roles. Accounts are signed in by a click; the owner and the experts have links."""
    if not settings.DEMO:
        raise Http404
    if request.method == "POST":
        return _sign_in(request, request.POST.get("role", ""))
    matches = waiting_experts()
    owner = matches[0].need.solicitation if matches else Solicitation.objects.open().newest_first().first()
    context = {
        "owner": owner,
        "owner_url": links.follow_url(owner) if owner else "",
        "experts": [(match, links.answer_url(match.mailbox)) for match in matches],
        "inboxes": accounts_with_an_inbox(),
        "teams": User.objects.filter(is_active=True).exclude(role="").order_by("-role", "pk"),
    }
    return render(request, "portal/roles.html", context)


def _sign_in(request: HttpRequest, role: str) -> HttpResponse:
    user = accounts_with_an_inbox().get(role)
    if user is None:
        user = User.objects.filter(is_active=True, role=role).exclude(role="").order_by("pk").first()
    logout(request)
    if user is None:
        return redirect("home")
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return redirect("oversight:list" if user.is_staff else "workspace:inbox")


def accounts_with_an_inbox() -> dict[str, User]:
    """The first account that answers for a post, and the first that manages an office, by these words."""
    now = timezone.now()
    found: dict[str, User] = {}
    for user in User.objects.filter(is_active=True, role="").order_by("pk")[:MAX_ACCOUNTS]:
        work = seats.work_of(user, now=now)
        if not work.is_empty:
            found.setdefault(MANAGER if work.manages else EXPERT, user)
    return found


def waiting_experts() -> list[Match]:
    """Two experts of the latest request that waits for two; else the experts of any waiting request."""
    latest = Match.objects.sent().with_people().select_related("need__solicitation")
    requests: dict[int, dict[int, Match]] = {}
    for match in latest.order_by("-sent_at", "-pk")[:LATEST]:
        requests.setdefault(match.need.solicitation_id, {}).setdefault(match.mailbox_id, match)
    by_request = [list(mailboxes.values())[:EXPERTS] for mailboxes in requests.values()]
    return next((matches for matches in by_request if len(matches) == EXPERTS), next(iter(by_request), []))

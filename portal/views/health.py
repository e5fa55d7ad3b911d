"""The health page, for monitoring."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from experts.accounts.middleware import never_waits
from portal import health as portal_health


@never_waits
@login_not_required
@never_cache
def health(request: HttpRequest) -> JsonResponse:
    """The state of each part, with status 503 when one is bad; with ``?vivant``, only of this process."""
    if "vivant" in request.GET:
        return JsonResponse({"state": "ok"})
    checks = portal_health.run_checks(now=timezone.now())
    is_good = all(check.is_good for check in checks.values())
    parts = {name: check.as_json() for name, check in checks.items()}
    return JsonResponse({"state": "ok" if is_good else "bad"} | parts, status=200 if is_good else 503)

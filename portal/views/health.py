"""What monitoring asks."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from portal import health as portal_health


@login_not_required
@never_cache
def health(request: HttpRequest) -> JsonResponse:
    """The state of each part, 503 when one is bad; with ``?vivant``, of this process alone."""
    if "vivant" in request.GET:
        return JsonResponse({"state": "ok"})
    signs = portal_health.signs(now=timezone.now())
    is_good = all(sign.is_good for sign in signs.values())
    parts = {name: sign.as_json() for name, sign in signs.items()}
    return JsonResponse({"state": "ok" if is_good else "bad"} | parts, status=200 if is_good else 503)

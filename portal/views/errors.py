"""The 404 of the API."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt


@csrf_exempt
@login_not_required
def api_not_found(request: HttpRequest) -> JsonResponse:
    """Answer 404 in JSON."""
    return JsonResponse({"detail": "Cette adresse n'existe pas."}, status=404)

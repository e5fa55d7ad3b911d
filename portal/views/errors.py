"""What programs are told of an address that does not exist."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt


@csrf_exempt
@login_not_required
def api_not_found(request: HttpRequest) -> JsonResponse:
    """JSON where JSON was asked for."""
    return JsonResponse({"detail": "Cette adresse n'existe pas."}, status=404)

"""Communes by name or postcode: public, read-only, cacheable."""

from django.utils.cache import patch_cache_control
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from territories.api.serializers import CommuneQuery, CommuneSerializer
from territories.api.throttling import NetworkThrottle
from territories.search import search_communes

_HOUR = 3600


class CommuneThrottle(NetworkThrottle):
    """A limit that lets several people type behind one IP address."""

    scope = "communes"
    rate = "300/min"


class CommuneSearch(APIView):
    permission_classes = (AllowAny,)
    authentication_classes = ()
    throttle_classes = (CommuneThrottle,)

    @extend_schema(
        summary="Chercher une commune",
        description="Les plus probables d'abord ; les homonymes portent le nom de leur département.",
        parameters=[CommuneQuery],
        responses={
            200: CommuneSerializer(many=True),
            400: OpenApiResponse(description="Une phrase en français par champ."),
            429: OpenApiResponse(description="Trop de demandes : attendez la durée donnée par Retry-After."),
        },
    )
    def get(self, request: Request) -> Response:
        """The communes that ``q`` may name."""
        query = CommuneQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        communes = search_communes(query.validated_data["q"])
        response = Response(CommuneSerializer(communes, many=True).data)
        patch_cache_control(response, public=True, max_age=_HOUR)
        return response

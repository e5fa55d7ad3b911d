"""The root of the public API."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from experts.api.views import TOO_MANY, PublicView


class RootSerializer(serializers.Serializer[Any]):
    """The absolute URL of each part of the API; each field is named after its path."""

    themes = serializers.URLField(help_text="Les thèmes.")
    subjects = serializers.URLField(help_text="Les sujets.")
    institutions = serializers.URLField(help_text="Les institutions.")
    communes = serializers.URLField(help_text="Chercher une commune : ?q=.")
    answers = serializers.URLField(help_text="Qui répondrait : ?subject=&commune=.")
    suggestions = serializers.URLField(help_text='Les sujets d\'un texte : POST {"text"}.')
    schema = serializers.URLField(help_text="La description de l'interface, au format OpenAPI.")
    docs = serializers.URLField(help_text="La documentation, à lire et à essayer.")


class Root(PublicView):
    @extend_schema(
        summary="Ce que contient l'interface",
        description="L'adresse de chaque partie, et celles de la documentation.",
        responses={200: RootSerializer, 429: TOO_MANY},
    )
    def get(self, request: Request) -> Response:
        """URL of each part and of the documentation, under the host of the request."""
        return self.cacheable(
            {name: reverse(f"api-{name}", request=request) for name in RootSerializer().fields}
        )

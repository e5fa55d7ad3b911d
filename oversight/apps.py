"""The room's registration."""

from django.apps import AppConfig


class OversightConfig(AppConfig):
    name = "oversight"

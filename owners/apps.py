"""The room's registration."""

from django.apps import AppConfig


class OwnersConfig(AppConfig):
    name = "owners"

"""The room's registration."""

from django.apps import AppConfig


class WorkspaceConfig(AppConfig):
    name = "workspace"

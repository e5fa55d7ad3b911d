"""The room's registration."""

from django.apps import AppConfig


class SolicitationsConfig(AppConfig):
    name = "solicitations"
    verbose_name = "Demandes"
    default_auto_field = "django.db.models.BigAutoField"

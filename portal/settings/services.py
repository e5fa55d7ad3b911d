"""Minimal settings for `manage.py services`: no room, no database, no environment variable."""

from typing import Any

INSTALLED_APPS = ["portal"]
DATABASES: dict[str, Any] = {}
SECRET_KEY = "unused"  # noqa: S105
USE_TZ = True

"""gunicorn: logs in the portal's format, without an access log."""

import os

from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.production")
logconfig_dict = settings.LOGGING
accesslog = None

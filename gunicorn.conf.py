"""gunicorn, wherever the portal is served: its lines are the portal's, and it keeps no list of visits."""

import os

from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.production")
logconfig_dict = settings.LOGGING
accesslog = None

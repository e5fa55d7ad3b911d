"""The WSGI application."""

import os

from django.core.wsgi import get_wsgi_application

from portal.bodies import in_utf8

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.production")
application = in_utf8(get_wsgi_application())

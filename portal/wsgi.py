"""The WSGI application."""

import os

from django.core.wsgi import get_wsgi_application

from portal.bodies import plain

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.production")
application = plain(get_wsgi_application())

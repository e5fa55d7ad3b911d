"""The WSGI application."""

import os

from django.core.wsgi import get_wsgi_application

from portal.request_filters import without_unsafe_headers

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.production")
application = without_unsafe_headers(get_wsgi_application())

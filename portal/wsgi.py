"""The WSGI application."""

import os

from django.core.wsgi import get_wsgi_application

from portal.frame_chunks import in_one_chunk
from portal.request_filters import without_unsafe_headers

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.production")
application = in_one_chunk(without_unsafe_headers(get_wsgi_application()))

#!/usr/bin/env python
"""Django's command line, on the development settings unless told otherwise."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    if sys.argv[1:2] in (["services"], ["demo"]):
        # These start the servers, so they run before anything that needs them.
        os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings.services"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.dev")
    execute_from_command_line(sys.argv)

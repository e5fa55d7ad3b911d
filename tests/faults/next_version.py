"""Settings of the next version, which has one more mail template."""

from portal.settings.base import BASE_DIR
from tests.faults.settings import *  # noqa: F403
from tests.faults.settings import TEMPLATES

TEMPLATES[0]["DIRS"] = [*TEMPLATES[0]["DIRS"], BASE_DIR / "tests/mailing/templates"]

"""The Chromium or Chrome of this machine."""

import os
import shutil

# The shell first: the same engine without windows, which cost more than the pages.
NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
)
LAUNCH_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_chromium() -> str | None:
    """The path of an installed Chromium or Chrome, the one that ``CHROMIUM`` names before the others."""
    named = os.environ.get("CHROMIUM")
    return next(filter(None, map(shutil.which, [named, *NAMES] if named else NAMES)), None)

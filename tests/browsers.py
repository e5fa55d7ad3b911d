"""The Chromium or Chrome of this machine."""

import os
import shutil

# The headless shell first: the same engine, faster since it draws no windows.
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
# A page runs its scripts for a second: optimising them or freeing memory early costs more than it saves.
LIGHT_JAVASCRIPT = "--js-flags=--no-opt --single-threaded --min-semi-space-size=16"


def find_chromium() -> str | None:
    """The path of an installed Chromium or Chrome: that of ``CHROMIUM`` if set, else the first found."""
    named = os.environ.get("CHROMIUM")
    return next(filter(None, map(shutil.which, [named, *NAMES] if named else NAMES)), None)

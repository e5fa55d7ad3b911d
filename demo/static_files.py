"""The demo's static files: served as in production, but compressed faster and kept between runs."""

import fcntl
import gzip
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import brotli
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

# Production compresses with brotli's highest quality, which takes a minute. This quality takes a second, and
# a first visit transfers 5 % more.
QUALITY = 5
# Browsers that do not know brotli are few.
GZIP_LEVEL = 1


class QuickCompressor(Compressor):
    @staticmethod
    def compress_brotli(data: bytes) -> bytes:
        return bytes(brotli.compress(data, quality=QUALITY))

    @staticmethod
    def compress_gzip(data: bytes) -> bytes:
        return gzip.compress(data, GZIP_LEVEL)


class QuickStorage(CompressedManifestStaticFilesStorage):
    def create_compressor(self, **options: Any) -> Compressor:
        return QuickCompressor(**options)


def collect(*, announce: Callable[[], None]) -> None:
    """Collect into ``STATIC_ROOT`` unless these very files are there; ``announce`` is called before the work.

    Names contain a hash of the content, and earlier files stay, for a demo that still serves them.
    """
    folder = Path(staticfiles_storage.path(""))
    stamp = folder / "fingerprint"  # written last: an interrupted collection is done again
    fingerprint = _fingerprint()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _locked(folder):
        if stamp.exists() and stamp.read_text() == fingerprint:
            return
        announce()
        stamp.unlink(missing_ok=True)
        call_command("collectstatic", interactive=False, verbosity=0)
        stamp.write_text(fingerprint)


def _fingerprint() -> str:
    """A digest of every file to be collected, of this module and of the installed versions."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    digest.update((Path(settings.BASE_DIR) / "requirements.txt").read_bytes())
    for finder in get_finders():
        for path, storage in finder.list([]):
            digest.update(path.encode())
            digest.update(Path(storage.path(path)).read_bytes())
    return digest.hexdigest()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Allow one collection at a time."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)

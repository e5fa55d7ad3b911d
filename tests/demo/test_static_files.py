"""The demo's static files, collected in a temporary folder."""

import re

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage

from demo import static_files
from portal.settings import demo

STYLE = "body { margin: 0 }\n" * 100


@pytest.fixture
def sources(settings, tmp_path):
    """The folder that files are collected from; it holds a style sheet."""
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "page.css").write_text(STYLE)
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATICFILES_DIRS = [folder]
    settings.STATIC_ROOT = tmp_path / "collected"
    settings.STORAGES = demo.STORAGES
    settings.WHITENOISE_KEEP_ONLY_HASHED_FILES = demo.WHITENOISE_KEEP_ONLY_HASHED_FILES
    return folder


def collect():
    """Collect; return ``True`` when the files had to be collected."""
    announced = []
    static_files.collect(announce=lambda: announced.append(True))
    return bool(announced)


def names(settings):
    return {path.name for path in settings.STATIC_ROOT.iterdir()}


def test_files_are_named_after_their_content_and_compressed_both_ways(settings, sources):
    collect()

    name = staticfiles_storage.url("page.css").rpartition("/")[2]
    assert re.fullmatch(r"page\.\w{12}\.css", name)
    assert names(settings) == {name, f"{name}.br", f"{name}.gz", "staticfiles.json", "fingerprint"}
    assert (settings.STATIC_ROOT / f"{name}.br").stat().st_size < len(STYLE) / 10


def test_the_same_files_are_collected_once(sources):
    assert [collect(), collect()] == [True, False]


def test_changed_file_is_collected_beside_the_one_that_a_running_demo_serves(settings, sources):
    collect()
    before = names(settings)
    (sources / "page.css").write_text(STYLE + STYLE)

    assert collect()
    assert before < names(settings)


def test_interrupted_collection_is_made_again(sources):
    collect()
    (sources / "page.css").write_text("body { background: url(missing.png) }")
    with pytest.raises(ValueError, match=r"missing\.png"):
        collect()
    (sources / "page.css").write_text(STYLE)

    assert collect()

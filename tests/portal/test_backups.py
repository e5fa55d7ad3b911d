"""Private files beside a dump, saved and restored."""

from pathlib import Path

from portal import backups
from solicitations.conversation import file_store


def test_private_files_come_back_and_half_written_ones_are_left_out(settings, tmp_path):
    settings.PRIVATE_FILES = str(tmp_path / "files")
    key = file_store.write(b"plan")
    file_store.path_of(key).with_suffix(".partial").write_bytes(b"pl")
    dump = tmp_path / "relais.backup"

    assert backups.dump_files(dump) == 1
    settings.PRIVATE_FILES = str(tmp_path / "elsewhere")
    assert backups.load_files(dump) == 1

    assert file_store.path_of(key).read_bytes() == b"plan"
    assert len([path for path in Path(settings.PRIVATE_FILES).rglob("*") if path.is_file()]) == 1


def test_dump_without_files_has_no_archive(settings, tmp_path):
    settings.PRIVATE_FILES = str(tmp_path / "files")

    assert backups.dump_files(tmp_path / "relais.backup") == 0
    assert backups.load_files(tmp_path / "relais.backup") == 0
    assert list(tmp_path.iterdir()) == []

import gzip
import io
import json
import tarfile
from pathlib import Path

import pytest

from scripts import build_territories

FILES = {
    "package.json": {"version": "9.9.9"},
    "data/regions.json": [{"code": "27", "nom": "Bourgogne"}, {"code": "987", "nom": "Polynésie française"}],
    "data/departements.json": [
        {"code": "987", "nom": "Polynésie française", "region": "987"},
        {"code": "21", "nom": "Côte-d'Or", "region": "27"},
    ],
    "data/epci.json": [{"code": "242100410", "nom": "Dijon Métropole", "membres": [{"code": "21231"}]}],
    "data/communes.json": [
        {
            "code": "21231",
            "nom": "Dijon",
            "type": "commune-actuelle",
            "departement": "21",
            "codesPostaux": ["21100", "21000"],
            "population": 160000,
            "anciensCodes": ["21999", "21998"],
        },
        {"code": "98901", "nom": "Clipperton", "type": "commune-actuelle", "departement": "989"},
        {
            "code": "21998",
            "nom": "Ancienne",
            "type": "commune-deleguee",
            "chefLieu": "21231",
            "departement": "21",
        },
    ],
}


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "package.tgz"
    with tarfile.open(path, "w:gz") as package:
        for name, content in FILES.items():
            text = json.dumps(content).encode()
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(text)
            package.addfile(member, io.BytesIO(text))
    return path


@pytest.fixture
def target(tmp_path, monkeypatch):
    monkeypatch.setattr(build_territories, "TARGET", tmp_path)
    return tmp_path


def rows(target, name):
    return gzip.decompress((target / f"{name}.csv.gz").read_bytes()).decode().splitlines()


def test_tables_hold_what_the_package_says(archive, target):
    build_territories.build(archive)

    assert rows(target, "regions") == ["code,name", "27,Bourgogne"]
    assert rows(target, "departments")[1:] == ["21,Côte-d'Or,27", "987,Polynésie française,"]
    assert rows(target, "communes")[1:] == [
        "21231,Dijon,21,242100410,160000,21000 21100",
        "98901,Clipperton,989,,0,",
    ]
    assert rows(target, "former")[1:] == ["21998,delegated,Ancienne,21231", "21999,former,,21231"]
    assert "9.9.9" in (target / "SOURCE").read_text()


def test_same_package_gives_the_same_bytes(archive, target):
    build_territories.build(archive)
    first = {path.name: path.read_bytes() for path in target.glob("*.csv.gz")}

    build_territories.build(archive)

    assert {path.name: path.read_bytes() for path in target.glob("*.csv.gz")} == first


def test_bundled_tables_weigh_less_than_a_megabyte():
    bundled = Path(build_territories.__file__).parent.parent / "territories" / "data"

    assert sum(path.stat().st_size for path in bundled.iterdir()) < 1_000_000

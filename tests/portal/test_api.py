"""The root of the public API lists its parts."""

import pytest
from django.core.cache import cache

from experts.api.views import CatalogueThrottle
from tests.attacks.addresses import every_address

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_limit_reached():
    cache.clear()


def test_root_lists_every_address_of_the_api(client):
    listed = client.get("/api/v1/").json()

    routes = {address.route for address in every_address() if address.route.startswith("api/v1/")}
    assert listed == {route.split("/")[2]: f"http://testserver/{route}" for route in routes - {"api/v1/"}}
    assert {"themes", "answers", "schema", "docs"} <= listed.keys()


@pytest.mark.demo_directory
def test_listed_addresses_answer(client):
    asked = {"communes": {"q": "dijon"}, "answers": {"subject": "autre", "commune": "21231"}}

    listed = client.get("/api/v1/").json()

    assert {
        name: client.get(address, asked.get(name)).status_code for name, address in listed.items()
    } == dict.fromkeys(listed, 200) | {"suggestions": 405}


def test_root_is_json_that_caches_may_keep_and_sets_no_cookie(client):
    response = client.get("/api/v1/")

    assert response["Content-Type"] == "application/json"
    assert "public" in response["Cache-Control"]
    assert not response.cookies


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_can_be_written_at_the_root(client, method):
    assert getattr(client, method)("/api/v1/").status_code == 405


def test_root_in_another_format_is_refused_as_elsewhere_in_the_api(client):
    refused = [client.get(path, headers={"Accept": "text/csv"}) for path in ("/api/v1/", "/api/v1/themes/")]

    assert [response.status_code for response in refused] == [406, 406]
    assert refused[0].json() == refused[1].json()


def test_root_counts_among_the_requests_of_the_api(client, monkeypatch):
    monkeypatch.setattr(CatalogueThrottle, "rate", "1/min")
    client.get("/api/v1/")

    assert client.get("/api/v1/themes/").status_code == 429


def test_root_is_in_the_schema(client):
    [root] = client.get("/api/v1/schema/").json()["paths"]["/api/v1/"].values()

    assert root["responses"].keys() == {"200", "429"}

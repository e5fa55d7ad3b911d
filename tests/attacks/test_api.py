"""The public API: responses generated from its schema, rate limits, no writing."""

from collections.abc import Iterator

import pytest
import schemathesis
import time_machine
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from django.urls import resolve
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from portal.wsgi import application
from territories.api.throttling import NetworkThrottle
from tests.attacks.addresses import Address, every_address

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.fixture
def api_schema() -> Iterator[schemathesis.BaseSchema]:
    """The schema served by the portal; the database connection stays open, as with Django's client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield schemathesis.openapi.from_wsgi("/api/v1/schema/", application)
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def test_every_answer_is_one_that_the_schema_says(api_schema: schemathesis.BaseSchema):
    """Call each operation with values that the schema allows."""
    operations = [found.ok() for found in api_schema.get_all_operations()]

    @settings(max_examples=20, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def ask(data: st.DataObject) -> None:
        for operation in operations:
            data.draw(operation.as_strategy()).call_and_validate(checks=CHECKS)
        cache.clear()  # the limits have a test of their own

    ask()
    assert len(operations) >= 5


@pytest.mark.parametrize("path", ["/api/v1/themes/", "/api/v1/communes/?q=21000", "/api/v1/answers/"])
def test_a_limit_is_not_escaped_by_naming_other_addresses(path):
    client = Client()

    answers = [client.get(path, headers={"X-Forwarded-For": f"192.0.2.{number}"}) for number in range(130)]
    last = client.get("/api/v1/themes/", headers={"X-Forwarded-For": "198.51.100.1"})

    if path.startswith("/api/v1/communes"):  # its limit is higher: 300 a minute
        assert answers[-1].status_code == 200
    else:
        assert last.status_code == 429
        assert int(last["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("path", "most"), [("/api/v1/themes/", 120), ("/api/v1/communes/?q=21000", 300), ("/api/v1/", 120)]
)
def test_a_network_of_ipv6_counts_as_one_visitor(path, most, db):
    """A visitor has 2⁶⁴ addresses."""
    with time_machine.travel(timezone.now(), tick=False):
        asked = [
            Client(REMOTE_ADDR=f"2001:db8:1:2::{number:x}").get(path).status_code
            for number in range(most + 1)
        ]
        other = Client(REMOTE_ADDR="2001:db8:1:3::1").get(path).status_code

    assert asked == [200] * most + [429]
    assert other == 200


def test_every_limit_of_the_api_counts_networks():
    views = [resolve(f"/{address.route}").func.cls for address in every_address() if is_of_the_api(address)]
    throttles = {throttle for view in views for throttle in view.throttle_classes}

    assert throttles
    assert {throttle for throttle in throttles if not issubclass(throttle, NetworkThrottle)} == set()


def is_of_the_api(address: Address) -> bool:
    return address.route.startswith("api/v1/") and not address.parameters and "schema" not in address.route


def test_the_api_is_read_only():
    for path in ("", "themes/", "subjects/", "institutions/", "answers/"):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            assert Client().generic(method, f"/api/v1/{path}").status_code == 405

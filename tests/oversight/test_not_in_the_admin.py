"""Django's admin: requests, mails and openings are not there."""

import pytest

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db]


@pytest.mark.parametrize("path", ["solicitation", "match", "message", "event", "opening"])
def test_requests_and_openings_are_not_in_the_admin(as_national, path):
    assert as_national.get(f"/admin/solicitations/{path}/").status_code == 404


def test_mails_are_not_in_the_admin(as_national):
    assert as_national.get("/admin/mailing/outgoingemail/").status_code == 404
